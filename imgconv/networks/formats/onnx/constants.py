"""Nodes on constants alone: weights whose axes change, and the target of a reshape."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from imgconv import errors
from imgconv.networks.formats.onnx.model import Model, Node

_MOST_AXES = 16


def folded(model: Model, node: Node) -> Any:
    """What a node makes of constants."""
    if node.operator == "Constant":
        value = next(iter(node.attributes.values()), None)
        if not isinstance(value, (int, float, list, tuple)):
            raise errors.UsageError("expected a constant of numbers")
        return np.asarray(value)
    if node.operator not in FOLDED:
        raise errors.UsageError(f"takes no value of the network; of constants only {', '.join(FOLDED)} are read")
    return FOLDED[node.operator](model, node, model.constant(node, 0))


def _reshaped(model: Model, node: Node, array: Any) -> Any:
    target = [int(size) for size in model.constant(node, 1)]
    return array.reshape([array.shape[i] if size == 0 else size for i, size in enumerate(target)])


def _taken(model: Model, node: Node, array: Any) -> Any:
    places = model.constant(node, 1)
    _require_few(array, places)
    return np.take(array, places, axis=node.get("axis", 0))


def _require_few(*parts: Any) -> None:
    """UsageError for more than the sizes of a shape: weights could be multiplied until memory is full."""
    if sum(map(np.size, parts)) > _MOST_AXES:
        raise errors.UsageError("takes parts of arrays; expected the sizes of a shape")


def _joined_sizes(model: Model, node: Node, array: Any) -> Any:
    parts = [model.constant(node, place) for place in range(len(node.inputs))]
    _require_few(*parts)
    return np.concatenate(parts, axis=node.get("axis", 0))


FOLDED: dict[str, Callable[[Model, Node, Any], Any]] = {
    "Concat": _joined_sizes,
    "Gather": _taken,
    "Identity": lambda model, node, array: array,
    "Reshape": _reshaped,
    "Squeeze": lambda model, node, array: np.squeeze(array, axes_of(model, node) or None),
    "Transpose": lambda model, node, array: array.transpose(node.get("perm", None)),
    "Unsqueeze": lambda model, node, array: np.expand_dims(array, axes_of(model, node)),
}
"""What each operator makes of constants: weights whose axes change, and the target of a reshape."""


def axes_of(model: Model, node: Node) -> tuple[int, ...]:
    """The axes that a node names, as an input or (before opset 13) as an attribute."""
    axes = model.constant(node, 1)
    return tuple(int(axis) for axis in (node.get("axes", ()) if axes is None else axes))

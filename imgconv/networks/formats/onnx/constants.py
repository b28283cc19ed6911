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


def _filled(model: Model, node: Node, array: Any) -> Any:
    count = int(np.prod(array))
    if not 0 <= count <= _MOST_AXES:
        raise errors.UsageError("makes an array; expected the sizes of a shape")
    return np.full([int(size) for size in array], _one_number(node.attributes.get("value")))


def _one_number(tensor: Any) -> Any:
    """The number in a tensor of the file, 0 where there is none. Tensors elsewhere are not opened."""
    from onnx import TensorProto, numpy_helper

    if tensor is None:
        return np.float32(0)
    if tensor.external_data or tensor.data_location == TensorProto.EXTERNAL or list(tensor.dims) != [1]:
        raise errors.UsageError("expected one number")
    return numpy_helper.to_array(tensor)[0]


def _sliced(model: Model, node: Node, array: Any) -> Any:
    _require_few(array)
    starts, ends, axes, steps = (model.constant(node, place) for place in (1, 2, 3, 4))
    if starts is None or ends is None:
        raise errors.UsageError("expected starts and ends as inputs")
    axes = range(len(starts)) if axes is None else axes
    steps = np.ones(len(starts), int) if steps is None else steps
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        size = array.shape[int(axis)]
        first, stop = (min(max(int(one) + size * (int(one) < 0), -1), size) for one in (start, end))
        places = range(min(first, size - 1) if step < 0 else max(first, 0), stop, int(step))
        array = np.take(array, list(places), axis=int(axis))
    return array


def _cast(model: Model, node: Node, array: Any) -> Any:
    from onnx import helper

    _require_few(array)
    kind = helper.tensor_dtype_to_np_dtype(node.get("to", 0))
    if kind.kind not in "biuf":
        raise errors.UsageError(f"to {kind}; expected numbers")
    return array.astype(kind)


FOLDED: dict[str, Callable[[Model, Node, Any], Any]] = {
    "Cast": _cast,
    "Concat": _joined_sizes,
    "ConstantOfShape": _filled,
    "Gather": _taken,
    "Identity": lambda model, node, array: array,
    "Reshape": _reshaped,
    "Slice": _sliced,
    "Squeeze": lambda model, node, array: np.squeeze(array, axes_of(model, node) or None),
    "Transpose": lambda model, node, array: array.transpose(node.get("perm", None)),
    "Unsqueeze": lambda model, node, array: np.expand_dims(array, axes_of(model, node)),
}
"""What each operator makes of constants: weights whose axes change, and the target of a reshape."""


def axes_of(model: Model, node: Node) -> tuple[int, ...]:
    """The axes that a node names, as an input or (before opset 13) as an attribute."""
    axes = model.constant(node, 1)
    return tuple(int(axis) for axis in (node.get("axes", ()) if axes is None else axes))

"""What a layer is: an operation on values (H, W, C) that may have weights."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar

from imgconv import errors
from imgconv.operations.base import Operation, Shape
from imgconv.values.frozen import record
from imgconv.values.parameters import Kind


def _name(value: object) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_./:-]{0,199}", value):
        raise errors.UsageError(f"a layer's name begins with a letter and has no blanks, not {errors.shown(value)}")
    return value


NAME = Kind("NAME", _name)


@record
class Layer(Operation):
    """The root of layers. Which tensors a layer has follows from its fields and the shape of what goes in."""

    examples: ClassVar[tuple[str, ...]] = ()
    applied_in = "layers"
    result_type = "float32"
    sees_all = "pad=same keeps all"

    def tensors(self, shape: Shape) -> dict[str, tuple[int, ...]]:
        """The shape of each of its tensors for values of a shape, by role."""
        return {}

    def multiply_adds(self, shape: Shape) -> int:
        """Multiplications with a weight for values of a shape, without biases: what papers count."""
        return 0

    def shape(self, height: int, width: int) -> tuple[int, int]:
        return height, width


def shape_text(shape: tuple[int, ...]) -> str:
    """`28x28x1`: rows, columns, channels."""
    return "x".join(map(str, shape))


def check_tensors(layer: Layer, name: str, tensors: Mapping[str, Any], shape: Shape) -> None:
    """UsageError where a tensor is missing, or its shape does not fit values of a shape."""
    for role, expected in layer.tensors(shape).items():
        if role not in tensors:
            raise errors.UsageError(f"layer {name} has no {role}; expected a tensor of {_sizes(expected)}")
        found = tuple(tensors[role].shape)
        if found != expected:
            raise errors.UsageError(f"layer {name}: {role} is {_sizes(found)}, expected {_sizes(expected)}")


def _sizes(shape: tuple[int, ...]) -> str:
    return shape_text(shape) or "no dimension"

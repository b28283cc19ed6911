"""What a file of weights holds."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from imgconv import errors
from imgconv.engine.memory import granted
from imgconv.operations.base import Shape
from imgconv.values.frozen import field, record
from imgconv.values.pixel_values import Pixels

LARGEST = 2**32
"""Bytes of all tensors of a network."""
_MOST_TENSORS = 100_000
_MOST_EXPANSION = 1100  # what deflate can do at most
_ALWAYS_TAKEN = 2**20
HWIO, OIHW = "hwio", "oihw"
LAYOUTS = (HWIO, OIHW)
"""Orders of a convolution's axes: rows, columns, inputs, outputs, with dense layers as (inputs, outputs) whose inputs
come pixel by pixel; or outputs, inputs, rows, columns, with dense layers as (outputs, inputs) whose inputs come channel
by channel."""


@record(eq=False)
class Stored:
    """Tensors by name; the text of the pipeline where the file has one, the order of axes where it is known, the shape
    of the input, the labels of the outputs; the kind of each layer (its word, or `depthwise`), kind by kind in order,
    where the file tells it."""

    tensors: Mapping[str, Pixels]
    pipeline: str = ""
    layout: str = ""
    input: Shape | None = None
    labels: tuple[str, ...] = ()
    steps: tuple[Any, ...] = field(default=())
    kinds: Mapping[str, str] = field(default_factory=dict)

    @property
    def layout_certain(self) -> bool:
        """Whether the format states the order of axes: of layers, or of kinds of layers. PyTorch's mark is a hint."""
        return bool(self.pipeline or self.kinds)


def check_size(path: str, sizes: Mapping[str, tuple[tuple[int, ...], int]]) -> None:
    """FileError where tensors, by name their shape and bytes per number, are more than a network or memory may hold."""
    if len(sizes) > _MOST_TENSORS:
        raise errors.FileError(f"{path}: has {len(sizes)} tensors, more than {_MOST_TENSORS}")
    total = sum(math.prod(shape) * width for shape, width in sizes.values())
    most = min(LARGEST, granted())
    if total > most:
        raise errors.FileError(f"{path}: its weights take {errors.amount(total)}, more than {errors.amount(most)}")


def check_expansion(path: str, name: str, size: int, stored: int) -> None:
    """FileError where a part of a file says that it is far larger than what is stored of it."""
    if expands(size, stored):
        raise errors.FileError(
            f"{path}: {name} takes {errors.amount(size)}, of which {errors.amount(stored)} are stored"
        )


def expands(size: int, stored: int) -> bool:
    """Whether a size is more than deflate makes of what is stored."""
    return size > _ALWAYS_TAKEN + _MOST_EXPANSION * stored


def as_weights(path: str, name: str, tensor: Any) -> Pixels:
    """A tensor in float32; FileError where its numbers are none, or not finite there."""
    array = np.asarray(tensor)
    if array.dtype.kind not in "fiu":
        raise errors.FileError(f"{path}: tensor {name} is of type {array.dtype}; weights are real numbers")
    with np.errstate(over="ignore"):
        weights = np.ascontiguousarray(array, np.float32)
    if not np.isfinite(weights).all():
        raise errors.FileError(f"{path}: tensor {name} has numbers that are not finite in float32")
    return weights.reshape(array.shape)

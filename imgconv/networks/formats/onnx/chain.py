"""The chain of layers that nodes turn into, with what is known of the values between them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from imgconv import errors
from imgconv.networks.formats.onnx.model import Model
from imgconv.networks.formats.stored import HWIO, Stored
from imgconv.networks.naming import layer_names
from imgconv.operations import Activate, Operation
from imgconv.operations.layers import Conv, Dense, Flatten
from imgconv.operations.pipeline import Pipeline
from imgconv.values.pixel_values import Pixels

NCHW, NHWC, NC = "NCHW", "NHWC", "NC"
"""Orders of ONNX' axes: of images (N), channels, rows (H) and columns (W), and of the channels of one pixel."""
_TRANSPOSED = (0, 3, 1, 2)
_FEW = 2**24
Known = tuple[int | None, int | None, int | None]
"""Rows, columns and channels, as far as they are known."""


class Chain:
    """Steps with their tensors by role; the order of the axes that ONNX has at this place, and the shape of the values.

    `order` is there behind a flatten that went through channels first: the place in our order of each value in ONNX'.
    """

    def __init__(self, model: Model) -> None:
        self.model = model
        self.steps: list[tuple[Operation, dict[str, Pixels]]] = []
        self.axes, self.shape = _input(model)
        self.batch = model.dimensions[0]
        self.order: Pixels | None = None
        self.input = self.shape

    def add(self, step: Operation, **tensors: Pixels) -> None:
        """One step more. WindowError or UsageError where it does not fit."""
        height, width, channels = self.shape
        if channels is None:
            raise errors.UsageError("the number of channels is not known here; give the model's input a fixed one")
        if height is not None and width is not None:
            self.shape = step.result((height, width, channels))
        else:
            alone = getattr(step, "size", None) == "all"
            self.shape = (1, 1, channels) if alone else (None, None, step.channels(channels))
        self.steps.append((step, tensors))

    def replace(self, step: Operation, **tensors: Pixels) -> None:
        """Another step in the place of the last, of the same shape."""
        self.steps[-1] = step, tensors

    @property
    def last(self) -> tuple[Operation | None, dict[str, Pixels]]:
        return self.steps[-1] if self.steps else (None, {})

    def require(self, axes: str) -> None:
        """UsageError where the axes have another order."""
        if self.axes != axes:
            raise errors.UsageError(f"expected values ({', '.join(axes)}), found ({', '.join(self.axes)})")

    def require_channels(self, count: int) -> None:
        """Takes that many channels for granted; UsageError where there are others."""
        height, width, channels = self.shape
        if channels is None:
            self.shape = height, width, count
            if not self.steps:
                self.input = self.shape
        elif channels != count:
            raise errors.UsageError(f"expected {count} channels, found {channels}")

    def per_channel(self, values: Any, what: str) -> Pixels:
        """Numbers that ONNX broadcasts, as one for each channel, in our order; UsageError where they differ by row or
        column."""
        array = np.asarray(values, np.float32)
        at = self.axes.index("C")
        shape = (1,) * (len(self.axes) - array.ndim) + array.shape
        if len(shape) != len(self.axes) or any(size != 1 for axis, size in enumerate(shape) if axis != at):
            raise errors.UsageError(f"{what} of {_sizes(array.shape)}; expected one number for each channel")
        if shape[at] != 1:
            self.require_channels(shape[at])
        if self.shape[2] is None:
            raise errors.UsageError("the number of channels is not known here; give the model's input a fixed one")
        return self.ordered(np.broadcast_to(array.ravel(), (self.shape[2],)))

    def ordered(self, values: Pixels) -> Pixels:
        """Numbers along ONNX' channels, along ours."""
        if self.order is None:
            return np.ascontiguousarray(values)
        result = np.empty_like(values)
        result[self.order] = values
        return result

    def flatten(self) -> None:
        """All values in one row, in the order that the axes have here."""
        height, width, channels = self.shape
        if self.axes == NC:
            return
        if height is None or width is None or channels is None:
            raise errors.UsageError("the size of the values is not known here; give the model's input a fixed size")
        if (height, width) != (1, 1):
            self._check_size(height * width * channels)
            places = np.arange(height * width * channels, dtype=np.int64).reshape(height, width, channels)
            order = places.transpose(["HWC".index(axis) for axis in self.axes[1:]]).ravel()
            self.add(Flatten())
            self.order = None if np.array_equal(order, places.ravel()) else order
        self.axes = NC

    def sizes(self) -> Pixels:
        """The size of each of ONNX' axes; 0, which means "as it is" in a reshape, for that of images."""
        known = dict(zip("HWC", self.shape, strict=True)) | {"N": 0}
        if None in known.values():
            raise errors.UsageError("the size of the values is not known here; give the model's input a fixed size")
        return np.array([known[axis] for axis in self.axes], np.int64)

    def _check_size(self, count: int) -> None:
        most = max([_FEW, *(np.size(array) for array in self.model.constants.values())])
        if count > most:  # then no layer can take them, and a table of them may be larger than memory
            raise errors.UsageError(f"{count} values in a row, which no layer of the model takes")

    def transpose(self, order: Sequence[int]) -> None:
        if sorted(order) != list(range(len(self.axes))) or order[0] != 0:
            raise errors.UsageError(f"expected an order of {len(self.axes)} axes that begins with 0, found {order}")
        self.axes = "".join(self.axes[axis] for axis in order)

    def stored(self) -> Stored:
        """The network; UsageError where its last values are not in our order."""
        if self.order is not None:
            raise errors.UsageError("the network ends in values channel by channel; expected a dense layer behind them")
        if not self.steps:
            self.add(Activate(function="identity"))
        pipeline = Pipeline(tuple(step for step, _ in self.steps))
        tensors = {
            f"{name}.{role}": tensor
            for name, (_, roles) in zip(layer_names(pipeline.steps), self.steps, strict=True)
            for role, tensor in roles.items()
        }
        height, width, channels = self.input
        known = None if height is None or width is None or channels is None else (height, width, channels)
        return Stored(tensors, str(pipeline), HWIO, known)


def biased(chain: Chain, shift: Pixels) -> bool:
    """Adds to the biases of the last layer, if it is one that has some."""
    step, tensors = chain.last
    if not isinstance(step, (Conv, Dense)):
        return False
    fields = {option.name: getattr(step, option.name) for option in step.options()} | {"no_bias": False}
    bias = tensors.get("bias", np.zeros_like(shift)) + shift
    chain.replace(type(step)(**fields), weight=tensors["weight"], bias=bias)
    return True


def _input(model: Model) -> tuple[str, Known]:
    """The order of the input's axes, and its shape. Channels come last where the first thing is to put them first."""
    sizes = model.dimensions
    if any(size is not None and size > _FEW for size in sizes):
        raise errors.UsageError(f"expected an input of at most {_FEW} rows, columns or channels, found {sizes}")
    if len(sizes) == 2:
        return NC, (1, 1, sizes[1])
    if len(sizes) != 4:
        raise errors.UsageError(f"expected an input (N, C, H, W) or (N, C), found one of {len(sizes)} dimensions")
    if _channels_last(model):
        return NHWC, (sizes[1], sizes[2], sizes[3])
    return NCHW, (sizes[2], sizes[3], sizes[1])


_BEFORE = ("Identity", "Mul", "Div", "Sub", "Add")


def _channels_last(model: Model) -> bool:
    """Whether the first node that is not about single values puts the last axis second. Where that is one channel, a
    reshape does it, too."""
    first = next((node for node in model.nodes if node.operator not in _BEFORE), None)
    if first is None:
        return False
    if first.operator == "Reshape" and len(first.inputs) > 1 and first.inputs[1] in model.constants:
        rows, columns, channels = model.dimensions[1:]
        return channels == 1 and np.asarray(model.constants[first.inputs[1]]).tolist()[1:] == [1, rows, columns]
    return first.operator == "Transpose" and tuple(first.get("perm", ())) == _TRANSPOSED


def _sizes(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape)) or "no dimension"


def require_sizes(tensors: dict[str, Any], shape: tuple[int, ...]) -> None:
    """UsageError where a tensor is of another shape."""
    for role, tensor in tensors.items():
        if tensor.shape != shape:
            raise errors.UsageError(f"{role} is {_sizes(tensor.shape)}, expected {_sizes(shape)}")

"""Conv: every output channel is a sum over all input channels of a window, plus a bias."""

from __future__ import annotations

from functools import cached_property

from imgconv import errors
from imgconv.operations.base import Shape, option
from imgconv.operations.layers.base import NAME, Layer
from imgconv.values.arguments import items
from imgconv.values.borders import BORDER, Border
from imgconv.values.frozen import record
from imgconv.values.parameters import COUNT, DILATION, FLAG, PAD, SIZE, STRIDE, Kind, Pad, whole
from imgconv.values.windows import Window

Filters = tuple[int, int, int]
"""How many, and the rows and columns of each."""


def _filters(value: object) -> Filters:
    if isinstance(value, str):
        count, at, size = value.partition("@")
        if not at:
            raise errors.UsageError(f"filters are N@RxC, such as 64@3x3, not {errors.shown(value)}")
        return (whole(count, "number of filters", least=1), *SIZE.read(size))
    parts = items(value)
    if len(parts) != 3:
        raise errors.UsageError(f"filters are N@RxC or (N, R, C), not {errors.shown(value)}")
    return (whole(parts[0], "number of filters", least=1), *SIZE.read(tuple(parts[1:])))


FILTERS = Kind("N@RxC", _filters, lambda value: f"{value[0]}@{value[1]}x{value[2]}")


@record
class Conv(Layer):
    """A convolutional layer: weights times neighbours of all input channels, summed, plus a bias; no flip."""

    word = "conv"
    roles = ("weight", "bias")
    summary = "Filters over all input channels, with biases: a convolutional layer."

    filters: Filters = option(FILTERS, "How many filters, and their rows and columns.", argument=True)
    stride: tuple[int, int] = option(STRIDE, "Pixels from one window to the next.", (1, 1))
    pad: Pad = option(PAD, "Pixels added around the values before windows are placed.", (0, 0, 0, 0))
    dilation: tuple[int, int] = option(DILATION, "Pixels from one tap to the next.", (1, 1))
    groups: int = option(COUNT, "Groups of channels that do not see each other.", 1)
    depthwise: bool = option(FLAG, "As many groups as there are input channels.", False)
    border: Border = option(BORDER, "What lies beyond the edge.", Border("constant"))
    no_bias: bool = option(FLAG, "Without biases.", False)
    name: str | None = option(NAME, "The name of its tensors.", None)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.depthwise and self.groups != 1:
            raise errors.UsageError("depthwise has as many groups as channels; leave out groups")

    @cached_property
    def window(self) -> Window:
        return Window(self.filters[1:], self.stride, self.dilation, self.pad)

    def shape(self, height: int, width: int) -> tuple[int, int]:
        rows, columns = self.window.over(height, width)
        return rows.out, columns.out

    def unseen(self, height: int, width: int) -> tuple[int, int]:
        rows, columns = self.window.over(height, width)
        return rows.unseen, columns.unseen

    def channels(self, count: int) -> int:
        self.groups_of(count)
        return self.filters[0]

    def groups_of(self, channels: int) -> int:
        """The number of groups for that many input channels; UsageError where they do not fit."""
        groups = channels if self.depthwise else self.groups
        for what, count in (("input channels", channels), ("filters", self.filters[0])):
            if count % groups:
                raise errors.UsageError(f"{count} {what} cannot be divided into {groups} groups")
        return groups

    def tensors(self, shape: Shape) -> dict[str, tuple[int, ...]]:
        count, *size = self.filters
        weight = (*size, shape[2] // self.groups_of(shape[2]), count)
        return {"weight": weight} | ({} if self.no_bias else {"bias": (count,)})

    def multiply_adds(self, shape: Shape) -> int:
        rows, columns = self.shape(*shape[:2])
        high, wide, channels, count = self.tensors(shape)["weight"]
        return rows * columns * high * wide * channels * count

"""Layers without windows or sums: softmax, prelu, dropout, and padding."""

from __future__ import annotations

from imgconv import errors
from imgconv.operations.base import Shape, option
from imgconv.operations.layers.base import NAME, Layer
from imgconv.values.borders import BORDER, Border
from imgconv.values.frozen import record
from imgconv.values.numbers import Number, number, number_text
from imgconv.values.parameters import FLAG, PAD, Kind, Pad


def _rate(value: object) -> Number:
    rate = number(value, "rate")
    if not 0 <= rate < 1:
        raise errors.UsageError(f"a rate of dropout lies in 0...1, not {errors.shown(value)}")
    return rate


@record
class Softmax(Layer):
    """exp(v) over the sum of exp(v) of all channels."""

    word = "softmax"
    summary = "Probabilities: exp(v) over the sum of exp(v) of all channels."
    short_words = {"log-softmax": {"log": True}}

    log: bool = option(FLAG, "Their logarithms.", False)

    @property
    def scratch(self) -> int:
        return 3


@record
class PRelu(Layer):
    """v where it is positive, else v times a slope that was learnt per channel."""

    word = "prelu"
    roles = ("slope",)
    summary = "relu with a learnt slope for negative values, per channel."

    name: str | None = option(NAME, "The name of its tensors.", None)

    def tensors(self, shape: Shape) -> dict[str, tuple[int, ...]]:
        return {"slope": (shape[2],)}

    def multiply_adds(self, shape: Shape) -> int:
        return shape[0] * shape[1] * shape[2]

    @property
    def scratch(self) -> int:
        return 1


@record
class Dropout(Layer):
    """Nothing: values are dropped in training only."""

    word = "dropout"
    summary = "Nothing (values are dropped in training only); shown in summaries."

    rate: Number = option(
        Kind("N", _rate, number_text), "Share of values dropped in training.", number("0.5"), argument=True
    )


@record
class Padding(Layer):
    """Rows and columns added around the values."""

    word = "pad"
    summary = "Add rows and columns around the values."

    by: Pad = option(PAD, "How many.", argument=True)
    border: Border = option(BORDER, "What they hold.", Border("constant"))

    @property
    def scratch(self) -> int:
        return 1

    def shape(self, height: int, width: int) -> tuple[int, int]:
        if self.by == "same":
            raise errors.UsageError("pad needs numbers: N, RxC or top,bottom,left,right")
        top, bottom, left, right = (int(side) for side in self.by)
        return height + top + bottom, width + left + right

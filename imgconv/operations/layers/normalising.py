"""Normalize, batchnorm, local response: values scaled by means and deviations."""

from __future__ import annotations

from typing import Any

from imgconv import errors
from imgconv.operations.base import Shape, option
from imgconv.operations.layers.base import NAME, Layer
from imgconv.values.arguments import items
from imgconv.values.frozen import record
from imgconv.values.numbers import Number, number, number_text
from imgconv.values.parameters import COUNT, Kind


def _per_channel(what: str, *, positive: bool = False) -> Kind:
    """A number for all channels, or one for each, separated by commas."""

    def read(value: Any) -> tuple[Number, ...]:
        parts = value.split(",") if isinstance(value, str) else items(value)
        numbers = tuple(number(part, what) for part in parts)
        if positive and not all(one > 0 for one in numbers):
            raise errors.UsageError(f"{what} must be above 0, not {errors.shown(value)}")
        return numbers

    return Kind("N[,N...]", read, lambda value: ",".join(map(number_text, value)))


def _positive(what: str) -> Kind:
    def read(value: object) -> Number:
        found = number(value, what)
        if found <= 0:
            raise errors.UsageError(f"{what} must be above 0, not {errors.shown(value)}")
        return found

    return Kind("N", read, number_text)


SCALE = Kind("N", lambda value: number(value, "scale"), number_text)
MEAN, STD = _per_channel("mean"), _per_channel("std", positive=True)


@record
class Normalize(Layer):
    """(v * scale - mean) / std, per channel: what is done to pixels before a network sees them."""

    word = "normalize"
    summary = "Scale pixels for a network: (v * scale - mean) / std, per channel."

    scale: Number = option(SCALE, "Multiplies pixels; 1/255 makes bytes 0...1.", 1)
    mean: tuple[Number, ...] = option(MEAN, "Subtracted then: one number, or one per channel.", (0,))
    std: tuple[Number, ...] = option(STD, "Divides then: one number, or one per channel.", (1,))

    @property
    def scratch(self) -> int:
        return 1

    def result(self, shape: Shape) -> Shape:
        for what, numbers in (("means", self.mean), ("deviations", self.std)):
            if len(numbers) not in (1, shape[2]):
                raise errors.UsageError(f"normalize has {len(numbers)} {what} for {shape[2]} channels")
        return shape


@record
class BatchNorm(Layer):
    """gamma * (v - mean) / sqrt(variance + epsilon) + beta, per channel, by the statistics of training.

    Ioffe and Szegedy, Batch Normalization, 2015, section 3.1.
    """

    word = "batchnorm"
    roles = ("gamma", "beta", "mean", "variance")
    summary = "Batch normalisation by the statistics of training, per channel."

    epsilon: Number = option(_positive("epsilon"), "Added to the variance.", number("1e-5"))
    name: str | None = option(NAME, "The name of its tensors.", None)

    def tensors(self, shape: Shape) -> dict[str, tuple[int, ...]]:
        return dict.fromkeys(("gamma", "beta", "mean", "variance"), (shape[2],))

    def multiply_adds(self, shape: Shape) -> int:
        return shape[0] * shape[1] * shape[2]

    @property
    def scratch(self) -> int:
        return 1


@record
class LocalResponse(Layer):
    """v / (k + alpha/size * sum of squares over `size` neighbouring channels) ** beta.

    Krizhevsky, Sutskever and Hinton, ImageNet Classification, 2012, section 3.3; alpha is divided by size as PyTorch
    and ONNX do.
    """

    word = "local-response"
    summary = "Local response normalisation over neighbouring channels."

    size: int = option(COUNT, "Channels that are summed.", 5)
    alpha: Number = option(
        Kind("N", lambda value: number(value, "alpha"), number_text), "Weight of the sum.", number("1e-4")
    )
    beta: Number = option(Kind("N", lambda value: number(value, "beta"), number_text), "The power.", number("0.75"))
    k: Number = option(_positive("k"), "Added to the sum.", 1)

    @property
    def scratch(self) -> int:
        return 5

"""What Keras does to pixels first: Rescaling and Normalization, in numbers that stand in a pipeline's text."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import numpy as np

from imgconv.networks.formats.keras_models import Declared
from imgconv.operations import Operation
from imgconv.operations.layers import Normalize
from imgconv.values.numbers import Number, number
from imgconv.values.pixel_values import Pixels

_MOST_CHANNELS = 10_000


def number_of(value: Any) -> Number:
    """A number of JSON: the short fraction of which it is the float, as of 1/255, or as float32, which Keras makes of
    it."""
    exact = number(value)
    short = Fraction(exact).limit_denominator(10_000)
    return short if float(short) == float(exact) else number(str(np.float32(exact)))


def rescaling(layer: Declared, tensors: Mapping[str, Pixels]) -> list[Operation]:
    """v * scale + offset, each one number or one for each channel, as (v * scale - mean) / std."""
    scale, offset = (
        [number_of(one) for one in (value if isinstance(value, list) else [value])]
        for value in (layer.settings["scale"], layer.settings.get("offset", 0))
    )
    if len(scale) == 1:
        return [Normalize(scale=scale[0], mean=tuple(-one for one in offset))]
    if min(scale) <= 0 or len(offset) not in (1, len(scale)):
        raise layer.refused("scales that are not above 0, or do not go with its offsets, are not read")
    std = [1 / Fraction(one) for one in scale]
    means = [-one * each for one, each in zip(offset * (len(scale) // len(offset)), std, strict=True)]
    return [Normalize(mean=tuple(means), std=tuple(std))]


def normalization(layer: Declared, tensors: Mapping[str, Pixels]) -> list[Operation]:
    """(v - mean) / max(sqrt(variance), 1e-7), as Keras has it."""
    given = layer.settings
    if given.get("invert"):
        raise layer.refused("an inverted normalization is not read")
    source: Mapping[str, Any] = tensors if "mean" in tensors else given
    mean, variance = (np.asarray(source[key], np.float64).reshape(-1) for key in ("mean", "variance"))
    if max(mean.size, variance.size) > _MOST_CHANNELS:
        raise layer.refused(f"it has means for more than {_MOST_CHANNELS} channels")
    std = np.maximum(np.sqrt(variance), 1e-7)
    return [Normalize(mean=tuple(map(number_of, mean.tolist())), std=tuple(map(number_of, std.tolist())))]

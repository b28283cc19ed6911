"""Linear light: what pixels mean by the curve they were encoded with, and back.

A `Curve` is ICC's parametric one: light = (a x + b)**g + e from d on, c x + f below it, for encoded values and light
from 0 to 1. Below 0 a curve goes on as its mirror image, above 1 by its own formula, so that results beyond the range
are decoded and encoded too.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from imgconv.engine.bands import run_bands
from imgconv.engine.memory import allocate
from imgconv.values.frozen import record
from imgconv.values.pixel_values import Pixels, Values
from imgconv.values.span import Span

_PIECE = 2**16  # values at a time in one thread: what NumPy makes between stays in the cache


@record
class Curve:
    """Seven numbers, as in ICC.1:2022, 10.18, function type 4."""

    g: float
    a: float = 1.0
    b: float = 0.0
    c: float = 0.0
    d: float = 0.0
    e: float = 0.0
    f: float = 0.0

    def decoded(self, x: Pixels) -> Pixels:
        """Light of encoded values."""
        one = np.abs(x)
        light = np.power(np.maximum(self.a * one + self.b, 0), self.g) + self.e
        return (
            np.copysign(np.where(one >= self.d, light, self.c * one + self.f), x)
            if self.d > 0
            else np.copysign(light, x)
        )

    def encoded(self, y: Pixels) -> Pixels:
        """Encoded values of light."""
        one = np.abs(y)
        value = (np.power(np.maximum(one - self.e, 0), 1 / self.g) - self.b) / self.a
        if self.d > 0:
            start = max(self.a * self.d + self.b, 0) ** self.g + self.e
            value = np.where(one >= start, value, (one - self.f) / self.c if self.c else self.d)
        return np.copysign(value, y)


@record(eq=False)
class Sampled:
    """A curve as light at equal steps of encoded values, straight between them, and beyond the last as between the last
    two."""

    table: Pixels

    def decoded(self, x: Pixels) -> Pixels:
        one, places = np.abs(x), np.linspace(0, 1, len(self.table))
        slope = (self.table[-1] - self.table[-2]) * (len(self.table) - 1)
        light: Pixels = np.copysign(np.interp(one, places, self.table) + np.maximum(one - 1, 0) * slope, x)
        return light

    def encoded(self, y: Pixels) -> Pixels:
        one, places = np.abs(y), np.linspace(0, 1, len(self.table))
        slope = (self.table[-1] - self.table[-2]) * (len(self.table) - 1)
        value: Pixels = np.copysign(np.interp(one, self.table, places) + np.maximum(one - self.table[-1], 0) / slope, y)
        return value


SRGB = Curve(2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
"""IEC 61966-2-1:1999: ((x + 0.055) / 1.055)**2.4 above 0.04045, x / 12.92 up to it."""

Curves = Sequence[Curve | Sampled]
"""One for all channels, or one for each."""


def white_of(type_: str) -> float | None:
    """What stands for white in a pixel type; None for signed integers, where nothing is agreed on."""
    return 1.0 if type_.startswith("float") else float(np.iinfo(type_).max) if type_.startswith("uint") else None


def float_for(type_: str, goal: str = "") -> str:
    """The float in which pixels of a type are computed for a result of the type `goal`."""
    return "float64" if goal == "float64" or type_ in ("int32", "float64") else "float32"


def to_linear_light(pixels: Values, curves: Curves, threads: int | None = None, goal: str = "") -> Values:
    """Encoded pixels as light, in pixel units: white is what it was. 8 and 16 bits become floats by a table of all
    their values."""
    white = white_of(pixels.type)
    assert white is not None
    type_ = float_for(pixels.type, goal)
    result = allocate(pixels.pixels.shape, type_, "linear light")
    if pixels.type.startswith("float"):
        steps = [lambda piece, curve=curve: curve.decoded(piece.astype(type_, copy=False)) for curve in curves]
    else:
        every = np.arange(white + 1)
        tables = [(curve.decoded(every / white) * white).astype(type_) for curve in curves]
        steps = [lambda piece, table=table: table[piece] for table in tables]
    _each(pixels.pixels, result, steps, threads)
    return Values(result, Span(-np.inf, np.inf, False), pixels.notes)


def from_linear_light(light: Values, curves: Curves, white: float, threads: int | None = None) -> Values:
    """Light in pixel units as encoded values in pixel units, in place: its array is filled anew. Computed in
    float64."""
    steps = [lambda piece, curve=curve: curve.encoded(piece.astype(np.float64) / white) * white for curve in curves]
    _each(light.pixels, light.pixels, steps, threads)
    return light


def _each(source: Pixels, result: Pixels, steps: Sequence[Any], threads: int | None) -> None:
    """`result` from `source`, channel by channel where the steps differ, in bands of rows on all threads."""
    height, width, channels = source.shape
    rows = max(1, _PIECE // (width * channels))

    def band(first: int, last: int) -> None:
        for at in range(first, last, rows):
            part = slice(at, min(at + rows, last))
            if len(steps) == 1:
                result[part] = steps[0](source[part])
            else:
                for channel in range(
                    channels
                ):  # of several kernels' responses all channels of the first, then all of the second
                    result[part, :, channel] = steps[channel % len(steps)](source[part, :, channel])

    run_bands(height, 20 * width * channels, lambda: band, threads)

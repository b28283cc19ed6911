"""Pooling to a number of rows and columns: output i of n pixels sees those from floor(i*n/out) up to ceil((i+1)*n/out).

PyTorch's rule for adaptive pooling. Windows differ by a pixel at most, and repeat: output i + out/g, where g is the
greatest common divisor of n and out, sees what output i sees, n/g pixels on. So every `out/g`-th output is pooled at
once, by windows of one size and stride.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from math import gcd
from typing import Any

import numpy as np

from imgconv.values.frozen import record
from imgconv.values.pixel_values import Pixels, Response, Values, merged
from imgconv.values.windows import Window, seen_by

Result = tuple[tuple[Values, ...], Response | None]
"""Values of one size (colours; colours and alpha), and what converting them lost."""


@record
class Comb:
    """Every `period`-th output from `first` on: windows of `size` and `stride` over the pixels from `start` up to
    `end`."""

    first: int
    period: int
    start: int
    end: int
    size: int
    stride: int


def combs(length: int, out: int) -> Iterator[Comb]:
    """The windows of an axis of `length` pixels for `out` outputs."""
    count = gcd(length, out)
    period, stride = out // count, length // count
    for first in range(period):
        start, end = seen_by(first, length, out)
        yield Comb(first, period, start, (count - 1) * stride + end, end - start, stride)


def pool_to(parts: Sequence[Values], to: tuple[int, int], pool: Callable[[Sequence[Values], Window], Result]) -> Result:
    """The parts reduced to so many rows and columns, by what pools them under one window."""
    height, width = parts[0].pixels.shape[:2]
    results: list[Any] = []
    responses = []
    for rows in combs(height, to[0]):
        for columns in combs(width, to[1]):
            pieces = [_piece(part, rows, columns) for part in parts]
            window = Window((rows.size, columns.size), (rows.stride, columns.stride))
            pooled, response = pool(pieces, window)
            responses.append(response)
            results = results or [np.empty((*to, *one.pixels.shape[2:]), one.pixels.dtype) for one in pooled]
            for whole, one in zip(results, pooled, strict=True):
                whole[rows.first :: rows.period, columns.first :: columns.period] = one.pixels
    return tuple(Values(whole, one.span) for whole, one in zip(results, pooled, strict=True)), merged(responses)


def _piece(part: Values, rows: Comb, columns: Comb) -> Values:
    pixels: Pixels = part.pixels[rows.start : rows.end, columns.start : columns.end]
    return Values(np.ascontiguousarray(pixels), part.span)

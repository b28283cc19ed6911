"""Correlation in whole numbers of any size: slow, exact, and only for sums that 64 bits do not hold."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from imgconv.borders import CONSTANT
from imgconv.numerics import Pixels, Response, limits
from imgconv.planner import Plan
from imgconv.shapes import Axis

_ROWS = 16  # output rows at a time: every value is a Python int


def correlate_big(
    pixels: Pixels,
    made: Plan,
    rows: Axis,
    columns: Axis,
    row_table: Pixels,
    column_table: Pixels,
    border_value: Any,
    result: Pixels,
    *,
    magnitude: bool,
    shift: int,
) -> Response:
    """Fills `result` by the plan's whole numbers: floor(sum/denominator + 1/2) for integer types, sum/denominator for floats."""
    whole = result.dtype.kind in "iu"
    low, high = (int(value) for value in limits(result.dtype.name)) if whole else (0, 0)
    least, greatest, below, above = None, None, 0, 0
    for first in range(0, rows.out, _ROWS):
        out = result[first : first + _ROWS]
        sums = np.full(out.shape, made.offset, object)
        for r, weights in enumerate(made.weights):
            lines = row_table[(first + np.arange(len(out))) * rows.stride + r * rows.dilation]
            for c, weight in enumerate(weights):
                if weight:
                    places = column_table[np.arange(columns.out) * columns.stride + c * columns.dilation]
                    sums += weight * _taken(pixels, lines, places, border_value)
        least = sums.min() if least is None else min(least, sums.min())
        greatest = sums.max() if greatest is None else max(greatest, sums.max())
        sums = abs(sums) if magnitude else sums
        if whole:
            settled = (2 * sums + made.denominator) // (2 * made.denominator)
            below += int((settled < low).sum())
            above += int((settled > high).sum())
            out[...] = np.clip(settled, low, high)
        else:
            with np.errstate(over="ignore"):  # beyond the type's greatest number is infinity, as in every float result
                out[...] = np.vectorize(lambda total: _quotient(total, made.denominator), otypes=[np.float64])(sums)
    return Response(_quotient(least, made.denominator) - shift, _quotient(greatest, made.denominator) - shift, below, above, 0, result.size)


def _taken(pixels: Pixels, lines: Pixels, places: Pixels, border_value: Any) -> Pixels:
    """The pixels that one tap reads, as Python ints, a constant border's value where it stands."""
    taken: Pixels = np.frompyfunc(int, 1, 1)(pixels[np.ix_(lines, places)])
    taken[lines == CONSTANT] = border_value
    taken[:, places == CONSTANT] = border_value
    return taken


def _quotient(total: Any, denominator: int) -> float:
    try:
        return float(Fraction(total, denominator))
    except OverflowError:
        return float("inf") if total > 0 else float("-inf")

"""Correlation in whole numbers of any size: slow, exact, and only for sums that 64 bits do not hold."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from imgconv.engine.index_tables import position_table
from imgconv.engine.memory import allocate
from imgconv.kernels.factoring import Weights
from imgconv.planner import Plan
from imgconv.planner.combining import Combination
from imgconv.values.borders import CONSTANT, Border
from imgconv.values.pixel_values import Pixels, Response, limits
from imgconv.values.windows import Axis, Window

_ROWS = 16  # output rows at a time: every value is a Python int


def correlate_big(
    pixels: Pixels,
    plan: Plan,
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
    """Fills `result` by the plan's whole numbers: floor(sum/denominator + 1/2) for integer types, sum/denominator for
    floats."""
    whole = result.dtype.kind in "iu"
    low, high = (int(value) for value in limits(result.dtype.name)) if whole else (0, 0)
    least, greatest, below, above = None, None, 0, 0
    for first in range(0, rows.out, _ROWS):
        out = result[first : first + _ROWS]
        sums = _sums(
            pixels, plan.weights, plan.offset, (rows, columns), (row_table, column_table), border_value, first, len(out)
        )
        least = sums.min() if least is None else min(least, sums.min())
        greatest = sums.max() if greatest is None else max(greatest, sums.max())
        sums = abs(sums) if magnitude else sums
        if whole:
            rounded = (2 * sums + plan.denominator) // (2 * plan.denominator)
            below += int((rounded < low).sum())
            above += int((rounded > high).sum())
            out[...] = np.clip(rounded, low, high)
        else:
            with np.errstate(over="ignore"):  # beyond the type's greatest number is infinity, as in every float result
                out[...] = np.vectorize(lambda total: _quotient(total, plan.denominator), otypes=[np.float64])(sums)
    return Response(
        _quotient(least, plan.denominator) - shift,
        _quotient(greatest, plan.denominator) - shift,
        below,
        above,
        0,
        result.size,
    )


def combined_big(
    pixels: Sequence[Pixels], combination: Combination, windows: Sequence[Window], border: Border
) -> Pixels:
    """Whole responses of several kernels, each to its pixels, combined as Python's integers: (H, W, C) in float64, each
    value rounded once."""
    axes = [window.over(*seen.shape[:2]) for window, seen in zip(windows, pixels, strict=True)]
    tables = [(position_table(border, rows), position_table(border, columns)) for rows, columns in axes]
    lift, join = _WAYS[combination.how]
    result = allocate((axes[0][0].out, axes[0][1].out, pixels[0].shape[2]), "float64", "the combined responses")
    for first in range(0, len(result), _ROWS):
        out, total = result[first : first + _ROWS], None
        for seen, kernel, placed, looked in zip(pixels, combination.kernels, axes, tables, strict=True):
            response = lift(
                _sums(seen, kernel.weights, kernel.bias, placed, looked, border.constant or 0, first, len(out))
            )
            total = response if total is None else join(total, response)
        out[...] = np.frompyfunc(lambda value: _quotient(value, combination.share), 1, 1)(total)
    return result


_WAYS: dict[str, tuple[Callable[[Pixels], Pixels], Callable[[Pixels, Pixels], Pixels]]] = {
    "l1": (np.abs, np.add),
    "linf": (np.abs, np.maximum),
    "max": (np.positive, np.maximum),
    "min": (np.positive, np.minimum),
    "sum": (np.positive, np.add),
    "avg": (np.positive, np.add),
}
"""How a response is lifted, and how two of them join."""


def _sums(
    pixels: Pixels,
    weights: Weights,
    offset: Any,
    axes: tuple[Axis, Axis],
    tables: tuple[Pixels, Pixels],
    border_value: Any,
    first: int,
    count: int,
) -> Pixels:
    """Sums of `count` output rows from `first` on, as Python's integers."""
    (rows, columns), (row_table, column_table) = axes, tables
    sums = np.full((count, columns.out, pixels.shape[2]), offset, object)
    for r, line in enumerate(weights):
        lines = row_table[(first + np.arange(count)) * rows.stride + r * rows.dilation]
        for c, weight in enumerate(line):
            if weight:
                places = column_table[np.arange(columns.out) * columns.stride + c * columns.dilation]
                sums += weight * _taken(pixels, lines, places, border_value)
    return sums


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

"""Percentiles over one band of output rows: the existing pixels under a window, of which the wanted ones are found by
quickselect, without sorting the others."""

from __future__ import annotations

from typing import Any

import numpy as np

from imgconv.loops import Body, Group, Loop, helper
from imgconv.loops.lines import SOURCE, result_of

PROPAGATE, LEAVE_OUT = "propagate", "leave-out"
"""What NaN does: it makes the whole window NaN, or does not count."""


def make_percentile(src: str, out: str, missing: str) -> Body:
    """The body for pixels `src` and results `out`; between two ranks by linear interpolation, exactly for integers."""
    final, nan = np.dtype(out).type, np.float64(np.nan)
    floats, propagate = src.startswith("float"), missing == PROPAGATE
    between = _of_floats() if floats else _of_integers(out.startswith("float"))

    def percentile(source, windows, numerator, denominator, room, values, result, first, last):
        for y in range(first, last):
            top = y * windows.row_step - windows.row_before
            for x in range(windows.columns):
                left = x * windows.column_step - windows.column_before
                for c in range(windows.channels):
                    count, spoilt = 0, False
                    for t in range(windows.row_from[y], windows.row_to[y]):
                        line = (top + t * windows.row_dilation) * source.row + c
                        for u in range(windows.column_from[x], windows.column_to[x]):
                            value = source.pixels[line + (left + u * windows.column_dilation) * windows.channels]
                            if value == value:
                                values[count] = value
                                count += 1
                            else:
                                spoilt = True
                    found = np.float64(0) if floats else final(0)
                    if count > 0:
                        rank = (count - 1) * numerator // denominator
                        rest = (count - 1) * numerator - rank * denominator
                        found = final(between(values, count, rank, rest, denominator))
                    if floats and propagate and spoilt:
                        found = nan
                    result.pixels[y * result.row + x * windows.channels + c] = final(found)

    return percentile


@helper
def _select(values: Any, count: Any, rank: Any) -> Any:
    """The value of a rank among the first `count`; those before it are not greater then, those behind it not less."""
    low, high = 0, count - 1
    while low < high:
        pivot, left, right = values[(low + high) // 2], low, high
        while left <= right:
            while values[left] < pivot:
                left += 1
            while values[right] > pivot:
                right -= 1
            if left <= right:
                values[left], values[right] = values[right], values[left]
                left += 1
                right -= 1
        if rank <= right:
            high = right
        elif rank >= left:
            low = left
        else:
            low = high
    return values[rank]


@helper
def _next(values: Any, count: Any, rank: Any) -> Any:
    """The least value behind a rank, once that was selected."""
    least = values[rank + 1]
    for at in range(rank + 2, count):
        least = min(least, values[at])
    return least


def _of_integers(floats: bool) -> Any:
    """Between two ranks of integers: the exact sum over the denominator, rounded once."""

    @helper
    def between(values: Any, count: Any, rank: Any, rest: Any, denominator: Any) -> Any:
        below = np.int64(_select(values, count, rank))
        total = below * denominator
        if rest > 0:
            total += (np.int64(_next(values, count, rank)) - below) * rest
        if floats:
            return np.float64(total) / np.float64(denominator)
        return (2 * total + denominator) // (2 * denominator)

    return between


def _of_floats() -> Any:
    @helper
    def between(values: Any, count: Any, rank: Any, rest: Any, denominator: Any) -> Any:
        below = np.float64(_select(values, count, rank))
        if rest == 0:
            return below
        above, share = np.float64(_next(values, count, rank)), np.float64(rest) / np.float64(denominator)
        if above == below:  # of infinities, too
            return below
        return below * (1 - share) + above * share  # their difference may not be finite

    return between


WINDOWS = Group(
    "windows",
    "row_from:int64[last] row_to:int64[last] row_step row_dilation row_before column_from:int64[windows_columns]"
    " column_to:int64[windows_columns] columns column_step column_dilation column_before channels",
)
PERCENTILE = Loop(
    "percentile", make_percentile, (SOURCE, WINDOWS, "numerator denominator room values:~src[room]", result_of("out"))
)

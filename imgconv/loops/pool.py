"""Pooling over one band of output rows: down the columns first, row on row, then along the row.

Windows see existing pixels only: `row_from`/`row_to` and `column_from`/`column_to` say which taps
of each window, and which windows of each tap, lie inside the image.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from imgconv.loops import Body, Group, Loop, helper
from imgconv.loops.lines import RESULT, SOURCE, result_of
from imgconv.loops.quantising import ratio_of


def winner(kind: str) -> Any:
    """The greater (or lesser) of two; NaN wins over everything."""
    if kind == "max":

        @helper
        def pick(best: Any, value: Any) -> Any:
            return value if value > best or value != value else best
    else:

        @helper
        def pick(best: Any, value: Any) -> Any:
            return value if value < best or value != value else best

    return pick


def worst(kind: str, type_: str) -> Any:
    """What every value wins over: where a reduction starts."""
    if type_.startswith("float"):
        return np.dtype(type_).type(-np.inf if kind == "max" else np.inf)
    limits = np.iinfo(type_)
    return np.dtype(type_).type(limits.min if kind == "max" else limits.max)


def added(acc: str) -> Any:
    """The sum of two."""
    wide = np.dtype(acc).type

    @helper
    def add(total: Any, value: Any) -> Any:
        return wide(total + wide(value))

    return add


def make_extreme(kind: str, src: str) -> Body:
    """The body of max and min pooling: pixels `src` in and out."""
    reduce_window, start = _window_reducer(winner(kind)), worst(kind, src)

    def pool(source, windows, line, result, first, last):
        for y in range(first, last):
            best = result.pixels[y * result.row : (y + 1) * result.row]
            for x in range(source.row):
                line[x] = start
            for x in range(result.row):
                best[x] = start
            reduce_window(source, windows, y, line, best)

    return pool


def make_mean(src: str, acc: str, out: str, quotient: str) -> Body:
    """The body of average pooling: pixels `src`, sums `acc`, results `out`, dividing in `quotient`."""
    reduce_window, wide, final = _window_reducer(added(acc)), np.dtype(acc).type, np.dtype(out).type
    rounded = quotient == UNDIVIDED or not out.startswith("float")
    divide = rounded_quotient(quotient) if rounded else ratio_of(acc)

    def pool(source, windows, cells, line, sums, result, first, last):
        for y in range(first, last):
            for x in range(source.row):
                line[x] = wide(0)
            for x in range(result.row):
                sums[x] = wide(0)
            reduce_window(source, windows, y, line, sums)
            means = result.pixels[y * result.row : (y + 1) * result.row]
            for x in range(result.row):
                means[x] = final(divide(sums[x], cells.rows[y] * cells.columns[x]))

    return pool


def _window_reducer(pick: Any) -> Any:
    """Reduces the windows of one output row: first down the columns into `line`, then along it into `best`."""

    @helper
    def reduce_window(source: Any, windows: Any, y: int, line: Any, best: Any) -> None:
        top, step, channels = y * windows.row_step - windows.row_before, windows.column_step, windows.channels
        for t in range(windows.row_from[y], windows.row_to[y]):
            at = (top + t * windows.row_dilation) * source.row
            row = source.pixels[at : at + source.row]
            for x in range(source.row):
                line[x] = pick(line[x], row[x])
        for t in range(windows.taps):
            left = windows.column_from[t]
            count = windows.column_to[t] - left
            if count <= 0:
                continue
            at = (left * step + t * windows.column_dilation - windows.column_before) * channels
            if step == 1:
                n = count * channels
                piece, results = line[at : at + n], best[left * channels : left * channels + n]
                for x in range(n):
                    results[x] = pick(results[x], piece[x])
            else:
                stride, to = step * channels, left * channels
                for _ in range(count):
                    for c in range(channels):
                        best[to + c] = pick(best[to + c], line[at + c])
                    at += stride
                    to += channels

    return reduce_window


UNDIVIDED = "shift0"
"""The quotient of means that are to stay sums."""


def rounded_quotient(quotient: str) -> Any:
    """floor(sum/cells + 1/2), exactly.

    A correctly rounded float quotient of integers below 2**24 (float32) or 2**53 (float64) has the
    exact quotient's floor: the nearest lower multiple is further away than half a unit in the last place.
    """
    if quotient == UNDIVIDED:

        @helper
        def divide(total: Any, cells: Any) -> Any:
            return total
    elif quotient == "int64":

        @helper
        def divide(total: Any, cells: Any) -> Any:
            return (2 * np.int64(total) + cells) // (2 * cells)
    else:
        wide = np.dtype(quotient).type

        @helper
        def divide(total: Any, cells: Any) -> Any:
            return np.floor((wide(2) * wide(total) + wide(cells)) / (wide(2) * wide(cells)))

    return divide


WINDOWS = Group(
    "windows",
    "row_from:int64[last] row_to:int64[last] row_step row_dilation row_before column_from:int64[windows_taps]"
    " column_to:int64[windows_taps] taps column_step column_dilation column_before channels",
)
CELLS = Group("cells", "rows:int64[last] columns:int64[result_row]")
"""How many of the cells of each window count: rows times columns."""
EXTREME = Loop("extreme", make_extreme, (SOURCE, WINDOWS, "line:~src[source_row]", result_of("src")))
MEAN = Loop("mean", make_mean, (SOURCE, WINDOWS, CELLS, "line:~acc[source_row] sums:~acc[result_row]", RESULT))

"""Sliding averages of whole numbers: sums run down the columns and along the row, so that the cost does not depend on
the window's size.

Rows enter the sums down the columns as windows come to see them and leave as they no longer do; along the row a
window's sum is the difference of two sums from the row's start. Whole numbers only: there, what enters and leaves is
gone without a trace.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from imgconv.loops import Body, Group, Loop, helper
from imgconv.loops.lines import RESULT, SOURCE
from imgconv.loops.pool import CELLS, rounded_quotient
from imgconv.loops.quantising import ratio_of


def make(src: str, acc: str, out: str, quotient: str) -> Body:
    """The body: pixels `src`, sums `acc` (of a whole row of windows), results `out`, dividing in `quotient`."""
    wide, final, change = np.dtype(acc).type, np.dtype(out).type, _changer(acc)
    divide = rounded_quotient(quotient) if not out.startswith("float") else ratio_of(acc)

    def means(source, windows, cells, line, sums, result, first, last):
        row, channels, top, bottom = source.row, windows.channels, windows.row_from, windows.row_to
        begin, end = top[first], top[first]
        for x in range(row):
            line[x] = wide(0)
        for y in range(first, last):
            if top[y] >= end:  # nothing in common with the window above
                for x in range(row):
                    line[x] = wide(0)
                begin, end = top[y], top[y]
            for leaving in range(begin, top[y]):
                change(line, source.pixels[leaving * row : (leaving + 1) * row], row, wide(-1))
            for entering in range(end, bottom[y]):
                change(line, source.pixels[entering * row : (entering + 1) * row], row, wide(1))
            begin, end = top[y], bottom[y]
            before, after = sums[:row], sums[channels:]
            for c in range(channels):
                sums[c] = wide(0)
            for x in range(row):
                after[x] = wide(before[x] + line[x])
            put, high = result.pixels[y * result.row : (y + 1) * result.row], cells.rows[y]
            for i in range(windows.count):
                left, right, at = windows.column_from[i] * channels, windows.column_to[i] * channels, i * channels
                for c in range(channels):
                    put[at + c] = final(divide(wide(sums[right + c] - sums[left + c]), high * cells.columns[at + c]))

    return means


def _changer(acc: str) -> Any:
    wide = np.dtype(acc).type

    @helper
    def change(line: Any, pixels: Any, row: int, sign: Any) -> None:
        for x in range(row):
            line[x] = wide(line[x] + sign * wide(pixels[x]))

    return change


WINDOWS = Group(
    "windows",
    "row_from:int64[last] row_to:int64[last] column_from:int64[windows_count] column_to:int64[windows_count] count"
    " channels",
)
LOOP = Loop(
    "means",
    make,
    (SOURCE, WINDOWS, CELLS, "line:~acc[source_row] sums:~acc[source_row + windows_channels]", RESULT),
)

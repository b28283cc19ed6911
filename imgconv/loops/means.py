"""Sliding averages of whole numbers: sums run down the columns and along the row, so that the cost does not depend on
the window's size.

Rows enter the sums down the columns as windows come to see them and leave as they no longer do; along the row a
window's sum is the difference of two sums from the row's start. Whole numbers only: there, what enters and leaves is
gone without a trace.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from imgconv.loops import Body, Loop, helper, parameters, view
from imgconv.loops.pool import rounded_quotient
from imgconv.loops.quantising import ratio_of


def make(src: str, acc: str, out: str, quotient: str) -> Body:
    """The body: pixels `src`, sums `acc` (of a whole row of windows), results `out`, dividing in `quotient`."""
    wide, final, change = np.dtype(acc).type, np.dtype(out).type, _changer(acc)
    divide = rounded_quotient(quotient) if not out.startswith("float") else ratio_of(acc)

    def means(
        source,
        source_rows,
        source_row,
        channels,
        row_from,
        row_to,
        column_from,
        column_to,
        row_cells,
        column_cells,
        windows,
        line,
        sums,
        result,
        result_row,
        first,
        last,
    ):
        pixels, down, along, target = (
            view(source, source_rows * source_row),
            view(line, source_row),
            view(sums, source_row + channels),
            view(result, last * result_row),
        )
        top, bottom, left, right = (
            view(row_from, last),
            view(row_to, last),
            view(column_from, windows),
            view(column_to, windows),
        )
        rows, columns = view(row_cells, last), view(column_cells, result_row)
        begin, end = top[first], top[first]
        for x in range(source_row):
            down[x] = wide(0)
        for y in range(first, last):
            if top[y] >= end:  # nothing in common with the window above
                for x in range(source_row):
                    down[x] = wide(0)
                begin, end = top[y], top[y]
            for row in range(begin, top[y]):
                change(down, pixels[row * source_row : (row + 1) * source_row], source_row, wide(-1))
            for row in range(end, bottom[y]):
                change(down, pixels[row * source_row : (row + 1) * source_row], source_row, wide(1))
            begin, end = top[y], bottom[y]
            before, after = along[:source_row], along[channels:]
            for c in range(channels):
                along[c] = wide(0)
            for x in range(source_row):
                after[x] = wide(before[x] + down[x])
            put, cells = target[y * result_row : (y + 1) * result_row], rows[y]
            for i in range(windows):
                low, high, at = left[i] * channels, right[i] * channels, i * channels
                for c in range(channels):
                    put[at + c] = final(divide(wide(along[high + c] - along[low + c]), cells * columns[at + c]))

    return means


def _changer(acc: str) -> Any:
    wide = np.dtype(acc).type

    @helper
    def change(down: Any, row: Any, source_row: int, sign: Any) -> None:
        for x in range(source_row):
            down[x] = wide(down[x] + sign * wide(row[x]))

    return change


def _extents(given: Mapping[str, Any]) -> Mapping[str, int]:
    rows, windows, row = given["last"], given["windows"], given["source_row"]
    return {
        "source": given["source_rows"] * row,
        "row_from": rows,
        "row_to": rows,
        "column_from": windows,
        "column_to": windows,
        "row_cells": rows,
        "column_cells": given["result_row"],
        "line": row,
        "sums": row + given["channels"],
        "result": rows * given["result_row"],
    }


LOOP = Loop(
    "means",
    make,
    parameters(
        "source:src source_rows source_row channels row_from:int64 row_to:int64 column_from:int64 column_to:int64"
        " row_cells:int64 column_cells:int64 windows line:=acc sums:=acc result:=out result_row first last"
    ),
    _extents,
)

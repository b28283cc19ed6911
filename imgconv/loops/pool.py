"""Pooling over one band of output rows: down the columns first, row on row, then along the row.

Windows see existing pixels only: `row_from`/`row_to` and `column_from`/`column_to` say which taps
of each window, and which windows of each tap, lie inside the image.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from imgconv.loops import Body, Loop, helper, parameters, view
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
    """What loses against every value: where a reduction starts."""
    if type_.startswith("float"):
        return np.dtype(type_).type(-np.inf if kind == "max" else np.inf)
    limits = np.iinfo(type_)
    return np.dtype(type_).type(limits.min if kind == "max" else limits.max)


def added(acc: str) -> Any:
    wide = np.dtype(acc).type

    @helper
    def add(total: Any, value: Any) -> Any:
        return wide(total + wide(value))

    return add


def make_extreme(kind: str, src: str) -> Body:
    """The body of max and min pooling: pixels `src` in and out."""
    reduce_window, start, kept = _window_reducer(winner(kind)), worst(kind, src), np.dtype(src).type

    def pool(
        source,
        source_rows,
        source_row,
        channels,
        row_from,
        row_to,
        row_step,
        row_dilation,
        row_before,
        column_from,
        column_to,
        taps,
        column_step,
        column_dilation,
        column_before,
        line,
        result,
        result_row,
        first,
        last,
    ):
        pixels, column, target = (
            view(source, source_rows * source_row),
            view(line, source_row),
            view(result, last * result_row),
        )
        begins, ends, left, right = (
            view(row_from, last),
            view(row_to, last),
            view(column_from, taps),
            view(column_to, taps),
        )
        for y in range(first, last):
            out = target[y * result_row : (y + 1) * result_row]
            for x in range(source_row):
                column[x] = start
            for x in range(result_row):
                out[x] = kept(start)
            top = y * row_step - row_before
            reduce_window(
                pixels,
                source_row,
                channels,
                column,
                out,
                top,
                begins[y],
                ends[y],
                row_dilation,
                left,
                right,
                taps,
                column_step,
                column_dilation,
                column_before,
            )

    return pool


def make_mean(src: str, acc: str, out: str, quotient: str) -> Body:
    """The body of average pooling: pixels `src`, sums `acc`, results `out`, dividing in `quotient`."""
    reduce_window, wide, final = _window_reducer(added(acc)), np.dtype(acc).type, np.dtype(out).type
    divide = rounded_quotient(quotient) if not out.startswith("float") else ratio_of(acc)

    def pool(
        source,
        source_rows,
        source_row,
        channels,
        row_from,
        row_to,
        row_step,
        row_dilation,
        row_before,
        column_from,
        column_to,
        taps,
        column_step,
        column_dilation,
        column_before,
        row_cells,
        column_cells,
        line,
        sums,
        result,
        result_row,
        first,
        last,
    ):
        pixels, column, total, target = (
            view(source, source_rows * source_row),
            view(line, source_row),
            view(sums, result_row),
            view(result, last * result_row),
        )
        begins, ends, left, right = (
            view(row_from, last),
            view(row_to, last),
            view(column_from, taps),
            view(column_to, taps),
        )
        rows, columns = view(row_cells, last), view(column_cells, result_row)
        for y in range(first, last):
            for x in range(source_row):
                column[x] = wide(0)
            for x in range(result_row):
                total[x] = wide(0)
            top = y * row_step - row_before
            reduce_window(
                pixels,
                source_row,
                channels,
                column,
                total,
                top,
                begins[y],
                ends[y],
                row_dilation,
                left,
                right,
                taps,
                column_step,
                column_dilation,
                column_before,
            )
            out = target[y * result_row : (y + 1) * result_row]
            for x in range(result_row):
                out[x] = final(divide(total[x], rows[y] * columns[x]))

    return pool


def _window_reducer(pick: Any) -> Any:
    """Reduces the windows of one output row: first down the columns into `column`, then along them into `best`."""

    @helper
    def reduce_window(
        pixels: Any,
        source_row: int,
        channels: int,
        column: Any,
        best: Any,
        top: int,
        begin: int,
        end: int,
        row_dilation: int,
        left: Any,
        right: Any,
        taps: int,
        column_step: int,
        column_dilation: int,
        column_before: int,
    ) -> None:
        for t in range(begin, end):
            at = (top + t * row_dilation) * source_row
            row = pixels[at : at + source_row]
            for x in range(source_row):
                column[x] = pick(column[x], row[x])
        for t in range(taps):
            windows = right[t] - left[t]
            if windows <= 0:
                continue
            at = (left[t] * column_step + t * column_dilation - column_before) * channels
            if column_step == 1:
                n = windows * channels
                piece, results = column[at : at + n], best[left[t] * channels : left[t] * channels + n]
                for x in range(n):
                    results[x] = pick(results[x], piece[x])
            else:
                stride, to = column_step * channels, left[t] * channels
                for _ in range(windows):
                    for c in range(channels):
                        best[to + c] = pick(best[to + c], column[at + c])
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


def _extents(given: Mapping[str, Any]) -> Mapping[str, int]:
    rows, taps, row = given["last"], given["taps"], given["result_row"]
    return {
        "source": given["source_rows"] * given["source_row"],
        "row_from": rows,
        "row_to": rows,
        "column_from": taps,
        "column_to": taps,
        "row_cells": rows,
        "column_cells": row,
        "line": given["source_row"],
        "sums": row,
        "result": rows * row,
    }


_GEOMETRY = (
    "source:src source_rows source_row channels row_from:int64 row_to:int64 row_step row_dilation row_before "
    "column_from:int64 column_to:int64 taps column_step column_dilation column_before"
)
EXTREME = Loop(
    "extreme", make_extreme, parameters(f"{_GEOMETRY} line:=src result:=src result_row first last"), _extents
)
MEAN = Loop(
    "mean",
    make_mean,
    parameters(f"{_GEOMETRY} row_cells:int64 column_cells:int64 line:=acc sums:=acc result:=out result_row first last"),
    _extents,
)

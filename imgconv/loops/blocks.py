"""Pooling of small windows that all lie wholly in the image: 2x2 and 3x3 at stride 2 or 3, over interleaved channels.

Rows are reduced first, as everywhere; along the row every tap and channel is written out, which LLVM turns
into vector shuffles.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from imgconv.loops import Body, Loop, helper, parameters, view
from imgconv.loops.pool import added, rounded_quotient, winner


def make_extreme(kind: str, src: str, wide_window: str, step: str, channels: str) -> Body:
    """The body of max and min pooling, for windows of `wide_window` columns at a column stride of `step`."""
    return _make(winner(kind), src, src, _kept(src), int(wide_window), int(step), int(channels))


def make_mean(src: str, acc: str, out: str, quotient: str, wide_window: str, step: str, channels: str) -> Body:
    """The body of average pooling of whole numbers; every window has the same number of cells."""
    return _make(added(acc), acc, out, _quotient_for_all(quotient), int(wide_window), int(step), int(channels))


def _make(pick: Any, acc: str, out: str, finish: Any, wide_window: int, step: int, channels: int) -> Body:
    wide, put = np.dtype(acc).type, _putter(pick, finish, np.dtype(out).type, wide_window, step, channels)

    def blocks(source, source_rows, source_row, high, row_step, cells, line, result, result_row, first, last):
        pixels, column, target = (
            view(source, source_rows * source_row),
            view(line, source_row),
            view(result, last * result_row),
        )
        for y in range(first, last):
            top = pixels[y * row_step * source_row :]
            under = top[(source_row if high > 1 else 0) :]
            for x in range(source_row):  # most windows have two rows
                column[x] = pick(wide(top[x]), wide(under[x])) if high > 1 else wide(top[x])
            for t in range(2, high):
                row = top[t * source_row :]
                for x in range(source_row):
                    column[x] = pick(column[x], wide(row[x]))
            results = target[y * result_row : (y + 1) * result_row]
            for x in range(result_row // channels):
                put(results, column, x, cells)

    return blocks


def _quotient_for_all(quotient: str) -> Any:
    """floor(sum/cells + 1/2) where all windows have the same cells: by a shift, or by their reciprocal (why that is
    exact: `quantising._floor_divide`)."""
    if quotient.startswith("shift"):
        bits = int(quotient.removeprefix("shift"))
        half = 1 << bits >> 1

        @helper
        def shifted(value: Any, cells: Any) -> Any:
            return (value + half) >> bits

        return shifted
    if not quotient.startswith("float"):
        return rounded_quotient(quotient)
    wide = np.dtype(quotient).type

    @helper
    def divide(total: Any, cells: Any) -> Any:
        return np.floor((wide(2) * wide(total) + wide(cells) + wide(0.5)) * (wide(1) / (wide(2) * wide(cells))))

    return divide


def _kept(src: str) -> Any:
    same = np.dtype(src).type

    @helper
    def keep(value: Any, cells: int) -> Any:
        return same(value)

    return keep


def _putter(pick: Any, finish: Any, final: Any, wide_window: int, step: int, channels: int) -> Any:
    """The helper `put(results, column, x, cells)`: all channels of output pixel x, one after the other."""

    @helper
    def reduce_two(column: Any, at: int) -> Any:
        return pick(column[at], column[at + channels])

    @helper
    def reduce_three(column: Any, at: int) -> Any:
        return pick(pick(column[at], column[at + channels]), column[at + 2 * channels])

    reduce, stride = {2: reduce_two, 3: reduce_three}[wide_window], step * channels

    @helper
    def put_one(results: Any, column: Any, x: int, cells: int) -> None:
        results[x * channels] = final(finish(reduce(column, x * stride), cells))

    @helper
    def put_three(results: Any, column: Any, x: int, cells: int) -> None:
        results[x * channels] = final(finish(reduce(column, x * stride), cells))
        results[x * channels + 1] = final(finish(reduce(column, x * stride + 1), cells))
        results[x * channels + 2] = final(finish(reduce(column, x * stride + 2), cells))

    @helper
    def put_four(results: Any, column: Any, x: int, cells: int) -> None:
        put_three(results, column, x, cells)
        results[x * channels + 3] = final(finish(reduce(column, x * stride + 3), cells))

    return {1: put_one, 3: put_three, 4: put_four}[channels]


def _extents(given: Mapping[str, Any]) -> Mapping[str, int]:
    return {
        "source": given["source_rows"] * given["source_row"],
        "line": given["source_row"],
        "result": given["last"] * given["result_row"],
    }


_GIVEN = "source:src source_rows source_row high row_step cells"
EXTREME = Loop("blocks", make_extreme, parameters(f"{_GIVEN} line:=src result:=src result_row first last"), _extents)
MEAN = Loop("block_means", make_mean, parameters(f"{_GIVEN} line:=acc result:=out result_row first last"), _extents)

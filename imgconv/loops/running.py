"""Constant kernels by running sums: cost independent of the kernel's size.

Sums down the columns are kept from one output row to the next (one row enters, one leaves), extended
as the border says, and summed along the row in the same way. Column stride and dilation are 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from imgconv.loops import Body, Loop, helper, parameters, view
from imgconv.loops.correlate import loader
from imgconv.loops.quantising import BORDER, CONSTANTS, COUNTS, OFFSET, PIECE, counter, nothing_seen, settler


def make(src: str, acc: str, out: str, quotient: str, key: str, interleaved: str) -> Body:
    """The body for pixels `src`, sums `acc`, results `out`, dividing in `quotient`; `interleaved` is 1, 3 or 4
    channels, or "any"."""
    enter, exchange, extend, slide, wide = (
        _enterer(acc),
        _exchanger(acc),
        loader(acc),
        _slider(acc, interleaved),
        np.dtype(acc).type,
    )
    settle, tally, start = settler(acc, out, quotient), counter(), nothing_seen(acc)

    def running(
        source,
        source_rows,
        source_row,
        rows,
        row_count,
        edge_to,
        edge_from,
        edges,
        inner_at,
        channels,
        high,
        wide_window,
        step,
        inner,
        column,
        line,
        line_row,
        sums,
        weight,
        result,
        result_row,
        constants,
        extremes,
        counts,
        first,
        last,
    ):
        pixels, lines, factor = view(source, source_rows * source_row), view(rows, row_count), view(weight, 1)[0]
        to, whence = view(edge_to, edges), view(edge_from, edges)
        down, along, total, target = (
            view(column, source_row),
            view(line, line_row),
            view(sums, result_row),
            view(result, last * result_row),
        )
        constant, extreme, count = view(constants, CONSTANTS), view(extremes, 2), view(counts, COUNTS)
        for y in range(first, last):
            top = y * step
            if y == first:
                for x in range(source_row):
                    down[x] = wide(0)
                for t in range(high):
                    enter(down, pixels, lines[top + t], source_row, constant[BORDER])
            else:
                exchange(down, pixels, lines[top + high - 1], lines[top - 1], source_row, constant[BORDER])
            extend(down, along, to, whence, edges, inner_at, source_row, channels, wide(constant[BORDER] * wide(high)))
            slide(total, along, channels, wide_window, result_row)
            offset = wide(constant[OFFSET])
            for at in range(0, result_row, PIECE):
                m = min(PIECE, result_row - at)
                piece, results, seen = total[at : at + m], target[y * result_row + at : y * result_row + at + m], start
                for x in range(m):
                    results[x], seen = settle(wide(offset + factor * piece[x]), constant, seen)
                tally(extreme, count, seen)

    return running


def _enterer(acc: str) -> Any:
    """Adds a source row (or the border's constant) to the sums down the columns."""
    wide = np.dtype(acc).type

    @helper
    def enter(down: Any, pixels: Any, row: int, source_row: int, constant: Any) -> None:
        if row < 0:
            for x in range(source_row):
                down[x] = wide(down[x] + constant)
        else:
            given = pixels[row * source_row : (row + 1) * source_row]
            for x in range(source_row):
                down[x] = wide(down[x] + wide(given[x]))

    return enter


def _exchanger(acc: str) -> Any:
    """One source row into the sums down the columns and another out of them, in one pass."""
    wide = np.dtype(acc).type

    @helper
    def exchange(down: Any, pixels: Any, entering: int, leaving: int, source_row: int, constant: Any) -> None:
        new = pixels[max(entering, 0) * source_row : (max(entering, 0) + 1) * source_row]
        old = pixels[max(leaving, 0) * source_row : (max(leaving, 0) + 1) * source_row]
        if entering >= 0 and leaving >= 0:
            for x in range(source_row):
                down[x] = wide(down[x] + wide(new[x]) - wide(old[x]))
        elif entering >= 0:
            for x in range(source_row):
                down[x] = wide(down[x] + wide(new[x]) - constant)
        elif leaving >= 0:
            for x in range(source_row):
                down[x] = wide(down[x] + constant - wide(old[x]))

    return exchange


def _slider(acc: str, interleaved: str) -> Any:
    """Sums along the row, each from the one before it; in registers where the number of channels is known, since memory
    answers late."""
    wide = np.dtype(acc).type

    @helper
    def slide(total: Any, along: Any, channels: int, wide_window: int, result_row: int) -> None:
        for c in range(channels):
            value = wide(0)
            for t in range(wide_window):
                value = wide(value + along[t * channels + c])
            total[c] = value
        before, after = (
            along[: result_row - channels],
            along[wide_window * channels : (wide_window - 1) * channels + result_row],
        )
        left, right = total[: result_row - channels], total[channels:result_row]
        for x in range(result_row - channels):
            right[x] = wide(left[x] + wide(after[x] - before[x]))

    @helper
    def slide_one(total: Any, along: Any, channels: int, wide_window: int, result_row: int) -> None:
        a = wide(0)
        for t in range(wide_window):
            a = wide(a + along[t])
        total[0] = a
        after = along[wide_window:]
        for x in range(result_row - 1):
            a = wide(a + wide(after[x] - along[x]))
            total[x + 1] = a

    @helper
    def slide_three(total: Any, along: Any, channels: int, wide_window: int, result_row: int) -> None:
        a, b, c = wide(0), wide(0), wide(0)
        for t in range(wide_window):
            a, b, c = wide(a + along[3 * t]), wide(b + along[3 * t + 1]), wide(c + along[3 * t + 2])
        total[0], total[1], total[2] = a, b, c
        after, right = along[3 * wide_window :], total[3:]
        for p in range(result_row // 3 - 1):
            a = wide(a + wide(after[3 * p] - along[3 * p]))
            b = wide(b + wide(after[3 * p + 1] - along[3 * p + 1]))
            c = wide(c + wide(after[3 * p + 2] - along[3 * p + 2]))
            right[3 * p], right[3 * p + 1], right[3 * p + 2] = a, b, c

    return {"1": slide_one, "3": slide_three}.get(interleaved, slide)


def _extents(given: Mapping[str, Any]) -> Mapping[str, int]:
    return {
        "source": given["source_rows"] * given["source_row"],
        "rows": given["row_count"],
        "edge_to": given["edges"],
        "edge_from": given["edges"],
        "column": given["source_row"],
        "line": given["line_row"],
        "sums": given["result_row"],
        "weight": 1,
        "result": given["last"] * given["result_row"],
        "constants": CONSTANTS,
        "extremes": 2,
        "counts": COUNTS,
    }


LOOP = Loop(
    "running",
    make,
    parameters(
        "source:src source_rows source_row rows:int64 row_count edge_to:int64 edge_from:int64 edges inner_at channels"
        " high wide_window step inner column:=acc line:=acc line_row sums:=acc weight:acc result:=out result_row"
        " constants:acc extremes:=key counts:=int64 first last"
    ),
    _extents,
)

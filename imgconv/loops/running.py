"""Constant kernels by running sums: cost independent of the kernel's size.

Sums down the columns stay from one output row to the next (one row enters, one leaves); they are extended
as the border says, and summed along the row in the same way. Column stride and dilation are 1.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from imgconv.loops import Body, Group, Loop, helper
from imgconv.loops.lines import LINES, RESULT, SOURCE, loader
from imgconv.loops.quantising import CONSTANTS, OUTCOME, PIECE, counter, nothing_seen, quantiser


def make(src: str, acc: str, out: str, quotient: str, key: str, interleaved: str) -> Body:
    """The body for pixels `src`, sums `acc`, results `out`, dividing in `quotient`; `interleaved` is 1, 3 or 4
    channels, or "any"."""
    enter, exchange, extend = _enterer(acc), _exchanger(acc), loader(acc)
    slide, scale, wide = _slider(acc, interleaved), _scaler(acc, out, quotient), np.dtype(acc).type

    def running(source, lines, window, column, line, line_row, sums, result, constants, outcome, first, last):
        for y in range(first, last):
            top = y * lines.step
            if y == first:
                for x in range(source.row):
                    column[x] = wide(0)
                for t in range(window.rows):
                    enter(column, source, lines.rows[top + t], constants.border)
            else:
                entering, leaving = lines.rows[top + window.rows - 1], lines.rows[top - 1]
                exchange(column, source, entering, leaving, constants.border)
            extend(column, lines, line, wide(constants.border * wide(window.rows)))
            slide(sums, line, lines.channels, window.columns, result.row)
            scale(sums, result.pixels[y * result.row :], result.row, window.weight[0], constants, outcome)

    return running


def _scaler(acc: str, out: str, quotient: str) -> Any:
    """Sums times the one weight, plus the offset, quantised."""
    quantise, count, start, wide = quantiser(acc, out, quotient), counter(), nothing_seen(acc), np.dtype(acc).type

    @helper
    def scale(sums: Any, target: Any, row: int, weight: Any, constants: Any, outcome: Any) -> None:
        offset = wide(constants.offset)
        for at in range(0, row, PIECE):
            m = min(PIECE, row - at)
            piece, results, seen = sums[at : at + m], target[at : at + m], start
            for x in range(m):
                results[x], seen = quantise(wide(offset + weight * piece[x]), constants, seen)
            count(outcome, seen)

    return scale


def _enterer(acc: str) -> Any:
    """Adds a source row (or the border's constant) to the sums down the columns."""
    wide = np.dtype(acc).type

    @helper
    def enter(column: Any, source: Any, row: int, constant: Any) -> None:
        if row < 0:
            for x in range(source.row):
                column[x] = wide(column[x] + constant)
        else:
            pixels = source.pixels[row * source.row : (row + 1) * source.row]
            for x in range(source.row):
                column[x] = wide(column[x] + wide(pixels[x]))

    return enter


def _exchanger(acc: str) -> Any:
    """One source row into the sums down the columns and another out of them, in one pass."""
    wide = np.dtype(acc).type

    @helper
    def exchange(column: Any, source: Any, entering: int, leaving: int, constant: Any) -> None:
        row = source.row
        new = source.pixels[max(entering, 0) * row : (max(entering, 0) + 1) * row]
        old = source.pixels[max(leaving, 0) * row : (max(leaving, 0) + 1) * row]
        if entering >= 0 and leaving >= 0:
            for x in range(row):
                column[x] = wide(column[x] + wide(new[x]) - wide(old[x]))
        elif entering >= 0:
            for x in range(row):
                column[x] = wide(column[x] + wide(new[x]) - constant)
        elif leaving >= 0:
            for x in range(row):
                column[x] = wide(column[x] + constant - wide(old[x]))

    return exchange


def _slider(acc: str, interleaved: str) -> Any:
    """Sums along the row, each from the one before it; in registers where the number of channels is known, since memory
    answers late."""
    wide = np.dtype(acc).type

    @helper
    def slide(sums: Any, line: Any, channels: int, columns: int, result_row: int) -> None:
        for c in range(channels):
            value = wide(0)
            for t in range(columns):
                value = wide(value + line[t * channels + c])
            sums[c] = value
        before, after = (
            line[: result_row - channels],
            line[columns * channels : (columns - 1) * channels + result_row],
        )
        left, right = sums[: result_row - channels], sums[channels:result_row]
        for x in range(result_row - channels):
            right[x] = wide(left[x] + wide(after[x] - before[x]))

    @helper
    def slide_one(sums: Any, line: Any, channels: int, columns: int, result_row: int) -> None:
        a = wide(0)
        for t in range(columns):
            a = wide(a + line[t])
        sums[0] = a
        after = line[columns:]
        for x in range(result_row - 1):
            a = wide(a + wide(after[x] - line[x]))
            sums[x + 1] = a

    @helper
    def slide_three(sums: Any, line: Any, channels: int, columns: int, result_row: int) -> None:
        a, b, c = wide(0), wide(0), wide(0)
        for t in range(columns):
            a, b, c = wide(a + line[3 * t]), wide(b + line[3 * t + 1]), wide(c + line[3 * t + 2])
        sums[0], sums[1], sums[2] = a, b, c
        after, right = line[3 * columns :], sums[3:]
        for p in range(result_row // 3 - 1):
            a = wide(a + wide(after[3 * p] - line[3 * p]))
            b = wide(b + wide(after[3 * p + 1] - line[3 * p + 1]))
            c = wide(c + wide(after[3 * p + 2] - line[3 * p + 2]))
            right[3 * p], right[3 * p + 1], right[3 * p + 2] = a, b, c

    return {"1": slide_one, "3": slide_three}.get(interleaved, slide)


WINDOW = Group("window", "rows columns weight:acc[1]")
"""Of a constant kernel: its size and its one weight."""
LOOP = Loop(
    "running",
    make,
    (
        SOURCE,
        LINES,
        WINDOW,
        "column:~acc[source_row] line:~acc[line_row] line_row sums:~acc[result_row]",
        RESULT,
        CONSTANTS,
        OUTCOME,
    ),
)

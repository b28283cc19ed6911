"""Max and min pooling of large windows: cost independent of the window down the columns, its logarithm along the rows.

Down the columns: van Herk's and Gil-Werman's algorithm (M. van Herk, Pattern Recognition Letters 13, 1992; J. Gil and
M. Werman, IEEE PAMI 15, 1993): rows are taken in blocks as high as the window, the extremes from each row to its
block's end are kept, and those from the next block's beginning are carried along; two of them make a window. Along the
row windows double in width, and two overlapping ones make the last. Dilation is 1; beyond the image stands what loses
against every value.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from imgconv.loops import Body, Loop, helper, parameters, view
from imgconv.loops.pool import winner, worst


def make(kind: str, src: str) -> Body:
    """The body for `kind` (max or min) of pixels `src`."""
    pick, neutral = winner(kind), worst(kind, src)
    enter, join, finish = _enterer(pick), _joiner(pick), _finisher(pick)

    def sliding(
        source,
        source_rows,
        source_row,
        channels,
        high,
        row_step,
        row_before,
        wide_window,
        column_step,
        column_before,
        suffixes,
        prefix,
        one,
        other,
        line_row,
        result,
        result_row,
        first,
        last,
    ):
        pixels, kept, carried = (
            view(source, source_rows * source_row),
            view(suffixes, high * source_row),
            view(prefix, source_row),
        )
        here, there, target = view(one, line_row), view(other, line_row), view(result, last * result_row)
        block, entered, inner_at = -1, 0, column_before * channels
        for y in range(first, last):
            top = y * row_step  # counted from the first row of padding
            if top // high != block:
                block, entered = top // high, 0
                for x in range(source_row):
                    carried[x] = neutral
                for r in range(high - 1, -1, -1):  # extremes from each row to the end of its block
                    suffix = kept[r * source_row : (r + 1) * source_row]
                    for x in range(source_row):
                        suffix[x] = neutral
                    enter(suffix, pixels, block * high + r - row_before, source_rows, source_row)
                    if r + 1 < high:
                        join(suffix, suffix, kept[(r + 1) * source_row : (r + 2) * source_row], source_row)
            rest = top - block * high
            while entered < rest:
                enter(carried, pixels, (block + 1) * high + entered - row_before, source_rows, source_row)
                entered += 1
            for x in range(line_row):
                here[x] = neutral
            join(
                here[inner_at : inner_at + source_row],
                kept[rest * source_row : (rest + 1) * source_row],
                carried,
                source_row,
            )
            width, n = 1, line_row
            while 4 * width <= wide_window:  # doubled twice, back into the same array
                n -= width * channels
                join(there, here, here[width * channels :], n)
                n -= 2 * width * channels
                join(here, there, there[2 * width * channels :], n)
                width *= 4
            results = target[y * result_row : (y + 1) * result_row]
            if 2 * width <= wide_window:
                n -= width * channels
                join(there, here, here[width * channels :], n)
                finish(results, there, (wide_window - 2 * width) * channels, column_step, channels, result_row)
            else:
                finish(results, here, (wide_window - width) * channels, column_step, channels, result_row)

    return sliding


def _enterer(pick: Any) -> Any:
    """Takes a source row into running extremes, if it lies in the image."""

    @helper
    def enter(extremes: Any, pixels: Any, row: int, source_rows: int, source_row: int) -> None:
        if 0 <= row < source_rows:
            given = pixels[row * source_row : (row + 1) * source_row]
            for x in range(source_row):
                extremes[x] = pick(extremes[x], given[x])

    return enter


def _joiner(pick: Any) -> Any:
    """The better of two, element by element."""

    @helper
    def join(out: Any, left: Any, right: Any, n: int) -> None:
        for x in range(n):
            out[x] = pick(left[x], right[x])

    return join


def _finisher(pick: Any) -> Any:
    """Two overlapping windows make the last; only every `column_step`-th is wanted."""

    @helper
    def finish(results: Any, line: Any, shift: int, column_step: int, channels: int, result_row: int) -> None:
        other = line[shift:]
        if column_step == 1:
            for x in range(result_row):
                results[x] = pick(line[x], other[x])
        else:
            for x in range(result_row // channels):
                for c in range(channels):
                    at = x * column_step * channels + c
                    results[x * channels + c] = pick(line[at], other[at])

    return finish


def _extents(given: Mapping[str, Any]) -> Mapping[str, int]:
    row = given["source_row"]
    return {
        "source": given["source_rows"] * row,
        "suffixes": given["high"] * row,
        "prefix": row,
        "one": given["line_row"],
        "other": given["line_row"],
        "result": given["last"] * given["result_row"],
    }


LOOP = Loop(
    "sliding",
    make,
    parameters(
        "source:src source_rows source_row channels high row_step row_before wide_window column_step column_before "
        "suffixes:=src prefix:=src one:=src other:=src line_row result:=src result_row first last"
    ),
    _extents,
)

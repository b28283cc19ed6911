"""Max and min pooling of large windows: cost independent of the window down the columns, its logarithm along the rows.

Down the columns: van Herk's and Gil-Werman's algorithm (M. van Herk, Pattern Recognition Letters 13, 1992; J. Gil and
M. Werman, IEEE PAMI 15, 1993): rows are taken in blocks as high as the window, the extremes from each row to its
block's end (suffixes) are stored, and those from the next block's beginning (the prefix) are carried along; one of
each make a window. Along the row windows double in width, and two overlapping ones make the last. Dilation is 1; beyond
the image is what every value wins over.
"""

from __future__ import annotations

from typing import Any

from imgconv.loops import Body, Group, Loop, helper
from imgconv.loops.lines import SOURCE, result_of
from imgconv.loops.pool import winner, worst


def make(kind: str, src: str) -> Body:
    """The body for `kind` (max or min) of pixels `src`."""
    pick, neutral = winner(kind), worst(kind, src)
    enter, join, finish = _enterer(pick), _joiner(pick), _finisher(pick)

    def sliding(source, windows, extremes, result, first, last):
        row, high, channels = source.row, windows.rows, windows.channels
        line, other, prefix = extremes.line, extremes.other, extremes.prefix
        block, entered, inner_at = -1, 0, windows.column_before * channels
        for y in range(first, last):
            top = y * windows.row_step  # counted from the first row of padding
            if top // high != block:
                block, entered = top // high, 0
                for x in range(row):
                    prefix[x] = neutral
                for r in range(high - 1, -1, -1):  # extremes from each row to the end of its block
                    suffix = extremes.suffixes[r * row : (r + 1) * row]
                    for x in range(row):
                        suffix[x] = neutral
                    enter(suffix, source, block * high + r - windows.row_before)
                    if r + 1 < high:
                        join(suffix, suffix, extremes.suffixes[(r + 1) * row : (r + 2) * row], row)
            rest = top - block * high
            while entered < rest:
                enter(prefix, source, (block + 1) * high + entered - windows.row_before)
                entered += 1
            for x in range(extremes.row):
                line[x] = neutral
            join(line[inner_at : inner_at + row], extremes.suffixes[rest * row : (rest + 1) * row], prefix, row)
            width, n = 1, extremes.row
            while 4 * width <= windows.columns:  # doubled twice, back into the same array
                n -= width * channels
                join(other, line, line[width * channels :], n)
                n -= 2 * width * channels
                join(line, other, other[2 * width * channels :], n)
                width *= 4
            results = result.pixels[y * result.row : (y + 1) * result.row]
            if 2 * width <= windows.columns:
                n -= width * channels
                join(other, line, line[width * channels :], n)
                finish(results, other, (windows.columns - 2 * width) * channels, windows, result.row)
            else:
                finish(results, line, (windows.columns - width) * channels, windows, result.row)

    return sliding


def _enterer(pick: Any) -> Any:
    """Takes a source row into running extremes, if it lies in the image."""

    @helper
    def enter(extremes: Any, source: Any, row: int) -> None:
        if 0 <= row < source.rows:
            pixels = source.pixels[row * source.row : (row + 1) * source.row]
            for x in range(source.row):
                extremes[x] = pick(extremes[x], pixels[x])

    return enter


def _joiner(pick: Any) -> Any:
    """The better of two, element by element."""

    @helper
    def join(out: Any, left: Any, right: Any, n: int) -> None:
        for x in range(n):
            out[x] = pick(left[x], right[x])

    return join


def _finisher(pick: Any) -> Any:
    """Two overlapping windows make the last; the results are every `column_step`-th of these."""

    @helper
    def finish(results: Any, line: Any, shift: int, windows: Any, result_row: int) -> None:
        other, step, channels = line[shift:], windows.column_step, windows.channels
        if step == 1:
            for x in range(result_row):
                results[x] = pick(line[x], other[x])
        else:
            for x in range(result_row // channels):
                for c in range(channels):
                    at = x * step * channels + c
                    results[x * channels + c] = pick(line[at], other[at])

    return finish


WINDOWS = Group("windows", "rows row_step row_before columns column_step column_before channels")
EXTREMES = Group(
    "extremes",
    "suffixes:~src[windows_rows * source_row] prefix:~src[source_row] line:~src[extremes_row] other:~src[extremes_row]"
    " row",
)
LOOP = Loop("sliding", make, (SOURCE, WINDOWS, EXTREMES, result_of("src")))

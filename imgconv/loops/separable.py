"""Separable correlation: kernels that are a sum of `rank` columns times rows, over one band of output rows.

As `correlate`, but a line goes through the row weights of every component once, on its way into the ring; the last pass
then adds the column weights down the ring: rank * (rows + columns) taps instead of rows * columns.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from imgconv.loops import Body, Group, Loop, helper
from imgconv.loops.correlate import group_quantiser, placer, ring_of, taps_of
from imgconv.loops.lines import LINES, RESULT, SOURCE, line_loader
from imgconv.loops.quantising import CONSTANTS, OUTCOME, PIECE
from imgconv.loops.taps import all_adder

ACROSS = Group(
    "across",
    "at:int64[across_count] weights:acc[across_rank * across_count] count rank line:~acc[across_line_row] line_row",
)
"""Row weights of all components, where along a line each of a component's is, and the line that they are applied to."""


def make(src: str, acc: str, out: str, quotient: str, taps: str, key: str) -> Body:
    """The body; its types are those of `correlate`, `taps` counts column weights."""
    load, filter_line, place_taps = line_loader(acc), _line_filter(acc), placer()
    quantise_group, wide = group_quantiser(acc, out, quotient, taps), np.dtype(acc).type

    def separable(source, lines, across, taps, ring, result, constants, outcome, first, last):
        empty = ring.rows * ring.row  # behind the ring a piece of zeros, for taps that only fill up a pass
        for x in range(result.row):
            ring.lines[empty + x] = wide(0)
        following = first * lines.step
        for y in range(first, last, ring.group):
            rows = min(ring.group, last - y)
            following = max(following, y * lines.step)
            while following < (y + rows - 1) * lines.step + ring.depth:  # each line goes through the row weights once
                load(source, lines, lines.rows[following], across.line, across.line_row, constants.border)
                filter_line(across, ring, following % ring.rows, result.row)
                following += 1
            place_taps(taps, ring, y, rows, lines.step)
            quantise_group(taps, ring, rows, result.pixels[y * result.row :], result.row, constants, outcome)

    return separable


def _line_filter(acc: str) -> Any:
    """The helper that puts the line through the row weights of every component, into a row of the ring."""
    add_all, wide = all_adder(acc), np.dtype(acc).type

    @helper
    def filter_line(across: Any, ring: Any, slot: int, result_row: int) -> None:
        for component in range(across.rank):
            here = slot * ring.row + component * (ring.row // across.rank)
            weights = across.weights[component * across.count : (component + 1) * across.count]
            for start in range(0, result_row, PIECE):
                m = min(PIECE, result_row - start)
                filtered = ring.lines[here + start : here + start + m]
                for x in range(m):
                    filtered[x] = wide(0)
                add_all(filtered, across.line[start:], across.at, weights, across.count, m)

    return filter_line


LOOP = Loop("separable", make, (SOURCE, LINES, ACROSS, taps_of("acc"), ring_of("acc"), RESULT, CONSTANTS, OUTCOME))

"""Separable correlation of bytes: row weights four at a time, column weights on lines of float32, over one band of
output rows.

As `separable`, but sums are made in tiles: across a source row, of the digits that its weights have in fixed-point
numbers; down the ring, of several output rows, which share what they read.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from imgconv.loops import Body, Group, Loop, helper
from imgconv.loops.byte_products import SLACK
from imgconv.loops.lines import LINES, RESULT, SOURCE, line_loader
from imgconv.loops.quantising import CONSTANTS, OUTCOME, piece_quantiser
from imgconv.loops.tiles import (
    DIGIT_COLUMNS,
    DIGITS,
    FLOAT_COLUMNS,
    FLOAT_ROWS,
    add_byte_products,
    add_line,
    empty_digits,
    empty_floats,
    put,
    put_scaled,
)

MULTIPLE = max(DIGIT_COLUMNS, FLOAT_COLUMNS)
"""Lines of the ring, and pieces, have a multiple of so many values."""


def make(src: str, acc: str, out: str, quotient: str, key: str) -> Body:
    """The body for pixels `src` and results `out`; sums are `acc`, which is float32, and nothing is divided."""
    load, quantise_piece, zero = line_loader(src), piece_quantiser(acc, out, quotient), np.float32(0)

    def separable_byte_products(source, lines, across, taps, ring, result, constants, outcome, first, last):
        following = first
        for y in range(first, last, ring.group):
            rows = min(ring.group, last - y)
            under = (
                y + -(-rows // FLOAT_ROWS) * FLOAT_ROWS - 1 + ring.depth
            )  # tiles read the lines of all of their rows
            while following < under:
                slot = following % ring.rows * ring.row
                if following < lines.count:
                    load(source, lines, lines.rows[following], across.line, across.line_row, constants.border)
                    filter_line(across, ring, slot, result.row)
                else:
                    for x in range(ring.row):
                        ring.lines[slot + x] = zero
                following += 1
            for start in range(0, result.row, ring.piece):
                m = min(ring.piece, result.row - start)
                for above in range(0, rows, FLOAT_ROWS):
                    fill(taps, ring, y + above, start, m)
                    for r in range(min(FLOAT_ROWS, rows - above)):
                        results = result.pixels[(y + above + r) * result.row + start :][:m]
                        quantise_piece(ring.sums[r * ring.piece : r * ring.piece + m], results, m, constants, outcome)

    return separable_byte_products


@helper
def filter_line(across: Any, ring: Any, slot: int, result_row: int) -> None:
    """Puts the line through the row weights of every component, into a row of the ring."""
    count = across.count
    for component in range(across.rank):
        here = slot + component * (ring.row // across.rank)
        for at in range(0, result_row, DIGIT_COLUMNS):
            sums = empty_digits()
            for t in range(count):
                w = DIGITS * (component * count + t)
                sums = add_byte_products(sums, across.line, across.at[t] + at, across.spread, across.weights, w)
            put_scaled(sums, ring.lines, here + at, across.units[component])


@helper
def fill(taps: Any, ring: Any, y: int, start: int, m: int) -> None:
    """Adds up column weights for a piece of the FLOAT_ROWS output rows from y on."""
    for t in range(taps.count):
        taps.places[t] = (y + taps.rows[t]) % ring.rows * ring.row + taps.at[t] + start
    for at in range(0, m, FLOAT_COLUMNS):
        sums = empty_floats()
        for t in range(taps.count):
            sums = add_line(sums, ring.lines, taps.places[t] + at, taps.weights, FLOAT_ROWS * t)
        put(sums, ring.sums, at, ring.piece)


ACROSS = Group(
    "across",
    f"at:int64[across_count] weights:int32[{DIGITS} * across_rank * across_count] count rank units:float32[across_rank]"
    f" spread:uint8[128] line:~src[across_line_row + {SLACK}] line_row",
)
"""Row weights of all components in steps of four, the value of a unit of each component, and the line that they are
applied to."""
TAPS = Group(
    "taps",
    f"rows:int64[taps_count] at:int64[taps_count] weights:float32[{FLOAT_ROWS} * taps_count] count"
    " places:~int64[taps_count]",
)
RING = Group(
    "ring",
    f"lines:~float32[max({MULTIPLE}, ring_rows * ring_row)] rows row depth"
    f" sums:~acc[max({MULTIPLE}, {FLOAT_ROWS} * ring_piece)] group piece",
)
LOOP = Loop("separable_byte_products", make, (SOURCE, LINES, ACROSS, TAPS, RING, RESULT, CONSTANTS, OUTCOME))

"""Correlation of bytes, four taps at a time, over one band of output rows.

As `correlate`, but lines are bytes, and sums are made in tiles; a step is a row of the window and four of its columns,
and what it reads serves all rows of a tile. These are two output rows, if weights have one digit of 8 bits, or the
digits of weights that have two or three, which are joined when all steps are done. (Of four digits each is added before
the sums are shifted for the next.)
"""

from __future__ import annotations

from typing import Any

from imgconv.loops import Body, Group, Loop, helper
from imgconv.loops.lines import LINES, RESULT, SOURCE, line_loader
from imgconv.loops.quantising import CONSTANTS, OUTCOME, piece_quantiser
from imgconv.loops.tiles import (
    COLUMNS,
    DIGIT_COLUMNS,
    DIGITS,
    READ,
    ROWS,
    add_byte_products,
    empty_digits,
    empty_tile,
    put,
    put_joined,
    shifted,
)

SLACK = COLUMNS + READ
"""Bytes behind the ring that may be read, and do not count."""


def make(src: str, acc: str, out: str, quotient: str, key: str, tile: str) -> Body:
    """The body for pixels `src`, whose sums are cut to `acc`, results `out`, dividing in `quotient`; `key` is
    `watch_key(acc)`.

    `tile` says what its rows are: output "rows", or "pairs" or "triples" of digits. There are `beside` weights to a
    step, one for each.
    """
    load, fill, quantise_piece = line_loader(src), _filler(tile), piece_quantiser(acc, out, quotient)
    high, wide = ROWS if tile == "rows" else 1, DIGIT_COLUMNS if tile == "triples" else COLUMNS

    def byte_products(source, lines, steps, ring, result, constants, outcome, first, last):
        following = first
        for y in range(first, last, high):
            rows = min(high, last - y)
            while following < y + rows - 1 + ring.depth:  # each source row becomes a line once
                line = ring.lines[following % ring.rows * ring.row :][: ring.row]
                load(source, lines, lines.rows[following], line, ring.row, constants.border)
                following += 1
            for t in range(steps.count):
                steps.places[t] = (y + steps.rows[t]) % ring.rows * ring.row + steps.at[t]
            for start in range(0, result.row, ring.piece):
                m = min(ring.piece, result.row - start)
                for at in range(0, m, wide):
                    fill(steps, ring, start, at)
                for r in range(rows):
                    results = result.pixels[(y + r) * result.row + start :][:m]
                    quantise_piece(ring.sums[r * ring.piece : r * ring.piece + m], results, m, constants, outcome)

    return byte_products


def _filler(tile: str) -> Any:
    """The helper that makes the sums of a tile, `at` elements behind the start of a piece."""

    @helper
    def fill_rows(steps: Any, ring: Any, start: int, at: int) -> None:
        sums, count = empty_tile(), steps.count
        for digit in range(steps.digits):
            sums = shifted(sums)
            for t in range(count):
                place = steps.places[t] + start + at
                sums = add_byte_products(
                    sums, ring.lines, place, steps.spread, steps.weights, ROWS * (digit * count + t)
                )
        put(sums, ring.sums, at, ring.piece)

    empty, beside = (empty_digits, DIGITS) if tile == "triples" else (empty_tile, 2)

    @helper
    def fill_digits(steps: Any, ring: Any, start: int, at: int) -> None:
        sums = empty()
        for t in range(steps.count):
            place = steps.places[t] + start + at
            sums = add_byte_products(sums, ring.lines, place, steps.spread, steps.weights, beside * t)
        put_joined(sums, ring.sums, at)

    return fill_rows if tile == "rows" else fill_digits


STEPS = Group(
    "steps",
    "rows:int64[steps_count] at:int64[steps_count] count weights:int32[steps_beside * steps_digits * steps_count]"
    " beside digits spread:uint8[128] places:~int64[steps_count]",
)
"""Each one's row and place in the ring, and four weights for each of what `tile` says; where the four bytes of each sum
are in a vector (`tiles.spread`); where each step reads now."""
RING = Group(
    "ring",
    f"lines:~src[ring_rows * ring_row + {SLACK}] rows row depth"
    f" sums:~acc[{ROWS - 1} * ring_piece + -(-ring_piece // {COLUMNS}) * {COLUMNS}] piece",
)
LOOP = Loop("byte_products", make, (SOURCE, LINES, STEPS, RING, RESULT, CONSTANTS, OUTCOME))

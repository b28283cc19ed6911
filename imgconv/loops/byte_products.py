"""Correlation of bytes, four taps at a time, over one band of output rows.

As `correlate`, but the ring keeps source rows as they are, and sums are made in tiles; a step is a row of the window
and four of its columns, and what it reads serves all rows of a tile. These are two output rows, if weights have one
digit of 8 bits, or the digits of weights that have two or three, which are joined when all steps are done. (Of four
digits each is added before the next is raised.)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from imgconv.loops import Body, Loop, helper, parameters, view
from imgconv.loops.correlate import line_loader
from imgconv.loops.quantising import BORDER, CONSTANTS, COUNTS, piece_settler
from imgconv.loops.tiles import (
    COLUMNS,
    DIGIT_COLUMNS,
    DIGITS,
    READ,
    ROWS,
    add_dots,
    empty_digits,
    empty_tile,
    put,
    put_joined,
    raised,
)

SLACK = COLUMNS + READ
"""Bytes behind the ring that may be read, and are of no account."""


def make(src: str, acc: str, out: str, quotient: str, key: str, tile: str) -> Body:
    """The body for pixels `src`, whose sums are cut to `acc`, results `out`, dividing in `quotient`; `key` is
    `watch_key(acc)`.

    `tile` says what its rows are: output "rows", or "pairs" or "triples" of digits. There are `beside` weights to a
    step, one for each.
    """
    load, fill, settle_piece = line_loader(src), _filler(tile), piece_settler(acc, out, quotient)
    high, wide = ROWS if tile == "rows" else 1, DIGIT_COLUMNS if tile == "triples" else COLUMNS

    def dots(
        source,
        source_rows,
        source_row,
        rows,
        row_count,
        edge_to,
        edge_from,
        edges,
        inner_at,
        inner,
        channels,
        step_row,
        step_at,
        steps,
        beside,
        digits,
        weights,
        places,
        spread,
        depth,
        piece,
        ring,
        ring_rows,
        ring_row,
        sums,
        result,
        result_row,
        constants,
        extremes,
        counts,
        first,
        last,
    ):
        pixels, lines = view(source, source_rows * source_row), view(rows, row_count)
        to, whence = view(edge_to, edges), view(edge_from, edges)
        dy, dx, weight, place = (
            view(step_row, steps),
            view(step_at, steps),
            view(weights, beside * digits * steps),
            view(places, steps),
        )
        kept, total, target = (
            view(ring, ring_rows * ring_row + SLACK),
            view(sums, high * piece),
            view(result, last * result_row),
        )
        constant, extreme, count, pattern = (
            view(constants, CONSTANTS),
            view(extremes, 2),
            view(counts, COUNTS),
            view(spread, 128),
        )
        following = first
        for y in range(first, last, high):
            rows_here = min(high, last - y)
            while following < y + rows_here - 1 + depth:
                here = kept[following % ring_rows * ring_row :][:ring_row]
                load(
                    pixels,
                    source_row,
                    lines[following],
                    here,
                    ring_row,
                    to,
                    whence,
                    edges,
                    inner_at,
                    inner,
                    channels,
                    constant[BORDER],
                )
                following += 1
            for t in range(steps):
                place[t] = (y + dy[t]) % ring_rows * ring_row + dx[t]
            for start in range(0, result_row, piece):
                m = min(piece, result_row - start)
                for at in range(0, m, wide):
                    fill(kept, place, start + at, pattern, weight, steps, digits, total, at, piece)
                for r in range(rows_here):
                    into = target[(y + r) * result_row + start :][:m]
                    settle_piece(total[r * piece : r * piece + m], into, m, constant, extreme, count)

    return dots


def _filler(tile: str) -> Any:
    """The helper that makes the sums of a tile."""

    @helper
    def fill_rows(
        kept: Any,
        place: Any,
        shift: int,
        pattern: Any,
        weight: Any,
        steps: int,
        digits: int,
        total: Any,
        at: int,
        piece: int,
    ) -> None:
        made = empty_tile()
        for digit in range(digits):
            made = raised(made)
            for t in range(steps):
                made = add_dots(made, kept, place[t] + shift, pattern, weight, ROWS * (digit * steps + t))
        put(made, total, at, piece)

    empty, beside = (empty_digits, DIGITS) if tile == "triples" else (empty_tile, 2)

    @helper
    def fill_digits(
        kept: Any,
        place: Any,
        shift: int,
        pattern: Any,
        weight: Any,
        steps: int,
        digits: int,
        total: Any,
        at: int,
        piece: int,
    ) -> None:
        made = empty()
        for t in range(steps):
            made = add_dots(made, kept, place[t] + shift, pattern, weight, beside * t)
        put_joined(made, total, at)

    return fill_rows if tile == "rows" else fill_digits


def _extents(given: Mapping[str, Any]) -> Mapping[str, int]:
    steps = given["steps"]
    return {
        "source": given["source_rows"] * given["source_row"],
        "rows": given["row_count"],
        "edge_to": given["edges"],
        "edge_from": given["edges"],
        "step_row": steps,
        "step_at": steps,
        "weights": given["beside"] * given["digits"] * steps,
        "places": steps,
        "spread": 128,
        "ring": given["ring_rows"] * given["ring_row"] + SLACK,
        "sums": (ROWS - 1) * given["piece"] + -(-given["piece"] // COLUMNS) * COLUMNS,
        "result": given["last"] * given["result_row"],
        "constants": CONSTANTS,
        "extremes": 2,
        "counts": COUNTS,
    }


LOOP = Loop(
    "dots",
    make,
    parameters(
        "source:src source_rows source_row rows:int64 row_count edge_to:int64 edge_from:int64 edges inner_at inner"
        " channels step_row:int64 step_at:int64 steps beside digits weights:int32 places:=int64 spread:uint8 depth"
        " piece ring:=src ring_rows ring_row sums:=acc result:=out result_row constants:acc extremes:=key counts:=int64"
        " first last"
    ),
    _extents,
)

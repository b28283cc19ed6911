"""Separable correlation of bytes: row weights four at a time, column weights on lines of float32, over one band of
output rows.

As `separable`, but sums are made in tiles: across a source row, of the digits that its weights have in fixed-point
numbers; down the ring, of several output rows, which share what they read.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from imgconv.loops import Body, Loop, parameters, view
from imgconv.loops.byte_products import SLACK
from imgconv.loops.correlate import line_loader
from imgconv.loops.quantising import BORDER, CONSTANTS, COUNTS, piece_settler
from imgconv.loops.tiles import (
    DIGIT_COLUMNS,
    DIGITS,
    FLOAT_COLUMNS,
    FLOAT_ROWS,
    add_dots,
    add_line,
    empty_digits,
    empty_floats,
    put,
    put_scaled,
)

ROOM = max(DIGIT_COLUMNS, FLOAT_COLUMNS)
"""Values that lines of the ring and pieces are multiples of."""


def make(src: str, acc: str, out: str, quotient: str, key: str) -> Body:
    """The body for pixels `src` and results `out`; sums are `acc`, which is float32, and nothing is divided."""
    load, settle_piece, zero = line_loader(src), piece_settler(acc, out, quotient), np.float32(0)

    def separable_dots(
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
        line,
        line_row,
        step_at,
        steps,
        digits,
        spread,
        units,
        rank,
        tap_row,
        tap_at,
        weights,
        places,
        taps,
        group,
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
        pixels, lines, extended = (
            view(source, source_rows * source_row),
            view(rows, row_count),
            view(line, line_row + SLACK),
        )
        to, whence, pattern = view(edge_to, edges), view(edge_from, edges), view(spread, 128)
        at_step, digit, unit = view(step_at, steps), view(digits, DIGITS * rank * steps), view(units, rank)
        dy, dx, weight, place = (
            view(tap_row, taps),
            view(tap_at, taps),
            view(weights, FLOAT_ROWS * taps),
            view(places, taps),
        )
        kept, total, target = (
            view(ring, ring_rows * ring_row),
            view(sums, FLOAT_ROWS * piece),
            view(result, last * result_row),
        )
        constant, extreme, count = view(constants, CONSTANTS), view(extremes, 2), view(counts, COUNTS)
        following = first
        for y in range(first, last, group):
            rows_here = min(group, last - y)
            while (
                following < y + -(-rows_here // FLOAT_ROWS) * FLOAT_ROWS - 1 + depth
            ):  # tiles look at rows under all of theirs
                slot = following % ring_rows * ring_row
                if following < row_count:
                    load(
                        pixels,
                        source_row,
                        lines[following],
                        extended,
                        line_row,
                        to,
                        whence,
                        edges,
                        inner_at,
                        inner,
                        channels,
                        constant[BORDER],
                    )
                    for component in range(rank):
                        here = slot + component * (ring_row // rank)
                        for at in range(0, result_row, DIGIT_COLUMNS):
                            tile = empty_digits()
                            for t in range(steps):
                                tile = add_dots(
                                    tile, extended, at_step[t] + at, pattern, digit, DIGITS * (component * steps + t)
                                )
                            put_scaled(tile, kept, here + at, unit[component])
                else:
                    for x in range(ring_row):
                        kept[slot + x] = zero
                following += 1
            for start in range(0, result_row, piece):
                m = min(piece, result_row - start)
                for above in range(0, rows_here, FLOAT_ROWS):
                    for t in range(taps):
                        place[t] = (y + above + dy[t]) % ring_rows * ring_row + dx[t] + start
                    for at in range(0, m, FLOAT_COLUMNS):
                        floats = empty_floats()
                        for t in range(taps):
                            floats = add_line(floats, kept, place[t] + at, weight, FLOAT_ROWS * t)
                        put(floats, total, at, piece)
                    for r in range(min(FLOAT_ROWS, rows_here - above)):
                        into = target[(y + above + r) * result_row + start :][:m]
                        settle_piece(total[r * piece : r * piece + m], into, m, constant, extreme, count)

    return separable_dots


def _extents(given: Mapping[str, Any]) -> Mapping[str, int]:
    taps, steps, rank = given["taps"], given["steps"], given["rank"]
    return {
        "source": given["source_rows"] * given["source_row"],
        "rows": given["row_count"],
        "edge_to": given["edges"],
        "edge_from": given["edges"],
        "line": given["line_row"] + SLACK,
        "step_at": steps,
        "digits": DIGITS * rank * steps,
        "spread": 128,
        "units": rank,
        "tap_row": taps,
        "tap_at": taps,
        "weights": FLOAT_ROWS * taps,
        "places": taps,
        "ring": max(ROOM, given["ring_rows"] * given["ring_row"]),
        "sums": max(ROOM, FLOAT_ROWS * given["piece"]),
        "result": given["last"] * given["result_row"],
        "constants": CONSTANTS,
        "extremes": 2,
        "counts": COUNTS,
    }


LOOP = Loop(
    "separable_dots",
    make,
    parameters(
        "source:src source_rows source_row rows:int64 row_count edge_to:int64 edge_from:int64 edges inner_at inner"
        " channels line:=src line_row step_at:int64 steps digits:int32 spread:uint8 units:float32 rank tap_row:int64"
        " tap_at:int64 weights:float32 places:=int64 taps group depth piece ring:=float32 ring_rows ring_row sums:=acc"
        " result:=out result_row constants:acc extremes:=key counts:=int64 first last"
    ),
    _extents,
)

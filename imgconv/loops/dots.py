"""Correlation of bytes, four taps at a time, over one band of output rows.

As `correlate`, but the ring keeps source rows as they are, and sums are made in tiles of two output rows, which share
the bytes of each step: a row of the window (of both windows) and four of its columns. Weights are sums of digits of 8 bits.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from imgconv.loops import Body, Loop, parameters, view
from imgconv.loops.correlate import line_loader
from imgconv.loops.settling import BORDER, CONSTANTS, COUNTS, piece_settler
from imgconv.loops.tiles import COLUMNS, READ, ROWS, add_dots, empty_tile, put, raised

SLACK = COLUMNS + READ
"""Bytes behind the ring that may be read, and are of no account."""


def make(src: str, acc: str, out: str, quotient: str, key: str) -> Body:
    """The body for pixels `src`, whose sums are cut to `acc`, results `out`, dividing in `quotient`; `key` is `watch_key(acc)`."""
    load, settle_piece = line_loader(src), piece_settler(acc, out, quotient)

    def dots(
        source, source_rows, source_row, rows, row_count, edge_to, edge_from, edges, inner_at, inner, channels,
        step_row, step_at, steps, digits, weights, places, spread, depth, piece, ring, ring_rows, ring_row, sums, result, result_row,
        constants, extremes, counts, first, last,
    ):  # fmt: skip
        pixels, lines = view(source, source_rows * source_row), view(rows, row_count)
        to, whence = view(edge_to, edges), view(edge_from, edges)
        dy, dx, weight, place = view(step_row, steps), view(step_at, steps), view(weights, ROWS * digits * steps), view(places, steps)
        kept, total, target = view(ring, ring_rows * ring_row + SLACK), view(sums, ROWS * piece), view(result, last * result_row)
        constant, extreme, count, pattern = view(constants, CONSTANTS), view(extremes, 2), view(counts, COUNTS), view(spread, 128)
        following = first
        for y in range(first, last, ROWS):
            rows_here = min(ROWS, last - y)
            while following < y + rows_here - 1 + depth:
                here = kept[following % ring_rows * ring_row :][:ring_row]
                load(pixels, source_row, lines[following], here, ring_row, to, whence, edges, inner_at, inner, channels, constant[BORDER])
                following += 1
            for t in range(steps):
                place[t] = (y + dy[t]) % ring_rows * ring_row + dx[t]
            for start in range(0, result_row, piece):
                m = min(piece, result_row - start)
                for at in range(0, m, COLUMNS):
                    tile = empty_tile()
                    for digit in range(digits):
                        tile = raised(tile)
                        for t in range(steps):
                            tile = add_dots(tile, kept, place[t] + start + at, pattern, weight, ROWS * (digit * steps + t))
                    put(tile, total, at, piece)
                for r in range(rows_here):
                    into = target[(y + r) * result_row + start :][:m]
                    settle_piece(total[r * piece : r * piece + m], into, m, constant, extreme, count)

    return dots


def _extents(given: Mapping[str, Any]) -> Mapping[str, int]:
    steps = given["steps"]
    return {
        "source": given["source_rows"] * given["source_row"], "rows": given["row_count"], "edge_to": given["edges"], "edge_from": given["edges"],
        "step_row": steps, "step_at": steps, "weights": ROWS * given["digits"] * steps, "places": steps, "spread": 128,
        "ring": given["ring_rows"] * given["ring_row"] + SLACK, "sums": (ROWS - 1) * given["piece"] + -(-given["piece"] // COLUMNS) * COLUMNS,
        "result": given["last"] * given["result_row"], "constants": CONSTANTS, "extremes": 2, "counts": COUNTS,
    }  # fmt: skip


LOOP = Loop(
    "dots",
    make,
    parameters(
        "source:src source_rows source_row rows:int64 row_count edge_to:int64 edge_from:int64 edges inner_at inner channels "
        "step_row:int64 step_at:int64 steps digits weights:int32 places:=int64 spread:uint8 depth piece ring:=src ring_rows ring_row sums:=acc "
        "result:=out result_row constants:acc extremes:=key counts:=int64 first last"
    ),
    _extents,
)

"""Correlation: weights times neighbours, summed, over one band of output rows.

A ring of `ring_rows` source rows is kept, each converted once to the accumulator's type and
extended by the border's index tables; every tap then reads a contiguous piece of a row. Column
strides are served by storing each row as `stride` interleaved phases, so that pieces stay
contiguous. The last taps are added in the pass that settles; only those before it need memory.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from imgconv.loops import Body, Loop, helper, parameters, view
from imgconv.loops.settling import BORDER, CONSTANTS, COUNTS, OFFSET, PIECE, counter, nothing_seen, settler
from imgconv.loops.taps import PASS, adder, pass_adder, row_taker


def filled(taps: int) -> tuple[int, str]:
    """How many taps there are once the passes are filled up, and the kind of loop that adds them.

    Few kinds mean few compilations: the pass that settles has 3, 6 or 9 taps, behind whole passes 3 or 9.
    """
    if taps <= PASS:
        final = 3 if taps <= 3 else 6 if taps <= 6 else PASS
        return final, str(final)
    whole, rest = divmod(taps, PASS)
    final = 3 if 0 < rest <= 3 else PASS
    return (whole * PASS if final == 3 or not rest else (whole + 1) * PASS) + (final if final == 3 else 0), f"{final}+"


def make(src: str, acc: str, out: str, quotient: str, taps: str, key: str) -> Body:
    """The body for pixels `src`, sums `acc`, results `out`, dividing in `quotient`.

    `taps` is the number in the pass that settles, with a "+" where whole passes come before it; `key` is `watch_key(acc)`.
    """
    load, settle_row, wide = loader(acc), row_settler(acc, out, quotient, taps), np.dtype(acc).type

    def correlate(
        source, source_rows, source_row, rows, row_count, edge_to, edge_from, edges, inner_at, inner, channels,
        tap_row, tap_at, weights, places, taps, step, ring, ring_rows, ring_row, sums, result, result_row, constants, extremes, counts, first, last,
    ):  # fmt: skip
        pixels, lines = view(source, source_rows * source_row), view(rows, row_count)
        to, whence = view(edge_to, edges), view(edge_from, edges)
        dy, dx, weight, place = view(tap_row, taps), view(tap_at, taps), view(weights, taps), view(places, taps)
        kept, total, target = view(ring, ring_rows * ring_row + result_row), view(sums, PIECE), view(result, last * result_row)
        constant, extreme, count = view(constants, CONSTANTS), view(extremes, 2), view(counts, COUNTS)
        empty = ring_rows * ring_row  # behind the ring a piece of zeros, for taps that only fill up a pass
        for x in range(result_row):
            kept[empty + x] = wide(0)
        following = first * step
        for y in range(first, last):
            following = max(following, y * step)
            while following < y * step + ring_rows:  # convert and extend each source row once
                slot, row = following % ring_rows, lines[following]
                here = kept[slot * ring_row : (slot + 1) * ring_row]
                if row < 0:
                    for x in range(ring_row):
                        here[x] = constant[BORDER]
                else:
                    load(pixels[row * source_row : (row + 1) * source_row], here, to, whence, edges, inner_at, inner, channels, constant[BORDER])
                following += 1
            for t in range(taps):  # where in the ring each tap reads
                place[t] = ((y * step + dy[t]) % ring_rows) * ring_row + dx[t] if dy[t] >= 0 else empty
            settle_row(total, target[y * result_row : (y + 1) * result_row], kept, place, weight, taps, result_row, constant, extreme, count)

    return correlate


def loader(acc: str) -> Any:
    """The helper that converts a source row: its inner piece at once, then pixel by pixel what the border puts around it."""
    wide = np.dtype(acc).type

    @helper
    def load(row: Any, here: Any, to: Any, whence: Any, edges: int, inner_at: int, inner: int, channels: int, constant: Any) -> None:
        middle = here[inner_at : inner_at + inner]
        for x in range(inner):
            middle[x] = wide(row[x])
        for edge in range(edges):
            place, origin = to[edge] * channels, whence[edge] * channels
            for c in range(channels):
                here[place + c] = wide(row[origin + c]) if origin >= 0 else constant

    return load


def row_settler(acc: str, out: str, quotient: str, taps: str) -> Any:
    """The helper of an output row: piece by piece, whole passes of taps into sums, then the last pass, which settles them."""
    many, final = taps.endswith("+"), int(taps.rstrip("+"))
    add_passes, finish, wide = pass_adder(acc), finisher(acc, out, quotient, final, many), np.dtype(acc).type

    @helper
    def settle_row(
        total: Any, target: Any, kept: Any, place: Any, weight: Any, taps: int, result_row: int, constant: Any, extreme: Any, count: Any
    ) -> None:  # fmt: skip
        for start in range(0, result_row, PIECE):
            m = min(PIECE, result_row - start)
            if many:
                for x in range(m):
                    total[x] = wide(constant[OFFSET])
                add_passes(total, kept[start:], place, weight, taps - final, m)
            finish(total, target[start : start + m], kept[start:], place[taps - final :], weight[taps - final :], m, constant, extreme, count)

    return settle_row


def finisher(acc: str, out: str, quotient: str, taps: int, many: bool) -> Any:
    """The helper of the last pass: adds its taps to the sums (or, the only pass, to the offset) and settles them."""
    take, add, settle, tally = row_taker(taps), adder(acc, taps), settler(acc, out, quotient), counter()
    start, wide = nothing_seen(acc), np.dtype(acc).type

    @helper
    def finish(total: Any, target: Any, kept: Any, places: Any, weights: Any, m: int, constants: Any, extremes: Any, counts: Any) -> None:
        rows, seen, offset = take(kept, places, 0, m), start, wide(constants[OFFSET])
        for x in range(m):
            value = add(total[x] if many else offset, rows, weights, x)
            target[x], seen = settle(value, constants, seen)
        tally(extremes, counts, seen)

    return finish


def extents(given: Mapping[str, Any]) -> Mapping[str, int]:
    """The least number of elements each array must have."""
    return {
        "source": given["source_rows"] * given["source_row"],
        "rows": given["row_count"],
        "edge_to": given["edges"],
        "edge_from": given["edges"],
        "tap_row": given["taps"],
        "tap_at": given["taps"],
        "weights": given["taps"],
        "places": given["taps"],
        "ring": given["ring_rows"] * given["ring_row"] + given["result_row"],
        "sums": PIECE,
        "result": given["last"] * given["result_row"],
        "constants": CONSTANTS,
        "extremes": 2,
        "counts": COUNTS,
    }


LOOP = Loop(
    "correlate",
    make,
    parameters(
        "source:src source_rows source_row rows:int64 row_count edge_to:int64 edge_from:int64 edges inner_at inner channels "
        "tap_row:int64 tap_at:int64 weights:acc places:=int64 taps step ring:=acc ring_rows ring_row sums:=acc result:=out result_row "
        "constants:acc extremes:=key counts:=int64 first last"
    ),
    extents,
)

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
from imgconv.loops.quantising import BORDER, CONSTANTS, COUNTS, OFFSET, counter, nothing_seen, settler
from imgconv.loops.taps import PASS, adder, row_taker


def filled(taps: int, type_: str) -> tuple[int, str]:
    """How many taps of a type there are once the passes are filled up, and the kind of loop that adds them.

    Few kinds mean few compilations: one pass of 3, 6 or 9 taps (in rarer types only of 9), or whole passes of 9.
    """
    if taps > PASS or type_ in ("float64", "int64"):
        return -(-max(taps, 1) // PASS) * PASS, f"{PASS}+" if taps > PASS else str(PASS)
    final = 3 if taps <= 3 else 6 if taps <= 6 else PASS
    return final, str(final)


def make(src: str, acc: str, out: str, quotient: str, taps: str, key: str, lane: str) -> Body:
    """The body for pixels `src`, sums `acc`, results `out`, dividing in `quotient`.

    `taps` is the number in the pass that settles, with a "+" where whole passes come before it; `key` is
    `watch_key(acc)`. Source rows and weights are kept as `lane`, in which the products of a pass are added up.
    """
    load, place_taps, settle_group, wide = (
        line_loader(lane),
        placer(),
        group_settler(acc, out, quotient, taps, lane),
        np.dtype(lane).type,
    )

    def correlate(
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
        tap_row,
        tap_at,
        weights,
        places,
        taps,
        step,
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
        pixels, lines = view(source, source_rows * source_row), view(rows, row_count)
        to, whence = view(edge_to, edges), view(edge_from, edges)
        dy, dx, weight, place = view(tap_row, taps), view(tap_at, taps), view(weights, taps), view(places, group * taps)
        kept, total, target = (
            view(ring, ring_rows * ring_row + result_row),
            view(sums, group * piece),
            view(result, last * result_row),
        )
        constant, extreme, count = view(constants, CONSTANTS), view(extremes, 2), view(counts, COUNTS)
        empty = ring_rows * ring_row  # behind the ring a piece of zeros, for taps that only fill up a pass
        for x in range(result_row):
            kept[empty + x] = wide(0)
        following = first * step
        for y in range(first, last, group):
            rows_here = min(group, last - y)
            following = max(following, y * step)
            while following < (y + rows_here - 1) * step + depth:  # convert and extend each source row once
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
                    wide(constant[BORDER]),
                )
                following += 1
            place_taps(place, dy, dx, taps, y, rows_here, step, ring_rows, ring_row)
            settle_group(
                total,
                target[y * result_row :],
                kept,
                place,
                weight,
                taps,
                rows_here,
                piece,
                result_row,
                constant,
                extreme,
                count,
            )

    return correlate


def line_loader(acc: str) -> Any:
    """The helper that fills a line of `size` elements: with a source row, by `loader`, or (row -1: beyond a constant
    border) with the constant."""
    load = loader(acc)

    @helper
    def load_line(
        pixels: Any,
        source_row: int,
        row: int,
        here: Any,
        size: int,
        to: Any,
        whence: Any,
        edges: int,
        inner_at: int,
        inner: int,
        channels: int,
        constant: Any,
    ) -> None:
        if row < 0:
            for x in range(size):
                here[x] = constant
        else:
            load(
                pixels[row * source_row : (row + 1) * source_row],
                here,
                to,
                whence,
                edges,
                inner_at,
                inner,
                channels,
                constant,
            )

    return load_line


def loader(acc: str) -> Any:
    """The helper that converts a source row: its inner piece at once, then pixel by pixel what the border puts around
    it."""
    wide = np.dtype(acc).type

    @helper
    def load(
        row: Any, here: Any, to: Any, whence: Any, edges: int, inner_at: int, inner: int, channels: int, constant: Any
    ) -> None:
        middle = here[inner_at : inner_at + inner]
        for x in range(inner):
            middle[x] = wide(row[x])
        for edge in range(edges):
            place, origin = to[edge] * channels, whence[edge] * channels
            for c in range(channels):
                here[place + c] = wide(row[origin + c]) if origin >= 0 else constant

    return load


def group_settler(acc: str, out: str, quotient: str, taps: str, lane: str = "") -> Any:
    """The helper of a group of output rows: piece by piece, whole passes of taps into sums, then the last pass, which
    settles them.

    A pass is made for all rows of the group before the next one begins, so that what neighbouring rows share stays in
    the first-level cache.
    """
    many, final = taps.endswith("+"), int(taps.rstrip("+"))
    take, add, finish, wide = (
        row_taker(PASS),
        adder(acc, PASS, lane),
        finisher(acc, out, quotient, final, many, lane),
        np.dtype(acc).type,
    )

    @helper
    def settle_group(
        total: Any,
        target: Any,
        kept: Any,
        place: Any,
        weight: Any,
        taps: int,
        rows: int,
        piece: int,
        result_row: int,
        constant: Any,
        extreme: Any,
        count: Any,
    ) -> None:
        for start in range(0, result_row, piece):
            m, here = min(piece, result_row - start), kept[start:]
            if many:
                for x in range(rows * piece):
                    total[x] = wide(constant[OFFSET])
                for t in range(0, taps - final, PASS):
                    w = weight[t : t + PASS]
                    for r in range(rows):
                        sums, taken = total[r * piece : r * piece + m], take(here, place, r * taps + t, m)
                        for x in range(m):
                            sums[x] = add(sums[x], taken, w, x)
            for r in range(rows):
                into = target[r * result_row + start : r * result_row + start + m]
                finish(
                    total[r * piece :],
                    into,
                    here,
                    place[r * taps + taps - final :],
                    weight[taps - final :],
                    m,
                    constant,
                    extreme,
                    count,
                )

    return settle_group


def placer() -> Any:
    """The helper that finds, for the `rows` output rows from y on, where in the ring each tap reads."""

    @helper
    def place_taps(
        place: Any, dy: Any, dx: Any, taps: int, y: int, rows: int, step: int, ring_rows: int, ring_row: int
    ) -> None:
        for r in range(rows):
            for t in range(taps):
                place[r * taps + t] = (
                    (((y + r) * step + dy[t]) % ring_rows) * ring_row + dx[t] if dy[t] >= 0 else ring_rows * ring_row
                )

    return place_taps


def finisher(acc: str, out: str, quotient: str, taps: int, many: bool, lane: str = "") -> Any:
    """The helper of the last pass: adds its taps to the sums (or, the only pass, to the offset) and settles them."""
    take, add, settle, tally = row_taker(taps), adder(acc, taps, lane), settler(acc, out, quotient), counter()
    start, wide = nothing_seen(acc), np.dtype(acc).type

    @helper
    def finish(
        total: Any,
        target: Any,
        kept: Any,
        places: Any,
        weights: Any,
        m: int,
        constants: Any,
        extremes: Any,
        counts: Any,
    ) -> None:
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
        "places": given["group"] * given["taps"],
        "ring": given["ring_rows"] * given["ring_row"] + given["result_row"],
        "sums": given["group"] * given["piece"],
        "result": given["last"] * given["result_row"],
        "constants": CONSTANTS,
        "extremes": 2,
        "counts": COUNTS,
    }


LOOP = Loop(
    "correlate",
    make,
    parameters(
        "source:src source_rows source_row rows:int64 row_count edge_to:int64 edge_from:int64 edges inner_at inner"
        " channels tap_row:int64 tap_at:int64 weights:lane places:=int64 taps step group depth piece ring:=lane"
        " ring_rows ring_row sums:=acc result:=out result_row constants:acc extremes:=key counts:=int64 first last"
    ),
    extents,
)

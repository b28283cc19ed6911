"""Separable correlation: kernels that are a sum of `rank` columns times rows, over one band of output rows.

As `correlate`, but a source row goes through the row weights of every component once, on its way into the
ring; the last pass then adds the column weights down the ring: rank * (rows + columns) taps instead of rows * columns.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from imgconv.loops import Body, Loop, parameters, view
from imgconv.loops.correlate import group_settler, line_loader, placer
from imgconv.loops.quantising import BORDER, CONSTANTS, COUNTS, PIECE
from imgconv.loops.taps import all_adder


def make(src: str, acc: str, out: str, quotient: str, taps: str, key: str) -> Body:
    """The body; its types are those of `correlate`, `taps` counts column weights."""
    load, add_all, place_taps, settle_group = (
        line_loader(acc),
        all_adder(acc),
        placer(),
        group_settler(acc, out, quotient, taps),
    )
    wide = np.dtype(acc).type

    def separable(
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
        across_at,
        across_weights,
        across,
        rank,
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
        pixels, lines, extended = view(source, source_rows * source_row), view(rows, row_count), view(line, line_row)
        to, whence = view(edge_to, edges), view(edge_from, edges)
        across_place, across_weight = view(across_at, across), view(across_weights, rank * across)
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
            while following < (y + rows_here - 1) * step + depth:  # each source row goes through the row weights once
                slot = following % ring_rows
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
                    here = slot * ring_row + component * (ring_row // rank)
                    w = across_weight[component * across : (component + 1) * across]
                    for start in range(0, result_row, PIECE):
                        m = min(PIECE, result_row - start)
                        filtered = kept[here + start : here + start + m]
                        for x in range(m):
                            filtered[x] = wide(0)
                        add_all(filtered, extended[start:], across_place, w, across, m)
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

    return separable


def _extents(given: Mapping[str, Any]) -> Mapping[str, int]:
    taps, across = given["taps"], given["across"]
    return {
        "source": given["source_rows"] * given["source_row"],
        "rows": given["row_count"],
        "edge_to": given["edges"],
        "edge_from": given["edges"],
        "line": given["line_row"],
        "across_at": across,
        "across_weights": given["rank"] * across,
        "tap_row": taps,
        "tap_at": taps,
        "weights": taps,
        "places": given["group"] * taps,
        "ring": given["ring_rows"] * given["ring_row"] + given["result_row"],
        "sums": given["group"] * given["piece"],
        "result": given["last"] * given["result_row"],
        "constants": CONSTANTS,
        "extremes": 2,
        "counts": COUNTS,
    }


LOOP = Loop(
    "separable",
    make,
    parameters(
        "source:src source_rows source_row rows:int64 row_count edge_to:int64 edge_from:int64 edges inner_at inner"
        " channels line:=acc line_row across_at:int64 across_weights:acc across rank tap_row:int64 tap_at:int64"
        " weights:acc places:=int64 taps step group depth piece ring:=acc ring_rows ring_row sums:=acc result:=out"
        " result_row constants:acc extremes:=key counts:=int64 first last"
    ),
    _extents,
)

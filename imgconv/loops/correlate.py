"""Correlation: weights times neighbours, summed, over one band of output rows.

A ring of `ring_rows` source rows is kept, each converted once to the accumulator's type and
extended by the border's index tables; every tap is then one pass over a contiguous piece of a
row. Column strides are served by storing each row as `stride` interleaved phases, so that
passes stay contiguous.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from imgconv.loops import Body, Loop, helper, parameters, view
from imgconv.loops.settling import BORDER, CONSTANTS, COUNTS, OFFSET, settler

PIECE = 4096  # elements of a row summed at a time, so that sums stay in the first-level cache


def make(src: str, acc: str, out: str, quotient: str) -> Body:
    """The body for pixels `src`, sums `acc`, results `out`, dividing in `quotient`."""
    settle, load, add_taps = settler(acc, out, quotient), _loader(acc), _tap_adder(acc)
    wide = np.dtype(acc).type

    def correlate(
        source, source_rows, source_row, rows, row_count, edge_to, edge_from, edges, inner_at, inner, channels,
        tap_row, tap_at, weights, places, taps, step, ring, ring_rows, ring_row, sums, result, result_row, constants, extremes, counts, first, last,
    ):  # fmt: skip
        pixels, lines = view(source, source_rows * source_row), view(rows, row_count)
        to, whence = view(edge_to, edges), view(edge_from, edges)
        dy, dx, weight, place = view(tap_row, taps), view(tap_at, taps), view(weights, taps), view(places, taps)
        kept, total, target = view(ring, ring_rows * ring_row), view(sums, PIECE), view(result, last * result_row)
        constant, extreme, count = view(constants, CONSTANTS), view(extremes, 2), view(counts, COUNTS)
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
                place[t] = ((y * step + dy[t]) % ring_rows) * ring_row + dx[t]
            for start in range(0, result_row, PIECE):
                m = min(PIECE, result_row - start)
                for x in range(m):
                    total[x] = wide(constant[OFFSET])
                add_taps(total, m, kept[start:], place, weight, taps)
                at = y * result_row + start
                settle(total, target[at : at + m], m, constant, extreme, count)

    return correlate


def _loader(acc: str) -> Any:
    """Converts a source row: its inner piece at once, then pixel by pixel what the border puts around it."""
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


def _tap_adder(acc: str) -> Any:
    """Adds all taps to the sums of one piece, up to nine in one pass over it."""
    wide = np.dtype(acc).type

    @helper
    def add_taps(total: Any, m: int, kept: Any, place: Any, w: Any, taps: int) -> None:
        t = 0
        while t + 9 <= taps:
            a, b, c, d, e = place[t], place[t + 1], place[t + 2], place[t + 3], place[t + 4]
            f, g, h, i = place[t + 5], place[t + 6], place[t + 7], place[t + 8]
            ra, rb, rc, rd, re = kept[a : a + m], kept[b : b + m], kept[c : c + m], kept[d : d + m], kept[e : e + m]
            rf, rg, rh, ri = kept[f : f + m], kept[g : g + m], kept[h : h + m], kept[i : i + m]
            wa, wb, wc, wd, we, wf, wg, wh, wi = w[t], w[t + 1], w[t + 2], w[t + 3], w[t + 4], w[t + 5], w[t + 6], w[t + 7], w[t + 8]
            for x in range(m):
                low = wide(wide(wide(total[x] + wa * ra[x]) + wb * rb[x]) + wc * rc[x])
                middle = wide(wide(wide(low + wd * rd[x]) + we * re[x]) + wf * rf[x])
                total[x] = wide(wide(wide(middle + wg * rg[x]) + wh * rh[x]) + wi * ri[x])
            t += 9
        while t + 3 <= taps:
            a, b, c = place[t], place[t + 1], place[t + 2]
            ra, rb, rc = kept[a : a + m], kept[b : b + m], kept[c : c + m]
            wa, wb, wc = w[t], w[t + 1], w[t + 2]
            for x in range(m):
                total[x] = wide(wide(wide(total[x] + wa * ra[x]) + wb * rb[x]) + wc * rc[x])
            t += 3
        while t < taps:
            a, wa = place[t], w[t]
            ra = kept[a : a + m]
            for x in range(m):
                total[x] = wide(total[x] + wa * ra[x])
            t += 1

    return add_taps


def _extents(given: Mapping[str, Any]) -> Mapping[str, int]:
    return {
        "source": given["source_rows"] * given["source_row"],
        "rows": given["row_count"],
        "edge_to": given["edges"],
        "edge_from": given["edges"],
        "tap_row": given["taps"],
        "tap_at": given["taps"],
        "weights": given["taps"],
        "places": given["taps"],
        "ring": given["ring_rows"] * given["ring_row"],
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
        "constants:acc extremes:=acc counts:=int64 first last"
    ),
    _extents,
)

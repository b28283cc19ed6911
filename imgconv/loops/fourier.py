"""Correlation by spectra of rows: what surrounds the Fourier transforms themselves, which are NumPy's.

LOAD extends source rows into lines of doubles, MULTIPLY adds up spectra of lines times spectra of kernel rows
down the window, SETTLE takes the transformed sums into the result. All rows are counted within one group of output
rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from imgconv.loops import Body, Loop, parameters, view
from imgconv.loops.correlate import line_loader
from imgconv.loops.quantising import CONSTANTS, COUNTS, OFFSET, PIECE, counter, nothing_seen, settler

CHUNK = 128  # frequencies done at a time, so that a window of their spectra stays in the second-level cache
PASS = 4  # kernel rows added in one pass


def make_load(src: str) -> Body:
    """The body for pixels `src`: line i of the group is row first + i of the window's rows."""
    load_line = line_loader("float64")

    def load(
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
        border,
        lines,
        line_row,
        room,
        first,
        last,
    ):
        pixels, table = view(source, source_rows * source_row), view(rows, row_count)
        to, whence, value, kept = (
            view(edge_to, edges),
            view(edge_from, edges),
            view(border, 1)[0],
            view(lines, room * line_row),
        )
        for y in range(first, last):
            here = kept[(y - first) * line_row : (y - first + 1) * line_row]
            load_line(
                pixels,
                source_row,
                table[y],
                here,
                inner + edges * channels,
                to,
                whence,
                edges,
                inner_at,
                inner,
                channels,
                value,
            )

    return load


def _load_extents(given: Mapping[str, Any]) -> Mapping[str, int]:
    return {
        "source": given["source_rows"] * given["source_row"],
        "rows": given["row_count"],
        "edge_to": given["edges"],
        "edge_from": given["edges"],
        "border": 1,
        "lines": given["room"] * given["line_row"],
    }


def make_multiply() -> Body:
    """The body: output row r of the group is the sum over the taps t of line `places[r + down[t]]` times kernel row t,
    all of them spectra."""

    def multiply(
        spectra,
        slots,
        places,
        place_count,
        step,
        kernel,
        plane,
        taps,
        down,
        frequencies,
        planes,
        depth,
        sums,
        products,
        room,
        first,
        last,
    ):
        lines, weights, result = (
            view(spectra, slots * 2 * frequencies),
            view(kernel, taps * 2 * plane),
            view(products, room * 2 * frequencies),
        )
        place, dy, split = view(places, place_count), view(down, taps), view(planes, depth * 2 * CHUNK)
        total = view(sums, room * 2 * CHUNK)
        for start in range(0, frequencies, CHUNK):
            m = min(CHUNK, frequencies - start)
            for j in range(depth):  # real parts and imaginary parts side by side: vector code wants them apart
                line = lines[place[j] * 2 * frequencies + 2 * start :]
                real, imaginary = split[j * 2 * CHUNK :], split[j * 2 * CHUNK + CHUNK :]
                for x in range(m):
                    real[x] = line[2 * x]
                    imaginary[x] = line[2 * x + 1]
            for x in range((last - first) * 2 * CHUNK):
                total[x] = 0.0
            for t in range(0, taps, PASS):  # these kernel rows stay in the first-level cache for all output rows
                w = weights[t * 2 * plane + start :]
                a, b, c, d = w[:m], w[plane : plane + m], w[2 * plane : 2 * plane + m], w[3 * plane : 3 * plane + m]
                w = w[4 * plane :]
                e, f, g, h = w[:m], w[plane : plane + m], w[2 * plane : 2 * plane + m], w[3 * plane : 3 * plane + m]
                for r in range(first, last):
                    one, two, three, four = (
                        r * step + dy[t],
                        r * step + dy[t + 1],
                        r * step + dy[t + 2],
                        r * step + dy[t + 3],
                    )
                    k, n = split[one * 2 * CHUNK :][:m], split[one * 2 * CHUNK + CHUNK :][:m]
                    o, p = split[two * 2 * CHUNK :][:m], split[two * 2 * CHUNK + CHUNK :][:m]
                    q, s = split[three * 2 * CHUNK :][:m], split[three * 2 * CHUNK + CHUNK :][:m]
                    u, v = split[four * 2 * CHUNK :][:m], split[four * 2 * CHUNK + CHUNK :][:m]
                    real, imaginary = total[(r - first) * 2 * CHUNK :][:m], total[(r - first) * 2 * CHUNK + CHUNK :][:m]
                    for x in range(m):
                        real[x] += (
                            (k[x] * a[x] - n[x] * b[x])
                            + (o[x] * c[x] - p[x] * d[x])
                            + (q[x] * e[x] - s[x] * f[x])
                            + (u[x] * g[x] - v[x] * h[x])
                        )
                        imaginary[x] += (
                            (k[x] * b[x] + n[x] * a[x])
                            + (o[x] * d[x] + p[x] * c[x])
                            + (q[x] * f[x] + s[x] * e[x])
                            + (u[x] * h[x] + v[x] * g[x])
                        )
            for r in range(first, last):
                row, real, imaginary = (
                    result[r * 2 * frequencies + 2 * start :],
                    total[(r - first) * 2 * CHUNK :],
                    total[(r - first) * 2 * CHUNK + CHUNK :],
                )
                for x in range(m):
                    row[2 * x] = real[x]
                    row[2 * x + 1] = imaginary[x]

    return multiply


def _multiply_extents(given: Mapping[str, Any]) -> Mapping[str, int]:
    return {
        "spectra": given["slots"] * 2 * given["frequencies"],
        "places": given["place_count"],
        "kernel": given["taps"] * 2 * given["plane"],
        "down": given["taps"],
        "planes": given["depth"] * 2 * CHUNK,
        "sums": given["room"] * 2 * CHUNK,
        "products": given["room"] * 2 * given["frequencies"],
    }


def make_settle(out: str, quotient: str, whole: str) -> Body:
    """The body for results `out`, dividing in `quotient`; sums that are known to be `whole` ("yes") are rounded to what
    they are."""
    settle_value, tally = settler("float64", out, quotient), counter()
    exact, start = whole == "yes", nothing_seen("float64")

    def settle(sums, line_row, room, result, result_row, constants, extremes, counts, first, last):
        lines, target = view(sums, room * line_row), view(result, last * result_row)
        constant, extreme, count = view(constants, CONSTANTS), view(extremes, 2), view(counts, COUNTS)
        offset = constant[OFFSET]
        for y in range(first, last):
            for piece in range(0, result_row, PIECE):
                m = min(PIECE, result_row - piece)
                line, here = lines[(y - first) * line_row + piece :], target[y * result_row + piece :]
                seen = start
                for x in range(m):
                    value = np.floor(line[x] + 0.5) if exact else line[x]
                    here[x], seen = settle_value(np.float64(value + offset), constant, seen)
                tally(extreme, count, seen)

    return settle


def _settle_extents(given: Mapping[str, Any]) -> Mapping[str, int]:
    return {
        "sums": given["room"] * given["line_row"],
        "result": given["last"] * given["result_row"],
        "constants": CONSTANTS,
        "extremes": 2,
        "counts": COUNTS,
    }


LOAD = Loop(
    "fourier-load",
    make_load,
    parameters(
        "source:src source_rows source_row rows:int64 row_count edge_to:int64 edge_from:int64 edges inner_at inner"
        " channels border:float64 lines:=float64 line_row room first last"
    ),
    _load_extents,
)
MULTIPLY = Loop(
    "fourier-multiply",
    make_multiply,
    parameters(
        "spectra:float64 slots places:int64 place_count step kernel:float64 plane taps down:int64 frequencies "
        "planes:=float64 depth sums:=float64 products:=float64 room first last"
    ),
    _multiply_extents,
)
SETTLE = Loop(
    "fourier-settle",
    make_settle,
    parameters(
        "sums:float64 line_row room result:=out result_row constants:float64 extremes:=int64 counts:=int64 first last"
    ),
    _settle_extents,
)

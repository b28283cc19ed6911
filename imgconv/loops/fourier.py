"""Correlation by spectra of rows: what surrounds the Fourier transforms themselves, which are NumPy's.

LOAD extends source rows into lines of doubles, MULTIPLY adds up spectra of lines times spectra of kernel rows
down the window, QUANTISE takes the transformed sums into the result. All rows are counted within one group of output
rows.
"""

from __future__ import annotations

import numpy as np

from imgconv.loops import Body, Group, Loop, Numbers
from imgconv.loops.lines import LINES, RESULT, SOURCE, line_loader
from imgconv.loops.quantising import CONSTANTS, OUTCOME, PIECE, counter, nothing_seen, quantiser

CHUNK = 128  # frequencies done at a time, so that a window of their spectra stays in the second-level cache
PASS = 4  # kernel rows added in one pass


def make_load(src: str) -> Body:
    """The body for pixels `src`: the source rows first…last-1 of those under the windows become the first lines."""
    load_line = line_loader("float64")

    def load(source, lines, constants, extended, extended_row, room, first, last):
        for y in range(first, last):
            line = extended[(y - first) * extended_row : (y - first + 1) * extended_row]
            load_line(source, lines, lines.rows[y], line, lines.inner + lines.edges * lines.channels, constants.border)

    return load


def make_multiply() -> Body:
    """The body: output row r of the group is the sum over the taps t of line `places[r + down[t]]` times kernel row t,
    all of them spectra."""

    def multiply(spectra, kernel, products, first, last):
        count, plane, split, total = spectra.frequencies, kernel.plane, spectra.planes, products.sums
        for start in range(0, count, CHUNK):
            m = min(CHUNK, count - start)
            for j in range(spectra.slots):  # real parts and imaginary parts side by side: vector code wants them apart
                line = spectra.lines[spectra.places[j] * 2 * count + 2 * start :]
                real, imaginary = split[j * 2 * CHUNK :], split[j * 2 * CHUNK + CHUNK :]
                for x in range(m):
                    real[x] = line[2 * x]
                    imaginary[x] = line[2 * x + 1]
            for x in range((last - first) * 2 * CHUNK):
                total[x] = 0.0
            for t in range(0, kernel.taps, PASS):  # these kernel rows stay in the first-level cache for all output rows
                w = kernel.rows[t * 2 * plane + start :]
                a, b, c, d = w[:m], w[plane : plane + m], w[2 * plane : 2 * plane + m], w[3 * plane : 3 * plane + m]
                w = w[4 * plane :]
                e, f, g, h = w[:m], w[plane : plane + m], w[2 * plane : 2 * plane + m], w[3 * plane : 3 * plane + m]
                for r in range(first, last):
                    one, two, three, four = (
                        r * kernel.step + kernel.down[t],
                        r * kernel.step + kernel.down[t + 1],
                        r * kernel.step + kernel.down[t + 2],
                        r * kernel.step + kernel.down[t + 3],
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
                    products.rows[r * 2 * count + 2 * start :],
                    total[(r - first) * 2 * CHUNK :],
                    total[(r - first) * 2 * CHUNK + CHUNK :],
                )
                for x in range(m):
                    row[2 * x] = real[x]
                    row[2 * x + 1] = imaginary[x]

    return multiply


def make_quantise(out: str, quotient: str, whole: str) -> Body:
    """The body for results `out`, dividing in `quotient`; sums that are known to be `whole` ("yes") are rounded to what
    they are."""
    finish, count = quantiser("float64", out, quotient), counter()
    exact, start = whole == "yes", nothing_seen("float64")

    def quantise(sums, line_row, room, result, constants, outcome, first, last):
        offset = constants.offset
        for y in range(first, last):
            for piece in range(0, result.row, PIECE):
                m = min(PIECE, result.row - piece)
                line, results = sums[(y - first) * line_row + piece :], result.pixels[y * result.row + piece :]
                seen = start
                for x in range(m):
                    value = np.floor(line[x] + 0.5) if exact else line[x]
                    results[x], seen = finish(np.float64(value + offset), constants, seen)
                count(outcome, seen)

    return quantise


_CONSTANTS = Numbers("constants", "float64", CONSTANTS.fields)
_OUTCOME = Group("outcome", OUTCOME.fields.replace("key", "int64"))
SPECTRA = Group(
    "spectra",
    "lines:float64[spectra_slots * 2 * spectra_frequencies] slots frequencies places:int64[spectra_slots]"
    f" planes:~float64[spectra_slots * {2 * CHUNK}]",
)
"""Of source rows, in a ring; the slot of each row under the group; room for a chunk of each."""
KERNEL = Group("kernel", "rows:float64[kernel_taps * 2 * kernel_plane] plane down:int64[kernel_taps] taps step")
"""Planes of real and imaginary parts of each kernel row's spectrum, and how far below the window's top that row is."""
PRODUCTS = Group(
    "products",
    f"rows:=float64[products_room * 2 * spectra_frequencies] sums:~float64[products_room * {2 * CHUNK}] room",
)
LOAD = Loop(
    "fourier_load",
    make_load,
    (SOURCE, LINES, _CONSTANTS, "extended:=float64[room * extended_row] extended_row room"),
)
MULTIPLY = Loop("fourier_multiply", make_multiply, (SPECTRA, KERNEL, PRODUCTS))
QUANTISE = Loop(
    "fourier_quantise",
    make_quantise,
    ("sums:float64[room * line_row] line_row room", RESULT, _CONSTANTS, _OUTCOME),
)

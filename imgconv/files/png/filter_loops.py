"""PNG's row filters (PNG specification, section 9): each row as differences from its neighbours, by the filter that
suits it.

With a the byte one pixel to the left, b the one above and c the one above a: None, Sub (a), Up (b),
Average (floor((a + b) / 2)) and Paeth (whichever of a, b, c is nearest to a + b - c) give a
prediction, and what is stored is the byte minus it, modulo 256. The filter of a row is the one whose
differences, as signed bytes, have the least sum of magnitudes: the heuristic the specification recommends (12.7).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from imgconv.loops import Body, Loop, helper

NONE, SUB, UP, AVERAGE, PAETH = range(5)
FILTERS = 5
ADAPTIVE = (1 << FILTERS) - 1
PIECE = 256  # bytes whose magnitudes, at most 128 each, are summed in 16 bits

byte, short, word = np.uint8, np.uint16, np.int64


def make() -> Body:
    """The body: rows first…last-1 of `source`, at most `strip_rows`, filtered to the start of `result`, each behind its
    filter's number.

    `allowed` has a bit for each filter that may be chosen. `lines` holds two rows, each behind the zeros that stand
    left of the image; above the first row are zeros too. `trial` holds a row in every filter.
    """

    def filter_rows(source, source_rows, row, pixel, allowed, lines, trial, result, strip_rows, first, last):
        wide = pixel + row
        for i in range(2 * wide):
            lines[i] = byte(0)
        for y in range(max(0, first - 1), min(last, first + strip_rows)):
            slot, other = (y % 2) * wide, ((y + 1) % 2) * wide
            pixels, x = source[y * row : (y + 1) * row], lines[slot + pixel : slot + wide]
            for i in range(row):
                x[i] = pixels[i]
            if y < first:  # only to be the row above
                continue
            left, above, above_left = lines[slot : slot + row], lines[other + pixel : other + wide], lines[other:]
            try_filters(x, left, above, above_left, row, trial)
            chosen, least = 0, word(2**62)
            for f in range(FILTERS):
                if allowed >> f & 1:
                    total = magnitudes(trial[f * row : (f + 1) * row], row)
                    chosen, least = (f, total) if total < least else (chosen, least)
            at = (y - first) * (row + 1)
            result[at] = byte(chosen)
            best, out = trial[chosen * row : (chosen + 1) * row], result[at + 1 : at + 1 + row]
            for i in range(row):
                out[i] = best[i]

    return filter_rows


@helper
def try_filters(x: Any, a: Any, b: Any, c: Any, n: int, tried: Any) -> None:
    """The row in each of the filters, in the order of their numbers."""
    none, sub, up, mean, nearest = (
        tried[:n],
        tried[n : 2 * n],
        tried[2 * n : 3 * n],
        tried[3 * n : 4 * n],
        tried[4 * n : 5 * n],
    )
    for i in range(n):
        none[i] = x[i]
    for i in range(n):
        sub[i] = byte(x[i] - a[i])
    for i in range(n):
        up[i] = byte(x[i] - b[i])
    for i in range(n):  # floor((a + b) / 2) without leaving bytes
        mean[i] = byte(x[i] - byte(byte(a[i] & b[i]) + byte(byte(a[i] ^ b[i]) >> 1)))
    # The distances of a, b and c to a + b - c are |b - c|, |a - c| and |a + b - 2c|; the third is the sum of the
    # others where a and b lie on one side of c, so that it never wins, and else their difference: bytes suffice.
    for i in range(n):
        left, above, corner = a[i], b[i], c[i]
        of_a = byte(above - corner) if above > corner else byte(corner - above)
        of_b = byte(left - corner) if left > corner else byte(corner - left)
        apart = byte(of_a - of_b) if of_a > of_b else byte(of_b - of_a)
        of_c = apart if (left > corner) != (above > corner) else byte(255)
        nearer = above if of_b <= of_c else corner
        nearest[i] = byte(x[i] - (left if (of_a <= of_b) & (of_a <= of_c) else nearer))


@helper
def magnitudes(differences: Any, n: int) -> Any:
    """The sum of the magnitudes of bytes read as signed."""
    total = word(0)
    for start in range(0, n, PIECE):
        m = min(PIECE, n - start)
        part, piece = short(0), differences[start : start + m]
        for i in range(m):
            negative = byte(byte(0) - piece[i])
            part = short(part + short(piece[i] if piece[i] < negative else negative))
        total += word(part)
    return total


FILTER = Loop(
    "png_filter",
    make,
    (
        "source:uint8[max(source_rows, last) * row] source_rows row pixel allowed lines:~uint8[2 * (pixel + row)]"
        f" trial:~uint8[{FILTERS} * row] result:=uint8[strip_rows * (row + 1)] strip_rows",
    ),
)

"""PNG's row filters undone (PNG specification, section 9): each byte is its difference plus what the bytes before it
predict."""

from __future__ import annotations

from typing import Any

import numpy as np

from imgconv.files.png.filter_loops import AVERAGE, PAETH, SUB, UP
from imgconv.loops import Body, Loop, helper

byte, word = np.uint8, np.int64


def make() -> Body:
    """The body: rows first…last-1 of `source`, each behind its filter's number (at most 4), undone into `result`.

    A row stands on the one above it in `result`, so rows are undone in order; above the first are `zeros`, a row of
    them.
    """

    def unfilter_rows(source, rows, row, pixel, zeros, result, first, last):
        for y in range(first, last):
            at = y * (row + 1)
            kind, x, out = source[at], source[at + 1 : at + 1 + row], result[y * row : (y + 1) * row]
            above = result[(y - 1) * row : y * row] if y > 0 else zeros[:row]
            undo(kind, x, above, out, row, pixel)

    return unfilter_rows


@helper
def nearest(a: Any, b: Any, c: Any) -> Any:
    """Of left, above and above left the nearest to left + above - above left; in this order where two are as near."""
    down, along = b - c, a - c
    of_a, of_b, of_c = abs(down), abs(along), abs(down + along)
    nearer = b if of_b <= of_c else c
    return a if of_a <= min(of_b, of_c) else nearer


@helper
def undo(kind: Any, x: Any, above: Any, out: Any, row: Any, pixel: Any) -> None:
    """One row; left of it are zeros, so the first pixel is written apart."""
    if kind == SUB:
        for i in range(pixel):
            out[i] = x[i]
        for i in range(pixel, row):
            out[i] = byte(x[i] + out[i - pixel])
    elif kind == UP:
        for i in range(row):
            out[i] = byte(x[i] + above[i])
    elif kind == AVERAGE:
        for i in range(pixel):
            out[i] = byte(x[i] + byte(above[i] >> 1))
        for i in range(pixel, row):
            out[i] = byte(x[i] + byte((word(out[i - pixel]) + word(above[i])) >> 1))
    elif kind == PAETH and pixel == 3:  # the usual one of photographs, in registers: memory answers late
        a0, a1, a2, c0, c1, c2 = word(0), word(0), word(0), word(0), word(0), word(0)
        for p in range(row // 3):
            b0, b1, b2 = word(above[3 * p]), word(above[3 * p + 1]), word(above[3 * p + 2])
            a0 = (word(x[3 * p]) + nearest(a0, b0, c0)) & 255
            a1 = (word(x[3 * p + 1]) + nearest(a1, b1, c1)) & 255
            a2 = (word(x[3 * p + 2]) + nearest(a2, b2, c2)) & 255
            out[3 * p], out[3 * p + 1], out[3 * p + 2] = byte(a0), byte(a1), byte(a2)
            c0, c1, c2 = b0, b1, b2
    elif kind == PAETH:
        for i in range(pixel):
            out[i] = byte(x[i] + above[i])
        for i in range(pixel, row):
            out[i] = byte(word(x[i]) + nearest(word(out[i - pixel]), word(above[i]), word(above[i - pixel])))
    else:
        for i in range(row):
            out[i] = x[i]


UNFILTER = Loop(
    "png_unfilter",
    make,
    ("source:uint8[rows * (row + 1)] rows row pixel zeros:uint8[row] result:=uint8[rows * row]",),
)

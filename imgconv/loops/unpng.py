"""PNG's row filters undone (PNG specification, section 9): each byte is its difference plus what the bytes before it predict."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from imgconv.loops import Body, Loop, helper, parameters, view
from imgconv.loops.png import AVERAGE, PAETH, SUB, UP

byte, word = np.uint8, np.int64


def make() -> Body:
    """The body: rows first…last-1 of `source`, each behind its filter's number (at most 4), undone into `result`.

    A row stands on the one above it in `result`, so rows are undone in order; above the first are `zeros`, a row of them.
    """

    def unfilter_rows(source, rows, row, pixel, zeros, result, first, last):
        given, target, none = view(source, rows * (row + 1)), view(result, rows * row), view(zeros, row)
        for y in range(first, last):
            at = y * (row + 1)
            kind, x, out = given[at], given[at + 1 : at + 1 + row], target[y * row : (y + 1) * row]
            above = target[(y - 1) * row : y * row] if y > 0 else none
            undo(kind, x, above, out, row, pixel)

    return unfilter_rows


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
    elif kind == PAETH:
        for i in range(pixel):
            out[i] = byte(x[i] + above[i])
        for i in range(pixel, row):
            a, b, c = word(out[i - pixel]), word(above[i]), word(above[i - pixel])
            of_a, of_b, of_c = abs(b - c), abs(a - c), abs(a + b - c - c)
            nearer = b if of_b <= of_c else c
            out[i] = byte(word(x[i]) + (a if (of_a <= of_b) & (of_a <= of_c) else nearer))
    else:
        for i in range(row):
            out[i] = x[i]


def _extents(given: Mapping[str, Any]) -> Mapping[str, int]:
    return {"source": given["rows"] * (given["row"] + 1), "zeros": given["row"], "result": given["rows"] * given["row"]}


UNFILTER = Loop("png-unfilter", make, parameters("source:uint8 rows row pixel zeros:uint8 result:=uint8 first last"), _extents)

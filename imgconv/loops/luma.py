"""Luma of interleaved red, green and blue, and what a new luma makes of the colours."""

from __future__ import annotations

import numpy as np

from imgconv.loops import Body, Loop


def make_luma(src: str, out: str) -> Body:
    """The body for colours `src`: luma by Rec. 601, for whole `out` as Pillow rounds it, (19595 R + 38470 G + 7471 B +
    32768) >> 16."""
    final, whole = np.dtype(out).type, not out.startswith("float")
    wide = np.int32 if src == "uint8" else np.int64

    def luma(source, row, result, first, last):
        for x in range(first * row, last * row):
            if whole:
                red, green, blue = wide(source[x * 3]), wide(source[x * 3 + 1]), wide(source[x * 3 + 2])
                result[x] = final(
                    wide(wide(19595) * red + wide(38470) * green + wide(7471) * blue + wide(32768)) >> wide(16)
                )
            else:
                total = (
                    0.299 * np.float64(source[x * 3])
                    + 0.587 * np.float64(source[x * 3 + 1])
                    + 0.114 * np.float64(source[x * 3 + 2])
                )
                result[x] = final(total)

    return luma


def make_lift(src: str, before: str, after: str, out: str) -> Body:
    """The body that adds to each of three colours what their luma gained: chroma, the difference of a colour and luma,
    stays."""
    final = np.dtype(out).type

    def lift(source, old, new, row, result, first, last):
        for x in range(first * row, last * row):
            gain = np.float64(new[x]) - np.float64(old[x])
            result[x * 3] = final(np.float64(source[x * 3]) + gain)
            result[x * 3 + 1] = final(np.float64(source[x * 3 + 1]) + gain)
            result[x * 3 + 2] = final(np.float64(source[x * 3 + 2]) + gain)

    return lift


LUMA = Loop("luma", make_luma, ("source:src[3 * last * row] row result:=out[last * row]",))
LIFT = Loop(
    "lift",
    make_lift,
    ("source:src[3 * last * row] old:before[last * row] new:after[last * row] row result:=out[3 * last * row]",),
)

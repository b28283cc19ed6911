"""Luma of interleaved red, green and blue, and what a new luma makes of the colours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from imgconv.loops import Body, Loop, parameters, view


def make_luma(src: str, out: str) -> Body:
    """The body for colours `src`: luma by Rec. 601, for whole `out` as Pillow rounds it, (19595 R + 38470 G + 7471 B +
    32768) >> 16."""
    final, whole = np.dtype(out).type, not out.startswith("float")
    wide = np.int32 if src == "uint8" else np.int64

    def luma(source, row, result, first, last):
        colours, target = view(source, last * row * 3), view(result, last * row)
        for x in range(first * row, last * row):
            if whole:
                red, green, blue = wide(colours[x * 3]), wide(colours[x * 3 + 1]), wide(colours[x * 3 + 2])
                target[x] = final(
                    wide(wide(19595) * red + wide(38470) * green + wide(7471) * blue + wide(32768)) >> wide(16)
                )
            else:
                total = (
                    0.299 * np.float64(colours[x * 3])
                    + 0.587 * np.float64(colours[x * 3 + 1])
                    + 0.114 * np.float64(colours[x * 3 + 2])
                )
                target[x] = final(total)

    return luma


def make_lift(src: str, before: str, after: str, out: str) -> Body:
    """The body that adds to each of three colours what their luma gained: chroma, the difference of a colour and luma,
    stays."""
    final = np.dtype(out).type

    def lift(source, old, new, row, result, first, last):
        colours, was, becomes, target = (
            view(source, last * row * 3),
            view(old, last * row),
            view(new, last * row),
            view(result, last * row * 3),
        )
        for x in range(first * row, last * row):
            gain = np.float64(becomes[x]) - np.float64(was[x])
            target[x * 3] = final(np.float64(colours[x * 3]) + gain)
            target[x * 3 + 1] = final(np.float64(colours[x * 3 + 1]) + gain)
            target[x * 3 + 2] = final(np.float64(colours[x * 3 + 2]) + gain)

    return lift


def _luma_extents(given: Mapping[str, Any]) -> Mapping[str, int]:
    made = given["last"] * given["row"]
    return {"source": 3 * made, "result": made}


def _lift_extents(given: Mapping[str, Any]) -> Mapping[str, int]:
    made = given["last"] * given["row"]
    return {"source": 3 * made, "old": made, "new": made, "result": 3 * made}


LUMA = Loop("luma", make_luma, parameters("source:src row result:=out first last"), _luma_extents)
LIFT = Loop("lift", make_lift, parameters("source:src old:before new:after row result:=out first last"), _lift_extents)

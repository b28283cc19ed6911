"""Loops of edge detection: which kernel answers most; Canny's thinning and tracing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from imgconv.loops import Body, Loop, parameters, view

NOTHING, WEAK, STRONG = 0, 1, 2
_TAN = float(np.tan(np.pi / 8))  # 22.5 degrees: half way from one of four directions to the next


def make_winner(votes: str, src: str) -> Body:
    """The body that keeps the best response (`votes` magnitudes or values) and the number of its kernel; of equals the
    first, NaN never."""
    kept, magnitudes = np.dtype(src).type, votes == "magnitudes"

    def winner(best, index, response, number, row, first, last):
        champions, numbers, given = view(best, last * row), view(index, last * row), view(response, last * row)
        mine = np.uint8(number)
        for x in range(first * row, last * row):
            value = kept(abs(given[x])) if magnitudes else given[x]
            if value > champions[x] or champions[x] != champions[x]:
                champions[x], numbers[x] = value, mine

    return winner


def make_thin() -> Body:
    """The body that keeps the magnitudes that are greatest along their gradient, as WEAK or STRONG by their channel's
    two bounds.

    Before a pixel, in reading order, its neighbour must be less; behind it, not greater: of two equals one stays.
    """
    tangent = np.float64(_TAN)

    def thin(across, down, magnitude, bounds, height, width, channels, classes, first, last):
        cells = height * width * channels
        gx, gy, strength = view(across, cells), view(down, cells), view(magnitude, cells)
        limits, result = view(bounds, 2 * channels), view(classes, last * width * channels)
        for y in range(first, last):
            for x in range(width):
                for c in range(channels):
                    at = (y * width + x) * channels + c
                    value, kind = strength[at], 0
                    if value > 0 and value >= limits[2 * c]:
                        flat, steep = abs(gx[at]), abs(gy[at])
                        dy, dx = 1, 1 if (gx[at] > 0) == (gy[at] > 0) else -1
                        if steep <= flat * tangent:
                            dy, dx = 0, 1
                        elif flat <= steep * tangent:
                            dy, dx = 1, 0
                        step = (dy * width + dx) * channels
                        before, behind = np.float64(0), np.float64(0)
                        if y >= dy and 0 <= x - dx < width:
                            before = strength[at - step]
                        if y + dy < height and 0 <= x + dx < width:
                            behind = strength[at + step]
                        if value > before and value >= behind:
                            kind = 2 if value >= limits[2 * c + 1] else 1
                    result[at] = np.uint8(kind)

    return thin


def make_trace() -> Body:
    """The body that marks what is STRONG, and what is WEAK and hangs together with it over eight neighbours; a band is
    a channel."""

    def trace(classes, height, width, channels, stack, marks, first, last):
        cells = height * width
        kinds, found, todo = view(classes, cells * channels), view(marks, cells * channels), view(stack, cells)
        for c in range(first, last):
            for start in range(cells):
                if kinds[start * channels + c] == 2 and found[start * channels + c] == 0:
                    found[start * channels + c] = np.uint8(1)
                    todo[0] = start
                    size = 1
                    while size > 0:
                        size -= 1
                        y, x = todo[size] // width, todo[size] % width
                        for row in range(max(y - 1, 0), min(y + 2, height)):
                            for column in range(max(x - 1, 0), min(x + 2, width)):
                                at = row * width + column
                                if kinds[at * channels + c] != 0 and found[at * channels + c] == 0:
                                    found[at * channels + c] = np.uint8(1)
                                    todo[size] = at
                                    size += 1

    return trace


def _winner_extents(given: Mapping[str, Any]) -> Mapping[str, int]:
    return dict.fromkeys(("best", "index", "response"), given["last"] * given["row"])


def _cells(given: Mapping[str, Any]) -> int:
    return int(given["height"] * given["width"] * given["channels"])


def _thin_extents(given: Mapping[str, Any]) -> Mapping[str, int]:
    return dict.fromkeys(("across", "down", "magnitude", "classes"), _cells(given)) | {"bounds": 2 * given["channels"]}


def _trace_extents(given: Mapping[str, Any]) -> Mapping[str, int]:
    return {"classes": _cells(given), "marks": _cells(given), "stack": given["height"] * given["width"]}


WINNER = Loop(
    "winner", make_winner, parameters("best:=src index:=uint8 response:src number row first last"), _winner_extents
)
THIN = Loop(
    "thin",
    make_thin,
    parameters(
        "across:float64 down:float64 magnitude:float64 bounds:float64 height width channels classes:=uint8 first last"
    ),
    _thin_extents,
)
TRACE = Loop(
    "trace",
    make_trace,
    parameters("classes:uint8 height width channels stack:=int64 marks:=uint8 first last"),
    _trace_extents,
)

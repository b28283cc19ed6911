"""Loops of edge detection: which kernel answers most; Canny's thinning and tracing."""

from __future__ import annotations

import numpy as np

from imgconv.loops import Body, Loop

NOTHING, WEAK, STRONG = 0, 1, 2
_TAN = float(np.tan(np.pi / 8))  # 22.5 degrees: half way from one of four directions to the next


def make_winner(votes: str, src: str) -> Body:
    """The body that keeps the best response (`votes` magnitudes or values) and the number of its kernel; of equals the
    first, NaN never."""
    final, magnitudes = np.dtype(src).type, votes == "magnitudes"

    def winner(best, index, response, number, row, first, last):
        this = np.uint8(number)
        for x in range(first * row, last * row):
            value = final(abs(response[x])) if magnitudes else response[x]
            if value > best[x] or best[x] != best[x]:
                best[x], index[x] = value, this

    return winner


def make_thin() -> Body:
    """The body that keeps the magnitudes that are greatest along their gradient, as WEAK or STRONG by their channel's
    two bounds.

    Before a pixel, in reading order, its neighbour must be less; behind it, not greater: of two equals one stays.
    """
    tangent = np.float64(_TAN)

    def thin(across, down, magnitude, bounds, height, width, channels, classes, first, last):
        for y in range(first, last):
            for x in range(width):
                for c in range(channels):
                    at = (y * width + x) * channels + c
                    value, kind = magnitude[at], 0
                    if value > 0 and value >= bounds[2 * c]:
                        flat, steep = abs(across[at]), abs(down[at])
                        dy, dx = 1, 1 if (across[at] > 0) == (down[at] > 0) else -1
                        if steep <= flat * tangent:
                            dy, dx = 0, 1
                        elif flat <= steep * tangent:
                            dy, dx = 1, 0
                        step = (dy * width + dx) * channels
                        before, behind = np.float64(0), np.float64(0)
                        if y >= dy and 0 <= x - dx < width:
                            before = magnitude[at - step]
                        if y + dy < height and 0 <= x + dx < width:
                            behind = magnitude[at + step]
                        if value > before and value >= behind:
                            kind = 2 if value >= bounds[2 * c + 1] else 1
                    classes[at] = np.uint8(kind)

    return thin


def make_trace() -> Body:
    """The body that marks what is STRONG, and what is WEAK and hangs together with it over eight neighbours; a band is
    a channel."""

    def trace(classes, height, width, channels, stack, marks, first, last):
        for c in range(first, last):
            for start in range(height * width):
                if classes[start * channels + c] == 2 and marks[start * channels + c] == 0:
                    marks[start * channels + c] = np.uint8(1)
                    stack[0] = start
                    size = 1
                    while size > 0:
                        size -= 1
                        y, x = stack[size] // width, stack[size] % width
                        for row in range(max(y - 1, 0), min(y + 2, height)):
                            for column in range(max(x - 1, 0), min(x + 2, width)):
                                at = row * width + column
                                if classes[at * channels + c] != 0 and marks[at * channels + c] == 0:
                                    marks[at * channels + c] = np.uint8(1)
                                    stack[size] = at
                                    size += 1

    return trace


WINNER = Loop(
    "winner",
    make_winner,
    ("best:=src[last * row] index:=uint8[last * row] response:src[last * row] number row",),
)
_CELLS = "[height * width * channels]"
THIN = Loop(
    "thin",
    make_thin,
    (
        f"across:float64{_CELLS} down:float64{_CELLS} magnitude:float64{_CELLS} bounds:float64[2 * channels] height"
        f" width channels classes:=uint8{_CELLS}",
    ),
)
TRACE = Loop(
    "trace",
    make_trace,
    (f"classes:uint8{_CELLS} height width channels stack:~int64[height * width] marks:=uint8{_CELLS}",),
)

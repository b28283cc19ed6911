"""Whether float pixels are such that an algorithm may let what one pixel rounds to reach results whose windows do not
see it.

By Fourier transforms an error is a share of the greatest magnitude in the line, at a distance from it too: beside one
pixel of -3.4e38 (a map's "no data") all others would be lost. So each window must see, under a non-zero weight, a
pixel of at least `Plan.share` of the greatest magnitude; then the error is within the bound of direct sums. A window
that sees zeros alone gets its sum, 0. Where one sees something else, and nothing large enough, another algorithm is
taken.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from imgconv.planner import Plan
from imgconv.values.borders import Border
from imgconv.values.frozen import replace
from imgconv.values.numbers import Number, magnitude
from imgconv.values.pixel_values import Pixels

Seen = Callable[[Pixels, Border], Pixels]
"""For a mask of pixels (uint8, 0 or 1), and what is beyond its edge: how many of them each window sees, 255 at most."""
_PIECE = 2**20  # values compared at a time
_ROOM = 2.0**20  # between the greatest sum of a transform and the greatest float64
_LEAST = 2.0**-900  # products of smaller values lose digits


def sums_fit(plan: Plan, greatest: float) -> bool:
    """Whether what an algorithm adds up on its way to a result is finite for pixels up to `greatest` (NaN, infinity: it
    is not).

    Sums that only just fit may be rounded beyond the type's greatest number, as those of the kernel itself may.
    """
    if plan.algorithm == "fourier":
        reach = _ROOM * _magnitudes(cell for row in plan.weights for cell in row)
    else:
        reach = sum(max(1.0, _magnitudes(column)) * _magnitudes(row) for column, row in plan.factors)
    most = float(np.finfo(plan.accumulator).max) / max(1.0, reach)
    return greatest == 0 or _LEAST < greatest * (1 - 2.0**-20) < most


def _magnitudes(cells: Iterable[Number]) -> float:
    return sum(abs(float(cell)) for cell in cells)


def blank_windows(
    pixels: Pixels, greatest: float, border: Border, share: float, seen: Seen
) -> tuple[bool, Pixels | None]:
    """Whether each window sees what it must, or zeros alone; and which windows see zeros alone, if any do."""
    least = share * max(greatest, float(magnitude(border.constant or 0)))
    if not least:
        return True, None
    large = _mask(pixels, border, least)
    if large[0].all() and large[1].constant != 0:
        return True, None
    counted = seen(*large)
    if counted.all():
        return True, None
    some = _mask(pixels, border, 0)
    blank = (counted if np.array_equal(some[0], large[0]) else seen(*some)) == 0
    return bool((blank == (counted == 0)).all()), blank


def _counts(magnitudes: Any, least: float) -> Any:
    return magnitudes >= least if least else magnitudes > 0


def _mask(pixels: Pixels, border: Border, least: float) -> tuple[Pixels, Border]:
    """1 where a magnitude is at least `least` and not 0, and the border of that."""
    flat, counts = pixels.reshape(-1), np.empty(pixels.size, np.uint8)
    for at in range(0, flat.size, _PIECE):
        counts[at : at + _PIECE] = _counts(np.abs(flat[at : at + _PIECE]), least)
    beyond = (
        border if border.constant is None else replace(border, value=int(_counts(magnitude(border.constant), least)))
    )
    return counts.reshape(pixels.shape), beyond

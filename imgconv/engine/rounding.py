"""Rounding otherwise than half up: results are computed in float64, then rounded and clamped here."""

from __future__ import annotations

import numpy as np

from imgconv.engine.quantise import extremes
from imgconv.values.frozen import replace
from imgconv.values.parameters import HALF_EVEN, HALF_UP
from imgconv.values.pixel_values import Pixels, Response, Target, Values, limits, shift_of


def rounds(target: Target) -> bool:
    """Whether results are to be rounded here."""
    return target.rounding != HALF_UP and not target.type.startswith("float")


def unrounded(target: Target) -> Target:
    """What to compute instead: the same in float64, not yet shifted."""
    return Target("float64", "clamp" if target.range == "shift" else target.range)


def whole(wide: Pixels, target: Target) -> tuple[Pixels, Response]:
    """Results that were computed for `unrounded(target)`, in the target's type; NaN becomes 0."""
    low, high = limits(target.type)
    if target.range == "stretch":
        wide = low + wide * (high - low)
    wide = wide + shift_of(target)
    rounded = np.rint(wide) if target.rounding == HALF_EVEN else np.trunc(wide)
    missing = np.isnan(rounded)
    below, above = int((rounded < low).sum()), int((rounded > high).sum())
    pixels = np.clip(np.where(missing, 0, rounded), low, high).astype(target.type)
    return pixels, Response(*extremes(wide), below, above, int(missing.sum()), wide.size)


def settled(
    colour: Values, alpha: Pixels | None, _: Response | None, target: Target
) -> tuple[Values, Pixels | None, Response | None]:
    """A frame's colours in the target's type; alpha is as it was."""
    pixels, counted = whole(colour.pixels, target)
    return replace(colour, pixels=pixels), alpha, counted

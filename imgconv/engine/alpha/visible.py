"""What can be seen of colours with alpha: their extremes, weighed by alpha.

A sum that is divided by a small alpha may be any number. Pixels of at least half of the greatest alpha count as they
are; of fainter ones what lies between the mean of the colours and them, by their share of that half.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from imgconv.engine.alpha.plane import is_opaque, opaque_of
from imgconv.engine.quantise import extremes
from imgconv.values.pixel_values import Pixels

_LEAST = 1 / 510
"""The least share of opaque that rounds to something in 8 bits."""
_ROWS = 256


def visible_extremes(frames: Sequence[tuple[Pixels, Pixels | None]]) -> tuple[float, float]:
    """The least and greatest finite value that can be seen of colours (H, W, C) with alpha (H, W); of all where nothing
    can."""
    shares = [None if alpha is None or is_opaque(alpha) else _shares(alpha) for _, alpha in frames]
    half = max(1.0 if share is None else float(share.max()) for share in shares) / 2
    middle = mean([(colour, share) for (colour, _), share in zip(frames, shares, strict=True)])
    ends: list[tuple[float, float]] = []
    for (colour, _), share in zip(frames, shares, strict=True):
        if share is None:
            ends.append(extremes(colour))
            continue
        full, faint = share >= max(half, _LEAST), (share >= _LEAST) & (share < half)
        if full.any():
            ends.append(extremes(colour[full]))
        if faint.any():
            with np.errstate(invalid="ignore", over="ignore"):
                ends.append(extremes(middle + (colour[faint] - middle) * (share[faint] / half)[:, None]))
    ends = ends or [extremes(colour) for colour, _ in frames]
    return min(low for low, _ in ends), max(high for _, high in ends)


def mean(frames: Sequence[tuple[Pixels, Pixels | None]]) -> float:
    """The mean of all finite colours (H, W, C), weighted by alpha (H, W) in any unit; 0 where nothing can be seen."""
    total = weight = 0.0
    for colour, alpha in frames:
        for first in range(0, len(colour), _ROWS):
            part = colour[first : first + _ROWS].astype(np.float64)
            share = np.ones(part.shape[:2]) if alpha is None else alpha[first : first + _ROWS].astype(np.float64)
            known = np.isfinite(part).all(axis=2) & (share > 0)
            total += float((part.mean(axis=2)[known] * share[known]).sum())
            weight += float(share[known].sum())
    return total / weight if weight else 0.0


def _shares(alpha: Pixels) -> Pixels:
    """Alpha as a share of opaque."""
    return np.asarray(alpha / opaque_of(alpha.dtype.name))

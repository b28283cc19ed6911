"""What can be seen of colours with alpha: their extremes, weighed by alpha.

A sum that is divided by a small alpha may be any number. Pixels of at least half of the greatest alpha count as they
are; of fainter ones what lies between the mean of the colours and them, by their share of that half.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from imgconv.engine.alpha.plane import is_opaque, opaque_of
from imgconv.engine.quantise import extremes
from imgconv.values.pixel_values import Pixels

_LEAST = 1 / 510
"""The least share of opaque that rounds to something in 8 bits."""
ROWS = 64
"""Rows that are looked at together."""


def visible_extremes(frames: Sequence[tuple[Pixels, Pixels | None]]) -> tuple[float, float]:
    """The least and greatest finite value that can be seen of colours (H, W, C) with alpha (H, W); of all where nothing
    can."""
    planes = [(colour, None if alpha is None or is_opaque(alpha) else alpha) for colour, alpha in frames]
    half = max(1.0 if alpha is None else float(_shares(alpha.max())) for _, alpha in planes) / 2
    middle = mean(
        [(colour, alpha, 1 / opaque_of(alpha.dtype.name) if alpha is not None else 1) for colour, alpha in planes]
    )
    ends = list[tuple[float, float]]()
    for colour, alpha in planes:
        if alpha is None:
            ends.append(extremes(colour))
            continue
        for first in range(0, len(colour), ROWS):
            ends += _part_ends(colour[first : first + ROWS], _shares(alpha[first : first + ROWS]), half, middle)
    ends = ends or [extremes(colour) for colour, _ in frames]
    return min(low for low, _ in ends), max(high for _, high in ends)


def _part_ends(colour: Pixels, share: Pixels, half: float, middle: float) -> Iterator[tuple[float, float]]:
    """The extremes of what is there of some rows: pixels that count as they are, and fainter ones."""
    full = share >= max(half, _LEAST)
    faint = (share >= _LEAST) & ~full
    if full.any():
        yield extremes(colour[full])
    if faint.any():
        with np.errstate(invalid="ignore", over="ignore"):
            yield extremes(middle + (colour[faint] - middle) * (share[faint] / half)[:, None])


def mean(frames: Sequence[tuple[Pixels, Pixels | None, float]]) -> float:
    """The mean of all finite colours (H, W, C), weighted by alpha (H, W) times a factor; 0 where nothing can be
    seen."""
    running = Mean()
    for colour, alpha, factor in frames:
        for first in range(0, len(colour), ROWS):
            part = colour[first : first + ROWS]
            running.add(part, np.ones(part.shape[:2]) if alpha is None else alpha[first : first + ROWS] * factor)
    return running.value


class Mean:
    """The same, of parts that come one after the other: a frame's, `ROWS` rows each, so that sums do not depend on
    what is there at one time."""

    def __init__(self) -> None:
        self._total = self._weight = 0.0

    def add(self, colour: Pixels, share: Pixels) -> None:
        """The next rows, and their weights."""
        part, share = colour.astype(np.float64), share.astype(np.float64)
        known = np.isfinite(part).all(axis=2) & (share > 0)
        self._total += float((part.mean(axis=2)[known] * share[known]).sum())
        self._weight += float(share[known].sum())

    @property
    def value(self) -> float:
        return self._total / self._weight if self._weight else 0.0


def _shares(alpha: Any) -> Any:
    """Alpha as a share of opaque."""
    return alpha / opaque_of(alpha.dtype.name)

"""Canvas: frames of an animation are composed as its file says, each into the picture that is shown."""

from __future__ import annotations

from enum import Enum
from typing import Any

import numpy as np

from imgconv.values.frozen import record
from imgconv.values.image import Frame
from imgconv.values.pixel_values import Pixels

_TOGETHER = 2**18  # pixels laid over others at once


class Disposal(Enum):
    """How a frame's place is disposed of before the next one."""

    LEAVE = 0
    CLEAR = 1
    RESTORE = 2


@record
class Part:
    """A frame as it is stored: its place on the canvas, its duration, and how its place is disposed of."""

    left: int
    top: int
    width: int
    height: int
    duration: float
    disposal: Disposal


class Canvas:
    """Colour and alpha of a picture that is transparent at first."""

    def __init__(self, height: int, width: int, channels: int, type_: Any) -> None:
        self.colour, self.alpha = np.zeros((height, width, channels), type_), np.zeros((height, width), type_)
        self._opaque = np.iinfo(type_).max

    def show(
        self, part: Frame, top: int, left: int, disposal: Disposal, *, over: bool, seen: bool = True
    ) -> Frame | None:
        """The picture with a part composed `over` the canvas or replacing its place; afterwards the place is disposed
        of.

        What lies beyond the canvas is cut off. A picture that is not `seen` is None: copying it would take time.
        """
        height, width = (
            max(0, min(n, whole - at))
            for n, whole, at in zip(part.pixels.shape, self.alpha.shape, (top, left), strict=False)
        )
        box = slice(top, top + height), slice(left, left + width)
        before = self.colour[box].copy(), self.alpha[box].copy()
        colour = part.pixels.reshape(*part.pixels.shape[:2], -1)[:height, :width]
        alpha = (
            np.full((height, width), self._opaque, self.alpha.dtype)
            if part.alpha is None
            else part.alpha[:height, :width]
        )
        if over:
            self._lay(box, *before, colour, alpha)
        else:
            self.colour[box], self.alpha[box] = colour, alpha
        pixels = self.colour[..., 0] if self.colour.shape[2] == 1 else self.colour
        shown = Frame(pixels.copy(), self.alpha.copy()) if seen else None
        if disposal is Disposal.CLEAR:
            self.colour[box], self.alpha[box] = 0, 0
        elif disposal is Disposal.RESTORE:
            self.colour[box], self.alpha[box] = before
        return shown

    def _lay(self, box: tuple[slice, slice], below: Pixels, under: Pixels, above: Pixels, alpha: Pixels) -> None:
        """Composes a part over the canvas some rows at a time: intermediate values take ten times the memory."""
        rows = max(1, _TOGETHER // max(1, alpha.shape[1]))
        for top in range(0, alpha.shape[0], rows):
            strip = slice(top, top + rows)
            place = slice(box[0].start + top, box[0].start + min(top + rows, alpha.shape[0])), box[1]
            self.colour[place], self.alpha[place] = self._over(below[strip], under[strip], above[strip], alpha[strip])

    def _over(self, below: Pixels, under: Pixels, above: Pixels, alpha: Pixels) -> tuple[Pixels, Pixels]:
        """Alpha compositing (PNG specification, 13.16), rounded; exact where the upper alpha is 0 or full."""
        seen = [alpha == 0, alpha == self._opaque]
        if (seen[0] | seen[1]).all():
            return np.where(seen[1][..., None], above, below), np.where(seen[1], alpha, under)
        a, b = alpha / self._opaque, under / self._opaque * (1 - alpha / self._opaque)
        shown = np.maximum(a + b, np.finfo(float).tiny)
        mixed = (above * a[..., None] + below * b[..., None]) / shown[..., None]
        colour = np.select([one[..., None] for one in seen], [below, above], np.floor(mixed + 0.5)).astype(below.dtype)
        return colour, np.select(seen, [under, alpha], np.floor((a + b) * self._opaque + 0.5)).astype(under.dtype)

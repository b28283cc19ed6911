"""Pixels as cells in rows and columns, some of which may lie beyond the edge: their places, colours and numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imgconv import errors
from imgconv.figures.shades import Colour, Scale, scale, tone
from imgconv.figures.texts import brief
from imgconv.kernels.lab.draw import text_width
from imgconv.values.numbers import Number

if TYPE_CHECKING:
    from imgconv.api.pixel.cells import Place

MOST_SIDE = 96
"""Rows and columns of the largest grid."""
SIDE, LEAST_SIDE = 44, 6
"""Units of the largest and the smallest cell."""
Cell = tuple[Number | None, ...]
Values = dict["Place", Cell]
"""The channels of pixels, by row and column; None is nothing."""


class PixelGrid:
    """Cells of some rows and columns on a stage: how large they are, from black to white of each channel, how large
    numbers are (0: there are none), and where the first cell lies."""

    def __init__(self, rows: range, columns: range, side: int, ends: tuple[Scale, ...], size: int) -> None:
        self.rows, self.columns, self.side, self.ends, self.size = rows, columns, side, ends, size
        self.left = self.top = 0.0

    @property
    def width(self) -> int:
        return self.side * len(self.columns)

    @property
    def height(self) -> int:
        return self.side * len(self.rows)

    def box(self, place: Place) -> tuple[float, float]:
        """The left and top of a cell."""
        return (
            self.left + (place[1] - self.columns[0]) * self.side,
            self.top + (place[0] - self.rows[0]) * self.side,
        )

    def colour(self, values: Cell) -> Colour | None:
        """Three channels as one colour, else the first one as gray."""
        tones = [tone(value, ends) for value, ends in zip(values, self.ends, strict=True)]
        if len(tones) == 3 and None not in tones:
            red, green, blue = (one[0] for one in tones if one is not None)
            return red, green, blue
        return tones[0]

    def text(self, values: Cell) -> str:
        """The number in a cell of one channel."""
        return "" if not self.size or values[0] is None else brief(values[0])


def pixel_grid(values: Values, type_: str, room: int) -> PixelGrid:
    """A grid for pixels of a type, in so many units. UsageError where it would have too many cells."""
    rows, columns = (range(min(p[axis] for p in values), max(p[axis] for p in values) + 1) for axis in (0, 1))
    if max(len(rows), len(columns)) > MOST_SIDE:
        raise errors.UsageError(
            f"--steps shows windows that read at most {MOST_SIDE}x{MOST_SIDE} pixels, and these read"
            f" {len(rows)}x{len(columns)}; take a smaller --crop"
        )
    side = max(LEAST_SIDE, min(SIDE, room // max(len(rows), len(columns))))
    channels = list(zip(*values.values(), strict=True))
    size = round(side * 0.36)
    texts = {brief(value) for value in channels[0] if value is not None}
    fits = len(channels) == 1 and size >= 9 and max(map(len, texts), default=0) < 9
    size = size if fits and max((text_width(text, size) for text in texts), default=0) <= side - 4 else 0
    return PixelGrid(rows, columns, side, tuple(scale(one, type_) for one in channels), size)

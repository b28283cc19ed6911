"""Crops: a piece of an image, by its first row and column and its size."""

from __future__ import annotations

import re
from typing import Any

from imgconv import errors
from imgconv.values.arguments import items
from imgconv.values.frozen import record
from imgconv.values.parameters import Kind, whole


@record
class Crop:
    """The piece of `height` rows and `width` columns whose first pixel is at (row, column), counted from 0."""

    row: int
    column: int
    height: int
    width: int

    def __str__(self) -> str:
        return f"{self.row},{self.column},{self.height}x{self.width}"

    def check(self, height: int, width: int, option: str = "--crop", what: str = "result") -> None:
        """Raises WindowError unless the piece lies within so many rows and columns."""
        if self.row + self.height > height or self.column + self.width > width:
            raise errors.WindowError(
                f"{option} {self} goes beyond the {what} of {height} rows x {width} columns; rows and columns are"
                " counted from 0"
            )

    def of(self, pixels: Any) -> Any:
        """The piece of an array (H, W) or (H, W, C)."""
        return pixels[self.row : self.row + self.height, self.column : self.column + self.width]


def _crop(value: object, name: str = "crop") -> Crop:
    """From `2,3,4x5`, or four ints."""
    if isinstance(value, Crop):
        return value
    if isinstance(value, str):
        found = re.fullmatch(r"([0-9]+),([0-9]+),([0-9]+)[xX]([0-9]+)", re.sub(r"\s", "", value))
        numbers: tuple[Any, ...] = found.groups() if found else ()
    else:
        numbers = tuple(items(value))
    if len(numbers) != 4:
        raise errors.not_a(name, value, "R,C,HxW: the first row and column, from 0, and the rows and columns to take")
    return Crop(*(whole(number, name, least) for number, least in zip(numbers, (0, 0, 1, 1), strict=True)))


CROP = Kind("R,C,HxW", _crop)
ROI = Kind("R,C,HxW", lambda value: _crop(value, "roi"))

"""The colours of cells: pixels as they look, weights and products blue below 0 and red above."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING

from imgconv.api.pixel.arithmetic import nearest
from imgconv.kernels.lab.draw import ABOVE, BELOW, INK, PAPER
from imgconv.values.numbers import Number
from imgconv.values.pixel_values import limits

if TYPE_CHECKING:
    from imgconv.api.pixel.cells import Cells

Colour = tuple[int, int, int]
Scale = tuple[float, float]
"""What is drawn black and what is drawn white."""
_TINTS: dict[str, Colour] = {"red": (1, 0, 0), "green": (0, 1, 0), "blue": (0, 0, 1)}


def scale(values: Iterable[Number | None], type_: str) -> Scale:
    """From black to white: the range of the pixel type where the values lie in it, else from the least to the
    greatest."""
    finite = [number for value in values if value is not None and math.isfinite(number := nearest(value))]
    low, high = limits(type_)
    if type_ in ("uint8", "uint16", "float32", "float64") and all(low <= number <= high for number in finite):
        return low, high
    least, most = min(finite, default=0.0), max(finite, default=1.0)
    return (least, most) if most > least else (least, least + 1)


def scale_of(cells: Cells, type_: str) -> Scale:
    """The same of a window's cells."""
    return scale((cell.value for row in cells for cell in row), type_)


def tone(value: Number | None, ends: Scale, channel: str = "") -> Colour | None:
    """A pixel as it looks in its channel; None where there is nothing."""
    number = math.nan if value is None else nearest(value)
    if math.isnan(number):
        return None
    share = min(1.0, max(0.0, (number - ends[0]) / (ends[1] - ends[0])))
    level = round(255 * share)
    red, green, blue = _TINTS.get(channel, (1, 1, 1))
    return red * level, green * level, blue * level


def signed(value: Number, most: float) -> Colour | None:
    """A weight or a product; `most` is the magnitude of full colour."""
    number = nearest(value)
    if math.isnan(number):
        return None
    share = min(1.0, abs(number) / most) ** 0.8 if most else 0.0
    end = BELOW if number < 0 else ABOVE
    red, green, blue = (round(255 + (part - 255) * share) for part in end)
    return red, green, blue


def greatest(rows: Iterable[Iterable[Number]]) -> float:
    """The greatest finite magnitude."""
    sizes = [abs(nearest(value)) for row in rows for value in row]
    return max((size for size in sizes if math.isfinite(size)), default=0.0)


def ink_on(colour: Colour | None) -> Colour:
    """Dark or light letters, whichever can be read on a colour (luma by Rec. 601)."""
    if colour is None:
        return INK
    red, green, blue = colour
    return INK if 299 * red + 587 * green + 114 * blue > 128_000 else PAPER

"""Parts of an image under windows: what a window sees of it, and how it is placed there."""

from __future__ import annotations

import numpy as np

from imgconv.values.frozen import record, replace
from imgconv.values.pixel_values import Pixels, Values
from imgconv.values.windows import Window


@record
class Placed:
    """A window on a part of an image: the rows and columns of the part that it is placed on, and what the windows on
    the whole image reach over along, by which it is planned."""

    window: Window
    rows: tuple[int, int]
    columns: tuple[int, int]
    reach: int

    def of(self, values: Values) -> Values:
        """What the window sees of the part."""
        pixels = values.pixels[slice(*self.rows), slice(*self.columns)]
        return values if pixels.shape == values.pixels.shape else replace(values, pixels=np.ascontiguousarray(pixels))

    def anchored(self, window: Window) -> Window:
        """The window on the part with the anchor of that on the whole image, by which it has the same centre."""
        return replace(self.window, anchor=window.anchor)

    def plane(self, plane: Pixels) -> Pixels:
        """What the window sees of a plane (H, W) over the part."""
        return np.ascontiguousarray(plane[slice(*self.rows), slice(*self.columns)])

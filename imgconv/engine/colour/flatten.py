"""Pixels with alpha laid over a colour."""

from __future__ import annotations

import numpy as np

from imgconv import errors
from imgconv.engine.alpha.plane import is_opaque, opaque_of
from imgconv.engine.colour.luma import gray_plane
from imgconv.engine.memory import allocate
from imgconv.values.colours import Colour
from imgconv.values.pixel_values import Pixels

_ROWS = 64  # that are mixed at once


def laid_over(pixels: Pixels, alpha: Pixels, colour: Colour, colour_model: str = "") -> Pixels:
    """Pixels (H, W) or (H, W, C) with alpha (H, W) over a colour, of their own type: c·a + b·(1 − a), rounded by
    floor(x + ½) where they are whole. Gray pixels are laid over the colour's luma; 255 is the greatest number of a
    whole type, and 1 of floats.

    Raises
    ------
    PixelError
        For other than 1 or 3 channels, and for a colour model other than RGB.
    """
    if is_opaque(alpha):
        return pixels
    if colour_model or pixels.shape[2:] not in ((), (1,), (3,)):
        what = colour_model or f"{pixels.shape[2]} channels"
        raise errors.PixelError(f"--flatten lays gray or RGB over a colour, not {what}; --alpha drop leaves alpha out")
    channels = np.array(colour, np.uint8)
    if pixels.shape[2:] != (3,):
        channels = gray_plane(channels.reshape(1, 1, 3), "").reshape(1)
    white, opaque, whole = opaque_of(pixels.dtype.name), opaque_of(alpha.dtype.name), pixels.dtype.kind in "ui"
    below = channels * (np.float64(white) / 255)
    below = np.rint(below) if whole else below
    result = allocate(pixels.shape, pixels.dtype.name, "the image without alpha")
    for first in range(0, len(pixels), _ROWS):
        place = slice(first, first + _ROWS)
        share = np.clip(alpha[place].astype(np.float64), 0, opaque)[..., None]
        levels = pixels[place].reshape(*pixels[place].shape[:2], -1)
        with np.errstate(invalid="ignore"):  # NaN times 0
            mixed = (np.where(share > 0, levels * share, 0) + below * (opaque - share)) / opaque
        result[place] = (np.floor(mixed + 0.5) if whole else mixed).reshape(result[place].shape)
    return result

"""MODES: how Pillow's pixel modes become arrays, and which mode holds an array. A new mode is one row."""

from __future__ import annotations

from typing import Any

import numpy as np

from imgconv.files.formats import ARRAY
from imgconv.image import Frame
from imgconv.numerics import Pixels


def _gray(image: Any) -> str:
    return "RGBA" if "transparency" in image.info else "L"


def _colour(image: Any) -> str:
    return "RGBA" if "transparency" in image.info or getattr(image.palette, "mode", "") == "RGBA" else "RGB"


MODES = {"L": _gray, "RGB": _colour, "RGBA": lambda image: "RGBA", "1": _gray, "P": _colour}
"""Each served mode, and the mode an opened image is converted to before its pixels are taken."""


def to_frame(image: Any) -> Frame:
    """An opened Pillow image of a mode in MODES as a Frame of uint8."""
    mode = MODES[image.mode](image)
    pixels = np.array(image if image.mode == mode else image.convert(mode))
    if mode == "RGBA":
        return Frame(np.ascontiguousarray(pixels[..., :3]), np.ascontiguousarray(pixels[..., 3]))
    return Frame(pixels)


# (pixel type, channels, alpha?) -> the Pillow mode that holds it
_HOLDERS = {
    ("uint8", 1, False): "L", ("uint8", 1, True): "LA", ("uint8", 3, False): "RGB", ("uint8", 3, True): "RGBA",
    ("uint16", 1, False): "I;16", ("int32", 1, False): "I", ("float32", 1, False): "F",
}  # fmt: skip


def holder(type_: str, channels: int, alpha: bool) -> str:
    """The Pillow mode that holds such pixels, or ARRAY where there is none."""
    return _HOLDERS.get((type_, channels, alpha), ARRAY)


def joined(frame: Frame) -> Pixels:
    """Colour and alpha in one array, as files hold them; alpha takes the colour's type."""
    pixels = frame.pixels[..., 0] if frame.pixels.ndim == 3 and frame.pixels.shape[2] == 1 else frame.pixels
    if frame.alpha is None:
        return pixels
    colour = pixels.reshape(*pixels.shape[:2], -1)
    return np.dstack([colour, frame.alpha.astype(colour.dtype)])

"""Images as notebooks show them: bytes as they are, other types stretched, channels without colours side by side."""

from __future__ import annotations

import math
from base64 import b64encode
from html import escape
from typing import TYPE_CHECKING

import numpy as np

from imgconv.engine.alpha.plane import opaque_of
from imgconv.files.formats import FORMATS
from imgconv.files.modes import holder, to_pillow
from imgconv.files.write import encoded
from imgconv.values.image import Frame, ImageData, layout_of

if TYPE_CHECKING:
    from imgconv.values.image import ImageData as Image
    from imgconv.values.pixel_values import Pixels

_MOST_FRAMES, _MOST_CHANNELS, _MOST_SIDE = 8, 16, 1024


def png(image: Image) -> bytes:
    """The first frame as a PNG."""
    return _png(image.frames[0], image.colour)[0]


def html(image: Image) -> str:
    """Up to 8 frames, and beneath them what is shown and how."""
    shown = [_png(frame, image.colour) for frame in image.frames[:_MOST_FRAMES]]
    pictures = "".join(
        f'<img alt="frame {number}" src="data:image/png;base64,{b64encode(content).decode()}"/>\n'
        for number, (content, _) in enumerate(shown)
    )
    count = len(image.frames)
    first = f"the first {len(shown)} of {count} frames" if count > len(shown) else f"{count} frames" * (count > 1)
    words = [repr(image).strip("<>"), first, *dict.fromkeys(word for _, words in shown for word in words)]
    return f"<figure>\n{pictures}<figcaption>{escape('; '.join(filter(None, words)))}</figcaption>\n</figure>"


def _png(frame: Frame, colour: str) -> tuple[bytes, list[str]]:
    """A frame as a PNG that a screen shows, and what was done to it."""
    words: list[str] = []
    every = math.ceil(max(frame.pixels.shape[:2]) / _MOST_SIDE)
    if every > 1:
        words.append(f"every {every}. pixel" if every > 3 else f"every {('second', 'third')[every - 2]} pixel")
    pixels = frame.pixels[::every, ::every]
    alpha = None if frame.alpha is None else frame.alpha[::every, ::every]
    if colour == "CMYK" and pixels.dtype == np.uint8:
        inks = Frame(np.ascontiguousarray(pixels))
        pixels = np.asarray(to_pillow(inks, holder(layout_of(inks.pixels, None, colour))).convert("RGB"))
    elif (pixels.shape[2] if pixels.ndim == 3 else 1) not in (1, 3) or colour:
        pixels = _side_by_side(pixels, words)
        alpha = None
    if pixels.dtype.name not in ("uint8", "uint16"):
        pixels = _stretched(pixels, alpha, words)
    if alpha is not None and alpha.dtype != pixels.dtype:
        share = np.clip(alpha.astype(np.float64) / opaque_of(alpha.dtype.name), 0, 1)
        alpha = np.round(share * np.iinfo(pixels.dtype).max).astype(pixels.dtype)
    whole = Frame(np.ascontiguousarray(pixels), None if alpha is None else np.ascontiguousarray(alpha))
    return b"".join(encoded(ImageData((whole,)), FORMATS["png"], "the picture", fast=True)), words


def _side_by_side(pixels: Pixels, words: list[str]) -> Pixels:
    """Channels as tiles, four in a row."""
    count = pixels.shape[2]
    shown = min(count, _MOST_CHANNELS)
    words.append(f"{f'the first {shown} of ' if shown < count else ''}{count} channels side by side")
    across = min(4, shown)
    height, width = pixels.shape[:2]
    sheet = np.zeros((math.ceil(shown / across) * height, across * width), pixels.dtype)
    for channel in range(shown):
        top, left = channel // across * height, channel % across * width
        sheet[top : top + height, left : left + width] = pixels[..., channel]
    return sheet


def _stretched(pixels: Pixels, alpha: Pixels | None, words: list[str]) -> Pixels:
    """Bytes from black, the least value that can be seen, to white, the greatest."""
    wide = pixels.astype(np.float64)
    seen = np.isfinite(wide)
    if alpha is not None and alpha.any():
        seen &= (alpha > 0).reshape(alpha.shape + (1,) * (wide.ndim - 2))
    low, high = (float(wide[seen].min()), float(wide[seen].max())) if seen.any() else (0.0, 0.0)
    words.append(f"stretched: {low:.6g} is black, {high:.6g} white")
    scaled = (np.clip(np.nan_to_num(wide, nan=low), low, high) - low) * (255 / (high - low) if high > low else 0.0)
    return np.round(scaled).astype(np.uint8)

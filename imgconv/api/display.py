"""Images as notebooks show them: bytes as they are, other types stretched, channels without colours side by side."""

from __future__ import annotations

import math
from base64 import b64encode
from html import escape
from typing import TYPE_CHECKING, Any

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
_STRIP = 256
"""Rows that are floats at a time."""


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
    pixels, alpha = in_gray_or_rgb(pixels, alpha, colour, words)
    if pixels.dtype.name not in ("uint8", "uint16"):
        pixels = stretched(pixels, alpha, words)
    if alpha is not None:
        alpha = alpha_as(alpha, pixels.dtype)
    whole = Frame(np.ascontiguousarray(pixels), None if alpha is None else np.ascontiguousarray(alpha))
    return b"".join(encoded(ImageData((whole,)), FORMATS["png"], "the picture", fast=True)), words


def in_gray_or_rgb(pixels: Pixels, alpha: Pixels | None, colour: str, words: list[str]) -> tuple[Pixels, Pixels | None]:
    """Pixels (H, W) or (H, W, 3) that a screen shows, and their alpha: inks as RGB, other channels as tiles without
    alpha."""
    if colour == "CMYK" and pixels.dtype == np.uint8:
        inks = Frame(np.ascontiguousarray(pixels))
        return np.asarray(to_pillow(inks, holder(layout_of(inks.pixels, None, colour))).convert("RGB")), alpha
    channels = pixels.shape[2] if pixels.ndim == 3 else 1
    if channels == 1 and not colour:
        return pixels.reshape(pixels.shape[:2]), alpha
    if channels != 3 or colour:
        return _side_by_side(pixels, words), None
    return pixels, alpha


def alpha_as(alpha: Pixels, type_: np.dtype[Any]) -> Pixels:
    """Alpha in an unsigned type, where its greatest value is opaque."""
    if alpha.dtype == type_:
        return alpha
    share = np.clip(alpha.astype(np.float64) / opaque_of(alpha.dtype.name), 0, 1)
    return np.round(share * np.iinfo(type_).max).astype(type_)


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


def stretched(pixels: Pixels, alpha: Pixels | None, words: list[str]) -> Pixels:
    """Bytes from black, the least finite value that can be seen, to white, the greatest."""
    opaque = alpha is not None and alpha.any()
    low, high = math.inf, -math.inf
    for top in range(0, len(pixels), _STRIP):
        part = pixels[top : top + _STRIP]
        seen = np.isfinite(part)
        if opaque and alpha is not None:
            seen &= (alpha[top : top + _STRIP] > 0).reshape(part.shape[:2] + (1,) * (part.ndim - 2))
        if seen.any():
            low, high = min(low, float(part[seen].min())), max(high, float(part[seen].max()))
    low, high = (low, high) if low <= high else (0.0, 0.0)
    words.append(f"stretched: {low:.6g} is black, {high:.6g} white")
    half = high / 2 - low / 2  # the whole may be more than a float holds
    result, factor = np.empty(pixels.shape, np.uint8), 255 / half if half > 1e-300 else 0.0
    for top in range(0, len(pixels), _STRIP):
        wide = np.nan_to_num(pixels[top : top + _STRIP].astype(np.float64), nan=low)
        result[top : top + _STRIP] = np.round((np.clip(wide, low, high) / 2 - low / 2) * factor)
    return result

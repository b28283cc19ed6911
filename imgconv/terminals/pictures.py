"""Images as pictures (H, W, 4) of 8 bits, with what was done to them in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from imgconv.terminals.canvas import Room, arranged
from imgconv.terminals.protocols import sent
from imgconv.terminals.screen import Screen

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from imgconv.values.image import Frame, ImageData

ACROSS = 6
"""Frames of a strip that go side by side."""
_GAP = 2
"""Columns between pictures."""


def picture(frame: Frame, colour: str) -> tuple[NDArray[Any], list[str]]:
    """A frame as RGB and alpha of 8 bits; other types from black, the least value, to white, the greatest."""
    import numpy as np

    from imgconv.api.display import alpha_as, in_gray_or_rgb, stretched

    words: list[str] = []
    pixels, alpha = in_gray_or_rgb(frame.pixels, frame.alpha, colour, words)
    if pixels.dtype != np.uint8:
        pixels = stretched(pixels, alpha, words)
    result = np.full((*pixels.shape[:2], 4), 255, np.uint8)
    result[..., :3] = pixels if pixels.ndim == 3 else pixels[..., None]
    if alpha is not None:
        result[..., 3] = alpha_as(alpha, np.dtype(np.uint8))
    return result, words


def described(image: ImageData, words: Sequence[str] = ()) -> str:
    """Size and mode, and what was done to show it."""
    from imgconv.values.image import size_words

    return "; ".join([f"{size_words(image.pixels)} {image.mode}", *words])


def strip(image: ImageData, screen: Screen) -> tuple[str, list[str]]:
    """All frames of an image as text, and what was done to show them."""
    pictures, words = [], dict[str, None]()
    for frame in image.frames:
        one, done = picture(frame, image.colour)
        pictures.append(one)
        words |= dict.fromkeys(done)
    if len(words) > 1 and len(image.frames) > 1:
        words = {"each frame stretched from its least to its greatest value": None}
    return sent(arranged(pictures, room(screen), min(len(pictures), ACROSS)), screen), list(words)


def beside(before: ImageData, after: ImageData, screen: Screen) -> tuple[str, tuple[list[str], list[str]]]:
    """The first frames of two images side by side as text, and what was done to show each."""
    (left, done_left), (right, done_right) = (picture(one.frames[0], one.colour) for one in (before, after))
    return sent(arranged([left, right], room(screen), 2), screen), (done_left, done_right)


def room(screen: Screen) -> Room:
    """The room for pictures on a screen."""
    height, width = screen.box
    blocks = screen.protocol == "blocks"
    return Room(height, width, _GAP * screen.pixel_cell[1], screen.filled, 2 if blocks else 8)

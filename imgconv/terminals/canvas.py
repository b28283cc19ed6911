"""Pictures side by side, fitted to a box: small ones larger by a whole factor, large ones averaged."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from imgconv.values.frozen import record

if TYPE_CHECKING:
    from numpy.typing import NDArray

DARK, LIGHT = 102, 153
"""Gray levels of the checkerboard behind transparent pixels."""
_PART = 0.5
"""The part of the box up to which small pictures are enlarged unasked."""


@record
class Room:
    """Room for pictures: its height and width and the gap between them, in pixels; whether small pictures fill it;
    and the side of the checkerboard's squares."""

    height: int
    width: int
    gap: int
    filled: bool = False
    square: int = 8


def arranged(pictures: Sequence[NDArray[Any]], room: Room, across: int) -> NDArray[Any]:
    """Pictures (H, W, 4) in rows, all at one scale, at which so many go `across`; (H, W, 4), transparent between
    them."""
    import numpy as np

    factor = scale([picture.shape[:2] for picture in pictures], room, across)
    rows: list[list[NDArray[Any]]] = [[]]
    for picture in pictures:
        tile = on_squares(resized(picture, factor), room.square)
        used = sum(one.shape[1] + room.gap for one in rows[-1])
        if rows[-1] and (len(rows[-1]) >= max(across, 1) and used + tile.shape[1] > room.width):
            rows.append([])
        rows[-1].append(tile)
    width = max(sum(tile.shape[1] + room.gap for tile in row) - room.gap for row in rows)
    heights = [max(tile.shape[0] for tile in row) for row in rows]
    canvas = np.zeros((sum(heights) + room.gap * (len(rows) - 1), width, 4), np.uint8)
    top = 0
    for row, height in zip(rows, heights, strict=True):
        left = 0
        for tile in row:
            canvas[top : top + tile.shape[0], left : left + tile.shape[1]] = tile
            left += tile.shape[1] + room.gap
        top += height + room.gap
    return canvas


def scale(sizes: Sequence[tuple[int, ...]], room: Room, across: int) -> float:
    """The factor at which the widest of them fit side by side, and the highest one beneath each other."""
    widest = sorted(width for _, width in sizes)[-across:]
    gaps = room.gap * (len(widest) - 1)
    highest = max(height for height, _ in sizes)

    def fitting(part: float) -> float:
        return min(_across(widest, part * room.width - gaps), part * room.height / highest)

    whole = fitting(1)
    return whole if whole < 1 else float(max(1, int(fitting(1 if room.filled else _PART))))


def _across(widths: Sequence[int], room: float) -> float:
    """The factor at which pictures, the narrowest first, take so many columns; each takes one at least."""
    factor = 0.0
    for number, width in enumerate(widths):
        factor = max(1.0, room - number) / sum(widths[number:])
        if width * factor >= 1:
            break
    return factor


def resized(picture: NDArray[Any], factor: float) -> NDArray[Any]:
    """A picture larger by a whole factor, or smaller."""
    import numpy as np
    from PIL import Image

    if factor >= 1:
        return picture.repeat(int(factor), 0).repeat(int(factor), 1)
    height, width = (max(1, int(length * factor + 1e-6)) for length in picture.shape[:2])
    return np.asarray(Image.fromarray(picture).resize((width, height), Image.Resampling.BOX))


def on_squares(picture: NDArray[Any], side: int) -> NDArray[Any]:
    """A picture on a checkerboard, opaque."""
    import numpy as np

    if (picture[..., 3] == 255).all():
        return picture
    height, width = picture.shape[:2]
    dark = (np.arange(height)[:, None] // side + np.arange(width) // side) % 2 == 0
    share = picture[..., 3:] / 255
    laid = np.round(picture[..., :3] * share + np.where(dark, DARK, LIGHT)[..., None] * (1 - share))
    return np.concatenate([laid.astype(np.uint8), np.full((height, width, 1), 255, np.uint8)], axis=2)

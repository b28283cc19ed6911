"""A picture small enough for a page: reduced as a whole, or a piece of it; and what was done to it, in words."""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING, Any

from imgconv import errors
from imgconv.values.frozen import record

if TYPE_CHECKING:
    from imgconv.api.pixel.cells import Place
    from imgconv.values.pixel_values import Pixels

LONGEST_SIDE = 192
MOST_BYTES = 160 * 1024
"""Of the pixels of a picture on a page."""


@record(eq=False)
class Fitted:
    """Pixels (H, W, C), the row and column of the image at which they begin, and what was done, in words."""

    pixels: Pixels
    first: Place = (0, 0)
    words: str = ""


def fitted(pixels: Pixels, around: Place | None = None, stride: Place = (1, 1), most: int | None = None) -> Fitted:
    """Pixels (H, W, C) that fit a page: as they are, or a piece around a place, or else reduced by averages.

    A piece begins at a multiple of the stride, so that windows lie in it as they lie in the image. `most` is how many
    pixels fit; by default as many as take MOST_BYTES.
    """
    height, width, channels = pixels.shape
    room = MOST_BYTES // (channels * pixels.itemsize) if most is None else most
    if _fits(height, width, room):
        return Fitted(pixels)
    if around is None and (small := _reduced(pixels, room)) is not None:
        return small
    return _piece(pixels, around or (height // 2, width // 2), stride, room)


def _fits(height: int, width: int, most: int) -> bool:
    return max(height, width) <= LONGEST_SIDE and height * width <= most


def _reduced(pixels: Pixels, most: int) -> Fitted | None:
    """The whole picture by averages; None for one so narrow that nothing would be left of it."""
    from imgconv.api.steps import pool

    height, width, channels = pixels.shape
    factor = next(by for by in range(2, max(height, width) + 1) if _fits(height // by, width // by, most))
    if factor > min(height, width):
        return None
    small: Any = pool(pixels, kind="avg", size=factor)
    return Fitted(
        small.reshape(*small.shape[:2], channels),
        words=f"reduced from {errors.extent(height, width)} by averages of {errors.extent(factor, factor)}, as imgconv"
        f" pool avg {factor} does",
    )


def _piece(pixels: Pixels, around: Place, stride: Place, most: int) -> Fitted:
    """The largest piece that fits, with a place as near to its middle as the edges let it be."""
    height, width, _ = pixels.shape
    side = next(one for one in range(LONGEST_SIDE, 0, -1) if one == 1 or _fits(one, one, most))
    firsts, parts = [], []
    for at, step, length in zip(around, stride, (height, width), strict=True):
        first = min(max(0, at - side // 2), max(0, length - side)) // step * step
        firsts.append(first)
        parts.append(slice(first, min(first + side, length)))
    rows, columns = parts
    words = (
        f"rows {rows.start} to {rows.stop - 1} and columns {columns.start} to {columns.stop - 1} of"
        f" {errors.extent(height, width)}, counted from 0 here; the border is that of this piece"
    )
    return Fitted(pixels[rows, columns], (firsts[0], firsts[1]), words)


def embedded(pixels: Pixels, names: tuple[str, ...]) -> dict[str, Any]:
    """Pixels (H, W, C) as a page carries them: little-endian bytes in base64."""
    height, width, _ = pixels.shape
    data = pixels.astype(pixels.dtype.newbyteorder("<"), order="C").tobytes()
    return {
        "height": height,
        "width": width,
        "type": pixels.dtype.name,
        "names": list(names),
        "data": b64encode(data).decode("ascii"),
    }

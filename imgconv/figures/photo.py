"""The picture in a figure: as a screen shows it, with the pixels that a window reads in a frame."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from imgconv.figures.layout import HEAD, TITLE, Piece, frame
from imgconv.kernels.lab.draw import GRAY, PAPER, Canvas, text_width
from imgconv.values.frozen import record, replace

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from imgconv.values.image import ImageData

WIDEST, HIGHEST = 420, 280
"""Units of the largest photo."""
_LEAST = 9
_MOST_RUNS = 16


@record(eq=False)
class View:
    """A piece of a picture (H, W, 3), where it begins in it, and the rows and columns to frame."""

    pixels: NDArray[Any]
    top: int
    left: int
    rows: tuple[int, ...]
    columns: tuple[int, ...]


def shown(image: ImageData) -> NDArray[Any]:
    """An image's first frame (H, W, 3), as notebooks show it, on white; of channels without colours the first."""
    import io

    import numpy as np
    from PIL import Image

    from imgconv.api.display import png

    frame = image.frames[0]
    if frame.pixels.ndim == 3 and (frame.pixels.shape[2] not in (1, 3, 4) or (image.colour and image.colour != "CMYK")):
        image = replace(image, frames=(replace(frame, pixels=np.ascontiguousarray(frame.pixels[..., 0])),), colour="")
    with Image.open(io.BytesIO(png(image))) as picture:
        whole = picture.convert("RGBA")
    below = Image.new("RGBA", whole.size, (*PAPER, 255))
    below.alpha_composite(whole)
    return np.asarray(below.convert("RGB"))


def around(image: ImageData, rows: Sequence[int], columns: Sequence[int]) -> View:
    """The pixels around some rows and columns, half as far again on each side."""
    import numpy as np

    height, width = image.pixels.shape[:2]
    (top, bottom), (left, right) = (
        (max(0, places[0] - more), min(length, places[-1] + 1 + more))
        for places, length in ((rows, height), (columns, width))
        for more in (max(3, (places[-1] - places[0] + 1) // 2),)
    )
    frame = image.frames[0]
    pixels = np.ascontiguousarray(frame.pixels[top:bottom, left:right])
    alpha = None if frame.alpha is None else np.ascontiguousarray(frame.alpha[top:bottom, left:right])
    piece = replace(image, frames=(replace(frame, pixels=pixels, alpha=alpha),))
    return View(shown(piece), top, left, tuple(rows), tuple(columns))


def photo(view: View, height: int, width: int, title: str, highest: int = HIGHEST) -> Piece:
    """A view of so many rows and columns of a picture, in its own proportions, its title above."""
    scale = min(WIDEST / width, highest / height)
    if scale >= 1:
        scale = min(int(scale), 24)
    wide, high = max(1, round(width * scale)), max(1, round(height * scale))

    def draw(canvas: Canvas, left: float, top: float) -> None:
        canvas.text((left, top), title, TITLE, GRAY)
        x, y = round(left), round(top + HEAD)
        canvas.image(_reduced(view.pixels, high, wide), x, y, wide, high)
        canvas.box(x, y, wide, high)
        for first, last in runs(view.rows, scale):
            for start, end in runs(view.columns, scale):
                ends = [
                    (x + (start - view.left) * scale, y + (first - view.top) * scale),
                    (x + (end - view.left) * scale, y + (last - view.top) * scale),
                ]
                _frame(canvas, *ends)

    return Piece(max(wide, text_width(title, TITLE)), high + HEAD, draw)


def _reduced(pixels: NDArray[Any], height: int, width: int) -> NDArray[Any]:
    """Large pictures by the mean of the pixels that become one; small ones as they are."""
    import numpy as np
    from PIL import Image

    if pixels.shape[0] <= height and pixels.shape[1] <= width:
        return pixels
    return np.asarray(Image.fromarray(pixels).resize((2 * width, 2 * height), Image.Resampling.BOX))


def runs(places: Sequence[int], scale: float = _LEAST) -> list[tuple[int, int]]:
    """Neighbouring places as (first, behind the last); one from end to end where there would be many, or where a place
    has too few units to be framed."""
    found: list[tuple[int, int]] = []
    for place in places:
        if found and found[-1][1] == place:
            found[-1] = (found[-1][0], place + 1)
        else:
            found.append((place, place + 1))
    return found if not found or (len(found) <= _MOST_RUNS and scale >= _LEAST) else [(places[0], places[-1] + 1)]


def _frame(canvas: Canvas, start: tuple[float, float], end: tuple[float, float]) -> None:
    """A frame that can be seen however few pixels it holds."""
    sides = []
    for first, last in zip(start, end, strict=True):
        more = max(0.0, _LEAST - (last - first)) / 2
        sides.append((first - more, last - first + 2 * more))
    (x, wide), (y, high) = sides
    frame(canvas, x, y, wide, high)

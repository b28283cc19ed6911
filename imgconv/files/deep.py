"""Files that hold more than Pillow's pixels would: what reads them whole, or the sentence that says what is missing."""

from __future__ import annotations

from collections.abc import Callable
from typing import IO, Any

from imgconv import errors
from imgconv.files.modes import LAYOUTS, MODES
from imgconv.image import Frame
from imgconv.layouts import Layout
from imgconv.records import record


@record
class Deep:
    """What such a file's pixels are, and what reads them from its stream."""

    layout: Layout
    read: Callable[[IO[bytes]], Frame]


def narrows(image: Any) -> bool:
    """Whether Pillow would drop bits of an opened image's samples: asked of the raw modes in which it would decode them."""
    eight = image.mode in MODES and LAYOUTS[MODES[image.mode].becomes].type == "uint8"
    parts = [str(part) for tile in image.tile for part in (tile[0], *(tile[3] if isinstance(tile[3], tuple) else (tile[3],)))]
    return eight and any(";16" in part or part == "SGI16" for part in parts)


def reader_of(name: str, image: Any) -> Deep | None:
    """What reads an opened image whole where Pillow would not; None where Pillow does.

    Raises FileError where that reader is not installed, or there is none.
    """
    if image.format == "PNG" and (narrows(image) or (image.mode == "I;16" and "transparency" in image.info)):
        return _png(image)
    if narrows(image):
        raise errors.file_narrowed(name)
    return None


def _png(image: Any) -> Deep:
    from imgconv.files import png_read

    raw = str(image.tile[0][3])
    alpha = raw.startswith(("LA", "RGBA")) or "transparency" in image.info
    return Deep(Layout(3 if raw.startswith("RGB") else 1, alpha, "uint16"), png_read.decode)

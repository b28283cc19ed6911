"""Images read and written some rows at a time: an image whose pixels are not there yet, and what gives its rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import IO, Any

import numpy as np

from imgconv.files.source import Source
from imgconv.values.frozen import record
from imgconv.values.image import Frame, ImageData
from imgconv.values.layout import Layout
from imgconv.values.pixel_values import Pixels

LEAST = 2**23
"""Pixels from which on an image is read row by row."""
Patch = tuple[int, bytes | memoryview]
"""Bytes that belong to a place of their own in a file."""
Pieces = Iterable[bytes | memoryview | Patch]
"""A file, one piece after the other."""


@record(eq=False)
class RowReader:
    """An image that is read from the top: `image` has its shape, type and metadata, and no pixels; `read(count)` gives
    the next rows (count, W, C), of which alpha is the last channel; `finish()` reads on to the end of the file, checks
    that, and gives the image with the notes of all that was found; `close()` ends what runs beside."""

    image: ImageData
    read: Callable[[int], Pixels]
    finish: Callable[[], ImageData]
    close: Callable[[], None] = lambda: None


Begin = Callable[[], RowReader | None]
"""What begins to read row by row; it gives None where that turns out to be impossible."""


def offered(source: Source, height: int, width: int, begin: Begin, *, still: bool = True) -> Begin | None:
    """What begins to read an image of a size row by row, if it is to be read so: large ones are that are the only
    picture to be read, and whose damage is not allowed."""
    large = height * width >= LEAST
    return begin if large and still and not source.options.allow_truncated else None


def stand_in(shape: tuple[int, ...], type_: Any) -> Pixels:
    """An array of a shape and a type that takes no memory, for an image whose pixels come later."""
    return np.broadcast_to(np.zeros((), type_), shape)


def empty_frame(height: int, width: int, layout: Layout) -> Frame:
    """A frame without pixels; gray has two dimensions."""
    shape = (height, width) if layout.channels == 1 else (height, width, layout.channels)
    alpha = stand_in((height, width), layout.type) if layout.alpha else None
    return Frame(stand_in(shape, layout.type), alpha)


def joined_shape(image: ImageData) -> tuple[int, int, int]:
    """Height, width and channels of the bands of an image, alpha counted."""
    layout = image.layout
    return image.pixels.shape[0], image.pixels.shape[1], layout.channels + layout.alpha


def exactly(stream: IO[bytes], room: Pixels) -> None:
    """Fills an array with the next bytes of a stream. Raises EOFError where there are not so many."""
    left = memoryview(room.reshape(-1).view(np.uint8))  # type: ignore[arg-type]
    while left:
        count = stream.readinto(left)  # type: ignore[attr-defined]
        if not count:
            raise EOFError(f"{len(left)} bytes of pixels are missing")
        left = left[count:]


class Regrouped:
    """Bands of rows, regrouped into parts of `rows` rows each (the last may have fewer); with each the row above it,
    if that is asked for."""

    def __init__(self, bands: Iterable[Pixels], rows: int, *, above: bool = False) -> None:
        self.bands, self.rows, self.above = bands, rows, above

    def __iter__(self) -> Iterator[Pixels]:
        waiting, count, first = list[Pixels](), 0, True
        for band in self.bands:
            waiting.append(band)
            count += len(band)
            while count - (self.above and not first) >= self.rows:
                joined = np.concatenate(waiting) if len(waiting) > 1 else waiting[0]
                stop = self.rows + (self.above and not first)
                yield joined[:stop]
                joined = joined[stop - self.above :]
                waiting, count, first = [joined], len(joined), False
        if count > (self.above and not first):
            yield np.concatenate(waiting) if len(waiting) > 1 else waiting[0]

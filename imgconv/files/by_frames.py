"""Frames read one after the other: an image whose pixels are not there yet, and what gives its frames."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from imgconv.files.by_rows import stand_in
from imgconv.values.frozen import record, replace
from imgconv.values.image import Frame, ImageData


@record(eq=False)
class FrameReader:
    """Several frames of a file: `image` has the first one and the metadata; `frames()` reads all, anew at each call;
    `finish()` looks behind the last one and gives the notes of all that was found."""

    image: ImageData
    frames: Callable[[], Iterator[Frame]]
    finish: Callable[[], ImageData]


def without_pixels(frame: Frame) -> Frame:
    """A frame of the same shape and type that takes no memory."""
    alpha = None if frame.alpha is None else stand_in(frame.alpha.shape, frame.alpha.dtype)
    return replace(frame, pixels=stand_in(frame.pixels.shape, frame.pixels.dtype), alpha=alpha)

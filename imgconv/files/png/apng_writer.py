"""Animated PNG (PNG specification, third edition, 12): the frames of one canvas, of each after the first only the box
that has changed."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from imgconv.files.deflate.compress import DEFAULT
from imgconv.files.frames import changed, cut, delay
from imgconv.files.png import chunks
from imgconv.files.png import writer as png_writer
from imgconv.values.image import Frame

_LEAVE, _REPLACE = 0, 0  # dispose_op NONE, blend_op SOURCE: frames are whole pictures, nothing shines through


def encode(
    frames: Iterable[Frame], count: int, metadata: Mapping[str, Any], level: int = DEFAULT, threads: int | None = None
) -> Iterator[bytes]:
    """So many frames, all of one size and layout, as an animated PNG file, in pieces.

    Of the metadata, what `chunks.carried` names is kept; `loop` is how often it is played, 0 for ever (1 if it does not
    say), and with `default_image` the first frame is what viewers without animation show, and no part of it.
    """
    hidden = 1 if metadata.get("default_image") else 0
    number, before = 0, None
    for i, frame in enumerate(frames):
        file = io.BytesIO()
        if before is None:
            file.write(png_writer.head(frame, metadata))
            file.write(chunks.chunk(b"acTL", struct.pack(">II", count - hidden, metadata.get("loop", 1))))
        whole = slice(0, frame.pixels.shape[0]), slice(0, frame.pixels.shape[1])
        box = whole if before is None or i <= hidden else changed(before, frame)
        if i >= hidden:
            file.write(chunks.chunk(b"fcTL", _control(number, box, frame.duration)))
            number += 1
        parts = png_writer.write_pixels(cut(frame, box), file, level, threads, number if i else None)
        number += parts if i else 0  # the first frame's chunks are a picture's, without numbers
        before = frame
        yield file.getvalue()
    yield chunks.chunk(b"IEND", b"")


def _control(number: int, box: tuple[slice, slice], duration: float | None) -> bytes:
    rows, columns = box
    height, width = rows.stop - rows.start, columns.stop - columns.start
    return struct.pack(">5I2H2B", number, width, height, columns.start, rows.start, *delay(duration), _LEAVE, _REPLACE)

"""Animated PNG (PNG specification, third edition, 12): the frames of one canvas, of each after the first only the box
that has changed."""

from __future__ import annotations

import io
import struct
from collections.abc import Mapping, Sequence
from typing import Any

from imgconv.files.deflate.compress import DEFAULT
from imgconv.files.frames import changed, cut, delay
from imgconv.files.png import chunks
from imgconv.files.png import writer as png_writer
from imgconv.values.image import Frame

_LEAVE, _REPLACE = 0, 0  # dispose_op NONE, blend_op SOURCE: frames are whole pictures, nothing shines through


def encode(
    frames: Sequence[Frame], metadata: Mapping[str, Any], level: int = DEFAULT, threads: int | None = None
) -> bytes:
    """The frames, all of one size and layout, as an animated PNG file.

    Of the metadata, what `chunks.carried` names is kept; `loop` is how often it is played, 0 for ever (1 if it does not
    say), and with `default_image` the first frame is what viewers without animation show, and no part of it.
    """
    file = io.BytesIO()
    file.write(png_writer.head(frames[0], metadata))
    hidden = 1 if metadata.get("default_image") else 0
    file.write(chunks.chunk(b"acTL", struct.pack(">II", len(frames) - hidden, metadata.get("loop", 1))))
    number = 0
    for i, frame in enumerate(frames):
        box = (
            changed(frames[i - 1], frame)
            if i > hidden
            else (slice(0, frame.pixels.shape[0]), slice(0, frame.pixels.shape[1]))
        )
        if i >= hidden:
            file.write(chunks.chunk(b"fcTL", _control(number, box, frame.duration)))
            number += 1
        count = png_writer.write_pixels(cut(frame, box), file, level, threads, number if i else None)
        number += count if i else 0  # the first frame's chunks are a picture's, without numbers
    file.write(chunks.chunk(b"IEND", b""))
    return file.getvalue()


def _control(number: int, box: tuple[slice, slice], duration: float | None) -> bytes:
    rows, columns = box
    height, width = rows.stop - rows.start, columns.stop - columns.start
    return struct.pack(">5I2H2B", number, width, height, columns.start, rows.start, *delay(duration), _LEAVE, _REPLACE)

"""Formats whose bytes are the pixels, read and written without Pillow: 8-bit binary PNM (PGM, PPM) and .npy."""

from __future__ import annotations

import io
import re
from typing import IO

import numpy as np

from imgconv.files.modes import joined
from imgconv.image import Frame
from imgconv.numerics import Pixels

Content = list[bytes | memoryview]
"""A file as pieces, written one after the other, so that pixels need not be copied behind a header."""

LONGEST_HEADER = 4096
_BLANK = rb"(?:\s|#[^\n\r]*[\n\r])+"
_PNM = re.compile(rb"P([56])" + _BLANK + rb"(\d{1,9})" + _BLANK + rb"(\d{1,9})" + _BLANK + rb"255\s")


def pnm_header(start: bytes) -> tuple[int, int, int, int] | None:
    """(height, width, channels, length of the header) of an 8-bit binary PGM or PPM; None for anything else, which Pillow may know."""
    found = _PNM.match(start)
    if found is None or 0 in (int(found[2]), int(found[3])):
        return None
    return int(found[3]), int(found[2]), 3 if found[1] == b"6" else 1, found.end()


def read_pnm(stream: IO[bytes], height: int, width: int, channels: int, start: int) -> Pixels:
    """The pixels behind a header. Raises EOFError where there are too few."""
    pixels = np.empty((height, width, channels) if channels > 1 else (height, width), np.uint8)
    stream.seek(start)
    left = _bytes_of(pixels)
    while left:
        read = stream.readinto(left)  # type: ignore[attr-defined]
        if not read:
            raise EOFError(f"{len(left)} bytes of pixels are missing")
        left = left[read:]
    return pixels


def pnm(frame: Frame) -> Content:
    """An 8-bit gray or RGB frame as a PGM or PPM file."""
    pixels = np.ascontiguousarray(joined(frame))
    kind = b"P6" if pixels.ndim == 3 else b"P5"
    return [b"%s\n%d %d\n255\n" % (kind, pixels.shape[1], pixels.shape[0]), _bytes_of(pixels)]


def npy(frame: Frame) -> Content:
    """Any frame as a .npy file, alpha as its last channel."""
    pixels = frame.pixels if frame.alpha is None else joined(frame)
    pixels = np.ascontiguousarray(pixels)
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, np.lib.format.header_data_from_array_1_0(pixels))
    return [header.getvalue(), _bytes_of(pixels)]


def _bytes_of(pixels: Pixels) -> memoryview:
    return memoryview(pixels.reshape(-1).view(np.uint8))  # type: ignore[arg-type]

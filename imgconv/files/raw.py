"""PNM, whose bytes are the pixels: 8-bit binary PGM and PPM are read and written without Pillow."""

from __future__ import annotations

import re
from typing import IO

import numpy as np

from imgconv import errors
from imgconv.files.header import Header, loader
from imgconv.files.modes import joined
from imgconv.files.options import Reading
from imgconv.image import Frame, Image
from imgconv.numerics import Pixels
from imgconv.report import Note

Content = list[bytes | memoryview]
"""A file as pieces, written one after the other, so that pixels need not be copied behind a header."""

_LONGEST = 4096  # bytes of a header with its comments
_BLANK = rb"(?:\s|#[^\n\r]*[\n\r])+"
_PNM = re.compile(rb"P([56])" + _BLANK + rb"(\d{1,9})" + _BLANK + rb"(\d{1,9})" + _BLANK + rb"255\s")


def is_pnm(start: bytes) -> bool:
    """Whether a file starts as an 8-bit binary PGM or PPM; Pillow may know others."""
    return parse(start) is not None


def pnm_header(name: str, stream: IO[bytes], reading: Reading) -> Header:
    height, width, channels, start = parse(stream.read(_LONGEST)) or (0, 0, 0, 0)

    def read() -> Image:
        pixels, missing = _pixels(stream, height, width, channels, start)
        if missing and not reading.allow_truncated:
            raise errors.bytes_missing(name, missing)
        return Image((Frame(pixels),), "ppm", notes=(Note("truncated", errors.missing_zeroed(missing)),) if missing else ())

    return Header(name, height, width, channels, False, "uint8", "ppm", loader(name, stream, read), stream)


def parse(start: bytes) -> tuple[int, int, int, int] | None:
    """(height, width, channels, length of the header) of an 8-bit binary PGM or PPM; None for anything else."""
    found = _PNM.match(start)
    if found is None or 0 in (int(found[2]), int(found[3])):
        return None
    return int(found[3]), int(found[2]), 3 if found[1] == b"6" else 1, found.end()


def _pixels(stream: IO[bytes], height: int, width: int, channels: int, start: int) -> tuple[Pixels, int]:
    """The pixels behind a header, and how many bytes of them are not there (0 in the array)."""
    pixels = np.empty((height, width, channels) if channels > 1 else (height, width), np.uint8)
    stream.seek(start)
    left = bytes_of(pixels)
    while left:
        read = stream.readinto(left)  # type: ignore[attr-defined]
        if not read:
            break
        left = left[read:]
    left[:] = bytes(len(left))
    return pixels, len(left)


def pnm(frame: Frame) -> Content:
    """An 8-bit gray or RGB frame as a PGM or PPM file."""
    pixels = np.ascontiguousarray(joined(frame))
    kind = b"P6" if pixels.ndim == 3 else b"P5"
    return [b"%s\n%d %d\n255\n" % (kind, pixels.shape[1], pixels.shape[0]), bytes_of(pixels)]


def bytes_of(pixels: Pixels) -> memoryview:
    return memoryview(pixels.reshape(-1).view(np.uint8))  # type: ignore[arg-type]

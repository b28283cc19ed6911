"""PNM and PFM, whose bytes are the pixels: binary PGM and PPM of 8 and 16 bits and gray and colour PFM, read and
written without Pillow."""

from __future__ import annotations

import re
from typing import IO

import numpy as np

from imgconv.files.header import Header, loader
from imgconv.files.modes import joined
from imgconv.files.source import Source
from imgconv.values.frozen import record
from imgconv.values.image import Frame, ImageData
from imgconv.values.layout import Layout
from imgconv.values.pixel_values import Pixels

Content = list[bytes | memoryview]
"""A file as pieces, written one after the other, so that pixels need not be copied behind a header."""

_LONGEST = 4096  # bytes of a header with its comments
_WHILE_SCALED = 14  # bytes per sample
_BLANK = rb"(?:\s|#[^\n\r]*[\n\r])+"
_PNM = rb"P([56])" + _BLANK + rb"(\d{1,9})" + _BLANK + rb"(\d{1,9})" + _BLANK + rb"(\d{1,5})\s"
_PFM = rb"P([fF])\s+(\d{1,9})\s+(\d{1,9})\s+(-?[0-9.eE+-]{1,30})\s"


@record
class PnmHeader:
    """What a header says: the shape and type of the pixels behind it, and how their numbers are meant."""

    format: str
    height: int
    width: int
    channels: int
    dtype: str
    start: int
    most: int = 0  # the greatest value, which is white
    upwards: bool = False  # the last row comes first
    unit: float = 1  # what a PFM says that 1.0 stands for

    @property
    def type(self) -> str:
        return np.dtype(self.dtype).name


def parse(start: bytes) -> PnmHeader | None:
    """What the header of a binary PGM or PPM of 8 or 16 bits or of a PFM says; None for anything else.

    8 bits whose white is not 255 are left to Pillow, which scales them.
    """
    kind = start[:1] == b"P"  # so that starts of other kinds need no patterns made
    if kind and (fields := re.match(_PNM, start)):
        width, height, most = (int(fields[i]) for i in (2, 3, 4))
        if 0 in (width, height) or not (most == 255 or 255 < most < 65536):
            return None
        name, channels = ("ppm", 3) if fields[1] == b"6" else ("pgm", 1)
        return PnmHeader(name, height, width, channels, ">u2" if most > 255 else "u1", fields.end(), most)
    if kind and (fields := re.match(_PFM, start)):
        width, height = int(fields[2]), int(fields[3])
        try:
            scale = float(fields[4])
        except ValueError:
            return None
        if 0 in (width, height, scale):
            return None
        return PnmHeader(
            "pfm",
            height,
            width,
            3 if fields[1] == b"F" else 1,
            "<f4" if scale < 0 else ">f4",
            fields.end(),
            upwards=True,
            unit=abs(scale),
        )
    return None


def is_pnm(start: bytes) -> bool:
    """Whether a file starts as one that is read here; Pillow may know others."""
    return parse(start) is not None


def header(source: Source) -> Header:
    """The header of a PGM, PPM or PFM."""
    stated = parse(source.stream.read(_LONGEST))
    assert stated is not None

    def read() -> ImageData:
        pixels, missing = _pixels(source.stream, stated)
        source.note_missing(missing)
        if stated.unit != 1 and not source.options.strip:
            # numbers are not scaled, as in every reader; only the meaning of 1.0 has no place in a result
            source.note("metadata-dropped", f"PFM's unit of {stated.unit:g} dropped")
        return ImageData((Frame(_scaled(pixels, stated)),), stated.format, notes=tuple(source.notes))

    samples = stated.height * stated.width * stated.channels
    decoding = samples * (_WHILE_SCALED if 255 < stated.most < 65535 else np.dtype(stated.dtype).itemsize)
    layout = Layout(stated.channels, type=stated.type)
    return Header(source, stated.height, stated.width, layout, stated.format, loader(source, read), decoding=decoding)


def _pixels(stream: IO[bytes], stated: PnmHeader) -> tuple[Pixels, int]:
    """The pixels behind a header, and how many bytes of them are not there (0 in the array)."""
    pixels = np.empty(
        (stated.height, stated.width, stated.channels) if stated.channels > 1 else (stated.height, stated.width),
        stated.dtype,
    )
    stream.seek(stated.start)
    left = bytes_of(pixels)
    while left:
        read = stream.readinto(left)  # type: ignore[attr-defined]
        if not read:
            break
        left = left[read:]
    left[:] = bytes(len(left))
    return pixels[::-1] if stated.upwards else pixels, len(left)


def _scaled(pixels: Pixels, stated: PnmHeader) -> Pixels:
    """In this machine's byte order; white brought to 65535, rounded, as Pillow does."""
    if 255 < stated.most < 65535:
        return ((np.minimum(pixels, stated.most).astype(np.uint32) * 65535 + stated.most // 2) // stated.most).astype(
            np.uint16
        )
    return pixels.astype(pixels.dtype.newbyteorder("="), copy=False)


def pnm(frame: Frame) -> Content:
    """A gray or RGB frame of 8 or 16 bits as a PGM or PPM file."""
    pixels = np.ascontiguousarray(joined(frame))
    if pixels.dtype == np.uint16:
        pixels = pixels.astype(">u2")
    kind = b"P6" if pixels.ndim == 3 else b"P5"
    return [
        b"%s\n%d %d\n%d\n" % (kind, pixels.shape[1], pixels.shape[0], 2 ** (8 * pixels.itemsize) - 1),
        bytes_of(pixels),
    ]


def pfm(frame: Frame) -> Content:
    """A gray or RGB frame of 32-bit floats as a PFM file: little-endian, the last row first."""
    pixels = np.ascontiguousarray(joined(frame)[::-1], "<f4")
    kind = b"PF" if pixels.ndim == 3 else b"Pf"
    return [b"%s\n%d %d\n-1.0\n" % (kind, pixels.shape[1], pixels.shape[0]), bytes_of(pixels)]


def bytes_of(pixels: Pixels) -> memoryview:
    return memoryview(pixels.reshape(-1).view(np.uint8))  # type: ignore[arg-type]

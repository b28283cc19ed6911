"""PNM and PFM, whose bytes are the pixels: binary PBM, PGM and PPM and gray and colour PFM, read and written without
Pillow. Images that follow each other in one file or stream are frames."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import IO

import numpy as np

from imgconv.files import frames, limits, trailers
from imgconv.files.by_rows import RowReader, empty_frame, exactly
from imgconv.files.header import Header, loader
from imgconv.files.modes import joined
from imgconv.files.source import Source
from imgconv.values.frozen import record, replace
from imgconv.values.image import Frame, ImageData
from imgconv.values.layout import Layout
from imgconv.values.notes import Note
from imgconv.values.pixel_values import Pixels

Content = list[bytes | memoryview]
"""A file as pieces, written one after the other, so that pixels need not be copied behind a header."""

_SHORT, _LONGEST = 512, 4096  # bytes of a header, and of one with long comments
_WHILE_SCALED = 14  # bytes per sample
_BLANK = rb"(?:\s|#[^\n\r]*[\n\r])+"
_PNM = rb"P([56])" + _BLANK + rb"(\d{1,9})" + _BLANK + rb"(\d{1,9})" + _BLANK + rb"(\d{1,5})\s"
_PBM = rb"P4" + _BLANK + rb"(\d{1,9})" + _BLANK + rb"(\d{1,9})\s"
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
    bits: bool = False  # eight pixels a byte, 1 is black
    upwards: bool = False  # the last row comes first
    unit: float = 1  # what a PFM says that 1.0 stands for

    @property
    def type(self) -> str:
        return np.dtype(self.dtype).name

    @property
    def samples(self) -> int:
        return self.height * self.width * self.channels

    @property
    def stored(self) -> tuple[int, ...]:
        """The shape of the numbers in the file."""
        if self.bits:
            return self.height, -(-self.width // 8)
        return (self.height, self.width, self.channels) if self.channels > 1 else (self.height, self.width)

    @property
    def end(self) -> int:
        """Where the image ends."""
        return self.start + math.prod(self.stored) * np.dtype(self.dtype).itemsize

    @property
    def decoding(self) -> int:
        """Bytes that are needed besides the pixels while these are made."""
        if self.most not in (0, 255, 65535):
            return self.samples * _WHILE_SCALED
        return 0 if self.dtype == "u1" and not self.bits else self.samples * np.dtype(self.dtype).itemsize


def parse(start: bytes, at: int = 0) -> PnmHeader | None:
    """What the header of a binary PBM, PGM, PPM or PFM says that stands `at` a place of a file; None for anything
    else."""
    if start[:1] != b"P":  # so that starts of other kinds need no patterns made
        return None
    if fields := re.match(_PNM, start):
        width, height, most = (int(fields[i]) for i in (2, 3, 4))
        if 0 in (width, height) or not 0 < most < 65536:
            return None
        name, channels = ("ppm", 3) if fields[1] == b"6" else ("pgm", 1)
        return PnmHeader(name, height, width, channels, ">u2" if most > 255 else "u1", at + fields.end(), most)
    if fields := re.match(_PBM, start):
        width, height = int(fields[1]), int(fields[2])
        return PnmHeader("pgm", height, width, 1, "u1", at + fields.end(), bits=True) if width and height else None
    if fields := re.match(_PFM, start):
        return _pfm_header(fields, at)
    return None


def _pfm_header(fields: re.Match[bytes], at: int) -> PnmHeader | None:
    width, height = int(fields[2]), int(fields[3])
    try:
        scale = float(fields[4])
    except ValueError:
        return None
    if 0 in (width, height, scale):
        return None
    channels, dtype = 3 if fields[1] == b"F" else 1, "<f4" if scale < 0 else ">f4"
    return PnmHeader("pfm", height, width, channels, dtype, at + fields.end(), upwards=True, unit=abs(scale))


def is_pnm(start: bytes) -> bool:
    """Whether a file starts as one that is read here; Pillow may know others."""
    return parse(start) is not None


def header(source: Source) -> Header:
    """The header of a PBM, PGM, PPM or PFM, or of several, which are its frames."""
    images = _images(source)
    numbers = frames.chosen(source.options.frames, len(images), source.name)
    chosen = [images[number] for number in numbers]
    first = chosen[0]
    name = "ppm" if any(each.format == "ppm" for each in chosen) else first.format

    def read() -> ImageData:
        pictures, spent = list[Frame](), 0
        for each in chosen:
            spent = limits.page(source, spent, each.height, each.width, Layout(each.channels, type=each.type))
            pixels, missing = _pixels(source.stream, each)
            source.note_missing(missing)
            if each.unit != 1 and not source.options.strip:
                # numbers are not scaled, as in every reader; only the meaning of 1.0 has no place in a result
                source.add(Note("metadata-dropped", f"PFM's unit of {each.unit:g} dropped"))
            pictures.append(Frame(_scaled(pixels, each)))
        trailers.note_behind(source, images[-1].end)
        return ImageData(tuple(pictures), name, notes=tuple(source.notes))

    return Header(
        source,
        first.height,
        first.width,
        Layout(first.channels, type=first.type),
        name,
        loader(source, read),
        numbers,
        tuple((each.height, each.width) for each in chosen) if len(chosen) > 1 else (),
        decoding=max(each.decoding for each in chosen),
        rows=partial(_by_rows, source, first, images[-1].end) if _is_by_rows(source, images) else None,
    )


def _is_by_rows(source: Source, images: Sequence[PnmHeader]) -> bool:
    """Whether rows of the file are rows of the one image in it, and are to be there."""
    first = images[0]
    plain = not (first.bits or first.upwards) and first.most in (255, 65535)
    return plain and len(images) == 1 and not source.options.allow_truncated


def _by_rows(source: Source, stated: PnmHeader, end: int) -> RowReader:
    """A reader of a PGM or PPM row by row."""
    picture = empty_frame(stated.height, stated.width, stated.channels, stated.type)
    image = ImageData((picture,), stated.format, notes=tuple(source.notes))
    source.stream.seek(stated.start)

    def read(count: int) -> Pixels:
        rows = np.empty((count, stated.width, stated.channels), stated.dtype)
        exactly(source.stream, rows)
        return _scaled(rows, stated)

    def finish() -> ImageData:
        trailers.note_behind(source, end)
        return replace(image, notes=tuple(source.notes))

    return RowReader(image, read, finish)


def _images(source: Source) -> Sequence[PnmHeader]:
    """What the headers say of all images, between which there may be white space; no more are looked for than decide
    whether there are too many."""
    images, at, size = list[PnmHeader](), 0, source.stream.seek(0, 2)
    while at < size and len(images) <= frames.most(source.options) and (image := _next(source.stream, at)) is not None:
        images.append(image)
        at = image.end
    return images


def _next(stream: IO[bytes], at: int) -> PnmHeader | None:
    """The header behind the white space that may stand at a place; None where there is none."""
    stream.seek(at)
    rest = b""
    while not rest and (start := stream.read(_SHORT)):
        rest = start.lstrip()
        at += len(start) - len(rest)
    image = parse(rest, at)
    if image is None and rest.startswith(b"P"):
        stream.seek(at)
        image = parse(stream.read(_LONGEST), at)
    return image


def _pixels(stream: IO[bytes], stated: PnmHeader) -> tuple[Pixels, int]:
    """The pixels behind a header, and how many bytes of them are not there (0 in the array)."""
    pixels = np.empty(stated.stored, stated.dtype)
    stream.seek(stated.start)
    left = bytes_of(pixels)
    while left:
        read = stream.readinto(left)  # type: ignore[attr-defined]
        if not read:
            break
        left = left[read:]
    left[:] = bytes(len(left))
    return np.ascontiguousarray(pixels[::-1]) if stated.upwards else pixels, len(left)


def _scaled(pixels: Pixels, stated: PnmHeader) -> Pixels:
    """In this machine's byte order; white brought to 255 or 65535, rounded, as netpbm does."""
    if stated.bits:
        return (1 - np.unpackbits(pixels, axis=1, count=stated.width)) * np.uint8(255)
    if stated.most not in (0, 255, 65535):
        white = np.iinfo(stated.type).max
        return ((np.minimum(pixels, stated.most).astype(np.uint32) * white + stated.most // 2) // stated.most).astype(
            stated.type
        )
    return pixels.astype(pixels.dtype.newbyteorder("="), copy=False)


def pnm(pictures: Sequence[Frame]) -> Content:
    """Gray or RGB frames of 8 or 16 bits, each as a PGM or PPM, one after the other."""
    return [piece for frame in pictures for piece in _one(frame)]


def _one(frame: Frame) -> Content:
    return [_head(frame), _body(joined(frame))]


def _head(frame: Frame) -> bytes:
    pixels = frame.pixels
    kind = b"P6" if pixels.ndim == 3 else b"P5"
    return b"%s\n%d %d\n%d\n" % (kind, pixels.shape[1], pixels.shape[0], 2 ** (8 * pixels.itemsize) - 1)


def _body(pixels: Pixels) -> memoryview:
    pixels = np.ascontiguousarray(pixels)
    return bytes_of(pixels.astype(">u2") if pixels.dtype == np.uint16 else pixels)


def by_rows(image: ImageData, bands: Iterable[Pixels]) -> Iterator[bytes | memoryview]:
    """A PGM or PPM from an image without pixels, and bands of its rows."""
    yield _head(image.frames[0])
    yield from map(_body, bands)


def pfm(frame: Frame) -> Content:
    """A gray or RGB frame of 32-bit floats as a PFM file: little-endian, the last row first."""
    pixels = np.ascontiguousarray(joined(frame)[::-1], "<f4")
    kind = b"PF" if pixels.ndim == 3 else b"Pf"
    return [b"%s\n%d %d\n-1.0\n" % (kind, pixels.shape[1], pixels.shape[0]), bytes_of(pixels)]


def bytes_of(pixels: Pixels) -> memoryview:
    return memoryview(pixels.reshape(-1).view(np.uint8))  # type: ignore[arg-type]

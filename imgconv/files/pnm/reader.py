"""PNM and PFM, whose bytes are the pixels, read without Pillow: binary PBM, PGM and PPM and gray and colour PFM. Images
that follow each other in one file or stream are frames."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import IO

import numpy as np

from imgconv.files import by_rows, frames, limits, stored_frames, trailers
from imgconv.files.by_rows import RowReader
from imgconv.files.content import bytes_of
from imgconv.files.header import Header, loader
from imgconv.files.pnm.headers import PnmHeader, parse
from imgconv.files.source import Source
from imgconv.values.frozen import replace
from imgconv.values.image import Frame, ImageData
from imgconv.values.layout import Layout
from imgconv.values.notes import Note
from imgconv.values.pixel_values import Pixels

_SHORT, _LONGEST = 512, 4096  # bytes of a header, and of one with long comments


def header(source: Source) -> Header:
    """The header of a PBM, PGM, PPM or PFM, or of several, which are its frames."""
    images = _images(source)
    numbers = frames.chosen(source.options.frames, len(images), source.name)
    chosen = [images[number] for number in numbers]
    first = chosen[0]
    name = "ppm" if any(each.format == "ppm" for each in chosen) else first.format

    def read() -> ImageData:
        pictures, spent = list[Frame](), 0
        for number, each in enumerate(chosen):
            spent = limits.page(source, spent, each.height, each.width, Layout(each.channels, type=each.type))
            pictures.append(frame(number))
        return finish(*pictures)

    def frame(number: int) -> Frame:
        pixels, missing = _pixels(source.stream, chosen[number])
        source.note_missing(missing)
        _note_unit(source, chosen[number])
        return Frame(_scaled(pixels, chosen[number]))

    def finish(*pictures: Frame) -> ImageData:
        trailers.note_behind(source, images[-1].end)
        return ImageData(pictures, name, notes=tuple(source.notes))

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
        rows=by_rows.offered(
            source, first.height, first.width, partial(_by_rows, source, first), still=len(images) == 1
        ),
        frame_reader=stored_frames.offered(source, [(each.height, each.width) for each in chosen], frame, finish),
        frame_decoding=max(each.decoding for each in chosen),
    )


def _by_rows(source: Source, stated: PnmHeader) -> RowReader:
    """A reader of the only image in a file row by row."""
    picture = by_rows.empty_frame(stated.height, stated.width, Layout(stated.channels, type=stated.type))
    image = ImageData((picture,), stated.format)
    left = stated.height

    def read(count: int) -> Pixels:
        nonlocal left
        rows = np.empty((count, *stated.stored[1:]), stated.dtype)
        place = left - count if stated.upwards else stated.height - left
        left -= count
        source.stream.seek(stated.start + place * rows[0].nbytes)
        by_rows.exactly(source.stream, rows)
        return _scaled(rows[::-1] if stated.upwards else rows, stated).reshape(count, stated.width, stated.channels)

    def finish() -> ImageData:
        _note_unit(source, stated)
        trailers.note_behind(source, stated.end)
        return replace(image, notes=tuple(source.notes))

    return RowReader(image, read, finish)


def _note_unit(source: Source, stated: PnmHeader) -> None:
    """Notes what a PFM says that 1.0 stands for: numbers are not scaled, as in every reader; only their meaning has no
    place in a result."""
    if stated.unit != 1 and not source.options.strip:
        source.add(Note("metadata-dropped", f"PFM's unit of {stated.unit:g} dropped"))


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

"""PGM, PPM and PFM written without Pillow."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from imgconv.files.by_rows import Patch
from imgconv.files.content import Content, bytes_of
from imgconv.files.modes import joined
from imgconv.values.image import Frame, ImageData
from imgconv.values.pixel_values import Pixels


def pnm(pictures: Iterable[Frame]) -> Iterator[bytes | memoryview]:
    """Gray or RGB frames of 8 or 16 bits, each as a PGM or PPM, one after the other."""
    for frame in pictures:
        yield from _one(frame)


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
    return [_pfm_head(frame), _upwards(joined(frame))]


def pfm_by_rows(image: ImageData, bands: Iterable[Pixels]) -> Iterator[bytes | Patch]:
    """The same file from an image without pixels, and bands of its rows, which are put in place from the end on."""
    head = _pfm_head(image.frames[0])
    yield head
    at = len(head) + image.pixels.size * 4
    for band in bands:
        rows = _upwards(band)
        at -= rows.nbytes
        yield at, rows


def _pfm_head(frame: Frame) -> bytes:
    kind = b"PF" if frame.pixels.ndim == 3 else b"Pf"
    return b"%s\n%d %d\n-1.0\n" % (kind, frame.pixels.shape[1], frame.pixels.shape[0])


def _upwards(pixels: Pixels) -> memoryview:
    return bytes_of(np.ascontiguousarray(pixels[::-1], "<f4"))

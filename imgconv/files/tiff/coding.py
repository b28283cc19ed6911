"""Strips and tiles of TIFF that is written: how pixels are cut, and deflated in parallel."""

from __future__ import annotations

import struct

import numpy as np

from imgconv.engine.bands import WHOLE_BAND, Band, run_bands
from imgconv.files.deflate import compress
from imgconv.values.frozen import record
from imgconv.values.pixel_values import Pixels

STRIP = 256 * 1024  # bytes before deflate
_OF_PIECE = 64  # bytes at most: its place, its length, the heads of its blocks, its checksum
_STRIPS_TOGETHER = 16  # that are there at one time where an image is written row by row


@record
class Cut:
    """How pixels are cut: into strips of so many rows, or into square tiles."""

    rows: int
    tiled: bool = False

    @property
    def together(self) -> int:
        """Rows that are coded at one time where an image is written row by row."""
        return self.rows if self.tiled else self.rows * _STRIPS_TOGETHER

    def pieces(self, pixels: Pixels) -> list[Pixels]:
        """The strips or tiles of (a part of) an image in the order of a file; tiles that stand out are not filled
        yet."""
        rows = [pixels[top : top + self.rows] for top in range(0, len(pixels), self.rows)]
        if not self.tiled:
            return rows
        return [row[:, left : left + self.rows] for row in rows for left in range(0, row.shape[1], self.rows)]

    def most_bytes(self, pixels: Pixels) -> int:
        """Bytes that the strips or tiles of an image may take before deflate, with what each takes besides."""
        height, width = pixels.shape[:2]
        across = -(-width // self.rows) if self.tiled else 1
        down = -(-height // self.rows)
        high, wide = (down * self.rows, across * self.rows) if self.tiled else (height, width)
        return int(high * wide * pixels.shape[2] * pixels.itemsize + down * across * _OF_PIECE)


def cut(pixels: Pixels, tile: int | None) -> Cut:
    """How an image is cut: into tiles of a side, or into strips of about STRIP bytes."""
    if tile is not None:
        return Cut(tile, True)
    return Cut(max(1, STRIP // int(pixels.shape[1] * pixels.shape[2] * pixels.itemsize)))


def is_predicted(pixels: Pixels) -> bool:
    return pixels.dtype.kind in "ui" and pixels.itemsize <= 2


def coded(pixels: Pixels, how: Cut, level: int, size: int, threads: int | None) -> list[bytes]:
    """The deflated strips or tiles of (a part of) an image of so many bytes; with prediction each sample is its
    difference from the one to its left (section 14)."""
    pieces = how.pieces(pixels)
    made = [b""] * len(pieces)

    def worker() -> Band:
        deflate, (_, adler32) = compress.coder(level, size), compress.checksums()

        def band(first: int, last: int) -> None:
            for number in range(first, last):
                content = _content(pieces[number], how)
                made[number] = (
                    compress.zlib_header(level) + deflate(content, True) + struct.pack(">I", adler32(content))
                )

        return band

    run_bands(len(pieces), WHOLE_BAND, worker, threads)
    return made


def _content(piece: Pixels, how: Cut) -> Pixels:
    """The bytes of a strip or tile before deflate. Beyond the image a tile repeats what is at its edge, which takes
    least when it is predicted."""
    if how.tiled and piece.shape[:2] != (how.rows, how.rows):
        beyond = [(0, how.rows - side) for side in piece.shape[:2]]
        piece = np.pad(piece, [*beyond, (0, 0)], mode="edge")
    if is_predicted(piece):
        left, piece = piece[:, :-1], piece.copy()
        piece[:, 1:] -= left
    content = np.ascontiguousarray(piece.astype(piece.dtype.newbyteorder("<"), copy=False))
    return content.reshape(-1).view(np.uint8)

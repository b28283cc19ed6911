"""Whether strips or tiles of a TIFF page have the bytes that their pixels take, where readers do not ask: uncompressed
ones, and those that are JPEG files."""

from __future__ import annotations

from itertools import islice
from typing import IO

from imgconv import errors
from imgconv.files.jpeg import scans
from imgconv.files.tiff import writer as tiff_writer

_WIDTH, _HEIGHT, _BITS, _COMPRESSION, _MEANING, _SAMPLES, _PLANES = 256, 257, 258, 259, 262, 277, 284
_ROWS, _STRIPS, _STRIP_BYTES = 278, 273, 279
_TILE_WIDTH, _TILE_HEIGHT, _TILES, _TILE_BYTES = 322, 323, 324, 325
_TAGS = (
    _WIDTH,
    _HEIGHT,
    _BITS,
    _COMPRESSION,
    _MEANING,
    _SAMPLES,
    _PLANES,
    _ROWS,
    _STRIPS,
    _STRIP_BYTES,
    _TILE_WIDTH,
    _TILE_HEIGHT,
    _TILES,
    _TILE_BYTES,
)
_NONE, _JPEG = 1, 7  # of Compression
_SUBSAMPLED = 6  # YCbCr, whose samples are not all there
_APART = 2  # of PlanarConfiguration

Said = dict[int, tuple[int, ...]]


def refuse_short(name: str, stream: IO[bytes], number: int) -> None:
    """Raises FileError or ValueError where a page states fewer bytes than its pixels take."""
    said = tiff_writer.numbers_of_page(stream, number, _TAGS)
    compression = _one(said, _COMPRESSION, _NONE)
    if compression == _NONE and _one(said, _MEANING, 0) != _SUBSAMPLED:
        if missing := _missing_bytes(said):
            raise errors.bytes_missing(name, missing)
    elif compression == _JPEG:
        for start, length in zip(*_places(said), strict=False):
            stream.seek(start)
            scans.scans(stream.read(length))


def _one(said: Said, tag: int, default: int) -> int:
    return next(islice(said.get(tag, ()), 1), default)


def _places(said: Said) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Where the strips or tiles start, and how long they are."""
    return said.get(_TILES) or said.get(_STRIPS, ()), said.get(_TILE_BYTES) or said.get(_STRIP_BYTES, ())


def _missing_bytes(said: Said) -> int:
    """How many bytes strips or tiles have less than their pixels take. A length of 0 says nothing: readers reckon it,
    and tiles may be empty."""
    samples, height, width = _one(said, _SAMPLES, 1), _one(said, _HEIGHT, 0), _one(said, _WIDTH, 0)
    planes = samples if _one(said, _PLANES, 1) == _APART else 1
    bits = _one(said, _BITS, 1) * samples // planes
    tiled = _TILES in said
    rows, columns = (
        (_one(said, _TILE_HEIGHT, 0), _one(said, _TILE_WIDTH, 0))
        if tiled
        else (min(height, _one(said, _ROWS, height)), width)
    )
    lengths = _places(said)[1]
    if min(rows, columns) <= 0 or not lengths:
        return 0
    down, across = -(-height // rows), -(-width // columns)
    if len(lengths) < down * across * planes:
        raise ValueError(f"{down * across * planes - len(lengths)} of its {'tiles' if tiled else 'strips'} are missing")
    row = -(-columns * bits // 8)
    needed = (row * (rows if tiled else min(rows, height - place % down * rows)) for place in range(len(lengths)))
    return sum(max(0, need - length) for need, length in zip(needed, lengths, strict=True) if length)

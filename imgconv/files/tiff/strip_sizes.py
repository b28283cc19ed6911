"""Whether strips or tiles of a TIFF page have the bytes that their pixels take, where readers do not ask: uncompressed
ones, and those that are JPEG files."""

from __future__ import annotations

from itertools import islice

from imgconv import errors
from imgconv.files.jpeg import scans
from imgconv.files.source import Source
from imgconv.files.tiff import pages

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

Tags = dict[int, tuple[int, ...]]


def refuse_short(source: Source, number: int) -> None:
    """Raises FileError or ValueError where a page states fewer bytes than its pixels take."""
    tags = pages.numbers_of_page(source, number, _TAGS)
    compression = _one(tags, _COMPRESSION, _NONE)
    if compression == _NONE and _one(tags, _MEANING, 0) != _SUBSAMPLED:
        if missing := _missing_bytes(tags):
            raise errors.bytes_missing(source.name, missing)
    elif compression == _JPEG:
        for start, length in zip(*_places(tags), strict=False):
            source.stream.seek(start)
            scans.scans(source.stream.read(length))


def _one(tags: Tags, tag: int, default: int) -> int:
    return next(islice(tags.get(tag, ()), 1), default)


def _places(tags: Tags) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Where the strips or tiles start, and how long they are."""
    return tags.get(_TILES) or tags.get(_STRIPS, ()), tags.get(_TILE_BYTES) or tags.get(_STRIP_BYTES, ())


def _missing_bytes(tags: Tags) -> int:
    """How many bytes strips or tiles have less than their pixels take. A length of 0 says nothing: readers reckon it,
    and tiles may be empty."""
    samples, height, width = _one(tags, _SAMPLES, 1), _one(tags, _HEIGHT, 0), _one(tags, _WIDTH, 0)
    planes = samples if _one(tags, _PLANES, 1) == _APART else 1
    bits = _one(tags, _BITS, 1) * samples // planes
    tiled = _TILES in tags
    rows, columns = (
        (_one(tags, _TILE_HEIGHT, 0), _one(tags, _TILE_WIDTH, 0))
        if tiled
        else (min(height, _one(tags, _ROWS, height)), width)
    )
    lengths = _places(tags)[1]
    if min(rows, columns) <= 0 or not lengths:
        return 0
    down, across = -(-height // rows), -(-width // columns)
    if len(lengths) < down * across * planes:
        raise ValueError(f"{down * across * planes - len(lengths)} of its {'tiles' if tiled else 'strips'} are missing")
    row = -(-columns * bits // 8)
    needed = (row * (rows if tiled else min(rows, height - place % down * rows)) for place in range(len(lengths)))
    return sum(max(0, need - length) for need, length in zip(needed, lengths, strict=True) if length)

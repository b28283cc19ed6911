"""TIFF and BigTIFF read some rows at a time: strips and tiles, as they are or compressed without loss."""

from __future__ import annotations

from typing import Any

import numpy as np

from imgconv.files.by_rows import exactly
from imgconv.files.source import Source
from imgconv.files.tiff import segments, strip_limits
from imgconv.files.tiff.segments import STORED
from imgconv.values.layout import Layout
from imgconv.values.pixel_values import Pixels

_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _INKS = 0, 1, 2, 5  # of PhotometricInterpretation
_ALPHA = 2  # of ExtraSamples
_ORIENTATION = 274
_STRIP_ROWS, _TILE_ROWS, _COMPRESSION = 278, 323, 259
_MOST = 2**26  # bytes that are held of a row of strips or tiles
_COPIES = 4  # of a strip: as stored twice, decoded, and as rows; tiles are small beside their row
_TOGETHER = 2**21  # bytes of strips or tiles that are decoded at once, so that threads have some each


def opened(source: Source, layout: Layout) -> TiffRows | None:
    """The rows of a TIFF's first page, which the caller has chosen; None where they are stored in other ways."""
    import tifffile

    source.stream.seek(0)
    file = tifffile.TiffFile(source.stream)
    page = file.pages[0]
    return TiffRows(source, page) if _reads(page, layout) else None


def bytes_held(image: Any, layout: Layout) -> int:
    """About the bytes that are held of a picture that Pillow opened while its rows are read."""
    row = image.width * (layout.channels + layout.alpha) * np.dtype(layout.type).itemsize
    tiles, strips = image.tag_v2.get(_TILE_ROWS), image.tag_v2.get(_STRIP_ROWS)
    high = tiles or strips or image.height
    if not isinstance(high, int):
        return _MOST
    if not tiles and image.tag_v2.get(_COMPRESSION) == STORED:
        return int(row)
    return int(min(min(high, image.height) * row * (1 if tiles else _COPIES), _MOST)) + _COPIES * _TOGETHER


def _reads(page: Any, layout: Layout) -> bool:
    """Whether a page is gray, RGB or CMYK, perhaps with alpha that colours are not multiplied by, upright, of whole
    bytes, and its pieces are small, and stated where they are."""
    channels = {_WHITE_IS_ZERO: 1, _BLACK_IS_ZERO: 1, _RGB: 3, _INKS: 4}.get(int(page.photometric))
    extra = [_ALPHA] if layout.alpha else []
    orientation = page.tags.get(_ORIENTATION)
    return (
        segments.reads(page)
        and channels == layout.channels == page.samplesperpixel - len(extra)
        and [int(kind) for kind in page.extrasamples] == extra
        and not (extra and int(page.photometric) == _WHITE_IS_ZERO)
        and page.dtype.newbyteorder("=") == layout.type
        and (orientation is None or orientation.value == 1)
        and page.fillorder == 1
        and all(length or not start for start, length in zip(page.dataoffsets, page.databytecounts, strict=False))
        and (_is_stored_in_strips(page) or _piece_row(page) <= (_MOST if page.is_tiled else _MOST // _COPIES))
    )


def _is_stored_in_strips(page: Any) -> bool:
    """Whether rows can be read where they are, one by one."""
    return page.compression == STORED and not page.is_tiled and all(page.databytecounts)


def _piece_row(page: Any) -> int:
    """Bytes of the pixels of a strip, or of a row of tiles."""
    return int(segments.height_of(page) * page.imagewidth * page.samplesperpixel * page.dtype.itemsize)


class TiffRows:
    """The rows of a page. Raises ValueError or EOFError where its pieces are broken or missing."""

    def __init__(self, source: Source, page: Any) -> None:
        strip_limits.check_strips(source.name, page)
        self._source, self._page, self._at = source, page, 0
        self._shape = page.imagewidth, page.samplesperpixel
        self._in_place = _is_stored_in_strips(page)
        self._together = 1 if self._in_place else max(1, _TOGETHER // _piece_row(page))
        self._high = segments.height_of(page) * self._together
        self._held: tuple[int, Pixels] = (-1, np.empty(0))
        """The rows of strips or tiles that were decoded last."""

    def read(self, count: int) -> Pixels:
        """The next rows."""
        rows = np.empty((count, *self._shape), self._page.dtype.newbyteorder("="))
        done = 0
        while done < count:
            number, first = divmod(self._at, self._high)
            here = min(count - done, self._high - first)
            rows[done : done + here] = self._rows(number, first, here)
            done, self._at = done + here, self._at + here
        if int(self._page.photometric) == _WHITE_IS_ZERO and rows.dtype.kind == "u":
            np.subtract(np.iinfo(rows.dtype).max, rows, out=rows)
        return rows

    def finish(self) -> None:
        """Decodes the rows that are left, for what is damaged there, too."""
        if self._page.compression != STORED:
            while self._at < self._page.imagelength:
                self.read(min(self._high, self._page.imagelength - self._at))

    def close(self) -> None:
        """Nothing runs beside."""

    def _rows(self, number: int, first: int, count: int) -> Pixels:
        """Rows of some rows of strips or tiles."""
        if self._in_place:
            return self._stored(number, first, count)
        if self._held[0] != number:
            start = number * self._together
            self._held = number, segments.decode(self._page, start, start + self._together, 4 * _TOGETHER)
        return self._held[1][first : first + count]

    def _stored(self, number: int, first: int, count: int) -> Pixels:
        """Rows of one strip, or of one in each plane."""
        page = self._page
        if page.planarconfig == 1:
            return self._stored_in(number, first, count, self._shape)
        down = -(-page.imagelength // self._high)
        planes = [
            self._stored_in(plane * down + number, first, count, self._shape[:1])
            for plane in range(page.samplesperpixel)
        ]
        return np.stack(planes, axis=-1)

    def _stored_in(self, strip: int, first: int, count: int, shape: tuple[int, ...]) -> Pixels:
        page = self._page
        rows = np.empty((count, *shape), page.dtype.newbyteorder(page.parent.byteorder))
        row = rows[0].nbytes
        if (first + count) * row > page.databytecounts[strip]:
            raise EOFError("a strip ends before its pixels do")
        self._source.stream.seek(page.dataoffsets[strip] + first * row)
        exactly(self._source.stream, rows)
        return rows

"""TIFF and BigTIFF read some rows at a time: strips and tiles, as they are or deflated."""

from __future__ import annotations

from typing import Any

import numpy as np

from imgconv.files.by_rows import exactly
from imgconv.files.source import Source
from imgconv.files.tiff import strip_limits
from imgconv.values.layout import Layout
from imgconv.values.pixel_values import Pixels

_STORED, _DEFLATED = 1, (8, 32946)  # values of Compression
_BLACK_IS_ZERO, _RGB = 1, 2  # of PhotometricInterpretation
_NONE, _HORIZONTAL = 1, 2  # of Predictor
_ORIENTATION = 274
_STRIP_ROWS, _TILE_ROWS, _COMPRESSION = 278, 323, 259
_MOST = 2**26  # bytes that are held of a row of strips or tiles
_COPIES = 4  # of a strip: as stored twice, decoded, and as rows; tiles are small beside their row


def opened(source: Source, layout: Layout) -> TiffRows | None:
    """The rows of a TIFF's first page, which the caller has chosen; None where they are stored in other ways."""
    import tifffile

    source.stream.seek(0)
    file = tifffile.TiffFile(source.stream)
    page = file.pages[0]
    return TiffRows(source, page) if _reads(page, layout) else None


def bytes_held(image: Any, layout: Layout) -> int:
    """About the bytes that are held of a picture that Pillow opened while its rows are read."""
    row = image.width * layout.channels * np.dtype(layout.type).itemsize
    tiles, strips = image.tag_v2.get(_TILE_ROWS), image.tag_v2.get(_STRIP_ROWS)
    high = tiles or strips or image.height
    if not isinstance(high, int):
        return _MOST
    if not tiles and image.tag_v2.get(_COMPRESSION) == _STORED:
        return int(row)
    return int(min(min(high, image.height) * row * (1 if tiles else _COPIES), _MOST))


def _reads(page: Any, layout: Layout) -> bool:
    """Whether a page is gray or RGB, upright, of whole bytes, and its pieces are there and small."""
    channels = {_BLACK_IS_ZERO: 1, _RGB: 3}.get(int(page.photometric))
    orientation = page.tags.get(_ORIENTATION)
    plain = (
        page.planarconfig == 1
        and page.imagedepth == 1
        and channels == page.samplesperpixel == layout.channels
        and page.dtype is not None
        and page.dtype.newbyteorder("=") == layout.type
        and page.bitspersample == 8 * page.dtype.itemsize
        and (orientation is None or orientation.value == 1)
        and page.fillorder == 1
    )
    if not plain or not all(page.databytecounts) or page.compression not in (_STORED, *_DEFLATED):
        return False
    if page.compression == _STORED:
        # of stored pixels libtiff heeds no predictor, and tifffile does
        return not page.is_tiled or (page.predictor == _NONE and _piece_row(page) <= _MOST)
    return page.predictor in (_NONE, _HORIZONTAL) and _piece_row(page) <= (_MOST if page.is_tiled else _MOST // _COPIES)


def _piece_row(page: Any) -> int:
    """Bytes of the pixels of a strip, or of a row of tiles."""
    height = page.tilelength if page.is_tiled else min(page.rowsperstrip, page.imagelength)
    return int(height * page.imagewidth * page.samplesperpixel * page.dtype.itemsize)


class TiffRows:
    """The rows of a page. Raises ValueError or EOFError where its pieces are broken or missing."""

    def __init__(self, source: Source, page: Any) -> None:
        strip_limits.check_strips(source.name, page)
        self._source, self._page, self._at = source, page, 0
        self._shape = page.imagewidth, page.samplesperpixel
        self._high = page.tilelength if page.is_tiled else min(page.rowsperstrip, page.imagelength)
        self._across = -(-page.imagewidth // page.tilewidth) if page.is_tiled else 1
        self._held: tuple[int, Pixels] = (-1, np.empty(0))
        """The row of strips or tiles that was decoded last."""

    def read(self, count: int) -> Pixels:
        """The next rows."""
        rows = np.empty((count, *self._shape), self._page.dtype.newbyteorder("="))
        done = 0
        while done < count:
            number, first = divmod(self._at, self._high)
            here = min(count - done, self._high - first)
            rows[done : done + here] = self._rows(number, first, here)
            done, self._at = done + here, self._at + here
        return rows

    def finish(self) -> None:
        """Decodes the rows that are left, for what is damaged there, too."""
        if self._page.compression != _STORED:
            while self._at < self._page.imagelength:
                self.read(min(self._high, self._page.imagelength - self._at))

    def close(self) -> None:
        """Nothing runs beside."""

    def _rows(self, number: int, first: int, count: int) -> Pixels:
        """Rows of one row of strips or tiles."""
        page = self._page
        if page.compression == _STORED and not page.is_tiled:
            return self._stored(number, first, count)
        if self._held[0] != number:
            self._held = number, self._decoded(number)
        return self._held[1][first : first + count]

    def _stored(self, number: int, first: int, count: int) -> Pixels:
        page = self._page
        rows = np.empty((count, *self._shape), page.dtype.newbyteorder(page.parent.byteorder))
        row = rows[0].nbytes
        if (first + count) * row > page.databytecounts[number]:
            raise EOFError("a strip ends before its pixels do")
        self._source.stream.seek(page.dataoffsets[number] + first * row)
        exactly(self._source.stream, rows)
        return rows

    def _decoded(self, number: int) -> Pixels:
        page = self._page
        rows = np.empty((min(self._high, page.imagelength - number * self._high), *self._shape), page.dtype)
        for piece in range(number * self._across, (number + 1) * self._across):
            content = np.empty(page.databytecounts[piece], np.uint8)
            self._source.stream.seek(page.dataoffsets[piece])
            exactly(self._source.stream, content)
            segment, place, _ = page.decode(content.tobytes(), piece)
            left = place[3]
            here = segment[0, : len(rows), : page.imagewidth - left]
            if len(here) < len(rows):
                raise EOFError("a strip or tile ends before its pixels do")
            rows[:, left : left + here.shape[1]] = here
        return rows

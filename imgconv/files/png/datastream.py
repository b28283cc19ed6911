"""The check of a PNG while it is read: whether it is whole is decided here, whichever reader decodes its rows."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import IO, Any

import numpy as np

from imgconv.files.deflate.compress import checksums, inflater, zlib_header
from imgconv.files.png.chunks import SIGNATURE, head
from imgconv.files.png.filter_loops import PAETH
from imgconv.files.png.rules import Heading, Order
from imgconv.files.source import Source

_PIECE = 2**16  # bytes read at once
_BLOCK = 2**16 - 1  # bytes of a stored block, at most
_WINDOW, _WIDEST = 2**8, 7  # bytes of a window of exponent 0, and the greatest exponent (RFC 1950, 2.2)


class Datastream:
    """A PNG that begins at byte `start` of a stream, up to its last chunk; what follows that is ignored.

    Raises ValueError or EOFError, as soon as it is met, for what makes a PNG broken.
    """

    def __init__(self, stream: IO[bytes], start: int = 0) -> None:
        self._stream, self._at = stream, start + len(SIGNATURE)
        self._crc32, _ = checksums()
        self.first, self.end = 0, 0
        """Bytes of the first IDAT; and where the content of the last ends."""
        self.stop = 0
        """Where the file ends, once it has been read to there."""
        stream.seek(self._at)
        kind, length = self._head()
        if kind != b"IHDR":
            raise ValueError("its first chunk is not its header")
        self.heading = Heading(self._skimmed(kind, length))
        self.order = Order(self.heading)

    def check(self) -> None:
        """Reads all chunks, and pixels without inflating them."""
        for _ in self._deflated():
            pass

    def rows(self, most: int) -> Iterator[bytes]:
        """The filtered rows in pieces of at most so many bytes. After the last one the whole file has been checked."""
        inflate: Any = None
        filled, length, narrow = 0, self.heading.length, False
        for piece in self._gathered():
            if inflate is None:
                narrow = _window(piece) < min(length, _WINDOW << _WIDEST)
                inflate = inflater(length, window=narrow)
            left, more = piece, True
            while more:
                if inflate.eof:
                    raise ValueError("bytes follow the end of its compressed pixels")
                room = length - filled + 1  # one more byte than there are pixels would show
                size = min(room, most, self._left_of_row(filled) if narrow else most)
                part = _inflated(inflate, left, size)
                if len(part) == room:
                    raise ValueError("there are more pixels than the header says")
                self._check_filters(part, filled)
                filled += len(part)
                left = inflate.unused_data if inflate.eof else inflate.unconsumed_tail
                more = bool(left) or (len(part) == size and not inflate.eof)
                if part:
                    yield part
        if filled < length:
            raise EOFError(f"{length - filled} bytes of pixels are missing")
        if not inflate.eof:
            raise EOFError("the end of its compressed pixels is missing")

    def _left_of_row(self, at: int) -> int:
        """Bytes from one of a row to its end. libpng inflates row by row, which limits how far a distance may reach."""
        if at == self.heading.length:
            return 1
        its = self.heading.pass_of(at)
        return its.row_start(at) + its.row - at

    def _check_filters(self, part: bytes, at: int) -> None:
        """Raises ValueError if a row that begins in these bytes, the first being byte `at`, has an unknown filter."""
        values = np.frombuffer(part, np.uint8)
        for one in self.heading.passes:
            if one.start < at + len(part) and at < one.stop:
                first = max(at, one.start)
                first += (one.start - first) % one.row
                if (values[first - at : one.stop - at : one.row] > PAETH).any():
                    raise ValueError("a row has an unknown filter")

    def _gathered(self) -> Iterator[bytes]:
        """The deflated rows in pieces that are worth a call. Chunks may be small: libpng writes 8 KiB in each."""
        waiting, size = list[bytes](), 0
        for piece in self._deflated():
            waiting.append(piece)
            size += len(piece)
            if size >= _PIECE:
                yield b"".join(waiting)
                waiting, size = [], 0
        if size:
            yield b"".join(waiting)

    def _deflated(self) -> Iterator[bytes]:
        """The contents of all IDAT chunks in pieces, up to IEND; the other chunks are checked on the way."""
        kind = b"IHDR"
        while kind != b"IEND":
            kind, length = self._head()
            self.order.check(kind, length)
            if kind != b"IDAT":
                self.order.take(kind, self._skimmed(kind, length))
                continue
            self.first = self.first if self.end else length
            yield from self._content(kind, length)
            self.end = self._at - 4
            self.order.take(kind, b"")
        self.stop = self._at

    def _head(self) -> tuple[bytes, int]:
        """Kind and length of the next chunk."""
        return head(self._read(8))

    def _skimmed(self, kind: bytes, length: int) -> bytes:
        """The content of a chunk, of a long one the first piece."""
        start = b""
        for piece in self._content(kind, length):
            start = start or piece
        return start

    def _content(self, kind: bytes, length: int) -> Iterator[bytes]:
        """The content of a chunk in pieces, whose checksum is looked at behind the last."""
        crc = zlib.crc32(kind)
        while length:
            piece = self._read(min(length, _PIECE))
            length -= len(piece)
            crc = self._crc32(piece, crc)
            yield piece
        if self._read(4) != struct.pack(">I", crc):
            raise ValueError(f"the checksum of a chunk ({kind.decode()}) is wrong")

    def _read(self, count: int) -> bytes:
        piece = self._stream.read(count)
        self._at += len(piece)
        if len(piece) < count:
            raise EOFError("its end is missing")
        return piece


class Feed:
    """Rows inflated and checked here, for Pillow's decoder to undo their filters.

    `read` replaces an opened image's `load_read`. It returns a zlib stream of stored blocks, whose last block comes
    only after the whole file has been checked.
    """

    def __init__(self, source: Source) -> None:
        self._source, self._blocks = source, self._stored()

    def read(self, count: int) -> bytes:
        return next(self._blocks, b"")

    def _stored(self) -> Iterator[bytes]:
        """A zlib stream (RFC 1950) of stored blocks (RFC 1951, 3.2.4)."""
        data = Datastream(self._source.stream)
        _, adler32 = checksums()
        start, last, total = zlib_header(0), b"", 1
        for part in data.rows(_BLOCK):
            if last:
                yield start + _block(last)
                start = b""
            last, total = part, adler32(part, total)
        # Pillow then skips as many bytes as the first IDAT has, and expects the checksum of the last one
        self._source.stream.seek(data.end - data.first)
        self._source.end = data.stop
        yield start + _block(last, final=True) + struct.pack(">I", total)


def _block(content: bytes, *, final: bool = False) -> bytes:
    return struct.pack("<BHH", final, len(content), len(content) ^ _BLOCK) + content


def _window(start: bytes) -> int:
    """Bytes of the window of which a zlib stream's head tells."""
    exponent = start[0] >> 4
    if exponent > _WIDEST:  # which ISA-L lets pass
        raise ValueError("its compressed pixels are damaged")
    return _WINDOW << exponent


def _inflated(inflate: Any, content: bytes, most: int) -> bytes:
    try:
        part: bytes = inflate.decompress(content, most)
    except Exception:  # zlib's error, or ISA-L's
        raise ValueError("its compressed pixels are damaged") from None
    return part

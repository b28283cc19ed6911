"""Bounded reads: a stream's reads are counted while a header is parsed and pixels are decoded, so that what a file
merely claims to hold makes no buffer."""

from __future__ import annotations

import io
import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from imgconv import errors
from imgconv.engine.memory import allowed_bytes
from imgconv.files.source import Source

_CALLS = 2**22  # reads for a header: one of a gigabyte of GIF's blocks, or a million of PNG's chunks
_OBJECT = 64  # bytes that a read takes whose result is kept as an object
_KEPT = 2**10  # bytes from which on a read for a header is taken as kept
_AT_ONCE = 2**19  # the same of a read for pixels, which decoders take in smaller pieces
_TWICE = 2  # parsers join pieces
_AS_NUMBERS = 10  # times the bytes of TIFF's numbers once they are Python's
_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_PNG = b"\x89PNG"


@contextmanager
def for_header(source: Source, start: bytes) -> Iterator[None]:
    """While it lasts, what is read of a source that begins with `start` may not take more memory than its options
    allow, nor be read in too many pieces.

    Raises FileError at its end if it was more, whatever the parser made of that.
    """
    share = _AS_NUMBERS if start.startswith(_TIFF) else _TWICE
    least = 0 if start.startswith(_PNG) else _KEPT
    stream = source.stream
    with _counted(_Reads(source, share, least, _CALLS)):
        vars(stream)["close"] = lambda: None  # Pillow's parser of FTEX would, though the file is read on
        try:
            yield
        finally:
            del vars(stream)["close"]


@contextmanager
def for_pixels(source: Source) -> Iterator[None]:
    """As `for_header`, for what is read in large pieces and therefore kept."""
    with _counted(_Reads(source, 1, _AT_ONCE, math.inf)):
        yield


class _Reads:
    """A stream's `read` and `readline`, counting."""

    def __init__(self, source: Source, share: int, least: int, calls: float) -> None:
        self.name, self.stream, self.most = source.name, source.stream, allowed_bytes(source.options.max_memory)
        self.share, self.least, self.calls = share, least, calls
        self.taken = 0
        self.refusal: errors.FileError | None = None
        self._read, self._readline = self.stream.read, self.stream.readline

    def read(self, size: int | None = -1, /) -> bytes:
        return self._counted(self._read, size)

    def readline(self, size: int | None = -1, /) -> bytes:
        return self._counted(self._readline, size)

    def _counted(self, read: Any, size: int | None) -> bytes:
        """What is read, once it is known that memory holds it: a piece more than that would show."""
        self.calls -= 1
        room = max(0, int(min(self.most, 2**62) - self.taken) // self.share)
        count = room + 1 if size is None or size < 0 else min(size, max(room, self.least) + 1)
        piece: bytes = (
            b"" if self.refusal or self.calls < 0 else read(self._there(count) if count > _AT_ONCE else count)
        )
        if len(piece) >= self.least:
            self.taken += self.share * (len(piece) + (_OBJECT if not self.least else 0))
        if self.refusal is None and (self.calls < 0 or self.taken > self.most):
            self.refusal = errors.header_endless(self.name) if self.calls < 0 else self._too_much()
        if self.refusal:
            raise self.refusal
        return piece

    def _too_much(self) -> errors.FileError:
        return errors.FileError(
            f"{self.name}: its parts claim more than the {errors.amount(self.most)} of memory that one image may take"
            " (--max-memory allows more); get a whole copy"
        )

    def _there(self, count: int) -> int:
        """At most as many bytes as are left in a file, because a buffer of that size is made; of a device `count`."""
        at = self.stream.tell()
        end = self.stream.seek(0, io.SEEK_END)
        self.stream.seek(at)
        return min(count, max(0, end - at)) if end else count


@contextmanager
def _counted(reads: _Reads) -> Iterator[None]:
    """The stream's own methods are hidden by an attribute, so that whoever asks it for a number of bytes is counted."""
    if "read" in vars(reads.stream):  # a page's header, within the file's
        yield
        return
    vars(reads.stream).update(read=reads.read, readline=reads.readline)
    try:
        yield
    finally:
        del vars(reads.stream)["read"], vars(reads.stream)["readline"]
        if reads.refusal:
            raise reads.refusal from None

"""PNG of 16 bits a sample, read by ourselves: Pillow keeps 8 of them, and what would keep all is 45 MB of codecs (DESIGN.md, section 9).

Large ones of 8 bits too: ISA-L inflates in one thread while another undoes the row filters, in half of Pillow's time.
"""

from __future__ import annotations

import struct
import sys
import threading
import zlib
from collections.abc import Callable, Iterator
from typing import IO, Any

import numpy as np

from imgconv import jit
from imgconv.image import Frame
from imgconv.jit.ahead import compile_ahead
from imgconv.loops import png as filters
from imgconv.loops import unpng
from imgconv.numerics import Pixels

_SIGNATURE = 8
_TOGETHER = 64  # rows whose filters are undone at once
_PATIENCE = 2.0  # seconds that an error or an interrupt waits for the thread
_CHANNELS = {0: 1, 2: 3, 4: 2, 6: 4}  # of PNG's colour types, alpha included
_WITH_ALPHA = (4, 6)
# Adam7: where each pass starts, and its steps, as (top, left, down, right)
_PASSES = ((0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1))


def ready() -> bool:
    """Whether the loop that undoes filters is there; if not, another process compiles it for the next time."""
    return compile_ahead(unpng.UNFILTER, {})


class LaterChunks(Exception):  # noqa: N818 (no error: Pillow will read them)
    """Something is said behind the pixels."""


def decode(stream: IO[bytes], *, alone: bool = False) -> Frame:
    """The pixels of a PNG of 8 or 16 bits a sample, interlaced or not; a colour key becomes alpha.

    ValueError or EOFError for broken bytes; LaterChunks where nothing should follow the pixels (`alone`) and something does.
    """
    stream.seek(_SIGNATURE)
    chunks = _chunks(stream, alone)
    kind, header = next(chunks)
    width, height, depth, colour, compression, filters, interlace = struct.unpack(">IIBBBBB", header)
    if (kind, compression, filters) != (b"IHDR", 0, 0) or depth not in (8, 16) or colour not in _CHANNELS or interlace > 1:
        raise ValueError("not a PNG of 8 or 16 bits a sample")
    channels, type_ = _CHANNELS[colour], f"uint{depth}"
    passes = [step for step in (_PASSES if interlace else ((0, 0, 1, 1),)) if step[0] < height and step[1] < width]
    sizes = [(-(-(height - top) // down), -(-(width - left) // right)) for top, left, down, right in passes]
    lengths = [rows * (1 + depth // 8 * channels * columns) for rows, columns in sizes]
    filtered = np.empty(sum(lengths), np.uint8)
    if not interlace:
        rows = _Rows(filtered, height, width, channels, type_)
        with rows:
            key = _inflate(chunks, filtered, rows.come)
        return _frame(rows.undone(), colour, key)
    key = _inflate(chunks, filtered)
    pixels, start = np.empty((height, width, channels), type_), 0
    for (top, left, down, right), (count, columns), length in zip(passes, sizes, lengths, strict=True):
        pixels[top::down, left::right] = _Rows(filtered[start : start + length], count, columns, channels, type_).undone()
        start += length
    return _frame(pixels, colour, key)


def _frame(pixels: Pixels, colour: int, key: bytes) -> Frame:
    if colour in _WITH_ALPHA:
        shown, alpha = pixels[..., :-1], np.ascontiguousarray(pixels[..., -1])
        return Frame(np.ascontiguousarray(shown[..., 0] if colour == 4 else shown), alpha)
    opaque = None
    if key:
        one = np.frombuffer(key[: 2 * pixels.shape[2]], ">u2")
        opaque = np.where((pixels != one).any(axis=-1), np.iinfo(pixels.dtype).max, 0).astype(pixels.dtype)
    return Frame(pixels if colour == 2 else pixels[..., 0], opaque)


def _inflate(chunks: Iterator[tuple[bytes, bytes]], filtered: Pixels, come: Callable[[int], None] = lambda filled: None) -> bytes:
    """Fills the filtered rows from all IDAT chunks, telling `come` how far, and makes no more; gives the colour key if there is one."""
    inflate, filled, key, length = _inflater(), 0, b"", len(filtered)
    for kind, content in chunks:
        if kind == b"tRNS":
            key = content
        elif kind == b"IDAT" and not inflate.eof:
            left = content
            while left and not inflate.eof:
                part = inflate.decompress(left, max(1, length - filled))  # one more byte than there are pixels would show
                left = inflate.unconsumed_tail
                if filled + len(part) > length:
                    raise ValueError("there are more pixels than the header says")
                filtered[filled : filled + len(part)] = np.frombuffer(part, np.uint8)
                filled += len(part)
            come(filled)
        elif kind == b"IEND":
            break
    if filled < length:
        raise EOFError(f"{length - filled} bytes of pixels are missing")
    if not inflate.eof:
        raise EOFError("its compressed pixels have no end, or go on behind the last row")
    return key


def _inflater() -> Any:
    """What undoes zlib's compression piece by piece: ISA-L's where there is one."""
    try:
        from isal.isal_zlib import decompressobj
    except ImportError:
        return zlib.decompressobj()
    return decompressobj()


def _chunks(stream: IO[bytes], alone: bool) -> Iterator[tuple[bytes, bytes]]:
    """Kind and content of the chunks that pixels need; the others are passed over, but not behind the pixels of one that is `alone`."""
    seen = False
    while True:
        start = stream.read(8)
        if len(start) < 8:
            raise EOFError("the end is missing")
        length, kind = struct.unpack(">I4s", start)
        seen = seen or kind == b"IDAT"
        if alone and seen and kind not in (b"IDAT", b"IEND"):
            raise LaterChunks
        if kind not in (b"IHDR", b"tRNS", b"IDAT", b"IEND"):
            stream.seek(length + 4, 1)
            continue
        content = stream.read(length)
        check = stream.read(4)
        if len(content) < length or len(check) < 4:
            raise EOFError("the end is missing")
        if struct.unpack(">I", check)[0] != zlib.crc32(content, zlib.crc32(kind)):
            raise ValueError(f"the checksum of a chunk ({kind.decode('ascii')}) is wrong")
        yield kind, content


class _Rows:
    """Rows whose filters are undone, in a `with` as they come: by a thread beside the one that inflates them."""

    def __init__(self, filtered: Pixels, rows: int, columns: int, channels: int, type_: str) -> None:
        self.filtered, self.rows, self.done = filtered, rows, 0
        self.result = np.empty((rows, columns, channels), type_)
        self.row = self.result.itemsize * channels * columns
        arguments: dict[str, Any] = {"source": filtered, "rows": rows, "row": self.row, "zeros": np.zeros(self.row, np.uint8)}
        arguments |= {"pixel": self.result.itemsize * channels, "result": self.result.reshape(-1).view(np.uint8), "last": rows}
        self._undo = jit.bind(unpng.UNFILTER, {}, arguments)
        self._here, self._over, self._news = 0, False, threading.Condition()
        self._thread = threading.Thread(target=self._follow, name="imgconv-png", daemon=True)

    def __enter__(self) -> _Rows:
        if self.rows > _TOGETHER:
            self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        with self._news:
            self._over = True
            self._news.notify()
        if self._thread.ident is not None:
            self._thread.join(None if kind is None else _PATIENCE)

    def come(self, filled: int) -> None:
        """So many bytes have been inflated."""
        with self._news:
            self._here = filled // (self.row + 1)
            if self._here >= self.done + _TOGETHER:
                self._news.notify()

    def undone(self) -> Pixels:
        """All rows; ValueError for a filter that PNG does not know."""
        if self.filtered[:: self.row + 1].max() > filters.PAETH:
            raise ValueError("a row has a filter that PNG does not know")
        self._undo(self.done, self.rows)
        swapped = self.result.itemsize > 1 and sys.byteorder == "little"
        return self.result.byteswap(inplace=True) if swapped else self.result

    def _follow(self) -> None:
        while True:
            with self._news:
                self._news.wait_for(lambda: self._over or self._here >= self.done + _TOGETHER)
                here = self._here
                if self._over and here < self.done + _TOGETHER:
                    return
            self._undo(self.done, here)
            self.done = here

"""PNG of 16 bits a sample, read by ourselves: Pillow keeps 8 of them, and what would keep all is 45 MB of codecs (DESIGN.md, section 9)."""

from __future__ import annotations

import struct
import sys
import zlib
from collections.abc import Iterator
from typing import IO, Any

import numpy as np

from imgconv import jit
from imgconv.image import Frame
from imgconv.loops import png as filters
from imgconv.loops import unpng
from imgconv.numerics import Pixels

_SIGNATURE = 8
_CHANNELS = {0: 1, 2: 3, 4: 2, 6: 4}  # of PNG's colour types, alpha included
_WITH_ALPHA = (4, 6)
# Adam7: where each pass starts, and its steps, as (top, left, down, right)
_PASSES = ((0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1))


def decode(stream: IO[bytes]) -> Frame:
    """The pixels of a PNG of 16 bits a sample, interlaced or not; a colour key becomes alpha. ValueError or EOFError for broken bytes."""
    stream.seek(_SIGNATURE)
    chunks = _chunks(stream)
    kind, header = next(chunks)
    width, height, depth, colour, compression, filters, interlace = struct.unpack(">IIBBBBB", header)
    if (kind, depth, compression, filters) != (b"IHDR", 16, 0, 0) or colour not in _CHANNELS or interlace > 1:
        raise ValueError("not a PNG of 16 bits a sample")
    channels = _CHANNELS[colour]
    passes = [step for step in (_PASSES if interlace else ((0, 0, 1, 1),)) if step[0] < height and step[1] < width]
    sizes = [(-(-(height - top) // down), -(-(width - left) // right)) for top, left, down, right in passes]
    filtered, key = _inflated(chunks, sum(rows * (1 + 2 * channels * columns) for rows, columns in sizes))
    if not interlace:
        pixels = _unfiltered(filtered, height, width, channels)
    else:
        pixels, start = np.empty((height, width, channels), np.uint16), 0
        for (top, left, down, right), (rows, columns) in zip(passes, sizes, strict=True):
            length = rows * (1 + 2 * channels * columns)
            pixels[top::down, left::right] = _unfiltered(filtered[start : start + length], rows, columns, channels)
            start += length
    return _frame(pixels, colour, key)


def _frame(pixels: Pixels, colour: int, key: bytes) -> Frame:
    if colour in _WITH_ALPHA:
        shown, alpha = pixels[..., :-1], np.ascontiguousarray(pixels[..., -1])
        return Frame(np.ascontiguousarray(shown[..., 0] if colour == 4 else shown), alpha)
    opaque = None
    if key:
        one = np.frombuffer(key[: 2 * pixels.shape[2]], ">u2")
        opaque = np.where((pixels != one).any(axis=-1), 65535, 0).astype(np.uint16)
    return Frame(pixels if colour == 2 else pixels[..., 0], opaque)


def _inflated(chunks: Iterator[tuple[bytes, bytes]], length: int) -> tuple[Pixels, bytes]:
    """The filtered rows of all IDAT chunks, and the colour key if there is one; no more than `length` bytes are made."""
    inflate, filled, key = _inflater(), 0, b""
    filtered = np.empty(length, np.uint8)
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
        elif kind == b"IEND":
            break
    if filled < length or not inflate.eof:
        raise EOFError(f"{length - filled} bytes of pixels are missing")
    return filtered, key


def _inflater() -> Any:
    """What undoes zlib's compression piece by piece: ISA-L's where there is one."""
    try:
        from isal.isal_zlib import decompressobj
    except ImportError:
        return zlib.decompressobj()
    return decompressobj()


def _chunks(stream: IO[bytes]) -> Iterator[tuple[bytes, bytes]]:
    """Kind and content of the chunks that pixels need; the others are passed over."""
    while True:
        start = stream.read(8)
        if len(start) < 8:
            raise EOFError("the end is missing")
        length, kind = struct.unpack(">I4s", start)
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


def _unfiltered(filtered: Pixels, rows: int, columns: int, channels: int) -> Pixels:
    row = 2 * channels * columns
    if filtered[:: row + 1].max() > filters.PAETH:
        raise ValueError("a row has a filter that PNG does not know")
    result = np.empty((rows, columns, channels), np.uint16)
    arguments: dict[str, Any] = {"source": filtered, "rows": rows, "row": row, "pixel": 2 * channels, "zeros": np.zeros(row, np.uint8)}
    jit.bind(unpng.UNFILTER, {}, {**arguments, "result": result.reshape(-1).view(np.uint8), "last": rows})(0, rows)
    return result.byteswap(inplace=True) if sys.byteorder == "little" else result

"""MNIST's files: .idx, a big-endian array of pictures one after the other, plain or compressed by gzip.

The format is described at the end of Y. LeCun's page on MNIST: two zero bytes, the type, the number of dimensions, each
dimension in 32 bits, the numbers.
"""

from __future__ import annotations

import gzip
import struct
import zlib
from collections.abc import Iterator, Sequence
from typing import IO

import numpy as np

from imgconv import errors
from imgconv.files import frames, trailers
from imgconv.files.header import Header, loader
from imgconv.files.source import Source
from imgconv.values.image import Frame, ImageData
from imgconv.values.layout import Layout
from imgconv.values.pixel_values import widened_type

_TYPES = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
_GZIP = b"\x1f\x8b"
_PIECE = 2**20


def is_idx(start: bytes) -> bool:
    """Whether a file that starts so holds pictures (or labels, which are refused later)."""
    if start.startswith(_GZIP):
        try:
            start = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16).decompress(start, 4)
        except zlib.error:
            return False
    return len(start) >= 4 and start[:2] == b"\0\0" and start[2] in _TYPES and 1 <= start[3] <= 3


def header(source: Source) -> Header:
    """The header of an IDX file. Raises FileError for one that is cut and PixelError for what is no picture."""
    opened = _opened(source.stream)
    _, _, type_, dimensions = opened.read(4)
    sizes = _exactly(source, opened, 4 * dimensions)
    shape = struct.unpack(f">{dimensions}I", sizes)
    if dimensions == 1:
        raise errors.PixelError(f"{source.name}: an array of one dimension (labels?), no pictures")
    count, height, width = shape if dimensions == 3 else (1, *shape)
    numbers = frames.chosen(source.options.frames, count, source.name)
    dtype = np.dtype(_TYPES[type_])

    def read() -> ImageData:
        size = height * width * dtype.itemsize
        source.stream.seek(0)
        stream = _opened(source.stream)
        stream.read(4 + 4 * dimensions)
        contents, missing = _pictures(stream, size, count, numbers)
        source.note_missing(missing)
        if stream is source.stream:
            trailers.note_behind(source, 4 + 4 * dimensions + count * size)
        pictures = (np.frombuffer(contents[number], dtype).reshape(height, width) for number in numbers)
        native = tuple(Frame(pixels.astype(dtype.newbyteorder("="))) for pixels in pictures)
        return ImageData(native, "idx", notes=tuple(source.notes))

    layout, chosen = Layout(1, type=widened_type(dtype)), len(numbers) * height * width * dtype.itemsize
    return Header(source, height, width, layout, "idx", loader(source, read), numbers, decoding=chosen)


def _opened(stream: IO[bytes]) -> IO[bytes]:
    start = stream.read(2)
    stream.seek(0)
    return gzip.GzipFile(fileobj=stream) if start == _GZIP else stream  # type: ignore[return-value]


def _exactly(source: Source, stream: IO[bytes], count: int) -> bytes:
    content = stream.read(count)
    if len(content) < count:
        raise errors.bytes_missing(source.name, count - len(content))
    return content


def _pictures(stream: IO[bytes], size: int, count: int, numbers: Sequence[int]) -> tuple[dict[int, bytes], int]:
    """The bytes of some of `count` pictures by number, zeros where there are none; and how many are missing in all."""
    found: dict[int, bytes] = {}
    at = left = 0
    for number in (*sorted(set(numbers)), count):
        left += _skipped(stream, (number - at) * size) if not left else (number - at) * size
        if number < count:
            content = b"" if left else b"".join(_pieces(stream, size))
            found[number] = content.ljust(size, b"\0")
            left += size - len(content)
        at = number + 1
    if not left:
        stream.read(1)  # of a compressed file, its checksum is looked at behind the last byte
    return found, left


def _skipped(stream: IO[bytes], size: int) -> int:
    """Reads on by so many bytes; how many of them are missing."""
    return size - sum(map(len, _pieces(stream, size)))


def _pieces(stream: IO[bytes], size: int) -> Iterator[bytes]:
    """As many bytes as there are of `size`, a piece at a time: what the header says takes no memory by itself."""
    while size:
        try:
            piece = stream.read(min(size, _PIECE))
        except EOFError:  # a compressed file that is cut
            return
        if not piece:
            return
        yield piece
        size -= len(piece)

"""Limits: what an input may cost, checked before its pixels are read."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import IO

import numpy as np

from imgconv import errors
from imgconv.engine.memory import allowed_bytes
from imgconv.files import signatures
from imgconv.files.header import Header
from imgconv.files.options import Reading
from imgconv.files.source import Source
from imgconv.values.layout import Layout

_PIECE, _START = 2**22, 2**12


def check_header(header: Header) -> None:
    """Raises FileError for an image with more pixels, frames or memory than its options allow."""
    options = header.source.options
    if header.frames > options.max_frames:
        raise errors.FileError(
            f"{header.path}: has {header.frames} frames, more than {options.max_frames}; if you trust it: --max-frames"
            f" {header.frames}"
        )
    for height, width in (*sizes(header), *header.parts):
        if not all(isinstance(side, int) and side > 0 for side in (height, width)):
            raise errors.file_size(header.path, width, height)
        if height * width > options.max_pixels:
            raise errors.too_many_pixels(header.path, height * width, options.max_pixels)
    if header.rows is None and header.frame_reader is None:
        check_memory(header)  # what may go in parts is asked for it before its pixels are read


def check_memory(header: Header) -> None:
    """Raises FileError for an image whose pixels take more memory than its options allow."""
    needed, allowed = decoded_bytes(header) + buffer_bytes(header), allowed_bytes(header.source.options.max_memory)
    if needed > allowed:
        raise errors.too_much_memory(header.path, needed, allowed)


def sizes(header: Header) -> Sequence[tuple[int, int]]:
    """Height and width of each frame."""
    return header.sizes or [(header.height, header.width)] * header.frames


def decoded_bytes(header: Header) -> int:
    """Memory that the pixels of all frames take once they are read."""
    pixels = sum(height * width for height, width in sizes(header))
    return int(pixels * (header.channels + header.alpha) * np.dtype(header.type).itemsize)


def buffer_bytes(header: Header) -> int:
    """Memory that is needed besides until the pixels are read: the decoder's own, and the file's content where it came
    through a pipe or may be read twice."""
    stream = header.source.stream
    piped = stream.getbuffer().nbytes if isinstance(stream, io.BytesIO) else 0
    return header.decoding + piped + (_size(stream) if header.source.options.allow_truncated else 0)


def page(source: Source, spent: int, height: int, width: int, layout: Layout) -> int:
    """The bytes of frames with one more, of which only its own header tells. Raises FileError where that is more than
    the options allow."""
    options = source.options
    if height * width > options.max_pixels:
        raise errors.too_many_pixels(source.name, height * width, options.max_pixels)
    spent += height * width * (layout.channels + layout.alpha) * np.dtype(layout.type).itemsize
    if spent > allowed_bytes(options.max_memory):
        raise errors.too_much_memory(source.name, spent, allowed_bytes(options.max_memory))
    return spent


def content(source: Source) -> bytes:
    """All bytes of a file that may have to be read twice. Raises FileError where that is more than memory may hold."""
    allowed = allowed_bytes(source.options.max_memory)
    if _size(source.stream) > allowed:
        raise _too_long(source.name, allowed)
    source.stream.seek(0)
    return source.stream.read()


def _size(stream: IO[bytes]) -> int:
    before = stream.tell()
    size = stream.seek(0, io.SEEK_END)
    stream.seek(before)
    return size


def drained(stream: IO[bytes], name: str, options: Reading) -> io.BytesIO:
    """All bytes of a pipe. Raises FileError where that is more than memory may hold, or plainly no image."""
    allowed = allowed_bytes(options.max_memory)
    buffer = io.BytesIO()
    while piece := stream.read(_PIECE):
        if buffer.tell() == 0 and len(piece) == _PIECE and signatures.is_hopeless(piece[:_START]):
            signatures.refuse(name, piece[:_START])
        buffer.write(piece)
        if buffer.tell() > allowed:
            raise _too_long(name, allowed)
    buffer.seek(0)
    return buffer


def _too_long(name: str, most: float) -> errors.FileError:
    return errors.FileError(
        f"{name}: gives more than {errors.amount(most)}, the most that one image may take (--max-memory allows more)"
    )

"""What an input may cost, asked before its pixels are read; and Pillow's own limits and leniency, lent for a moment."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import IO

import numpy as np

from imgconv import errors
from imgconv.engine.memory import allowed_bytes
from imgconv.files import signatures
from imgconv.files.header import Header
from imgconv.files.options import MOST_PIXELS, Reading
from imgconv.values.layout import Layout

_PIECE, _START = 2**22, 2**12
_LONGEST_TEXT = 2**26  # bytes of one; Pillow's limit for all of a file's texts is the same
_SHARE_OF_TEXT = 1 / 8  # of the memory that an image may take: one is held inflated, as text and by whoever keeps it
_lent = threading.RLock()


def check(header: Header, reading: Reading) -> None:
    """Raises FileError for an image with more pixels, frames or memory than `reading` allows."""
    if header.frames > reading.max_frames:
        raise errors.too_many_frames(header.path, header.frames, reading.max_frames)
    for height, width in (*sizes(header), *header.parts):
        if not all(isinstance(side, int) and side > 0 for side in (height, width)):
            raise errors.file_size(header.path, width, height)
        if height * width > reading.max_pixels:
            raise errors.too_many_pixels(header.path, height * width, reading.max_pixels)
    needed, allowed = decoded_bytes(header) + held_bytes(header, reading), allowed_bytes(reading.max_memory)
    if needed > allowed:
        raise errors.too_much_memory(header.path, needed, allowed)


def sizes(header: Header) -> Sequence[tuple[int, int]]:
    """Height and width of each frame."""
    return header.sizes or [(header.height, header.width)] * header.frames


def decoded_bytes(header: Header) -> int:
    """Memory that the pixels of all frames take once they are read."""
    pixels = sum(height * width for height, width in sizes(header))
    return int(pixels * (header.channels + header.alpha) * np.dtype(header.type).itemsize)


def held_bytes(header: Header, reading: Reading) -> int:
    """Memory that is held besides until the pixels are read: the decoder's own, and the file's content where it came
    through a pipe or may be read twice."""
    piped = header.stream.getbuffer().nbytes if isinstance(header.stream, io.BytesIO) else 0
    return header.decoding + piped + (_size(header.stream) if reading.allow_truncated else 0)


def page(name: str, spent: int, height: int, width: int, layout: Layout, reading: Reading) -> int:
    """What frames take with one more, of which only its own header tells; FileError where that is more than `reading`
    allows."""
    if height * width > reading.max_pixels:
        raise errors.too_many_pixels(name, height * width, reading.max_pixels)
    spent += height * width * (layout.channels + layout.alpha) * np.dtype(layout.type).itemsize
    if spent > allowed_bytes(reading.max_memory):
        raise errors.too_much_memory(name, spent, allowed_bytes(reading.max_memory))
    return spent


def whole(name: str, stream: IO[bytes], reading: Reading) -> bytes:
    """A file's content, for what may have to be read twice; FileError where that is more than memory may hold."""
    if _size(stream) > allowed_bytes(reading.max_memory):
        raise errors.stream_too_long(name, allowed_bytes(reading.max_memory))
    stream.seek(0)
    return stream.read()


def _size(stream: IO[bytes]) -> int:
    before = stream.tell()
    size = stream.seek(0, io.SEEK_END)
    stream.seek(before)
    return size


def drained(stream: IO[bytes], name: str, reading: Reading) -> io.BytesIO:
    """What a pipe has to give; FileError where that is more than memory may hold, or plainly no image."""
    allowed = allowed_bytes(reading.max_memory)
    content = io.BytesIO()
    while piece := stream.read(_PIECE):
        if content.tell() == 0 and len(piece) == _PIECE and signatures.is_hopeless(piece[:_START]):
            signatures.refuse(name, piece[:_START])
        content.write(piece)
        if content.tell() > allowed:
            raise errors.stream_too_long(name, allowed)
    content.seek(0)
    return content


class _Room:
    """Room for honest profiles and texts in PNG, of which Pillow takes a megabyte each. Threads share it: the first
    makes it, the last ends it."""

    def __init__(self) -> None:
        self.lock, self.guests, self.before = threading.Lock(), 0, 0

    @contextmanager
    def of(self, longest: int) -> Iterator[None]:
        from PIL import PngImagePlugin

        with self.lock:
            if self.guests == 0:
                self.before = PngImagePlugin.MAX_TEXT_CHUNK
            PngImagePlugin.MAX_TEXT_CHUNK = max(PngImagePlugin.MAX_TEXT_CHUNK, longest)
            self.guests += 1
        try:
            yield
        finally:
            with self.lock:
                self.guests -= 1
                if self.guests == 0:
                    PngImagePlugin.MAX_TEXT_CHUNK = self.before


_room = _Room()


class _Leniency:
    """Stands for Pillow's LOAD_TRUNCATED_IMAGES while a thread reads a damaged file: true in this thread, in all others
    what it was before. Pillow only asks whether it is true."""

    def __init__(self, before: object) -> None:
        self.thread, self.before = threading.get_ident(), before

    def __bool__(self) -> bool:
        return threading.get_ident() == self.thread or bool(self.before)


@contextmanager
def lent(reading: Reading, *, lenient: bool = False, png: bool = False) -> Iterator[None]:
    """While it lasts, Pillow takes images as large as `reading` allows and, if `lenient`, in this thread damaged ones.
    Its settings are the process's, hence the lock.

    Of a `png` it takes long profiles and texts, too.
    """
    longest = int(min(_LONGEST_TEXT, allowed_bytes(reading.max_memory) * _SHARE_OF_TEXT))
    with _room.of(longest) if png else nullcontext(), _allowed(reading, lenient):
        yield


@contextmanager
def _allowed(reading: Reading, lenient: bool) -> Iterator[None]:
    if reading.max_pixels <= MOST_PIXELS and not lenient:
        yield
        return
    from PIL import Image, ImageFile

    with _lent:
        before = Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES
        try:
            if before[0] is not None:
                Image.MAX_IMAGE_PIXELS = max(before[0], reading.max_pixels)
            if lenient:
                ImageFile.LOAD_TRUNCATED_IMAGES = _Leniency(before[1])  # type: ignore[assignment]
            yield
        finally:
            Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES = before

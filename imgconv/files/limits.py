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

_PIECE, _START = 2**22, 2**12
_LONGEST_TEXT = 2**26  # bytes of one; Pillow's limit for all of a file's texts is the same
_lent = threading.RLock()


def check(header: Header, reading: Reading) -> None:
    """Raises FileError for an image with more pixels, frames or memory than `reading` allows."""
    if header.frames > reading.max_frames:
        raise errors.too_many_frames(header.path, header.frames, reading.max_frames)
    for height, width in sizes(header):
        if not all(isinstance(side, int) and side > 0 for side in (height, width)):
            raise errors.file_size(header.path, width, height)
        if height * width > reading.max_pixels:
            raise errors.too_many_pixels(header.path, height * width, reading.max_pixels)
    needed, allowed = decoded_bytes(header), allowed_bytes(reading.max_memory)
    if needed > allowed:
        raise errors.too_much_memory(header.path, needed, allowed)


def sizes(header: Header) -> Sequence[tuple[int, int]]:
    """Height and width of each frame."""
    return header.sizes or [(header.height, header.width)] * header.frames


def decoded_bytes(header: Header) -> int:
    """Memory that the pixels of all frames take once they are read."""
    pixels = sum(height * width for height, width in sizes(header))
    return int(pixels * (header.channels + header.alpha) * np.dtype(header.type).itemsize)


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


class _Roomy:
    """Room for honest profiles and texts in PNG, of which Pillow takes a megabyte each. Threads share it: the first
    makes it, the last ends it."""

    def __init__(self) -> None:
        self.lock, self.guests, self.before = threading.Lock(), 0, 0

    def __enter__(self) -> None:
        from PIL import PngImagePlugin

        with self.lock:
            if self.guests == 0:
                self.before = PngImagePlugin.MAX_TEXT_CHUNK
                PngImagePlugin.MAX_TEXT_CHUNK = max(self.before, _LONGEST_TEXT)
            self.guests += 1

    def __exit__(self, *_: object) -> None:
        from PIL import PngImagePlugin

        with self.lock:
            self.guests -= 1
            if self.guests == 0:
                PngImagePlugin.MAX_TEXT_CHUNK = self.before


_roomy = _Roomy()


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
    with _roomy if png else nullcontext(), _allowed(reading, lenient):
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

"""Bytes to image data: the kind is recognised by content; the header is read first, the pixels on demand."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from typing import IO

from imgconv import errors
from imgconv.files import bounded_reads, limits, npy, npz, pillow, pnm, signatures
from imgconv.files.formats import split_member
from imgconv.files.header import Header, parsed
from imgconv.files.options import Reading
from imgconv.files.png.chunks import SIGNATURE
from imgconv.values.frozen import record, replace
from imgconv.values.image import ImageData
from imgconv.values.notes import Note

STDIN = "-"
START = 4096
"""Bytes by which a kind is recognised: enough for the longest PNM header with its comments."""


@record
class Reader:
    """A row: `knows(start)` whether a file that starts so is of this kind, and what reads its header from the
    stream."""

    name: str
    knows: Callable[[bytes], bool]
    header: Callable[[str, IO[bytes], Reading], Header]


READERS = (
    Reader("npy", npy.is_npy, npy.npy_header),
    Reader("npz", npz.is_zip, npz.header),
    Reader("raw", pnm.is_raw, pnm.header),
    Reader("program", signatures.is_program, signatures.refuse_program),
    Reader("pillow", lambda start: True, pillow.header),
)
"""The first that knows a file reads it; the last knows all that is left, or says that nobody does."""

CONTAINERS = (
    b"\xff\xd8",
    b"\xff\x4f\xff\x51",
    b"\0\0\0\x0cjP  ",
    b"\r\n\x87\n",
    b"\0\0\1\0",
    b"icns",
    b"BLP1",
    b"BLP2",
    b"DDS ",
    b"8BPS",
    b"\x1c",
)
"""Starts of files that may take more than their header says: `preflight` asks them first, each by its row."""


def header(path: str, reading: Reading = Reading()) -> Header:
    """Opens an image and reads its header. Raises FileError or PixelError as `imgconv.load` does."""
    name = "standard input" if path == STDIN else path
    stream = _opened(split_member(path)[0], name, reading)
    try:
        found = _begun(name, stream, reading)
        limits.check(found, reading)
    except BaseException as error:
        stream.close()
        if reading.allow_truncated and isinstance(error, errors.FileError) and errors.is_broken(error):
            raise errors.file_beyond_reading(name, error) from None
        raise
    return replace(found, load=lambda: _loaded(found, reading))


def _begun(name: str, stream: IO[bytes], reading: Reading) -> Header:
    """The header; of a PNG whose header is damaged, where that is allowed, what is left of it."""
    try:
        return _recognised(name, stream, reading)
    except errors.FileError as error:
        content = limits.whole(name, stream, reading) if reading.allow_truncated and errors.is_broken(error) else b""
        if not content.startswith(SIGNATURE):
            raise
        return replace(_mended(name, content, reading, pixels=False), stream=stream)


def _mended(name: str, content: bytes, reading: Reading, *, pixels: bool = True) -> Header:
    """The header of a damaged file that is read as far as it goes; a PNG is repaired first, so that all readers
    agree."""
    if content.startswith(SIGNATURE):
        from imgconv.files.png.repair import repaired

        content = parsed(name, lambda: repaired(content, pixels=pixels))
    return _recognised(name, io.BytesIO(content), reading)


def _recognised(name: str, stream: IO[bytes], reading: Reading) -> Header:
    try:
        start = stream.read(START)
        stream.seek(0)
    except OSError as error:  # a disk's error, or what opens and cannot be read
        raise errors.file_unreadable(name, error.strerror or str(error)) from None
    if not start:
        raise errors.file_empty(name)
    reader = next(reader for reader in READERS if reader.knows(start))
    with limits.lent(reading, png=start.startswith(SIGNATURE)), bounded_reads.for_header(name, stream, start, reading):
        if start.startswith(CONTAINERS):
            from imgconv.files import inner_images

            inner_images.check(name, stream, start, reading)
        return parsed(name, lambda: reader.header(name, stream, reading))


def _loaded(header: Header, reading: Reading) -> ImageData:
    """The pixels of a header. Where they are damaged and that is allowed, once more, as far as they go."""
    if not reading.allow_truncated:
        return _uncut(header.path, _pixels(header, reading))
    with header.stream:
        content = limits.whole(header.path, header.stream, reading)
    try:
        return _uncut(header.path, _pixels(_recognised(header.path, io.BytesIO(content), reading), reading))
    except errors.FileError as error:
        why = error
    try:
        with limits.lent(reading, lenient=True, png=header.format == "png"):
            again = _mended(header.path, content, reading)
            limits.check(again, reading)  # a lenient parser may find other sizes
            image = _pixels(again, reading)
    except errors.FileError:
        raise errors.file_beyond_reading(header.path, why) from None
    if any(note.code == "truncated" for note in image.notes):  # the reader has said it better
        return image
    return replace(image, notes=(Note("truncated", errors.read_as_far(why)), *image.notes))


def _pixels(header: Header, reading: Reading) -> ImageData:
    with (
        limits.lent(reading, png=header.format == "png"),
        bounded_reads.for_pixels(header.path, header.stream, reading),
    ):
        return header.load()


_FIELDS_MISSING = "Expecting to read"
"""What Pillow says of a TIFF file whose fields are not all there; of EXIF in other files it may say so, too."""


def _uncut(name: str, image: ImageData) -> ImageData:
    """The image, unless its reader only warned that something is missing (a TIFF's last tags, which may say what the
    pixels mean)."""
    for note in image.notes:
        if note.code == "reader-warning" and (
            note.text.startswith("Truncated") or (image.format == "tiff" and _FIELDS_MISSING in note.text)
        ):
            raise errors.file_broken(name, note.text)
    return image


def _opened(path: str, name: str, reading: Reading) -> IO[bytes]:
    try:
        if path == STDIN:
            if sys.stdin is None:
                raise errors.file_unreadable(name, "it is closed")
            return limits.drained(sys.stdin.buffer, name, reading)
        stream = open(path, "rb")  # noqa: SIM115 (the header's load() reads on)
        if stream.seekable():
            return stream
        with stream:
            return limits.drained(stream, name, reading)
    except FileNotFoundError:
        raise errors.file_missing(name) from None
    except IsADirectoryError:
        raise errors.file_is_folder(name) from None
    except (OSError, ValueError) as error:
        if isinstance(error, errors.ImgconvError):
            raise
        raise errors.file_unreadable(name, getattr(error, "strerror", None) or str(error)) from None

"""Bytes to image data: the kind is recognised by content; the header is read first, the pixels on demand."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable
from typing import IO

from imgconv import errors
from imgconv.files import bounded_reads, idx, limits, npy, npz, pillow_reader, pillow_settings, signatures
from imgconv.files.formats import split_member
from imgconv.files.header import Header, parsed
from imgconv.files.metadata import recipes
from imgconv.files.options import Reading
from imgconv.files.png.chunks import SIGNATURE
from imgconv.files.pnm import reader as pnm_reader
from imgconv.files.pnm.headers import is_pnm
from imgconv.files.source import Source
from imgconv.files.text import reader as text_reader
from imgconv.files.text.recognition import INLINE, is_inline, is_matrix
from imgconv.files.urls import is_url
from imgconv.files.zarr.recognition import is_zarr
from imgconv.values.frozen import record, replace
from imgconv.values.image import ImageData
from imgconv.values.notes import Note

STDIN = "-"
START = 4096
"""Bytes by which a format is recognised: enough for the longest PNM header with its comments."""


@record
class Reader:
    """A row: `knows(start)` whether a file that starts so is of this kind, and what reads its header."""

    name: str
    knows: Callable[[bytes], bool]
    header: Callable[[Source], Header]


READERS = (
    Reader("npy", npy.is_npy, npy.npy_header),
    Reader("idx", idx.is_idx, idx.header),
    Reader("npz", npz.is_zip, npz.header),
    Reader("pnm", is_pnm, pnm_reader.header),
    Reader("text", is_matrix, text_reader.header),
    Reader("program", signatures.is_program, signatures.refuse_program),
    Reader("pillow", lambda start: True, pillow_reader.header),
)
"""The first reader that knows a file reads it; the last takes all others, or refuses them."""

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
"""Starts of files that may take more than their header states; `inner_images` checks them first."""


def header(path: str, options: Reading = Reading(), stream: IO[bytes] | None = None) -> Header:
    """Opens an image and reads its header; `stream` is its bytes where they are at hand, and `path` only their name.

    Raises FileError or PixelError as `imgconv.load` does.
    """
    if stream is None and is_zarr(path):
        from imgconv.files.zarr import reader as zarr_reader

        header = zarr_reader.header(path, options)
        limits.check_header(header)
        return header
    name = "standard input" if path == STDIN and stream is None else path
    source = Source(name, stream or _opened(split_member(path)[0], name, options), options)
    try:
        header = _begun(source)
        limits.check_header(header)
    except BaseException as error:
        source.stream.close()
        if options.allow_truncated and isinstance(error, errors.FileError) and error.recoverable:
            raise _beyond_reading(name, error) from None
        raise
    return replace(header, load=lambda: _loaded(header))


def _begun(source: Source) -> Header:
    """The header; of a PNG whose header is damaged, where that is allowed, what is left of it."""
    try:
        return _recognised(source)
    except errors.FileError as error:
        if not (source.options.allow_truncated and error.recoverable):
            raise
        content = limits.content(source)
        if not content.startswith(SIGNATURE):
            raise
        left = _mended(Source(source.name, io.BytesIO(content), source.options), pixels=False)
        return replace(left, source=source)


def _mended(source: Source, *, pixels: bool = True) -> Header:
    """The header of a damaged file that is read as far as it goes; a PNG is repaired first, so that all readers
    agree."""
    content = source.stream.read()
    if content.startswith(SIGNATURE):
        from imgconv.files.png.repair import repaired

        content = parsed(source.name, lambda: repaired(content, pixels=pixels))
    return _recognised(source.inner(content))


def _recognised(source: Source) -> Header:
    """The header, by the first reader that knows how the file starts."""
    try:
        start = source.stream.read(START)
        source.stream.seek(0)
    except OSError as error:  # a disk's error, or what opens and cannot be read
        raise _unreadable(source.name, error) from None
    if not start:
        raise errors.FileError(f"{source.name}: empty, no image in it")
    reader = next(reader for reader in READERS if reader.knows(start))
    png = start.startswith(SIGNATURE)
    with pillow_settings.raised_limits(source.options, png=png), bounded_reads.for_header(source, start):
        if start.startswith(CONTAINERS):
            from imgconv.files import inner_images

            inner_images.check_inner(source, start)
        return parsed(source.name, lambda: reader.header(source))


def _loaded(header: Header) -> ImageData:
    """The pixels of a header. Where they are damaged and that is allowed, once more, as far as they go."""
    source = header.source
    if not source.options.allow_truncated:
        return _complete(header)
    with source.stream:
        content = limits.content(source)
    try:
        return _complete(_recognised(Source(source.name, io.BytesIO(content), source.options)))
    except errors.FileError as error:
        damage = error
    try:
        again = _mended(Source(source.name, io.BytesIO(content), source.options, lenient=True))
        limits.check_header(again)  # a lenient parser may find other sizes
        image = _pixels(again)
    except errors.FileError:
        raise _beyond_reading(source.name, damage) from None
    if any(note.code == "truncated" for note in image.notes):  # the reader has said it better
        return image
    note = Note("truncated", f"read as far as it goes, the rest is empty: {damage.reason}")
    return replace(image, notes=(note, *image.notes))


def _complete(header: Header) -> ImageData:
    """The image, unless its reader only warned that something is missing (a TIFF's last tags, which may say what the
    pixels mean)."""
    image = _pixels(header)
    header.source.refuse_shortage(image.format)
    return image


def _pixels(header: Header) -> ImageData:
    source = header.source
    limits.check_memory(header)
    with pillow_settings.raised_limits(source.options, png=header.format == "png"), bounded_reads.for_pixels(source):
        return recipes.apart(header.load())


def _beyond_reading(name: str, damage: errors.FileError) -> errors.FileError:
    return errors.FileError(f"{name}: {damage.reason}, so much that nothing of it can be read; get a whole copy")


def _unreadable(name: str, error: Exception) -> errors.FileError:
    return errors.FileError(f"{name}: cannot be read ({getattr(error, 'strerror', None) or error})")


def stream_of(path: str) -> IO[bytes]:
    """The bytes at a path or a URL. Raises OSError."""
    if is_url(path):
        from imgconv.files import remote

        return remote.opened(path)
    return open(path, "rb")


def _opened(path: str, name: str, options: Reading) -> IO[bytes]:
    """A stream that can be sought, of the bytes at a path."""
    try:
        if path == STDIN:
            if sys.stdin is None:
                raise errors.FileError(f"{name}: cannot be read (it is closed)")
            return limits.drained(sys.stdin.buffer, name, options)
        if is_inline(path) and not os.path.lexists(path):
            return io.BytesIO(path.removeprefix(INLINE).replace(";", "\n").encode())
        stream = stream_of(path)
        if stream.seekable():
            return stream
        with stream:
            return limits.drained(stream, name, options)
    except FileNotFoundError:
        raise errors.FileError(f"{name}: no such file") from None
    except IsADirectoryError:
        raise errors.FileError(
            f"{name}: is a folder, not an image; name the images in it (for instance {name.rstrip('/')}/*.png)"
        ) from None
    except (OSError, ValueError) as error:
        if isinstance(error, errors.ImgconvError):
            raise
        raise _unreadable(name, error) from None

"""Trailers: bytes behind the end of an image in its file or stream, which may be a second image."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Mapping
from typing import Any

from imgconv.files import stored_sizes
from imgconv.files.jpeg import jpeg2000
from imgconv.files.png import chunks
from imgconv.files.source import Source

_PIECE = 2**16
_MOST_PADDING = 2**26  # bytes; of a longer tail it is not looked at what it is
_LEAD, _START = 8, 64  # bytes before and behind the first one that counts, among which a trailer's kind is looked for
_PADDING = b"\0\xff \t\n\r\v\f"
_KINDS = {
    rb"MotionPhoto_Data|mpvd|ftyp(?!avi|hei|hev|mif)": "the film of a Motion Photo",
    rb"\x89PNG\r\n": "a PNG",
    rb"\xff?\xd8\xff": "a JPEG",
    rb"GIF8[79]a": "a GIF",
    rb"RIFF.{4}WEBP": "a WebP",
    rb"II\*\0|MM\0\*|II\+\0|MM\0\+": "a TIFF",
    rb"BM.{4}\0\0\0\0": "a BMP",
    rb"qoif": "a QOI",
    rb"P[1-7fF]\s": "a PNM",
    rb"\x93NUMPY": "a NumPy array",
    rb"ftypavi": "an AVIF",
    rb"ftyp(?:hei|hev|mif)": "a HEIC",
    rb"\x0cjP  ": "a JPEG 2000",
    rb"CANON OPTIONAL DATA": "Canon's recipe of development",
    rb"PK\x03\x04": "an archive",
}
"""Patterns of how trailers start, and what they are."""


def note_trailer(source: Source, image: Any) -> None:
    """Notes what follows an image that was opened by Pillow and read, where its format states its end."""
    if source.lenient or image.format not in _ENDS:
        return
    try:
        end = _ENDS[image.format](source, image)
    except (struct.error, EOFError, ValueError, LookupError, OverflowError):  # more than its pixels is damaged
        return
    if end is not None:
        note_behind(source, end)


def note_behind(source: Source, end: int) -> None:
    """Notes the bytes behind the end of an image, unless all of them are padding (zero, 0xFF, white space)."""
    stream, at = source.stream, end
    if end >= (size := stream.seek(0, 2)):
        return
    stream.seek(end)
    rest = b""
    while not rest and at < min(size, end + _MOST_PADDING):
        rest = stream.read(_PIECE).lstrip(_PADDING)
        at = stream.tell()
    if at >= size and not rest:
        return
    at -= len(rest)
    stream.seek(max(end, at - _LEAD))
    start = stream.read(at - stream.tell() + _START)
    kind = next((kind for pattern, kind in _KINDS.items() if re.search(pattern, start, re.DOTALL)), "")
    count = f"{size - end} byte{'s' * (size - end > 1)}"
    source.note("trailer-dropped", f"{count} behind the image left out{f' ({kind})' * bool(kind)}")


def _png(source: Source, image: Any) -> int | None:
    for kind, length in chunks.walk(source.stream):
        if kind == b"IEND":
            return source.stream.tell() + length + 4
    return None


def _jpeg(source: Source, image: Any) -> int | None:
    """The end of the last picture, of which an index (MPF) tells."""
    from imgconv.files.jpeg import pictures

    return max([source.end or 0, *(end for _, end in pictures.places(source, image))]) or None


def _bmp(source: Source, image: Any) -> int | None:
    """The stated end, or that of the pixels, since many writers state 0."""
    stated, at, head, width, height, bits, packed, size = struct.unpack("<2xI4xIIii2xHII", _exactly(source, 0, 38))
    if head < 40:
        return int(stated)
    return int(max(stated, at + (size if packed in (1, 2) else -(-width * bits // 32) * 4 * abs(height))))


def _webp(source: Source, image: Any) -> int | None:
    (size,) = struct.unpack("<4xI", _exactly(source, 0, 8))
    return int(8 + size + size % 2)


def _boxes(source: Source, image: Any) -> int | None:
    """Where the boxes of an AVIF or JPEG 2000 end; a second file begins with the box that files begin with."""
    at, seen = 0, b""
    size = source.stream.seek(0, 2)
    while at < size:
        source.stream.seek(at)
        head = source.stream.read(16).ljust(16, b"\0")
        length, kind = struct.unpack(">I4s", head[:8])
        if kind in (b"mpvd", seen) or not all(32 <= byte < 127 for byte in kind):
            return at
        if length == 0:  # to the end
            return _codestream_end(source, image, at + 8) if kind == b"jp2c" else size
        length = int.from_bytes(head[8:], "big") if length == 1 else length
        if length < 8 or at + length > size:
            return at
        seen, at = seen or kind, at + length
    return at


def _jpeg2000(source: Source, image: Any) -> int | None:
    if _exactly(source, 0, 4) == stored_sizes.CODESTREAM:
        return _codestream_end(source, image, 0)
    return _boxes(source, image)


def _codestream_end(source: Source, image: Any, at: int) -> int | None:
    source.stream.seek(at)
    end = jpeg2000.end(source.stream.read(jpeg2000.most_bytes(*image.size)))
    return None if end is None else at + end


def _ico(source: Source, image: Any) -> int | None:
    (count,) = struct.unpack("<4xH", _exactly(source, 0, 6))
    entries = _exactly(source, 6, 16 * count)
    return max(int(size + at) for size, at in struct.iter_unpack("<8xII", entries))


def _icns(source: Source, image: Any) -> int | None:
    return int.from_bytes(_exactly(source, 4, 4), "big")


def _qoi(source: Source, image: Any) -> int | None:
    """No chunks of pixels have so many zeros in turn as the mark of the end (QOI 1.0)."""
    source.stream.seek(0)
    at = source.stream.read(jpeg2000.most_bytes(*image.size)).find(b"\0\0\0\0\0\0\0\1")
    return at + 8 if at >= 0 else None


def _tiff(source: Source, image: Any) -> int | None:
    from imgconv.files.tiff import extent

    return extent.end(source.stream)


def _pnm(source: Source, image: Any) -> int | None:
    """The end of plain PNM, whose pixels are text."""
    from imgconv.files.pnm import plain

    source.stream.seek(0)
    return plain.end(source.stream.read(jpeg2000.most_bytes(*image.size)))


def _exactly(source: Source, at: int, length: int) -> bytes:
    source.stream.seek(at)
    content = source.stream.read(length)
    if len(content) < length:
        raise EOFError("it ends too early")
    return content


_ENDS: Mapping[str, Callable[[Source, Any], int | None]] = {
    "PNG": lambda source, image: source.end or _png(source, image),
    "JPEG": _jpeg,
    "MPO": _jpeg,
    "GIF": lambda source, image: source.end,
    "TIFF": _tiff,
    "BMP": _bmp,
    "WEBP": _webp,
    "AVIF": _boxes,
    "JPEG2000": _jpeg2000,
    "ICO": _ico,
    "ICNS": _icns,
    "QOI": _qoi,
    "PPM": _pnm,
}
"""Where a file of Pillow's formats ends; None where that is not known. Others do not say so."""

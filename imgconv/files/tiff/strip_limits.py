"""Limits of a TIFF's strips and tiles: none may decode to more than its place in the page."""

from __future__ import annotations

import math
from typing import Any

from imgconv import errors
from imgconv.files import stored_sizes
from imgconv.files.tiff import segments

_DEFLATED, _LZMA, _ZSTD = (8, 32946), 34925, 50000  # values of Compression
_PACKBITS = 32773
UNBOUNDED = (_LZMA, _ZSTD)
"""Compressions that are not read without imagecodecs: rare, and not worth a bound of their own."""
_PICTURES = (
    6,
    7,
    33007,
    34892,
    33003,
    33004,
    33005,
    34712,
    34933,
    50001,
)  # JPEG, JPEG 2000, PNG and WebP, which say their own size
_MOST_INFLATED, _MOST_REPEATED = 1032, 64  # bytes that deflate and PackBits can make of one
_HARMLESS, _SLACK = 2**25, 2**20  # bytes that a strip or tile may become unexamined, and more than its pixels take
_START = 2**20  # bytes within which a picture says its size


def check_strips(name: str, page: Any) -> None:
    """Looks at what could be a bomb as far as it may go: strips and tiles that are pictures of their own size, and
    those that become as large as they like, which without imagecodecs tifffile lets them."""
    most = math.prod(page.chunks) * page.dtype.itemsize + _SLACK
    pieces = list(zip(page.dataoffsets, page.databytecounts, strict=False))
    if page.compression in _PICTURES:
        if page.jpegheader is not None:  # Hamamatsu's, read as one strip
            pieces.append((page.tags[273].value[0], _START))
        for start, length in pieces:
            _refuse_picture(page, _fetched(page, start, min(length, _START)), most)
    if page.compression not in (*_DEFLATED, *UNBOUNDED, _PACKBITS) or segments.decodes(page) or has_imagecodecs():
        return
    if page.compression in UNBOUNDED:
        raise codec_missing(name, page.compression.name)
    ratio, size_of = (_MOST_REPEATED, _unpacked) if page.compression == _PACKBITS else (_MOST_INFLATED, _inflated)
    for start, length in pieces:
        if length * ratio > _HARMLESS and size_of(_fetched(page, start, length), most) > most:
            raise ValueError("a strip or tile holds far more than its pixels")


def _refuse_picture(page: Any, content: bytes, most: int) -> None:
    """A strip or tile whose picture is larger than its place; an abbreviated one may stand behind a header of its
    own."""
    size = stored_sizes.size_of((page.jpegheader or b"") + content)
    if size is None or math.prod(size) * page.samplesperpixel * page.dtype.itemsize > 2 * most:
        raise ValueError("a strip or tile holds a picture of another size")


def _fetched(page: Any, start: int, length: int) -> bytes:
    page.parent.filehandle.seek(start)
    content: bytes = page.parent.filehandle.read(length)
    return content


def _inflated(content: bytes, most: int) -> int:
    """How many bytes deflated ones become, counted no further than one more than `most`."""
    from isal import isal_zlib

    return len(isal_zlib.decompressobj().decompress(content, most + 1))


def _unpacked(content: bytes, most: int) -> int:
    """The same of PackBits (TIFF 6.0, section 9)."""
    size = at = 0
    while at < len(content) and size <= most:
        count = content[at]
        size += count + 1 if count < 128 else 257 - count if count > 128 else 0
        at += count + 2 if count < 128 else 2 if count > 128 else 1
    return size


def codec_missing(name: str, codec: str) -> errors.FileError:
    """The error for a compression that imagecodecs would read."""
    return errors.FileError(
        f"{name}: its pixels are compressed by {codec}, for which the package imagecodecs is needed; pip install"
        " 'imgconv[deep]'"
    )


def has_imagecodecs() -> bool:
    """Whether the package is there that reads more than deflate and PackBits."""
    try:
        import imagecodecs  # noqa: F401
    except ImportError:
        return False
    return True

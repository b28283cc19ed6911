"""Inner images: icons, textures and the like hold pictures with sizes of their own.

A decoder that opens such a file allocates what is inside unasked; a row of `CHECKS` looks at the sizes first.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Callable
from typing import Any

from imgconv import errors
from imgconv.engine.memory import allowed_bytes
from imgconv.files import signatures, stored_sizes
from imgconv.files.source import Source

_MOST_SCANS = 256  # of a progressive JPEG: encoders write ten, and one for each coefficient would be less
_INSIDE = 2**20  # bytes within which a picture that stands in another file says its size
_PICTURE = 8  # bytes per pixel in a decoder: Pillow's four, and as many while they are converted
_MOST_BLOCKS = 1000  # of icons, and boxes of JPEG 2000, that are looked at
_FARTHEST = 2**60  # bytes into a file, farther than which no system seeks
_LONGEST_PSD = 300_000  # rows and columns (Photoshop's file format, section 2)
_DDS_HEADER, _DDS_PLAIN = 128, 0x40  # bytes, and the flag of pixels of red, green and blue
_BLP_JPEG = 0  # of its compressions


def check_inner(source: Source, start: bytes) -> None:
    """Raises FileError for a file that begins with `start` and holds more than its options allow, wherever it says so;
    the stream is left at its start."""
    row = next((check for magic, check in CHECKS if start.startswith(magic)), None)
    if row is None:
        return
    try:
        row(source)
    except (struct.error, EOFError, ValueError):  # cut short or none of its kind, which its decoder says better
        pass
    finally:
        source.stream.seek(0)


def check_size(source: Source, size: stored_sizes.Size | None, each: int = _PICTURE, besides: int = 0) -> None:
    """Raises FileError for a picture of a size that takes `each` byte per pixel, and some besides, where that is more
    than the options allow."""
    height, width = size or (0, 0)
    most = source.options.max_pixels
    if height * width > most:
        raise errors.too_many_pixels(source.name, height * width, most)
    needed, allowed = height * width * each + besides, allowed_bytes(source.options.max_memory)
    if needed > allowed:
        raise errors.too_much_memory(source.name, needed, allowed)


# ---------------------------------------------------------------- icons


def _ico(source: Source) -> None:
    (count,) = struct.unpack("<4xH", _exactly(source, 0, 6))
    for i in range(count):
        (at,) = struct.unpack("<12xI", _exactly(source, 6 + 16 * i, 16))
        source.stream.seek(at)
        check_size(source, _picture_or_bitmap(source.stream.read(32)))


def _picture_or_bitmap(content: bytes) -> stored_sizes.Size | None:
    if content.startswith(stored_sizes.PNG):
        return stored_sizes.size_of(content)
    size = int.from_bytes(content[:4], "little")
    width, height = struct.unpack_from("<HH" if size == 12 else "<ii", content, 4)
    return abs(height) // 2, abs(width)  # below the pixels stands their mask


def _icns(source: Source) -> None:
    at, (end,) = 8, struct.unpack(">4xI", _exactly(source, 0, 8))
    for _ in range(_MOST_BLOCKS):
        if at >= end:
            return
        (length,) = struct.unpack(">4xI", _exactly(source, at, 8))
        content = source.stream.read(min(max(0, length - 8), _INSIDE))
        if content.startswith((stored_sizes.CODESTREAM, *stored_sizes.JP2)):
            _check_codestream(source, content)
        check_size(source, stored_sizes.size_of(content))
        at += max(8, length)
    raise errors.header_endless(source.name)


# ---------------------------------------------------------------- JPEG and JPEG 2000


def _jpeg(source: Source) -> None:
    source.stream.seek(0)
    if stored_sizes.scans(source.stream, _MOST_SCANS) > _MOST_SCANS:
        raise errors.FileError(
            f"{source.name}: is a progressive JPEG of more than {_MOST_SCANS} scans, and may be made to take time; save"
            " it as a plain JPEG or PNG first"
        )


def _jpeg2000(source: Source) -> None:
    _check_codestream(source, _codestream(source))


def _check_codestream(source: Source, content: bytes) -> None:
    if measures := stored_sizes.codestream(content):
        check_size(source, measures[:2], besides=measures[2])


def _codestream(source: Source) -> bytes:
    """The beginning of the codestream in a file of boxes, or of one alone."""
    source.stream.seek(0)
    start = source.stream.read(_INSIDE)
    if stored_sizes.CODESTREAM in start:
        return start
    at = 0
    for _ in range(_MOST_BLOCKS):
        length, kind = struct.unpack(">I4s", _exactly(source, at, 8))
        head = 8
        if length == 1:
            (length,), head = struct.unpack(">Q", _exactly(source, at + 8, 8)), 16
        if kind == b"jp2c":
            source.stream.seek(at + head)
            return source.stream.read(_INSIDE)
        if length < head:
            break
        at += length
    return b""


# ---------------------------------------------------------------- textures, Photoshop, IPTC


def _blp1(source: Source) -> None:
    """A texture whose pixels are a JPEG in two pieces, or indices of a palette as many as the file likes."""
    kind, width, height = struct.unpack("<4xi4xII", _exactly(source, 0, 20))
    offsets, lengths = struct.unpack("<16I", _exactly(source, 28, 64)), struct.unpack("<16I", _exactly(source, 92, 64))
    if kind != _BLP_JPEG:
        _check_indices(source.name, lengths[0], height, width)
        return
    (length,) = struct.unpack("<I", _exactly(source, 156, 4))
    head = source.stream.read(min(length, _INSIDE))
    source.stream.seek(offsets[0])
    picture = head + source.stream.read(min(lengths[0], _INSIDE))
    check_size(source, stored_sizes.jpeg_size(picture), each=2 * _PICTURE)
    _jpeg(source.inner(picture))


def _blp2(source: Source) -> None:
    width, height = struct.unpack("<12xII", _exactly(source, 0, 20))
    (length,) = struct.unpack("<I", _exactly(source, 84, 4))
    _check_indices(source.name, length, height, width)


def _check_indices(name: str, length: int, height: int, width: int) -> None:
    """Every index becomes a pixel, and alpha stands behind them."""
    if length > 4 * height * width + _INSIDE:
        raise errors.file_broken(name, f"{length} bytes of pixels for {width}x{height}")


def _dds(source: Source) -> None:
    """Plain pixels must all be there: Pillow unpacks as many as the header states, one by one."""
    height, width, flags, bits = struct.unpack("<12xII60xI4xI", _exactly(source, 0, 92))
    missing = height * width * max(1, bits // 8) - max(0, source.stream.seek(0, io.SEEK_END) - _DDS_HEADER)
    if flags & _DDS_PLAIN and missing > 0:
        raise errors.bytes_missing(source.name, missing)


def _psd(source: Source) -> None:
    """The number of Photoshop's rows decides what its decoder allocates."""
    height, width = struct.unpack(">14xII", _exactly(source, 0, 22))
    if not 0 < max(height, width) <= _LONGEST_PSD:
        raise errors.file_size(source.name, width, height)
    check_size(source, (height, width), each=1)


def _iptc(source: Source) -> None:
    """Records of IPTC, which are joined before anything is decoded."""
    check_size(source, None, besides=2 * source.stream.seek(0, io.SEEK_END))


def refuse_inside(source: Source, image: Any) -> None:
    """Raises FileError for opened IPTC records of coded pixels: Pillow would decode them by opening whatever is there,
    a PostScript program too."""
    if image.tile and image.tile[0][3][0] != "raw":
        raise signatures.foreign(
            source.name,
            "a picture wrapped in IPTC records",
            "take it out of them first (exiftool, or convert it to PNG)",
        )


def _exactly(source: Source, at: int, length: int) -> bytes:
    if at > _FARTHEST:
        raise EOFError("it points beyond its end")
    source.stream.seek(at)
    content = source.stream.read(length)
    if len(content) < length:
        raise EOFError("it ends too early")
    return content


CHECKS: tuple[tuple[bytes | tuple[bytes, ...], Callable[[Source], None]], ...] = (
    (stored_sizes.JPEG, _jpeg),
    (b"\0\0\1\0", _ico),
    (b"icns", _icns),
    ((stored_sizes.CODESTREAM, *stored_sizes.JP2), _jpeg2000),
    (b"BLP1", _blp1),
    (b"BLP2", _blp2),
    (b"DDS ", _dds),
    (b"8BPS", _psd),
    (b"\x1c", _iptc),
)
"""How a file begins, and its check; `read.CONTAINERS` has all of these starts."""

"""Stored sizes: those of pictures inside other files (icons, textures, TIFF's strips), from their own first bytes; the
container may state others."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from typing import IO

Size = tuple[int, int]
"""Height and width."""

PNG, JPEG, CODESTREAM = b"\x89PNG\r\n\x1a\n", b"\xff\xd8", b"\xff\x4f\xff\x51"
JP2 = (b"\0\0\0\x0cjP  \r\n\x87\n", b"\r\n\x87\n")
_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}  # JPEG's SOF markers
_PROGRESSIVE = {0xC2, 0xC6, 0xCA, 0xCE}
_LONE = {0x01, 0xD8, 0xD9}  # markers without a length
_SCAN, _END = 0xDA, 0xD9
_NEXT = re.compile(rb"\xff([^\x00\xff\xd0-\xd7])")
_PIECE, _SMALLEST = 2**16, 4  # bytes looked through at once, and of a marker with its length
_TILE, _COMPONENT = 9000, 1100  # bytes that OpenJPEG holds of each tile, and of each component in it, before any pixel


def size_of(content: bytes) -> Size | None:
    """The size of a picture that begins so; None where that is not known."""
    if content.startswith(PNG) and len(content) >= 24:
        width, height = struct.unpack_from(">II", content, 16)
        return height, width
    if content.startswith(JPEG):
        return jpeg_size(content)
    if content.startswith((CODESTREAM, *JP2)):
        measures = codestream(content)
        return measures and measures[:2]
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        return _webp_size(content)
    return None


def jpeg_size(content: bytes) -> Size | None:
    """The size in the first frame header of a JPEG; decoders use no second one."""
    at = 2
    while marker := _NEXT.search(content, at):
        kind, at = marker[1][0], marker.end()
        if kind in _FRAMES:
            height, width = struct.unpack_from(">HH", content.ljust(at + 7, b"\0"), at + 3)
            return height, width
        if kind not in _LONE:
            at += int.from_bytes(content[at : at + 2], "big")
    return None


def scans(stream: IO[bytes], most: int) -> int:
    """How many scans, each over all pixels, a progressive JPEG has that begins here, counted no further than one more
    than `most`; 0 of any other."""
    begin, count, progressive = stream.tell(), 0, False
    for kind in _markers(stream, begin + 2):
        progressive |= kind in _PROGRESSIVE
        count += kind == _SCAN
        if kind == _END or count > most or (count and not progressive):
            break
    stream.seek(begin)
    return count if progressive else 0


def _markers(stream: IO[bytes], at: int) -> Iterator[int]:
    """The markers of a JPEG from an offset on, those that only divide a scan left out."""
    stream.seek(at)
    start, piece = at, stream.read(_PIECE)
    while len(piece) > 1:
        marker = _NEXT.search(piece, at - start)
        if marker is None or marker.end() + 2 > len(piece):
            at = start + marker.start() if marker else start + len(piece) - 1
            stream.seek(at)
            before, start, piece = start, at, stream.read(_PIECE)
            if start == before or len(piece) < _SMALLEST:
                return
            continue
        kind = marker[1][0]
        at = (
            start
            + marker.end()
            + (0 if kind in _LONE else int.from_bytes(piece[marker.end() : marker.end() + 2], "big"))
        )
        yield kind
        if at >= start + len(piece):
            stream.seek(at)
            start, piece = at, stream.read(_PIECE)


def codestream(content: bytes) -> tuple[int, int, int] | None:
    """Height and width of a JPEG 2000 file, and the bytes that its decoder holds of its tiles (ISO/IEC 15444-1,
    A.5.1)."""
    at = content.find(CODESTREAM)
    if at < 0 or len(content) < at + 42:
        return None
    right, bottom, left, top, across, down, x, y, components = struct.unpack_from(">8IH", content, at + 8)
    tiles = -(-(right - x) // across) * -(-(bottom - y) // down) if across and down else 0
    return bottom - top, right - left, max(0, tiles) * (_TILE + _COMPONENT * components)


def _webp_size(content: bytes) -> Size | None:
    kind, data = content[12:16], content[20:30]
    if len(data) < 10:
        return None
    if kind == b"VP8X":
        return 1 + int.from_bytes(data[7:10], "little"), 1 + int.from_bytes(data[4:7], "little")
    if kind == b"VP8L":
        packed = int.from_bytes(data[1:5], "little")
        return 1 + (packed >> 14 & 0x3FFF), 1 + (packed & 0x3FFF)
    if kind == b"VP8 ":
        width, height = struct.unpack_from("<HH", data, 6)
        return height & 0x3FFF, width & 0x3FFF
    return None

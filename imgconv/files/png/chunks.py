"""PNG's chunks (PNG specification, third edition): walked through, checked, and made of metadata."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Mapping
from typing import IO, Any

from imgconv.files.source import Source

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_LARGEST = 2**31 - 1  # of any number in a PNG
_LONG_TEXT = 1024  # bytes from which a text is deflated
_XMP = b"XML:com.adobe.xmp"
CUT, WRONG = "cut short", "of a wrong checksum"
"""What may be wrong with a chunk."""
_HEAD, _CHECKSUM = 8, 4  # bytes around a chunk's content
_SHORT = 64  # bytes of a chunk that are looked at here
_INCH, _METRE, _UNKNOWN = 0.0254, 1, 0


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(content, zlib.crc32(kind)))


def head(start: bytes) -> tuple[bytes, int]:
    """Kind and length of a chunk that starts with these eight bytes."""
    length, kind = struct.unpack(">I4s", start)
    return kind, length


def walk(stream: IO[bytes], *, beyond_end: bool = False) -> Iterator[tuple[bytes, int]]:
    """Kind and stated length of each chunk, up to IEND (or `beyond_end`) or where no head is whole.

    While a chunk is at hand the stream stands at its content; where it is left does not matter.
    """
    start = len(SIGNATURE)
    stream.seek(start)
    while len(first := stream.read(_HEAD)) == _HEAD:
        kind, length = head(first)
        yield kind, length
        if kind == b"IEND" and not beyond_end:  # what is behind it may go on for ever
            return
        start += _HEAD + length + _CHECKSUM
        stream.seek(start)


def checked(stream: IO[bytes], kind: bytes, length: int) -> tuple[bytes, str]:
    """The content of the chunk at hand, as far as it goes, and what is wrong with it; nothing if it is whole."""
    content, checksum = stream.read(length), stream.read(_CHECKSUM)
    if len(content) < length or len(checksum) < _CHECKSUM:
        return content, CUT
    return content, "" if checksum == struct.pack(">I", zlib.crc32(content, zlib.crc32(kind))) else WRONG


def leading(source: Source) -> Mapping[bytes, bytes]:
    """The content of the first chunk of each kind before the pixels, walked once; a long one's first bytes."""
    if source.chunks is None:
        stream, source.chunks = source.stream, {}
        before = stream.tell()
        for kind, length in walk(stream):
            if kind in (b"IDAT", b"IEND"):
                break
            if kind not in source.chunks:
                source.chunks[kind] = stream.read(min(length, _SHORT))
        stream.seek(before)
    return source.chunks


def carried(metadata: Mapping[str, Any]) -> list[tuple[bytes, bytes]]:
    """The chunks of `icc_profile`, `srgb`, `gamma`, `chromaticity`, `dpi` or `aspect`, `exif`, `xmp` and `text`, all to
    stand before the pixels."""
    chunks = []
    if gamma := metadata.get("gamma"):
        chunks.append((b"gAMA", struct.pack(">I", _parts(gamma))))
    if chromaticity := metadata.get("chromaticity"):
        chunks.append((b"cHRM", struct.pack(">8I", *map(_parts, chromaticity))))
    if profile := metadata.get("icc_profile"):
        chunks.append((b"iCCP", b"ICC Profile\0\0" + zlib.compress(profile)))
    elif "srgb" in metadata:
        chunks.append((b"sRGB", bytes([metadata["srgb"]])))
    if dpi := metadata.get("dpi"):
        chunks.append((b"pHYs", struct.pack(">IIB", *(_per_metre(float(value)) for value in dpi), _METRE)))
    elif aspect := metadata.get("aspect"):
        chunks.append((b"pHYs", struct.pack(">IIB", *aspect, _UNKNOWN)))
    if exif := metadata.get("exif"):
        raw = exif.tobytes() if hasattr(exif, "tobytes") else exif  # Pillow's Exif too
        chunks.append((b"eXIf", raw.removeprefix(b"Exif\0\0")))
    if xmp := metadata.get("xmp"):
        chunks.append((b"iTXt", _XMP + b"\0\0\0\0\0" + xmp))
    return chunks + [_text(key, value) for key, value in metadata.get("text", {}).items()]


def _text(keyword: str, value: str) -> tuple[bytes, bytes]:
    """A text in the plainest chunk that holds it: Latin-1, or UTF-8 with the language and translated keyword that
    Pillow keeps with it; deflated if long."""
    key = keyword.encode("latin-1", "replace")[:79]
    language, translated = str(getattr(value, "lang", None) or ""), str(getattr(value, "tkey", None) or "")
    try:
        plain = None if language or translated else value.encode("latin-1")
    except UnicodeEncodeError:
        plain = None
    content = value.encode("utf-8", "replace") if plain is None else plain
    long = len(content) > _LONG_TEXT
    content = zlib.compress(content) if long else content
    if plain is not None:
        return (b"zTXt", key + b"\0\0" + content) if long else (b"tEXt", key + b"\0" + content)
    head = (
        key
        + b"\0"
        + bytes([long, 0])
        + language.encode("ascii", "replace")
        + b"\0"
        + translated.encode("utf-8", "replace")
        + b"\0"
    )
    return b"iTXt", head + content


def _parts(value: float) -> int:
    """In hundred thousandths, as gAMA and cHRM count."""
    return min(max(0, round(float(value) * 100_000)), _LARGEST)


def _per_metre(dpi: float) -> int:
    """Pixels in a metre, rounded."""
    if not 0 <= dpi <= _LARGEST * _INCH - 1:
        raise ValueError(f"a resolution of {dpi:g} dots per inch has no place in a PNG")
    return int(dpi / _INCH + 0.5)

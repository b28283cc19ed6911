"""PNG's chunks (PNG specification, third edition): what a file says beside its pixels."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Mapping
from typing import IO, Any

from imgconv import errors

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_LARGEST = 2**31 - 1  # of any number in a PNG
_LONG_TEXT = 1024  # bytes from which a text is deflated
_XMP = b"XML:com.adobe.xmp"
_INCH, _METRE, _UNKNOWN = 0.0254, 1, 0


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(content, zlib.crc32(kind)))


def content_of(stream: IO[bytes], wanted: bytes) -> bytes:
    """What is in the first chunk of a kind, wherever the stream stands; nothing where there is none."""
    before = stream.tell()
    stream.seek(len(SIGNATURE))
    found = b""
    while len(head := stream.read(8)) == 8:
        length, kind = struct.unpack(">I4s", head)
        if kind == wanted:
            found = stream.read(length)
        if kind in (wanted, b"IEND"):  # what is behind it may go on for ever
            break
        stream.seek(length + 4, io.SEEK_CUR)
    stream.seek(before)
    return found


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
        raise errors.resolution(dpi)
    return int(dpi / _INCH + 0.5)

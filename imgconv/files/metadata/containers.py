"""Metadata that Pillow does not read from AVIF, BMP, GIF and JPEG 2000: colour profiles, EXIF, XMP."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Mapping
from typing import IO, Any

from imgconv.files.metadata.exif import PREFIX

_SIGNED = b"\0\0\0\x0cjP  "  # how a JPEG 2000 file in boxes begins (ISO/IEC 15444-1, I.5.1)
_WITH_PROFILE = (2, 3)  # methods of its colour specification (I.5.3.3)
_KNOWN_BOXES = (b"jP  ", b"ftyp", b"jp2h", b"jp2c", b"free", b"rreq")
_EXIF_UUID, _XMP_UUID = b"JpgTiffExif->JP2", bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
_V5, _SPACE, _GAMMAS, _PROFILE = (
    124,
    56,
    96,
    112,
)  # size of BITMAPV5HEADER, and where its colour space, gammas and profile are told
_USUAL_PRIMARIES, _USUAL_TRANSFERS = (
    (1, 2),
    (1, 2, 6, 13, 14, 15),
)  # of BT.709 or not said; sRGB's, television's which cameras and encoders write for it
_START = 2**16  # bytes within which AVIF says so
_LONGEST = 2**26  # bytes of one piece that are believed

Found = tuple[dict[str, Any], list[str]]
"""Metadata by the names of `fields`, and the names of what has no field there."""


def container_metadata(image: Any, stream: IO[bytes]) -> Found:
    """The metadata of an opened image in such places; none of other formats."""
    if image.format not in READERS:
        return {}, []
    before = stream.tell()
    try:
        return READERS[image.format](stream)
    except (struct.error, EOFError):  # where it ends too early, the pixels will tell
        return {}, []
    finally:
        stream.seek(before)


# ---------------------------------------------------------------- JPEG 2000


def _jpeg2000(stream: IO[bytes]) -> Found:
    values: dict[str, Any] = {}
    lost = []
    stream.seek(0)
    if stream.read(len(_SIGNED)) != _SIGNED:  # a codestream alone
        return {}, []
    for kind, start, length in _boxes(stream, 0, stream.seek(0, 2)):
        if kind == b"jp2h":
            values |= _profile_of(stream, start, length)
        elif kind == b"uuid" and (known := _of_uuid(_piece(stream, start, length))):
            values |= known
        elif kind not in _KNOWN_BOXES:
            lost.append(kind.decode("ascii", "backslashreplace").strip())
    return values, lost


def _boxes(stream: IO[bytes], start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Kind of each box, where its content begins, and how long that is."""
    while start + 8 <= end:
        stream.seek(start)
        length, kind = struct.unpack(">I4s", stream.read(8))
        head = 8
        if length == 1:
            (length,), head = struct.unpack(">Q", stream.read(8)), 16
        length = length or end - start  # 0: up to the end
        if length < head:
            return
        yield kind, start + head, min(length, end - start) - head
        start += length


def _profile_of(stream: IO[bytes], start: int, length: int) -> dict[str, Any]:
    for kind, at, size in _boxes(stream, start, start + length):
        if kind == b"colr" and size > 3 and (content := _piece(stream, at, size))[0] in _WITH_PROFILE:
            return {"icc_profile": content[3:]}
    return {}


def _of_uuid(content: bytes) -> dict[str, Any]:
    kind, data = content[:16], content[16:]
    return (
        {"xmp": data}
        if kind == _XMP_UUID
        else {"exif": PREFIX + data.removeprefix(PREFIX)}
        if kind == _EXIF_UUID
        else {}
    )


def _piece(stream: IO[bytes], start: int, length: int) -> bytes:
    stream.seek(start)
    return stream.read(min(length, _LONGEST))


# ---------------------------------------------------------------- GIF and BMP


def _gif(stream: IO[bytes]) -> Found:
    """The application extensions before the first picture: XMP in one piece behind which numbers lead to the end, a
    profile in blocks."""
    from imgconv.files.gif import reader as gif_reader

    values: dict[str, Any] = {}
    for name, content in gif_reader.applications(stream):
        if name == b"XMP DataXMP":
            values["xmp"] = content[:-258]
        elif name == b"ICCRGBG1012":
            values["icc_profile"] = gif_reader.joined(content)
    return {key: value for key, value in values.items() if value}, []


def _bmp(stream: IO[bytes], header: int = 14) -> Found:
    stream.seek(header)
    content = stream.read(_V5)
    if len(content) < _V5 or struct.unpack_from("<I", content)[0] != _V5:
        return {}, []
    space = content[_SPACE : _SPACE + 4]
    at, length = struct.unpack_from("<II", content, _PROFILE)
    if space == b"DEBM" and length:  # MBED, embedded
        return {"icc_profile": _piece(stream, header + at, length)}, []
    if space == b"KNIL" or (space == bytes(4) and any(content[_GAMMAS : _GAMMAS + 12])):  # LINK, or calibrated
        return {}, ["colours as BMP tells them (a linked profile, or gamma and primaries)"]
    return {}, []


def _avif(stream: IO[bytes]) -> Found:
    """Colours told by numbers (ITU-T H.273): primaries and transfer other than those which every file without a word is
    taken for."""
    stream.seek(0)
    start = stream.read(_START)
    if (at := start.find(b"colrnclx")) < 0 or len(start) < at + 15 or b"colrprof" in start or b"colrrICC" in start:
        return {}, []
    primaries, transfer, matrix, full = struct.unpack_from(">3HB", start, at + 8)
    if primaries in _USUAL_PRIMARIES and transfer in _USUAL_TRANSFERS:
        return {}, []
    return {"cicp": bytes((primaries & 255, transfer & 255, matrix & 255, full >> 7))}, [
        f"colours as AVIF's nclx tells them (primaries {primaries}, transfer {transfer})"
    ]


READERS: Mapping[str, Callable[[IO[bytes]], Found]] = {
    "JPEG2000": _jpeg2000,
    "GIF": _gif,
    "BMP": _bmp,
    "DIB": lambda stream: _bmp(stream, 0),
    "AVIF": _avif,
}

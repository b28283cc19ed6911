"""The PNGs inside icons of Windows and macOS, which Pillow decodes by itself: checked as files of their own are."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import IO, Any

from imgconv.files.png.chunks import SIGNATURE
from imgconv.files.source import Source

_ENTRY = 16  # bytes of an entry of ICO's directory


def check_icon(source: Source, image: Any) -> None:
    """Raises ValueError or EOFError if a PNG of a loaded icon's size is broken, unless the source is lenient."""
    if image.format not in _PICTURES or source.lenient:
        return
    from imgconv.files.png.datastream import Datastream

    stream = source.stream
    for start in dict.fromkeys(_PICTURES[image.format](stream)):
        stream.seek(start)
        if stream.read(len(SIGNATURE)) == SIGNATURE:
            data = Datastream(stream, start)
            if (data.heading.width, data.heading.height) == image.size:
                for _ in data.rows(2**16):
                    pass


def _ico(stream: IO[bytes]) -> Iterator[int]:
    """Where the pictures of an ICO begin."""
    stream.seek(4)
    (count,) = struct.unpack("<H", stream.read(2))
    entries = stream.read(count * _ENTRY)
    return (start for (start,) in struct.iter_unpack("<12xI", entries[: len(entries) // _ENTRY * _ENTRY]))


def _icns(stream: IO[bytes]) -> Iterator[int]:
    """Where those of an ICNS do."""
    at = 8
    while True:
        stream.seek(at)
        head = stream.read(8)
        if len(head) < 8 or (length := int.from_bytes(head[4:], "big")) < 8:
            return
        yield at + 8
        at += length


_PICTURES = {"ICO": _ico, "ICNS": _icns}

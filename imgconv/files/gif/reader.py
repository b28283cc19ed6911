"""The reader of animated GIF. Frames are composed here: Pillow clears an opaque canvas to a colour where viewers clear
it to transparency (GIF89a, 23.c.iv)."""

from __future__ import annotations

import io
import math
import struct
from collections.abc import Container, Iterator
from typing import IO

import numpy as np

from imgconv.files.canvas import Canvas, Disposal, Part
from imgconv.files.pillow_settings import leniency
from imgconv.files.source import Source
from imgconv.values.frozen import record, replace
from imgconv.values.image import Frame
from imgconv.values.pixel_values import Pixels

_TABLE, _INTERLACED, _TRANSPARENT = 0x80, 0x40, 0x01  # flags
_CONTROL = 0xF9  # label of the extension that tells times and transparency
_DISPOSALS = {2: Disposal.CLEAR, 3: Disposal.RESTORE}


@record
class _Stored(Part):
    """A frame of a GIF: its palette (n, 3), the index that shows nothing (-1: none), and its coded indices."""

    palette: Pixels
    nothing: int
    interlaced: int
    coded: bytes


@record
class Survey:
    """The pictures of a GIF without their pixels: how many begin, whether all palettes are gray, height and width of
    the largest, what is damaged, and where the file ends, if that was looked for."""

    count: int
    gray: bool
    largest: tuple[int, int]
    damage: Exception | None
    end: int | None = None


def survey(stream: IO[bytes], most: float = math.inf) -> Survey:
    """Counts pictures, no further than one more than `most`, and as far as the first damage."""
    count, gray, largest = 0, True, (0, 0)
    try:
        for part in _parts(stream, coded=False):
            count, gray = count + 1, gray and bool((part.palette == part.palette[:, :1]).all())
            largest = max(largest, (part.height, part.width), key=math.prod)
            if count > most:
                return Survey(count, gray, largest, None)
    except (ValueError, struct.error, EOFError) as error:
        return Survey(count, gray, largest, error)
    return Survey(count, gray, largest, None, stream.tell())


def frames(source: Source, height: int, width: int, places: Container[int]) -> Iterator[Frame | None]:
    """Every frame as it is seen on a canvas of that size, with alpha, gray if all palettes are; None for those not at
    `places`.

    Raises ValueError, struct.error or EOFError for damaged files, and what Pillow raises; if the source is lenient,
    behind the frames before the damage.
    """
    overview = survey(source.stream)
    if overview.damage and not source.lenient:
        raise overview.damage
    gray = overview.gray
    canvas = Canvas(height, width, 1 if gray else 3, np.uint8)
    for place, part in enumerate(_parts(source.stream)):
        with leniency(source):
            indices = _decoded(part)
        table = np.zeros((256, 3), np.uint8)
        table[: len(part.palette)] = part.palette
        alpha = np.where(indices == part.nothing, np.uint8(0), np.uint8(255))
        picture = Frame(table[:, 0][indices] if gray else table[indices], alpha)
        shown = canvas.show(picture, part.top, part.left, part.disposal, over=True, seen=place in places)
        yield shown and replace(shown, duration=part.duration)


def _decoded(part: _Stored) -> Pixels:
    """The indices of a frame, by Pillow, from a file of nothing else."""
    from PIL import Image as pillow

    head = struct.pack("<6sHHBBB", b"GIF89a", part.width, part.height, 0, 0, 0)
    place = b"," + struct.pack("<HHHHB", 0, 0, part.width, part.height, part.interlaced)
    with pillow.open(io.BytesIO(head + place + part.coded + b";")) as image:
        return np.array(image)


def _parts(stream: IO[bytes], *, coded: bool = True) -> Iterator[_Stored]:
    """The pictures as they are stored, one at a time; without their `coded` indices they are passed over."""
    stream.seek(10)
    flags = _exactly(stream, 3)[0]
    shared = _palette(stream, flags)
    duration, disposal, nothing = 0.0, Disposal.LEAVE, -1
    while (mark := stream.read(1)) not in (b";", b""):
        if mark == b"!":
            kind = _exactly(stream, 1)[0]
            if kind != _CONTROL:
                _pass_over(stream)
            elif len(blocks := _blocks(stream)) > 5:
                packed, centiseconds, index = struct.unpack("<BHB", blocks[1:5])
                duration, disposal = 10.0 * centiseconds, _DISPOSALS.get(packed >> 2 & 7, Disposal.LEAVE)
                nothing = index if packed & _TRANSPARENT else -1
        elif mark == b",":
            left, top, width, height, flags = struct.unpack("<HHHHB", _exactly(stream, 9))
            palette = _palette(stream, flags) if flags & _TABLE else shared
            content = _exactly(stream, 1) + _blocks(stream) if coded else b""
            yield _Stored(left, top, width, height, duration, disposal, palette, nothing, flags & _INTERLACED, content)
            if not coded:
                _exactly(stream, 1)
                _pass_over(stream)
            duration, disposal, nothing = 0.0, Disposal.LEAVE, -1


def applications(stream: IO[bytes]) -> Iterator[tuple[bytes, bytes]]:
    """Name and sub-blocks, as they stand, of the application extensions before the first picture."""
    stream.seek(10)
    _palette(stream, _exactly(stream, 3)[0])
    while stream.read(1) == b"!":
        kind, blocks = _exactly(stream, 1)[0], _blocks(stream)
        if kind == 0xFF and blocks[0] == 11:
            yield blocks[1:12], blocks[12:]


def joined(blocks: bytes) -> bytes:
    """What is in sub-blocks."""
    content, at = bytearray(), 0
    while at < len(blocks) and blocks[at]:
        content += blocks[at + 1 : at + 1 + blocks[at]]
        at += 1 + blocks[at]
    return bytes(content)


def _palette(stream: IO[bytes], flags: int) -> Pixels:
    """The colours that stand here; where there are none, grays."""
    if not flags & _TABLE:
        return np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1)
    return np.frombuffer(_exactly(stream, 3 << (flags & 7) + 1), np.uint8).reshape(-1, 3)


def _blocks(stream: IO[bytes]) -> bytes:
    """Sub-blocks as they stand, up to the empty one."""
    blocks = bytearray()
    while length := _exactly(stream, 1)[0]:
        blocks.append(length)
        blocks += _exactly(stream, length)
    return bytes(blocks + b"\0")


def _pass_over(stream: IO[bytes]) -> None:
    """Goes behind sub-blocks."""
    while length := _exactly(stream, 1)[0]:
        stream.seek(length, 1)


def _exactly(stream: IO[bytes], length: int) -> bytes:
    content = stream.read(length)
    if len(content) < length:
        raise EOFError("it ends within a block")
    return content

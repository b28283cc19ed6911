"""The frames of an animated PNG, each decoded as a picture of its own and composed here: Pillow mixes alphas otherwise
than the specification (12, 13.16)."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Collection, Container, Iterator
from typing import IO

from imgconv.files.canvas import Canvas, Disposal, Part
from imgconv.files.png.chunks import CUT, SIGNATURE, checked, chunk, walk
from imgconv.files.source import Source
from imgconv.values.frozen import record, replace
from imgconv.values.image import Frame

_HEADER, _FRAME, _END = b"IHDR", b"fcTL", b"IEND"
_KEPT = (b"PLTE", b"tRNS")  # what each picture needs of what stands before the first
_NUMBER = 4  # bytes before the data of fdAT
_DISPOSALS = (Disposal.LEAVE, Disposal.CLEAR, Disposal.RESTORE)


@record
class _Stored(Part):
    """A frame of an APNG: whether it is laid over the canvas or replaces it, and its deflated rows."""

    over: bool
    rows: bytes


def frames(source: Source, decode: Callable[[bytes], Frame], places: Container[int]) -> Iterator[Frame | None]:
    """Every frame as it is seen, a picture for other viewers first if there is one, None for those not at `places`;
    `decode` reads a PNG.

    Raises ValueError, EOFError, struct.error or LookupError for damaged files, and what `decode` raises.
    """
    from imgconv.files.png.datastream import Datastream

    Datastream(source.stream).check()  # all of it is whole, or none is read
    shared: list[tuple[bytes, bytes]] = []
    canvas: Canvas | None = None
    for place, part in enumerate(_parts(source, shared)):
        width, height = struct.unpack(">II", shared[0][1][:8])
        if part.left + part.width > width or part.top + part.height > height:
            raise ValueError(f"a frame of {part.width}x{part.height} lies beyond the picture of {width}x{height}")
        file = SIGNATURE + chunk(_HEADER, struct.pack(">II", part.width, part.height) + shared[0][1][8:])
        file += b"".join(chunk(*one) for one in shared[1:]) + chunk(b"IDAT", part.rows) + chunk(_END, b"")
        picture = decode(file)
        if part.duration < 0:  # the picture for other viewers
            yield picture
            continue
        canvas = canvas or Canvas(
            height, width, picture.pixels.shape[2] if picture.pixels.ndim == 3 else 1, picture.pixels.dtype
        )
        disposal = Disposal.CLEAR if place == 0 and part.disposal is Disposal.RESTORE else part.disposal
        shown = canvas.show(picture, part.top, part.left, disposal, over=part.over, seen=place in places)
        yield shown and replace(shown, duration=part.duration)


def largest(stream: IO[bytes]) -> tuple[int, int]:
    """Height and width of the largest frame as it is stored; a damaged file's end with the damage."""
    size = (0, 0)
    for kind, _ in walk(stream):
        if kind == _FRAME and len(content := stream.read(12)) == 12:
            _, width, height = struct.unpack(">3I", content)
            size = max(size, (height, width), key=math.prod)
    return size


def behind_pixels(source: Source) -> Iterator[tuple[bytes, bytes]]:
    """The chunks behind the first ones with pixels, which are passed over: they are checked where they are decoded."""
    seen = False
    for kind, content in _chunks(source.stream, lenient=source.lenient, passed=(b"IDAT", b"fdAT")):
        if kind in (b"IDAT", b"fdAT"):
            seen = True
        elif seen:
            yield kind, content


def _parts(source: Source, shared: list[tuple[bytes, bytes]]) -> Iterator[_Stored]:
    """The frames, one at a time, once the header and what all frames need are in `shared`; of a damaged file those
    before the damage, if the source is lenient."""
    part: _Stored | None = None
    rows: list[bytes] = []
    for kind, content in _chunks(source.stream, lenient=source.lenient):
        if kind == _HEADER or (kind in _KEPT and part is None):
            shared.append((kind, content))
        elif kind == _FRAME:
            if part:
                yield replace(part, rows=b"".join(rows))
            _, width, height, left, top, numerator, denominator, disposal, blend = struct.unpack(
                ">5I2H2B", content[:26]
            )
            duration = 1000 * numerator / (denominator or 100)
            part, rows = _Stored(left, top, width, height, duration, _DISPOSALS[disposal], blend == 1, b""), []
        elif kind == b"IDAT":
            if part is None:
                width, height = struct.unpack(">II", shared[0][1][:8])
                part = _Stored(0, 0, width, height, -1, Disposal.LEAVE, False, b"")
            rows.append(content)
        elif kind == b"fdAT":
            if part is None:
                raise ValueError("pixels stand before any frame")
            rows.append(content[_NUMBER:])
    if part:
        yield replace(part, rows=b"".join(rows))


def _chunks(stream: IO[bytes], *, lenient: bool, passed: Collection[bytes] = ()) -> Iterator[tuple[bytes, bytes]]:
    """Name and content of every chunk, no content of those that are passed over. Raises EOFError or ValueError for
    damaged ones, or ends before them if `lenient`."""
    for kind, length in walk(stream):
        if kind in passed:
            yield kind, b""
            continue
        content, damage = checked(stream, kind, length)
        if damage and lenient:
            return
        if damage == CUT:
            raise EOFError("a chunk is cut short")
        if damage:
            raise ValueError(f"the checksum of a chunk ({kind.decode('ascii', 'replace')}) is wrong")
        if kind != _END:
            yield kind, content

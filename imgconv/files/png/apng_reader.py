"""The frames of an animated PNG, each decoded as a picture of its own and composed here: Pillow mixes alphas otherwise
than the specification (12, 13.16)."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator
from typing import IO

from imgconv.files.canvas import Canvas, Disposal, Part
from imgconv.files.png.chunks import SIGNATURE, chunk
from imgconv.values.frozen import record, replace
from imgconv.values.image import Frame

_HEADER, _END = b"IHDR", b"IEND"
_KEPT = (b"PLTE", b"tRNS")  # what each picture needs of what stands before the first
_NUMBER = 4  # bytes before the data of fdAT
_DISPOSALS = (Disposal.LEAVE, Disposal.CLEAR, Disposal.RESTORE)


@record
class _Stored(Part):
    """A frame of an APNG: whether it is laid over the canvas or replaces it, and its deflated rows."""

    over: bool
    rows: bytes


def frames(stream: IO[bytes], decode: Callable[[bytes], Frame]) -> Iterator[Frame]:
    """Every frame as it is seen, a picture for other viewers first if there is one; `decode` reads a PNG.

    Raises ValueError, EOFError, struct.error or LookupError for damaged files, and what `decode` raises.
    """
    from imgconv.files.png.datastream import Datastream

    Datastream(stream).check()
    head, parts = _parts(stream)
    width, height = struct.unpack(">II", head[0][1][:8])
    canvas: Canvas | None = None
    for i, part in enumerate(parts):
        file = SIGNATURE + chunk(_HEADER, struct.pack(">II", part.width, part.height) + head[0][1][8:])
        file += b"".join(chunk(*kept) for kept in head[1:]) + chunk(b"IDAT", part.rows) + chunk(_END, b"")
        picture = decode(file)
        if part.duration < 0:  # the picture for other viewers
            yield picture
            continue
        canvas = canvas or Canvas(
            height, width, picture.pixels.shape[2] if picture.pixels.ndim == 3 else 1, picture.pixels.dtype
        )
        disposal = Disposal.CLEAR if i == 0 and part.disposal is Disposal.RESTORE else part.disposal
        shown = canvas.show(picture, part.top, part.left, disposal, over=part.over)
        yield replace(shown, duration=part.duration)


def behind_pixels(stream: IO[bytes]) -> Iterator[tuple[bytes, bytes]]:
    """The chunks behind the first ones with pixels."""
    seen = False
    for kind, content in _chunks(stream):
        if kind in (b"IDAT", b"fdAT"):
            seen = True
        elif seen:
            yield kind, content


def _parts(stream: IO[bytes]) -> tuple[list[tuple[bytes, bytes]], list[_Stored]]:
    """The header and what all frames share, and the frames; of a damaged file those before the damage, if Pillow is
    lenient."""
    head: list[tuple[bytes, bytes]] = []
    parts: list[_Stored] = []
    rows: list[list[bytes]] = []
    for kind, content in _chunks(stream):
        if kind == _HEADER or (kind in _KEPT and not parts):
            head.append((kind, content))
        elif kind == b"fcTL":
            _, width, height, left, top, numerator, denominator, disposal, blend = struct.unpack(
                ">5I2H2B", content[:26]
            )
            duration = 1000 * numerator / (denominator or 100)
            parts.append(_Stored(left, top, width, height, duration, _DISPOSALS[disposal], blend == 1, b""))
            rows.append([])
        elif kind == b"IDAT":
            if not parts:
                width, height = struct.unpack(">II", head[0][1][:8])
                parts.append(_Stored(0, 0, width, height, -1, Disposal.LEAVE, False, b""))
                rows.append([])
            rows[-1].append(content)
        elif kind == b"fdAT":
            rows[-1].append(content[_NUMBER:])
    return head, [replace(part, rows=b"".join(pieces)) for part, pieces in zip(parts, rows, strict=True)]


def _chunks(stream: IO[bytes]) -> Iterator[tuple[bytes, bytes]]:
    """Name and content of every chunk. Raises EOFError or ValueError for damaged ones, or ends before them if Pillow is
    lenient."""
    from PIL import ImageFile

    stream.seek(len(SIGNATURE))
    while len(start := stream.read(8)) == 8:
        (length,), kind = struct.unpack(">I", start[:4]), start[4:]
        content = stream.read(length)
        checksum = stream.read(4)
        broken = (
            len(content) < length
            or len(checksum) < 4
            or zlib.crc32(content, zlib.crc32(kind)) != struct.unpack(">I", checksum)[0]
        )
        if broken and ImageFile.LOAD_TRUNCATED_IMAGES:
            return
        if len(content) < length or len(checksum) < 4:
            raise EOFError("a chunk is cut short")
        if broken:
            raise ValueError(f"the checksum of a chunk ({kind.decode('ascii', 'replace')}) is wrong")
        if kind == _END:
            return
        yield kind, content

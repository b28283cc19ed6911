"""Whether a JPEG 2000 file has all of its tiles: decoders leave those that are missing empty, and say nothing (ISO/IEC
15444-1, annex A)."""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Iterator

_START, _SIZE, _TILE_PART, _DATA, _END = b"\xff\x4f", b"\xff\x51", b"\xff\x90", b"\xff\x93", b"\xff\xd9"
_HEAD = 12  # bytes of a tile-part's first segment
_MOST_CODED = 2**24
_MOST_TILES = 65535


def refuse_short(content: bytes) -> None:
    """Raises ValueError unless every tile of the codestream in a file is there, and its end."""
    at = content.find(_START + _SIZE)
    if at < 0:
        return
    sides = struct.unpack_from(
        ">8I", content, at + 8
    )  # of the grid, where the image begins on it, then of tiles, and where they begin
    across, down = (-(-(sides[axis] - sides[6 + axis]) // max(1, sides[4 + axis])) for axis in (0, 1))
    counts, stated = Counter[int](), dict[int, int]()
    for tile, parts in _tile_parts(content, at + 2):
        counts[tile] += 1
        stated[tile] = max(parts, stated.get(tile, 1))
    meant = min(across * down, _MOST_TILES)
    missing = sum(counts[tile] < stated.get(tile, 1) for tile in range(meant))
    if missing:
        raise ValueError(f"{missing} of its {meant} tiles {'is' if missing == 1 else 'are'} missing")


def most_bytes(width: int, height: int) -> int:
    """More bytes than the pixels of an image are coded in: what follows them may have any length."""
    return _MOST_CODED + 32 * width * height


def end(content: bytes) -> int | None:
    """Where a codestream ends that `content` begins with; None where that is not said."""
    at = 2
    while len(head := content[at : at + _HEAD]) >= 2 and head[:2] != _END:
        if head[:2] == _TILE_PART:
            if len(head) < _HEAD or not (length := int.from_bytes(head[6:10], "big")):
                return None
            at += max(_HEAD, length)
        else:
            at += 2 + max(2, int.from_bytes(head[2:4], "big"))
    return at + 2 if head else None


def _tile_parts(content: bytes, at: int) -> Iterator[tuple[int, int]]:
    """The tile that each part is of, and how many there are of it (0: not said). ValueError where the codestream has no
    end."""
    while at + 4 <= len(content):
        marker = content[at : at + 2]
        if marker == _END:
            return
        if marker != _TILE_PART:
            at += 2 + max(2, int.from_bytes(content[at + 2 : at + 4], "big"))
            continue
        if at + _HEAD > len(content):
            break
        tile, length, _, parts = struct.unpack_from(">HIBB", content, at + 4)
        yield tile, parts
        if length == 0:  # up to the end
            at = content.rfind(_END, at)
            if at < 0:
                break
        else:
            at += max(_HEAD, length)
    else:
        if content[at : at + 2] == _END:
            return
    raise ValueError("its end is missing")

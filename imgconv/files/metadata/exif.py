"""EXIF as bytes: the fields that speak of a picture's geometry are read and changed where they stand.

The block is a small TIFF file: a header, and directories of entries of twelve bytes (TIFF 6.0, section 2; Exif 2.32,
4.6). Nothing in it is moved, for makers' notes may hold offsets from its start. A block that makes no sense says
nothing and is passed on as it is.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

PREFIX = b"Exif\0\0"
WIDTH, HEIGHT, ORIENTATION = 0x0100, 0x0101, 0x0112
_EXIF_DIRECTORY, _PIXEL_WIDTH, _PIXEL_HEIGHT = 0x8769, 0xA002, 0xA003
_THUMBNAIL, _THUMBNAIL_LENGTH = 0x0201, 0x0202
_SHORT, _LONG = 3, 4
_X_RESOLUTION, _Y_RESOLUTION = 0x011A, 0x011B
_FOCAL_X_RESOLUTION, _FOCAL_Y_RESOLUTION = 0xA20E, 0xA20F
_ENTRY = 12


class _Block:
    """The directories of a block without its prefix, to be read and changed in place."""

    def __init__(self, exif: bytes) -> None:
        self.raw = bytearray(exif.removeprefix(PREFIX))
        self.order = {b"II": "<", b"MM": ">"}.get(bytes(self.raw[:2]), "")
        self.first = self._number("I", 4) if self.order else None

    def entries(self, at: int | None) -> Iterator[tuple[int, int]]:
        """(tag, place) of every entry of the directory at an offset."""
        count = None if at is None else self._number("H", at)
        for place in range((at or 0) + 2, (at or 0) + 2 + _ENTRY * (count or 0), _ENTRY):
            tag = self._number("H", place)
            if tag is None or place + _ENTRY > len(self.raw):
                return
            yield tag, place

    def value(self, place: int) -> int | None:
        """The whole number of an entry, or None if it holds something else."""
        kind = {_SHORT: "H", _LONG: "I"}.get(self._number("H", place + 2) or 0)
        return self._number(kind, place + 8) if kind and self._number("I", place + 4) == 1 else None

    def change(self, place: int, number: int) -> None:
        """Another whole number in an entry; a short becomes a long where it must."""
        if self.value(place) is None:
            return
        short = self._number("H", place + 2) == _SHORT and number < 2**16
        struct.pack_into(f"{self.order}HI", self.raw, place + 2, _SHORT if short else _LONG, 1)
        struct.pack_into(f"{self.order}{'HH' if short else 'I'}", self.raw, place + 8, number, *([0] if short else []))

    def found(self, at: int | None, tag: int) -> int | None:
        """The whole number under a tag in the directory at an offset, or None."""
        return next((self.value(place) for name, place in self.entries(at) if name == tag), None)

    def exchange(self, at: int | None, one: int, other: int) -> None:
        """Lets two entries of a directory change their values, if both are there."""
        places = [place for tag, place in self.entries(at) if tag in (one, other)]
        if len(places) == 2:
            first, second = (slice(place + 2, place + _ENTRY) for place in places)  # type, count and value
            self.raw[first], self.raw[second] = self.raw[second], self.raw[first]

    def drop_thumbnail(self) -> bool:
        """Unlinks the second directory and takes its picture out; whether there was one."""
        if self.first is None or (count := self._number("H", self.first)) is None:
            return False
        link = self.first + 2 + _ENTRY * count
        second = self._number("I", link)
        if not second:
            return False
        start, length = self.found(second, _THUMBNAIL), self.found(second, _THUMBNAIL_LENGTH)
        struct.pack_into("I", self.raw, link, 0)
        if start and length and start + length <= len(self.raw):
            self.raw[start : start + length] = b"" if start + length == len(self.raw) else bytes(length)
        return True

    def _number(self, kind: str, at: int) -> int | None:
        try:
            return int(struct.unpack_from(self.order + kind, self.raw, at)[0])
        except struct.error:
            return None


def orientation(exif: bytes) -> int | None:
    """How the pixels lie, from 1 (upright) to 8 (Exif 2.32, 4.6.4); None where the block does not say."""
    block = _Block(exif)
    found = block.found(block.first, ORIENTATION)
    return found if found in range(1, 9) else None


def states_resolution(exif: bytes) -> bool:
    """Whether the block says how many pixels there are in an inch or centimetre."""
    block = _Block(exif)
    return any(tag == _X_RESOLUTION for tag, _ in block.entries(block.first))


def upright(exif: bytes, swapped: bool = False) -> bytes:
    """The block of a picture whose pixels have been turned: its orientation, if it has one, becomes 1; resolutions
    change places if rows became columns."""
    block = _Block(exif)
    for tag, place in block.entries(block.first):
        if tag == ORIENTATION:
            block.change(place, 1)
    if swapped:
        block.exchange(block.first, _X_RESOLUTION, _Y_RESOLUTION)
        block.exchange(block.found(block.first, _EXIF_DIRECTORY), _FOCAL_X_RESOLUTION, _FOCAL_Y_RESOLUTION)
    return PREFIX + bytes(block.raw)


def fitted(exif: bytes, height: int, width: int) -> tuple[bytes, bool]:
    """The block for a picture of that size, and whether a thumbnail was taken out: it would show the old picture."""
    block = _Block(exif)
    sizes = {WIDTH: width, HEIGHT: height, _PIXEL_WIDTH: width, _PIXEL_HEIGHT: height}
    for at in (block.first, block.found(block.first, _EXIF_DIRECTORY)):
        for tag, place in block.entries(at):
            if tag in sizes:
                block.change(place, sizes[tag])
    dropped = block.drop_thumbnail()
    return PREFIX + bytes(block.raw), dropped

"""EXIF as bytes: the fields about a picture's geometry are read and changed where they stand.

The block is a small TIFF file: a header, and directories of entries of twelve bytes (TIFF 6.0, section 2; Exif 2.32,
4.6). Nothing in it is moved, for makers' notes may hold offsets from its start. A block that makes no sense says
nothing and is passed on as it is.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from imgconv.files.tiff import directories

PREFIX = b"Exif\0\0"
WIDTH, HEIGHT, ORIENTATION = 0x0100, 0x0101, 0x0112
_EXIF_DIRECTORY, _PIXEL_WIDTH, _PIXEL_HEIGHT = 0x8769, 0xA002, 0xA003
_THUMBNAIL, _THUMBNAIL_LENGTH = 0x0201, 0x0202
_X_RESOLUTION, _Y_RESOLUTION = 0x011A, 0x011B
_FOCAL_X_RESOLUTION, _FOCAL_Y_RESOLUTION = 0xA20E, 0xA20F
_ENTRY = 12


class _Block:
    """The directories of a block without its prefix, to be read and changed in place."""

    def __init__(self, exif: bytes) -> None:
        self.raw = bytearray(exif.removeprefix(PREFIX))
        self.order = directories.ORDERS.get(bytes(self.raw[:2]), "")
        self._fetch = directories.fetch_from_bytes(self.raw)
        self.first = directories.first(self._fetch, self.order) if self.order else 0

    def entries(self, at: int | None) -> Iterator[tuple[int, int]]:
        """(tag, place) of every entry of the directory at an offset; none where that is 0 or None."""
        for place, entry in directories.entries(self._fetch, self.order, at) if at else ():
            yield directories.tag_of(entry, self.order), place

    def value(self, place: int) -> int | None:
        """The whole number of an entry, or None if it holds something else."""
        type_, count = struct.unpack_from(f"{self.order}HI", self.raw, place + 2)
        code = {directories.SHORT: "H", directories.LONG: "I"}.get(type_)
        return int(struct.unpack_from(f"{self.order}{code}", self.raw, place + 8)[0]) if code and count == 1 else None

    def change(self, place: int, number: int) -> None:
        """Another whole number in an entry; a short becomes a long where it must."""
        if self.value(place) is None:
            return
        (type_,) = struct.unpack_from(f"{self.order}H", self.raw, place + 2)
        short = type_ == directories.SHORT and number < 2**16
        type_ = directories.SHORT if short else directories.LONG
        struct.pack_into(f"{self.order}HI", self.raw, place + 2, type_, 1)
        struct.pack_into(f"{self.order}{'HH' if short else 'I'}", self.raw, place + 8, number, *([0] if short else []))

    def number(self, at: int | None, tag: int) -> int | None:
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
        second = directories.following(self._fetch, self.order, self.first) if self.first else 0
        if not second:
            return False
        start, length = self.number(second, _THUMBNAIL), self.number(second, _THUMBNAIL_LENGTH)
        struct.pack_into("I", self.raw, directories.link(self._fetch, self.order, self.first), 0)
        if start and length and start + length <= len(self.raw):
            self.raw[start : start + length] = b"" if start + length == len(self.raw) else bytes(length)
        return True


def orientation(exif: bytes) -> int | None:
    """How the pixels lie, from 1 (upright) to 8 (Exif 2.32, 4.6.4); None where the block does not say."""
    block = _Block(exif)
    turn = block.number(block.first, ORIENTATION)
    return turn if turn in range(1, 9) else None


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
        block.exchange(block.number(block.first, _EXIF_DIRECTORY), _FOCAL_X_RESOLUTION, _FOCAL_Y_RESOLUTION)
    return PREFIX + bytes(block.raw)


def resize(exif: bytes, height: int, width: int) -> tuple[bytes, bool]:
    """The block for a picture of that size, and whether a thumbnail was taken out: it would show the old picture."""
    block = _Block(exif)
    sizes = {WIDTH: width, HEIGHT: height, _PIXEL_WIDTH: width, _PIXEL_HEIGHT: height}
    for at in (block.first, block.number(block.first, _EXIF_DIRECTORY)):
        for tag, place in block.entries(at):
            if tag in sizes:
                block.change(place, sizes[tag])
    dropped = block.drop_thumbnail()
    return PREFIX + bytes(block.raw), dropped

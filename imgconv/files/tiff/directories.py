"""TIFF's directories (TIFF 6.0, section 2; BigTIFF), which EXIF blocks are made of too: read as values and written
again, in their own byte order.

Values stay bytes: what a field means is nobody's business here, so nothing in it can be changed by mistake.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Collection, Iterator
from typing import IO

from imgconv.values.frozen import record

ORDERS = {b"II": "<", b"MM": ">"}
SHORT, LONG, RATIONAL, BYTES, LONG8 = 3, 4, 5, 7, 16
NUMBERS = (SHORT, LONG, LONG8)
"""Types of one whole number."""
_WIDTHS = {
    1: 1,
    2: 1,
    3: 2,
    4: 4,
    5: 8,
    6: 1,
    7: 1,
    8: 2,
    9: 4,
    10: 8,
    11: 4,
    12: 8,
    13: 4,
    LONG8: 8,
    18: 8,
}  # bytes of one value, by type
_NESTED = (34665, 34853, 40965)  # Exif, GPS, interoperability: their value is where a directory starts
_OFFSETS = {LONG: "I", 13: "I", LONG8: "Q", 18: "Q"}  # struct's codes of types that tell where something stands
_LONGEST = 2**26  # bytes of a directory's values that are believed
_FARTHEST = 2**62  # offset that is looked for
_MOST = 2**16  # fields of one directory that are believed

Fetch = Callable[[int, int], bytes]
"""`(offset, length)` to bytes, fewer or none where there are no more."""


class BigOrder(str):
    """The byte order of a BigTIFF file, whose counts and offsets have 64 bits."""


@record
class Form:
    """How a directory lies: struct's codes of the number of its fields and of an offset, bytes of a field's entry, and
    where the first offset stands."""

    count: str
    number: str
    entry: int
    first: int


CLASSIC, BIG = Form("H", "I", 12, 4), Form("Q", "Q", 20, 8)


@record
class Entry:
    """A field: `value` is `count` values of a type as they stand in the file, or the fields of a directory."""

    tag: int
    type: int
    count: int
    value: bytes | tuple[Entry, ...]


def order_of(start: bytes) -> str:
    """The byte order (struct's sign; a BigOrder if it is BigTIFF) of what starts as a TIFF file, or nothing."""
    order = ORDERS.get(start[:2], "")
    if order and start[2:8] == struct.pack(f"{order}HHH", 43, 8, 0):
        return BigOrder(order)
    return order if order and start[2:4] == struct.pack(f"{order}H", 42) else ""


def chain(fetch: Fetch, order: str) -> Iterator[int]:
    """The offset of each directory in turn; one that was there already ends it."""
    seen: set[int] = set()
    at = first(fetch, order)
    while at and at not in seen:
        seen.add(at)
        yield at
        at = following(fetch, order, at)


def first(fetch: Fetch, order: str) -> int:
    """The offset of the first directory; 0 if there is none."""
    form = form_of(order)
    return _number(fetch, order, form.first, form.number) or 0


def following(fetch: Fetch, order: str, at: int) -> int:
    """The offset of the directory behind the one that stands here; 0 if there is none."""
    place = link(fetch, order, at)
    return _number(fetch, order, place, form_of(order).number) or 0 if place else 0


def place_of_following(order: str, count: int) -> int:
    """Where a directory of so many fields has the offset of the next one, from its start."""
    form = form_of(order)
    return struct.calcsize(form.count) + form.entry * count


def link(fetch: Fetch, order: str, at: int) -> int:
    """Where a directory has the offset of the next one; 0 if it is not there itself."""
    form = form_of(order)
    count = _number(fetch, order, at, form.count)
    return 0 if count is None else at + place_of_following(order, count)


def entries(fetch: Fetch, order: str, at: int) -> Iterator[tuple[int, bytes]]:
    """Where each entry of a directory stands, and its bytes, as far as they are there."""
    form = form_of(order)
    start = at + struct.calcsize(form.count)
    for number in range(min(_number(fetch, order, at, form.count) or 0, _MOST)):
        place = start + form.entry * number
        entry = fetch(place, form.entry)
        if len(entry) < form.entry:
            return
        yield place, entry


def tag_of(entry: bytes, order: str) -> int:
    """The tag with which an entry begins."""
    return int(struct.unpack_from(f"{order}H", entry)[0])


def read(fetch: Fetch, order: str, at: int, tags: Collection[int] | None = None, depth: int = 2) -> tuple[Entry, ...]:
    """The fields of a directory with the tags tags (None: all), and of those inside it; what cannot be read is left
    out."""
    fields, form = [], form_of(order)
    room = _LONGEST  # values may lie over each other, so that a small file claims much
    inside = struct.calcsize(form.number)  # bytes of a value that stand in the entry itself
    for _, entry in entries(fetch, order, at):
        tag, type_, count, offset = struct.unpack(f"{order}HH2{form.number}", entry)
        length = _WIDTHS.get(type_, 0) * count
        if not 0 < length <= room or (tags is not None and tag not in tags):
            continue
        if tag in _NESTED:
            if depth and (inner := read(fetch, order, offset, depth=depth - 1)):
                fields.append(Entry(tag, LONG, 1, inner))
            continue
        value = entry[-inside:][:length] if length <= inside else fetch(offset, length)
        room -= len(value)
        if len(value) == length:
            fields.append(Entry(tag, type_, count, value))
    return tuple(fields)


def width_of(type_: int) -> int:
    """Bytes of one value of a type; 1 of an unknown one."""
    return _WIDTHS.get(type_, 1)


def places(fetch: Fetch, order: str, at: int) -> Iterator[tuple[int, int, int, int]]:
    """Tag and type of each field of a directory, where its values stand, and how many bytes they take."""
    form = form_of(order)
    inside = struct.calcsize(form.number)
    for place, entry in entries(fetch, order, at):
        tag, type_, count, offset = struct.unpack(f"{order}HH2{form.number}", entry)
        length = _WIDTHS.get(type_, 0) * count
        yield tag, type_, place + form.entry - inside if length <= inside else offset, length


def end_of_link(fetch: Fetch, order: str, at: int) -> int:
    """Where a directory ends: behind the offset of the next one."""
    return link(fetch, order, at) + struct.calcsize(form_of(order).number)


def tags(fetch: Fetch, order: str, at: int) -> list[int]:
    """The tags of a directory."""
    return [tag_of(entry, order) for _, entry in entries(fetch, order, at)]


def is_whole(fetch: Fetch, order: str, at: int) -> bool:
    """Whether a directory has all of its fields, and these all of their values."""
    form = form_of(order)
    inside, rows = struct.calcsize(form.number), [entry for _, entry in entries(fetch, order, at)]
    lengths = [
        (_WIDTHS.get(type_, 0) * count, offset)
        for _, type_, count, offset in (struct.unpack(f"{order}HH2{form.number}", row) for row in rows)
    ]
    there = all(length <= inside or len(fetch(offset + length - 1, 1)) == 1 for length, offset in lengths)
    return there and len(rows) == _number(fetch, order, at, form.count)


def numbers(fetch: Fetch, order: str, at: int, tags: Collection[int]) -> dict[int, int]:
    """The fields of a directory with these tags that are one whole number."""
    return {
        entry.tag: int.from_bytes(entry.value, "little" if order == "<" else "big")
        for entry in read(fetch, order, at, tags)
        if entry.count == 1 and entry.type in NUMBERS and isinstance(entry.value, bytes)
    }


def offsets(fetch: Fetch, order: str, at: int, tag: int) -> list[int]:
    """The numbers under a tag of a directory, where other directories stand."""
    for entry in read(fetch, order, at, (tag,)):
        if entry.type in _OFFSETS and isinstance(entry.value, bytes):
            return [
                int(number)
                for number in struct.unpack_from(f"{order}{min(entry.count, _MOST)}{_OFFSETS[entry.type]}", entry.value)
            ]
    return []


def whole_numbers(entry: Entry, order: str) -> tuple[int, ...]:
    """The values of a field of whole numbers; none of another."""
    code = {SHORT: "H"}.get(entry.type) or _OFFSETS.get(entry.type)
    return struct.unpack(f"{order}{entry.count}{code}", entry.value) if code and isinstance(entry.value, bytes) else ()


def fetch_from_bytes(content: bytes | bytearray) -> Fetch:
    """How to fetch from a block."""
    return lambda at, length: bytes(content[at : at + length])


def fetch_from_stream(stream: IO[bytes]) -> Fetch:
    """How to fetch from a stream, wherever it stands."""

    def fetch(at: int, length: int) -> bytes:
        if at > _FARTHEST:
            return b""
        stream.seek(at)
        return stream.read(length)

    return fetch


def form_of(order: str) -> Form:
    """How directories of a byte order lie."""
    return BIG if isinstance(order, BigOrder) else CLASSIC


def _number(fetch: Fetch, order: str, at: int, kind: str) -> int | None:
    part = fetch(at, struct.calcsize(kind))
    return int(struct.unpack(order + kind, part)[0]) if len(part) == struct.calcsize(kind) else None

"""TIFF's directories written: fields, and how they lie in a file, in either byte order."""

from __future__ import annotations

import struct
from collections.abc import Sequence

from imgconv.files.tiff.directories import (
    BIG,
    BYTES,
    LONG,
    LONG8,
    RATIONAL,
    SHORT,
    BigOrder,
    Entry,
    form_of,
    place_of_following,
)
from imgconv.values.frozen import replace

_UNITS = {
    3: 2,
    4: 4,
    5: 4,
    8: 2,
    9: 4,
    10: 4,
    11: 4,
    12: 8,
    13: 4,
}
"""Bytes that a byte order arranges, by type; others have none."""


def field(tag: int, type_: int, *values: int) -> Entry:
    """A little-endian field of SHORTs, LONGs, LONG8s, or RATIONALs given as pairs of whole numbers."""
    code = {SHORT: "H", LONG: "I", LONG8: "Q", RATIONAL: "I"}[type_]
    return Entry(
        tag, type_, len(values) // (2 if type_ == RATIONAL else 1), struct.pack(f"<{len(values)}{code}", *values)
    )


def raw(tag: int, value: bytes) -> Entry:
    """A field of bytes that only their reader understands."""
    return Entry(tag, BYTES, len(value), value)


def head(order: str, first: int) -> bytes:
    """What a TIFF file starts with: its byte order, and where its first directory stands."""
    mark = b"II" if order == "<" else b"MM"
    if isinstance(order, BigOrder):
        return struct.pack(f"{order}2sHHHQ", mark, 43, 8, 0, first)
    return struct.pack(f"{order}2sHI", mark, 42, first)


def offset(order: str, place: int) -> bytes:
    """A place as files of a byte order state it."""
    return struct.pack(order + form_of(order).number, place)


def place_of_first(order: str) -> int:
    """Where a file has the offset of its first directory."""
    return form_of(order).first


def packed(entries: Sequence[Entry], order: str, at: int, following: int = 0) -> bytes:
    """A directory that stands at an offset, its values and inner directories behind it; `following` is where the next
    one starts."""
    form, entries = form_of(order), sorted(entries, key=lambda entry: entry.tag)
    table, behind = [struct.pack(order + form.count, len(entries))], bytearray()
    inside = struct.calcsize(form.number)
    end = at + place_of_following(order, len(entries)) + inside
    for entry in entries:
        value, type_ = entry.value, entry.type
        place = end + len(behind)
        if isinstance(value, tuple):
            behind += packed(value, order, place)
            value, type_ = offset(order, place), LONG8 if form is BIG else LONG
        elif len(value) > inside:
            behind += value + bytes(len(value) % 2)  # values start at even offsets
            value = offset(order, place)
        table.append(struct.pack(f"{order}HH{form.number}{inside}s", entry.tag, type_, entry.count, value))
    return b"".join(table) + offset(order, following) + bytes(behind)


def swapped(entries: Sequence[Entry]) -> list[Entry]:
    """The fields in the other byte order."""

    def value_of(entry: Entry) -> bytes | tuple[Entry, ...]:
        if isinstance(entry.value, tuple):
            return tuple(swapped(entry.value))
        unit = _UNITS.get(entry.type, 1)
        return (
            b"".join(entry.value[i : i + unit][::-1] for i in range(0, len(entry.value), unit))
            if unit > 1
            else entry.value
        )

    return [replace(entry, value=value_of(entry)) for entry in entries]

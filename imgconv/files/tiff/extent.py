"""How far the directories of a TIFF file, their values and their strips or tiles reach."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import IO

from imgconv.files.tiff import directories
from imgconv.files.tiff.directories import Entry

_PIECES = {273: 279, 324: 325, 288: 289, 513: 514}
"""Tags of where pieces start, and those of their lengths: strips, tiles, unused bytes, a JPEG stream."""
_TABLES, _TABLE = (519, 520, 521), 2**8  # tags of where JPEG's tables start, and the most bytes of one
_INSIDE = (330, 34665, 34853, 40965, 400)  # tags of directories inside one
_FOLLOWED = {*_PIECES, *_PIECES.values(), *_TABLES, *_INSIDE}
_MOST = 2**16  # directories


def end(stream: IO[bytes]) -> int | None:
    """The byte behind the last one that a file's directories speak of; None where they do not say."""
    fetch = directories.fetch_from_stream(stream)
    order = directories.order_of(fetch(0, 16))
    last, seen = 0, set[int]()
    waiting = list(directories.chain(fetch, order)) if order else []
    while waiting:
        at = waiting.pop()
        if at in seen:
            continue
        seen.add(at)
        numbers: dict[int, Sequence[int]] = {}
        for tag, type_, place, length in directories.places(fetch, order, at):
            last = max(last, place + length)
            if tag in _FOLLOWED and len(value := fetch(place, length)) == length:
                count = length // directories.width_of(type_)
                numbers[tag] = directories.whole_numbers(Entry(tag, type_, count, value), order)
        waiting += [place for tag in _INSIDE for place in numbers.get(tag, ()) if place]
        reach = _reach(numbers)
        if reach is None or len(seen) > _MOST:
            return None
        last = max(last, reach, directories.end_of_link(fetch, order, at))
    return last or None


def _reach(numbers: Mapping[int, Sequence[int]]) -> int | None:
    """Where the last piece ends; None where a length is missing, or 0, which readers reckon themselves."""
    last = 0
    for tag, lengths in _PIECES.items():
        starts, sizes = numbers.get(tag, ()), numbers.get(lengths, ())
        if len(sizes) < len(starts) or any(start and not size for start, size in zip(starts, sizes, strict=False)):
            return None
        last = max([last, *map(sum, zip(starts, sizes, strict=False))])
    return max([last, *(start + _TABLE for tag in _TABLES for start in numbers.get(tag, ()))])

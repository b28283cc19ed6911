"""Pages of a TIFF file: where their directories stand, and what they say beside the pixels."""

from __future__ import annotations

from collections.abc import Collection

from imgconv.files.metadata.exif import PREFIX
from imgconv.files.source import Source
from imgconv.files.tiff import directories, packing
from imgconv.files.tiff.directories import Entry

_EXIF, _GPS, _XMP, _PROFILE, _DESCRIPTION = 34665, 34853, 700, 34675, 270
DESCRIPTIVE = frozenset(
    {269, 270, 271, 272, 274, 285, 305, 306, 315, 316, 18246, 18249, 33432, _EXIF, _GPS, *range(40091, 40096)}
)
"""Tags about the picture, not about how its bytes lie (TIFF 6.0, section 8; TIFF/EP; Exif 2.32; Windows' XP tags)."""
STRUCTURAL = frozenset(
    {
        *range(254, 260),
        *range(262, 267),
        273,
        *range(277, 285),
        288,
        289,
        290,
        291,
        292,
        293,
        296,
        297,
        317,
        *range(320, 326),
        328,
        330,
        332,
        334,
        336,
        *range(338, 342),
        347,
        *range(512, 522),
        529,
        530,
        531,
        532,
        _XMP,
        _PROFILE,
    }
)
"""Tags about how its bytes lie, or about what has a name of its own elsewhere: the writer knows these better."""


def exif_of_page(source: Source, number: int) -> bytes:
    """The descriptive fields of a page as an EXIF block; empty where there are none."""
    fetch, order, at = _page_at(source, number)
    entries = [entry for entry in directories.read(fetch, order, at, DESCRIPTIVE) if not _is_shape(entry)] if at else []
    order = str(order)  # an EXIF block is never a BigTIFF
    return PREFIX + packing.head(order, 8) + packing.packed(entries, order, 8) if entries else b""


def other_tags(source: Source, number: int) -> list[int]:
    """The tags of a page that are neither about how its bytes lie nor known to describe the picture."""
    fetch, order, at = _page_at(source, number)
    return sorted(set(directories.tags(fetch, order, at)) - DESCRIPTIVE - STRUCTURAL) if at else []


def numbers_of_page(source: Source, number: int, tags: Collection[int]) -> dict[int, tuple[int, ...]]:
    """The fields of a page with these tags that are whole numbers."""
    fetch, order, at = _page_at(source, number)
    return (
        {entry.tag: directories.whole_numbers(entry, order) for entry in directories.read(fetch, order, at, tags)}
        if at
        else {}
    )


def offset_of(source: Source, number: int) -> int:
    """Where a page's directory stands; 0 if there is none."""
    return _page_at(source, number)[2]


def is_cut(source: Source) -> bool:
    """Whether fields of the first page are missing, or their values."""
    fetch, order, at = _page_at(source, 0)
    return not directories.is_whole(fetch, order, at)


def _page_at(source: Source, number: int) -> tuple[directories.Fetch, str, int]:
    """How to fetch from a file, its byte order, and where a page's directory stands; 0 if there is none."""
    fetch = directories.fetch_from_stream(source.stream)
    order = directories.order_of(fetch(0, 16))
    offsets = source.directories
    while order and len(offsets) <= number:
        offset = directories.following(fetch, order, offsets[-1]) if offsets else directories.first(fetch, order)
        if not offset:
            break
        offsets.append(offset)
    return fetch, order, offsets[number] if number < len(offsets) else 0


def _is_shape(entry: Entry) -> bool:
    """Whether a description is tifffile's, of the shape of the array that was stored."""
    return entry.tag == _DESCRIPTION and isinstance(entry.value, bytes) and entry.value.startswith(b'{"shape":')

"""The pictures of a JPEG's index (MPF, CIPA DC-007): previews, other views, maps of depth or gain."""

from __future__ import annotations

from typing import Any

from imgconv.files.source import Source

_MARK, _WITHIN = b"MPF\0", 2**22  # bytes within which the index stands
_ENTRIES = 0xB002


def places(source: Source, image: Any) -> list[tuple[int, int]]:
    """Where each picture but the first starts and ends; none without an index."""
    if "mp" not in image.info:
        return []
    source.stream.seek(0)
    base = source.stream.read(_WITHIN).find(_MARK) + len(_MARK)
    try:
        entries = image._getmp()[_ENTRIES][1:]
    except (SyntaxError, KeyError, TypeError):
        return []
    return [(base + entry["DataOffset"], base + entry["DataOffset"] + entry["Size"]) for entry in entries]


def with_index(image: Any) -> Any:
    """An opened JPEG as an MPO; Pillow opens one with a map of gain (Ultra HDR) as a single picture."""
    try:
        index = image._getmp()
        if index[0xB001] < 2:
            return image
        from PIL.MpoImagePlugin import MpoImageFile

        return MpoImageFile.adopt(image, index)
    except (SyntaxError, KeyError, TypeError, ValueError, IndexError):  # an index that is damaged
        return image

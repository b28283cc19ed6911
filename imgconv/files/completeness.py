"""Completeness: whether pixels are missing that a format's reader would fill in without a word."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from imgconv import errors
from imgconv.files.source import Source


def refuse_short(source: Source, image: Any) -> None:
    """Raises FileError or ValueError for an opened image of which something is missing, unless the source is lenient.
    Leaves the stream where it was."""
    if image.format not in _CHECKS or source.lenient:
        return
    before = source.stream.tell()
    _CHECKS[image.format](source, image)
    source.stream.seek(before)


def _tiff(source: Source, image: Any) -> None:
    from imgconv.files.tiff import strip_sizes

    strip_sizes.refuse_short(source, image.tell())


def _jpeg2000(source: Source, image: Any) -> None:
    from imgconv.files.jpeg import jpeg2000

    source.stream.seek(0)
    jpeg2000.refuse_short(source.stream.read(jpeg2000.most_bytes(*image.size)))


def _pcx(source: Source, image: Any) -> None:
    """A palette of 256 colours stands at the end: where that is cut off, Pillow takes the numbers of colours for
    gray."""
    source.stream.seek(0)
    head = source.stream.read(70)
    version, bits, planes, gray = head[1], head[3], head[65], head[68] == 2
    if image.mode == "L" and (version, bits, planes) == (5, 8, 1) and not gray:
        source.stream.seek(-769, 2)
        if source.stream.read(1) != b"\x0c":
            raise ValueError("its palette is missing")


def _dds(source: Source, image: Any) -> None:
    """Pixels in masks, of which Pillow 12.0 filled up those that are missing."""
    if image.tile[0][0] == "dds_rgb":
        bits, _ = image.tile[0][3]
        if (missing := _DDS_HEAD + image.width * image.height * (bits // 8) - source.stream.seek(0, 2)) > 0:
            raise errors.bytes_missing(source.name, missing)


_DDS_HEAD = 128
_CHECKS: Mapping[str, Callable[[Source, Any], None]] = {
    "TIFF": _tiff,
    "JPEG2000": _jpeg2000,
    "PCX": _pcx,
    "DDS": _dds,
}

"""What readers pass over though pixels are missing, looked for in the file itself before they read: by format."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import IO, Any

from imgconv import errors


def refuse_short(name: str, image: Any, stream: IO[bytes]) -> None:
    """Raises FileError or ValueError for an opened image of which something is missing, unless Pillow is lenient.
    Leaves the stream where it was."""
    from PIL import ImageFile

    if image.format not in _CHECKS or ImageFile.LOAD_TRUNCATED_IMAGES:
        return
    before = stream.tell()
    _CHECKS[image.format](name, image, stream)
    stream.seek(before)


def _tiff(name: str, image: Any, stream: IO[bytes]) -> None:
    from imgconv.files.tiff import strip_sizes

    strip_sizes.refuse_short(name, stream, image.tell())


def _jpeg2000(name: str, image: Any, stream: IO[bytes]) -> None:
    from imgconv.files.jpeg import jpeg2000

    stream.seek(0)
    jpeg2000.refuse_short(stream.read())


def _pcx(name: str, image: Any, stream: IO[bytes]) -> None:
    """A palette of 256 colours stands at the end: where that is cut off, Pillow takes the numbers of colours for
    gray."""
    stream.seek(0)
    head = stream.read(70)
    version, bits, planes, gray = head[1], head[3], head[65], head[68] == 2
    if image.mode == "L" and (version, bits, planes) == (5, 8, 1) and not gray:
        stream.seek(-769, 2)
        if stream.read(1) != b"\x0c":
            raise ValueError("its palette is missing")


def _dds(name: str, image: Any, stream: IO[bytes]) -> None:
    """Pixels in masks, of which Pillow 12.0 filled up those that are missing."""
    if image.tile[0][0] == "dds_rgb":
        bits, _ = image.tile[0][3]
        if (missing := _DDS_HEAD + image.width * image.height * (bits // 8) - stream.seek(0, 2)) > 0:
            raise errors.bytes_missing(name, missing)


_DDS_HEAD = 128
_CHECKS: Mapping[str, Callable[[str, Any, IO[bytes]], None]] = {
    "TIFF": _tiff,
    "JPEG2000": _jpeg2000,
    "PCX": _pcx,
    "DDS": _dds,
}

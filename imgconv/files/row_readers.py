"""Images that Pillow opens, read some rows at a time where their format has a reader of rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from imgconv.files import by_rows, trailers
from imgconv.files.by_rows import Begin, RowReader
from imgconv.files.header import parsed
from imgconv.files.metadata.orientation import oriented
from imgconv.files.pillow_settings import listening
from imgconv.files.source import Source
from imgconv.values.frozen import record, replace
from imgconv.values.image import ImageData
from imgconv.values.layout import Layout

_AHEAD = 2**23
"""Bytes of a PNG's rows that are inflated ahead, and undone."""


def row_reader(source: Source, image: Any, layout: Layout, form: str) -> Begin | None:
    """What begins to read an opened still picture row by row; None for small ones, and for other formats.

    It gives None in turn where the picture is to be turned, or is stored in a way that is read as a whole.
    """
    if image.format not in _KINDS:
        return None

    def begin() -> RowReader | None:
        with listening(source):
            picture = by_rows.empty_frame(image.height, image.width, layout)
            (frame,), values = parsed(source.name, lambda: oriented(source, image, [picture]))
            rows = parsed(source.name, lambda: _KINDS[image.format].opened(source, image, layout))
        if frame is not picture or rows is None:
            return None
        described = ImageData((frame,), form, MappingProxyType(values), colour=layout.colour)

        def finish() -> ImageData:
            with listening(source):
                rows.finish()
                trailers.note_trailer(source, image)
            return replace(described, notes=tuple(source.notes))

        return RowReader(described, rows.read, finish, rows.close)

    return by_rows.offered(source, image.height, image.width, begin)


def bytes_held(image: Any, layout: Layout) -> int:
    """The bytes that are held while an opened picture is read row by row."""
    return _KINDS[image.format].held(image, layout) if image.format in _KINDS else 0


def _png(source: Source, image: Any, layout: Layout) -> Any:
    from imgconv.files.png import rows as png_rows

    return png_rows.opened(source, image, layout)


def _tiff(source: Source, image: Any, layout: Layout) -> Any:
    from imgconv.files import completeness
    from imgconv.files.tiff import rows as tiff_rows

    completeness.refuse_short(source, image)
    return tiff_rows.opened(source, layout)


def _held_of_tiff(image: Any, layout: Layout) -> int:
    from imgconv.files.tiff import rows as tiff_rows

    return tiff_rows.bytes_held(image, layout)


@record
class _Kind:
    """A row: `opened(source, image, layout)` gives the rows of an opened picture (read, finish, close), or None where
    it is stored in other ways; `held(image, layout)` the bytes that these hold."""

    opened: Callable[[Source, Any, Layout], Any]
    held: Callable[[Any, Layout], int]


_KINDS: Mapping[str, _Kind] = {
    "PNG": _Kind(_png, lambda image, layout: _AHEAD),
    "TIFF": _Kind(_tiff, _held_of_tiff),
}
"""Which of the formats that Pillow opens are read row by row."""

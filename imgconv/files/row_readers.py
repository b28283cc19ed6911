"""Images that Pillow opens, read some rows at a time where their format has a reader of rows."""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType
from typing import Any

from imgconv.files import by_rows, trailers
from imgconv.files.by_rows import RowReader
from imgconv.files.header import parsed
from imgconv.files.metadata.orientation import oriented
from imgconv.files.pillow_settings import listening
from imgconv.files.source import Source
from imgconv.values.frozen import replace
from imgconv.values.image import ImageData
from imgconv.values.layout import Layout

_AHEAD = 2**23
"""Bytes of a PNG's rows that are inflated ahead, and undone."""


def row_reader(source: Source, image: Any, layout: Layout, form: str) -> Callable[[], RowReader | None] | None:
    """What begins to read an opened still picture row by row; None for small ones, and for other formats.

    It gives None in turn where the picture is to be turned, or is stored in a way that is read as a whole.
    """
    if image.format not in ("PNG", "TIFF") or source.options.allow_truncated:
        return None
    if image.width * image.height < by_rows.LEAST:
        return None

    def begin() -> RowReader | None:
        with listening(source):
            picture = by_rows.empty_frame(image.height, image.width, layout.channels, layout.type)
            (frame,), values = parsed(source.name, lambda: oriented(source, image, [picture]))
            rows = parsed(source.name, lambda: _rows(source, image, layout))
        if frame is not picture or rows is None:
            return None
        described = ImageData((frame,), form, MappingProxyType(values), colour=layout.colour)

        def finish() -> ImageData:
            with listening(source):
                rows.finish()
                trailers.note_trailer(source, image)
            return replace(described, notes=tuple(source.notes))

        return RowReader(described, rows.read, finish, rows.close)

    return begin


def bytes_held(image: Any, layout: Layout) -> int:
    """The bytes that are held while an opened picture is read row by row."""
    if image.format != "TIFF":
        return _AHEAD
    from imgconv.files.tiff import rows as tiff_rows

    return tiff_rows.bytes_held(image, layout)


def _rows(source: Source, image: Any, layout: Layout) -> Any:
    if image.format == "PNG":
        from imgconv.files.png import rows as png_rows

        return png_rows.opened(source, image, layout)
    from imgconv.files import completeness
    from imgconv.files.tiff import rows as tiff_rows

    completeness.refuse_short(source, image)
    return tiff_rows.opened(source, layout)

"""One frame of an image that Pillow opened: where it is, what its pixels are, and the pixels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from imgconv import errors
from imgconv.files import high_depth
from imgconv.files.formats import FORMATS
from imgconv.files.modes import LAYOUTS, MODES, beyond_palette, mode_of, to_frame
from imgconv.files.opening import open_image, typed
from imgconv.files.pillow_settings import leniency
from imgconv.files.png import icons
from imgconv.files.source import Source
from imgconv.values.image import Frame
from imgconv.values.layout import Layout


def at(source: Source, image: Any, place: int) -> Any:
    """The image at one of its frames; a page that Pillow cannot open, as tifffile opens it."""
    try:
        if hasattr(image, "seek"):
            with leniency(source):
                image.seek(place)
            return typed(image)
    except SyntaxError:
        if image.format != "TIFF":
            raise
    from imgconv.files.tiff import reader as tiff_reader

    return typed(tiff_reader.open_page(source, place))


def described(source: Source, image: Any) -> tuple[Layout, Callable[[], Frame]]:
    """The layout of the current frame's pixels, and a call that reads them. Raises FileError where no reader can."""
    deep = None
    high_depth.correct(image)
    try:
        deep = high_depth.reader_of(source, image)
    except errors.FileError:
        if not source.options.allow_narrowing:
            raise
        source.note("narrowed", "samples of more than 8 bits read as 8 (--allow-narrowing)")
    if deep is None and image.mode not in MODES:
        raise errors.file_mode(source.name, image.mode)
    if image.format == "PNG" and image.mode == "P" and image.palette is None:
        raise errors.file_broken(source.name, "its palette is missing")
    if unknown := high_depth.dropped(image):
        source.note("channels-dropped", f"{unknown} channel{'s' * (unknown > 1)} of unspecified meaning left out")
    if deep is None:
        return LAYOUTS[mode_of(image)], lambda: _decoded(source, image)

    def read() -> Frame:
        _refuse_short(source, image)
        return deep.read()

    return deep.layout, read


def _refuse_short(source: Source, image: Any) -> None:
    """Raises where pixels are missing that the reader would fill in; the commonest files do not load that check."""
    if image.format not in ("PNG", "JPEG", "MPO"):
        from imgconv.files import completeness

        completeness.refuse_short(source, image)


def _decoded(source: Source, image: Any) -> Frame:
    """The pixels of the current frame, by Pillow."""
    _refuse_short(source, image)
    if high_depth.hides_channel(image, source.stream):
        source.note("channels-dropped", f"fourth channel left out ({image.format} gives it no meaning)")
    with leniency(source):
        if image.format in ("JPEG", "MPO"):
            from imgconv.files.jpeg import reader as jpeg_reader

            if (frame := jpeg_reader.decoded(source, image)) is not None:
                return frame
            jpeg_reader.load(source, image)
        if image.format == "TIFF":
            from imgconv.files.tiff import libtiff

            libtiff.load(image, lenient=source.lenient)
        frame = to_frame(image)
    icons.check_icon(source, image)
    if image.mode == "P" and image.palette is not None and (beyond := beyond_palette(image)):
        source.note("reader-warning", beyond, loss=False)
    return frame


def inside(source: Source, content: bytes) -> Frame:
    """The pixels of a still picture inside the file."""
    inner = source.inner(content)
    return described(inner, open_image(inner))[1]()


def format_name(image: Any) -> str:
    """imgconv's name of an image's format, else Pillow's."""
    name = "JPEG" if image.format == "MPO" else image.format
    if name == "PPM":
        name = "ppm" if image.mode == "RGB" else "pgm"
    return next((row.name for row in FORMATS.values() if name in (row.pillow, row.name)), str(name).lower())

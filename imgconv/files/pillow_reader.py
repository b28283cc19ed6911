"""Images that Pillow opens."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from types import MappingProxyType
from typing import Any

from imgconv import errors
from imgconv.files import decoder_buffers, high_depth, limits, row_readers, trailers
from imgconv.files.formats import FORMATS
from imgconv.files.header import STILL, Header, Selection, loader, parsed
from imgconv.files.metadata.orientation import oriented, upright_size
from imgconv.files.modes import LAYOUTS, MODES, beyond_palette, mode_of, to_frame
from imgconv.files.opening import open_image, typed
from imgconv.files.pillow_settings import leniency, listening
from imgconv.files.png import icons
from imgconv.files.source import Source
from imgconv.values.frozen import replace
from imgconv.values.image import Frame, ImageData
from imgconv.values.layout import Layout


def header(source: Source) -> Header:
    """The header of an image that Pillow recognises. Raises FileError where it does not, or where it would narrow."""
    with listening(source):
        return _header(source)


def _header(source: Source) -> Header:
    image = open_image(source)
    if (others := len(image.info.get("sizes", ())) - 1) > 0:
        source.note("frames-dropped", f"{others} other size{'s' * (others > 1)} of the icon left out")
    if image.format == "IPTC":
        from imgconv.files import inner_images

        inner_images.refuse_inside(source, image)
    selection = _selection(source, image)
    places, composed = selection.places, image.format in decoder_buffers.COMPOSED and selection.several
    animated = len(places) > 1 or composed
    first = parsed(source.name, lambda: _at(source, image, places[0])) if places[0] and not animated else image
    layout, pixels = _layout(source, first)
    height, width = upright_size(source, first)

    def load() -> ImageData:
        with listening(source):
            if animated:
                loaded = _several(source, image, places, composed=composed)
            else:
                (frame,), values = oriented(source, first, [pixels()])
                loaded = ImageData((frame,), _format(image), MappingProxyType(values), colour=layout.colour)
            trailers.note_trailer(source, image)
        return replace(loaded, notes=tuple(source.notes))

    return Header(
        source,
        height,
        width,
        layout,
        _format(image),
        loader(source, load),
        selection.numbers,
        selection.sizes,
        selection.parts,
        decoder_buffers.bytes_of(source, first, layout, selection, composed=composed),
        None if animated or places[0] else row_readers.row_reader(source, first, layout, _format(image)),
        row_readers.bytes_held(image, layout),
    )


def _selection(source: Source, image: Any) -> Selection:
    """The frames to read; for a still picture nothing is loaded that counts them."""
    many = hasattr(type(image), "n_frames") or vars(image).get("n_frames", 1) > 1
    if source.options.frames is None and not many:
        return STILL
    from imgconv.files import sequences

    return sequences.selection(source, image)


def _at(source: Source, image: Any, place: int) -> Any:
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


def _layout(source: Source, image: Any) -> tuple[Layout, Callable[[], Frame]]:
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

            jpeg_reader.load(source, image)
        if image.format == "TIFF":
            from imgconv.files.tiff import libtiff

            libtiff.load(image, lenient=source.lenient)
        frame = to_frame(image)
    icons.check_icon(source, image)
    if image.mode == "P" and image.palette is not None and (beyond := beyond_palette(image)):
        source.note("reader-warning", beyond, loss=False)
    return frame


def _several(source: Source, image: Any, places: Sequence[int], *, composed: bool) -> ImageData:
    """The frames of an animation in one layout; or pages, each with its own size, layout and orientation."""
    if image.format == "TIFF":
        return _pages(source, image, places)
    from imgconv.files import frames, sequences

    if composed:
        layout, _ = _layout(source, image)
        decode = partial(_picture, source)
        pictures = sequences.composed(source, image, places, decode, alpha=layout.alpha)
    else:
        pictures, layout = _plain_frames(source, image, places)
    pictures, values = oriented(source, image, pictures)
    shown = list(frames.alike(pictures))
    if len(shown) == 1:
        shown = [replace(shown[0], duration=None)]
    elif image.format in sequences.TIMED:
        values |= {"loop": sequences.plays(image)}
        if image.info.get("default_image") and not places[0]:
            values |= {"default_image": True}
    return ImageData(tuple(shown), _format(image), MappingProxyType(values), colour=layout.colour)


def _plain_frames(source: Source, image: Any, places: Sequence[int]) -> tuple[list[Frame], Layout]:
    """The frames at these places of an animation that Pillow composes, and the first one's layout."""
    from imgconv.files import sequences

    frames: list[Frame] = []
    layouts: list[Layout] = []
    spent = 0
    for place in places:
        at_hand = _at(source, image, place)
        layout, pixels = _layout(source, at_hand)
        spent = limits.page(source, spent, at_hand.height, at_hand.width, layout)
        frame = pixels()
        duration = image.info.get("duration") if image.format in sequences.TIMED else None
        frames.append(replace(frame, duration=duration))
        layouts.append(layout)
    return frames, layouts[0]


def _pages(source: Source, image: Any, places: Sequence[int]) -> ImageData:
    """The pages at these places; the metadata are the first one's."""
    frames: list[Frame] = []
    values: dict[str, Any] = {}
    spent, colour = 0, ""
    for place in places:
        page = _at(source, image, place)
        layout, pixels = _layout(source, page)
        spent = limits.page(source, spent, page.height, page.width, layout)
        (frame,), own = oriented(source, page, [pixels()])
        if not frames:
            values, colour = own, layout.colour
        elif own != values:
            source.note("metadata-dropped", "metadata of pages after the first dropped")
        frames.append(replace(frame, duration=None))
    return ImageData(tuple(frames), _format(image), MappingProxyType(values), colour=colour)


def _picture(source: Source, content: bytes) -> Frame:
    """The pixels of a still picture inside the file."""
    inner = source.inner(content)
    return _layout(inner, open_image(inner))[1]()


def _format(image: Any) -> str:
    """imgconv's name of an image's format, else Pillow's."""
    name = "JPEG" if image.format == "MPO" else image.format
    if name == "PPM":
        name = "ppm" if image.mode == "RGB" else "pgm"
    return next((row.name for row in FORMATS.values() if name in (row.pillow, row.name)), str(name).lower())

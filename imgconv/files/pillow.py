"""Images that Pillow opens."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from functools import partial
from types import MappingProxyType
from typing import IO, Any

from imgconv import errors
from imgconv.files import decoder_buffers, high_depth, limits
from imgconv.files.formats import FORMATS
from imgconv.files.header import STILL, Header, Wanted, loader, parsed
from imgconv.files.metadata.orientation import oriented, upright_size
from imgconv.files.modes import LAYOUTS, MODES, beyond_palette, mode_of, to_frame
from imgconv.files.opening import opened, quietly, typed
from imgconv.files.options import Reading
from imgconv.files.png import icons
from imgconv.values.frozen import replace
from imgconv.values.image import Frame, ImageData
from imgconv.values.layout import Layout
from imgconv.values.notes import Note


def header(name: str, stream: IO[bytes], reading: Reading) -> Header:
    """The header of an image that Pillow recognises; FileError where it does not, or where it would narrow."""
    notes: list[Note] = []
    found: Header = quietly(lambda: _header(name, stream, reading, notes), notes)
    return found


def _header(name: str, stream: IO[bytes], reading: Reading, notes: list[Note]) -> Header:
    image = opened(name, stream, notes)
    if (others := len(image.info.get("sizes", ())) - 1) > 0:
        notes.append(Note("frames-dropped", f"{others} other size{'s' * (others > 1)} of the icon left out"))
    if image.format == "IPTC":
        from imgconv.files import inner_images

        inner_images.refuse_inside(name, image)
    wanted = _wanted(name, image, stream, reading, notes)
    places, composed = wanted.places, image.format in decoder_buffers.COMPOSED and wanted.several
    animated = len(places) > 1 or composed
    first = parsed(name, lambda: _at(name, image, stream, places[0], notes)) if places[0] and not animated else image
    layout, pixels = _layout(name, first, stream, reading, notes)
    height, width = upright_size(first, stream, reading)

    def read() -> ImageData:
        if animated:
            return _several(name, image, stream, reading, places, notes, composed=composed)
        (frame,), said, more = oriented([pixels()], first, stream, reading)
        return ImageData(
            (frame,),
            _format(image),
            MappingProxyType(said),
            notes=tuple(dict.fromkeys([*notes, *more])),
            colour=layout.colour,
        )

    def load() -> ImageData:
        late: list[Note] = []
        loaded: ImageData = quietly(read, late)
        return replace(loaded, notes=tuple(dict.fromkeys([*loaded.notes, *late])))

    decoding = decoder_buffers.held(first, stream, layout, wanted, composed=composed)
    reader = loader(name, stream, load)
    return Header(
        name,
        height,
        width,
        layout,
        _format(image),
        reader,
        stream,
        wanted.numbers,
        wanted.sizes,
        wanted.parts,
        decoding,
    )


def _wanted(name: str, image: Any, stream: IO[bytes], reading: Reading, notes: list[Note]) -> Wanted:
    """The frames that are wanted; a still picture starts without what counts them."""
    many = hasattr(type(image), "n_frames") or vars(image).get("n_frames", 1) > 1
    if reading.frames is None and not many:
        return STILL
    from imgconv.files import sequences

    return sequences.wanted(name, image, stream, reading, notes)


def _at(name: str, image: Any, stream: IO[bytes], place: int, notes: list[Note]) -> Any:
    """The image with a frame at hand; for a page that Pillow does not know, what reads it instead."""
    try:
        if hasattr(image, "seek"):
            quietly(partial(image.seek, place), notes)
            return typed(image)
    except SyntaxError:
        if image.format != "TIFF":
            raise
    from imgconv.files.tiff import reader as tiff_reader

    return typed(tiff_reader.opened(name, stream, place))


def _layout(
    name: str, image: Any, stream: IO[bytes], reading: Reading, notes: list[Note]
) -> tuple[Layout, Callable[[], Frame]]:
    """What the pixels of the frame at hand are, and what reads them; FileError where nothing does."""
    whole = None
    high_depth.correct(image)
    try:
        whole = high_depth.reader_of(name, image, stream)
    except errors.FileError:
        if not reading.allow_narrowing:
            raise
        notes.append(Note("narrowed", "samples of more than 8 bits read as 8 (--allow-narrowing)"))
    if whole is None and image.mode not in MODES:
        raise errors.file_mode(name, image.mode)
    if image.format == "PNG" and image.mode == "P" and image.palette is None:
        raise errors.file_broken(name, "its palette is missing")
    if unknown := high_depth.dropped(image):
        notes.append(Note("channels-dropped", f"{unknown} channel{'s' * (unknown > 1)} without a meaning left out"))
    if whole is None:
        return LAYOUTS[mode_of(image)], lambda: _decoded(name, image, stream, notes)
    number = image.tell()

    def read() -> Frame:
        _refuse_short(name, image, stream)
        return whole.read(stream, number)

    return whole.layout, read


def _refuse_short(name: str, image: Any, stream: IO[bytes]) -> None:
    """Raises where something is missing that the reader would pass over; the most usual files start without what looks
    for it."""
    if image.format not in ("PNG", "JPEG", "MPO"):
        from imgconv.files import completeness

        completeness.refuse_short(name, image, stream)


def _decoded(name: str, image: Any, stream: IO[bytes], notes: list[Note]) -> Frame:
    _refuse_short(name, image, stream)
    if high_depth.hides_channel(image, stream):
        notes.append(Note("channels-dropped", f"fourth channel left out, which {image.format} gives no meaning"))
    if image.format in ("JPEG", "MPO"):
        from imgconv.files.jpeg import reader as jpeg_reader

        notes.extend(quietly(lambda: jpeg_reader.load(image, stream), notes))
    if image.format == "TIFF":
        from imgconv.files.tiff import libtiff

        quietly(lambda: libtiff.load(image), notes)
    frame: Frame = quietly(lambda: to_frame(image), notes)
    icons.check(image, stream)
    if image.mode == "P" and image.palette is not None and (beyond := beyond_palette(image)):
        notes.append(Note("reader-warning", beyond, loss=False))
    return frame


def _several(
    name: str,
    image: Any,
    stream: IO[bytes],
    reading: Reading,
    places: Sequence[int],
    notes: list[Note],
    *,
    composed: bool,
) -> ImageData:
    """The frames of an animation in one layout; or pages, each with its own size, layout and orientation."""
    from imgconv.files import frames, sequences

    found: list[Frame] = []
    said: dict[str, Any] = {}
    pages, colour = image.format == "TIFF", ""
    spent = 0
    if composed:
        layout, _ = _layout(name, image, stream, reading, notes)
        found = sequences.composed(image, stream, places, partial(_picture, name, reading, notes), alpha=layout.alpha)
    for place in () if composed else places:
        page = _at(name, image, stream, place, notes)
        layout, pixels = _layout(name, page, stream, reading, notes)
        spent = limits.page(name, spent, page.height, page.width, layout, reading)
        frame = pixels()
        if pages:
            (frame,), here, more = oriented([frame], page, stream, reading)
            said, other = (said, here != said) if found else (here, False)
            notes += [*more, *([Note("metadata-dropped", "what pages after the first say dropped")] if other else [])]
        colour = colour if found else layout.colour
        found.append(replace(frame, duration=image.info.get("duration") if image.format in sequences.TIMED else None))
    if not pages:
        found, said, more = oriented(found, image, stream, reading)
        found, notes = list(frames.alike(found)), [*notes, *more]
        if len(found) == 1:
            found = [replace(found[0], duration=None)]
        elif image.format in sequences.TIMED:
            said |= {"loop": sequences.plays(image)} | (
                {"default_image": True} if image.info.get("default_image") and not places[0] else {}
            )
    return ImageData(
        tuple(found), _format(image), MappingProxyType(said), notes=tuple(dict.fromkeys(notes)), colour=colour
    )


def _picture(name: str, reading: Reading, notes: list[Note], content: bytes) -> Frame:
    """A still picture's pixels, from its bytes."""
    stream = io.BytesIO(content)
    return _layout(name, opened(name, stream, notes), stream, reading, notes)[1]()


def _format(image: Any) -> str:
    """Our name of an image's format, else Pillow's."""
    name = "ppm" if image.format == "PPM" and image.mode == "RGB" else "pgm" if image.format == "PPM" else image.format
    return next((row.name for row in FORMATS.values() if name in (row.pillow, row.name)), str(name).lower())

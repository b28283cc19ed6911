"""Images that Pillow opens."""

from __future__ import annotations

import math
from types import MappingProxyType
from typing import Any

from imgconv.files import by_rows, decoder_buffers, pillow_frames, row_readers, trailers
from imgconv.files.header import STILL, Header, Selection, loader, parsed
from imgconv.files.metadata.orientation import oriented, upright_size
from imgconv.files.opening import open_image
from imgconv.files.pillow_settings import listening
from imgconv.files.source import Source
from imgconv.values.frozen import replace
from imgconv.values.image import ImageData


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
    if len(places) > 1 or composed:
        return _several(source, image, selection, composed=composed)
    first = parsed(source.name, lambda: pillow_frames.at(source, image, places[0])) if places[0] else image
    layout, pixels = pillow_frames.described(source, first)
    height, width = upright_size(source, first)
    form = pillow_frames.format_name(image)

    def load() -> ImageData:
        with listening(source):
            (frame,), values = oriented(source, first, [pixels()])
            trailers.note_trailer(source, image)
        return ImageData((frame,), form, MappingProxyType(values), notes=tuple(source.notes), colour=layout.colour)

    return Header(
        source,
        height,
        width,
        layout,
        form,
        loader(source, load),
        selection.numbers,
        selection.sizes,
        selection.parts,
        decoder_buffers.bytes_of(source, first, layout, selection, composed=False),
        None if places[0] else row_readers.row_reader(source, first, layout, form),
        row_readers.bytes_held(image, layout),
    )


def _several(source: Source, image: Any, selection: Selection, *, composed: bool) -> Header:
    """The header of an animation or of pages."""
    from imgconv.files import several_frames

    layout, _ = pillow_frames.described(source, image)
    height, width = upright_size(source, image)
    several = several_frames.several_of(source, image, selection.places, layout, composed=composed)
    one = replace(selection, numbers=selection.numbers[:1])
    pixels = sum(map(math.prod, selection.sizes)) or height * width * len(selection.places)
    return Header(
        source,
        height,
        width,
        layout,
        pillow_frames.format_name(image),
        loader(source, several.load),
        selection.numbers,
        selection.sizes,
        selection.parts,
        decoder_buffers.bytes_of(source, image, layout, selection, composed=composed),
        frame_reader=several.reader if pixels >= by_rows.LEAST else None,
        frame_decoding=decoder_buffers.bytes_of(source, image, layout, one, composed=composed),
    )


def _selection(source: Source, image: Any) -> Selection:
    """The frames to read; for a still picture nothing is loaded that counts them."""
    many = hasattr(type(image), "n_frames") or vars(image).get("n_frames", 1) > 1
    if source.options.frames is None and not many:
        return STILL
    from imgconv.files import sequences

    return sequences.selection(source, image)

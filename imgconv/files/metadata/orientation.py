"""Orientation: size, pixels and metadata of a picture as it is to be seen."""

from __future__ import annotations

from typing import Any

from imgconv.files.metadata.unknown_chunks import unknown
from imgconv.files.source import Source
from imgconv.values.image import Frame

_ABOUT_PIXELS = {
    "transparency",
    "interlace",
    "background",
    "version",
    "extension",
    "duration",
    "loop",
    "disposal",
    "blend",
    "bbox",
    "default_image",
    "timestamp",
}
_ORIENTATION = 274


def may_have_metadata(image: Any) -> bool:
    """Whether a file may have metadata; most PNGs have none, and need not load what reads it."""
    return image.format != "PNG" or not image.info.keys() <= _ABOUT_PIXELS


def upright_size(source: Source, image: Any) -> tuple[int, int]:
    """Height and width as the pixels are going to lie."""
    height, width = image.height, image.width
    if not may_have_metadata(image):
        return height, width
    from imgconv.files.metadata import fields as metadata
    from imgconv.files.metadata import reading as metadata_reading

    swapped = image.format == "TIFF" and image.tag_v2.get(_ORIENTATION) in (5, 6, 7, 8)  # which Pillow has done already
    swapped ^= not source.options.no_orient and metadata.orientation(metadata_reading.exif_and_xmp(source, image)) >= 5
    return (width, height) if swapped else (height, width)


def oriented(source: Source, image: Any, frames: list[Frame]) -> tuple[list[Frame], dict[str, Any]]:
    """Frames turned as the file says, and its metadata, which then say that nothing is to be turned; or, with
    `no_orient`, both as they were stored. What cannot be taken along is noted."""
    turn, values = described(source, image)
    return turned(frames, turn), values


def turned(frames: list[Frame], turn: int) -> list[Frame]:
    """Frames turned upright from one of the eight orientations."""
    if turn == 1:
        return frames
    from imgconv.files.metadata import fields as metadata

    return [metadata.turn(frame, turn) for frame in frames]


def described(source: Source, image: Any) -> tuple[int, dict[str, Any]]:
    """From which orientation the pixels of a file are to be turned, and its metadata once they are."""
    options = source.options
    if image.format == "PNG" and image.tile:
        from imgconv.files.metadata import reading as metadata_reading

        metadata_reading.take_late(source, image)
    if not (may_have_metadata(image) or any(unknown(source, image))):
        return 1, {}
    from imgconv.files.metadata import fields as metadata
    from imgconv.files.metadata import reading as metadata_reading

    values, notes = metadata_reading.metadata_of(source, image)
    turn = metadata.orientation(values)
    if image.format == "TIFF":  # Pillow has turned it
        turn = {6: 8, 8: 6}.get(turn, turn) if options.no_orient else 1
    elif options.no_orient:
        turn = 1
    if options.strip:
        return turn, metadata.stripped(values)
    source.add(*notes)
    return turn, values if options.no_orient else metadata.upright(values)

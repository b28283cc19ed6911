"""Orientation: size and pixels as the file says they are to be seen, and what it says once they are."""

from __future__ import annotations

from typing import IO, Any

from imgconv.files.metadata.unknown_chunks import unnamed
from imgconv.files.options import Reading
from imgconv.values.image import Frame
from imgconv.values.notes import Note

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
    """Whether a file may say anything beside its pixels; most PNGs do not, and start without what would understand
    it."""
    return image.format != "PNG" or not image.info.keys() <= _ABOUT_PIXELS


def upright_size(image: Any, stream: IO[bytes], reading: Reading) -> tuple[int, int]:
    """Height and width as the pixels are going to lie."""
    height, width = image.height, image.width
    if not may_have_metadata(image):
        return height, width
    from imgconv.files.metadata import fields as metadata
    from imgconv.files.metadata import reading as metadata_reading

    swapped = image.format == "TIFF" and image.tag_v2.get(_ORIENTATION) in (5, 6, 7, 8)  # which Pillow has done already
    swapped ^= not reading.no_orient and metadata.orientation(metadata_reading.exif_and_xmp(image, stream)) >= 5
    return (width, height) if swapped else (height, width)


def oriented(
    frames: list[Frame], image: Any, stream: IO[bytes], reading: Reading
) -> tuple[list[Frame], dict[str, Any], list[Note]]:
    """Pixels turned as the file says, and what it says, then that nothing is to be turned; or, with `no_orient`, both
    as they were stored."""
    if image.format == "PNG" and image.tile:
        from imgconv.files.metadata import reading as metadata_reading

        metadata_reading.take_late(image, stream)
    if not (may_have_metadata(image) or any(unnamed(image, stream))):
        return frames, {}, []
    from imgconv.files.metadata import fields as metadata
    from imgconv.files.metadata import reading as metadata_reading

    found, notes = metadata_reading.metadata_of(image, stream)
    turn = metadata.orientation(found)
    if image.format == "TIFF":  # Pillow has turned it
        turn = {6: 8, 8: 6}.get(turn, turn) if reading.no_orient else 1
    elif reading.no_orient:
        turn = 1
    if turn > 1:
        frames = [metadata.turned(frame, turn) for frame in frames]
    if reading.strip:
        return frames, metadata.stripped(found), []
    return frames, found if reading.no_orient else metadata.upright(found), notes

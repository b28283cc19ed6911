"""Pictures in memory, as callers of the library have them: arrays, images of Pillow, bytes, and file objects."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from imgconv import errors
from imgconv.values.image import Frame, ImageData, frame_of

if TYPE_CHECKING:
    from imgconv.files.header import Header
    from imgconv.files.options import Reading

Parts = tuple[tuple[Frame, ...], dict[str, Any], str]
"""Frames, metadata, and the colour model."""


def is_pillow(value: object) -> bool:
    """Whether a value is an image of Pillow, without loading Pillow."""
    pillow = sys.modules.get("PIL.Image")
    return pillow is not None and isinstance(value, pillow.Image)


def is_picture(value: object) -> bool:
    """Whether a value has alpha and metadata of its own: an Image, or an image of Pillow."""
    return isinstance(value, ImageData) or is_pillow(value)


def frames_of(value: Any) -> Parts:
    """One array or image of Pillow as a frame, or a list of them as frames."""
    if is_pillow(value):
        return _of_pillow(value)
    if isinstance(value, ImageData):
        return value.frames, dict(value.metadata), value.colour
    if (
        isinstance(value, list)
        and value
        and all(isinstance(one, Frame) or getattr(one, "ndim", 0) > 1 for one in value)
    ):
        return each_frame(value), {}, ""
    return (frame_of(value),), {}, ""


def image_of(value: Any) -> ImageData:
    """An image of whatever `frames_of` takes."""
    if isinstance(value, ImageData):
        return value
    frames, metadata, colour = frames_of(value)
    return ImageData(frames, metadata=metadata, colour=colour)


def each_frame(values: Iterable[Any]) -> tuple[Frame, ...]:
    """A frame of each Frame or array."""
    return tuple(
        value if isinstance(value, Frame) else frame_of(value) if getattr(value, "ndim", 0) > 1 else _refused(value)
        for value in values
    )


def _refused(value: object) -> Frame:
    raise errors.not_a("a frame", value, "a Frame or an array of two or three dimensions")


def _of_pillow(image: Any) -> Parts:
    """The current frame of an image of Pillow, with its colour profile. What it was turned by is its owner's matter."""
    from imgconv.files.modes import LAYOUTS, MODES, mode_of, to_frame

    if image.mode not in MODES:
        raise errors.PixelError(f"unsupported mode {image.mode} of Pillow; convert it to L, RGB, RGBA or CMYK")
    if 0 in image.size:
        raise errors.pixel_none((image.height, image.width))
    frame = to_frame(image)
    profile = image.info.get("icc_profile")
    metadata = {"icc_profile": profile} if isinstance(profile, bytes) and profile else {}
    return (frame,), metadata, LAYOUTS[mode_of(image)].colour


def opened(source: Any, options: Reading) -> Header:
    """The header of an image in bytes, or in a file opened for reading bytes, from where it stands."""
    import io

    from imgconv.files import limits
    from imgconv.files.read import header

    if not hasattr(source, "read"):
        return header("bytes", options, io.BytesIO(source))
    name = getattr(source, "name", None)
    name = name if isinstance(name, str) else "the file object"
    if isinstance(source.read(0), str):
        raise errors.UsageError(f"{name} is opened as text; open it with 'rb'")
    return header(name, options, limits.drained(source, name, options))

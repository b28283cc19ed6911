"""CONVERSIONS: how pixels become those of a format that cannot hold them as they are. A new one is one row; what has
none is refused."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np

from imgconv import errors
from imgconv.files.formats import ARRAY, FORMATS, Format
from imgconv.files.modes import holder, to_frame_as, to_pillow
from imgconv.files.options import Writing
from imgconv.values.frozen import record, replace
from imgconv.values.image import Frame, ImageData
from imgconv.values.layout import Layout
from imgconv.values.notes import Note
from imgconv.values.pixel_values import Pixels

_MOST = 65535


@record
class Conversion:
    """A row: the layout that one becomes (None where it does not apply), in which formats (all, if none is named), and
    what makes it so.

    `convert(image, form)` raises FileError for pixels that do not fit.
    """

    words: str
    becomes: Callable[[Layout], Layout | None]
    convert: Callable[[ImageData, Format], ImageData]
    formats: tuple[str, ...] = ()


def holds(form: Format, layout: Layout) -> bool:
    """Whether a format has a place for such pixels as they are."""
    return holder(layout) in form.modes or ARRAY in form.modes


def able(layout: Layout) -> list[str]:
    """The names of the formats that have a place for such pixels as they are."""
    return [row.name for row in FORMATS.values() if holds(row, layout)]


def way(form: Format, layout: Layout) -> Conversion | None:
    """The conversion after which a format holds such pixels; None where there is none."""
    for row in CONVERSIONS:
        converted = row.becomes(layout)
        if converted is not None and holds(form, converted) and (not row.formats or form.name in row.formats):
            return row
    return None


def check_layout(form: Format, layout: Layout, size: tuple[int, int], writing: Writing, path: str) -> None:
    """Raises FileError, naming formats that can, if `form` cannot hold a picture of such pixels and (height, width),
    as it is or converted, with these options."""
    if writing.quality is not None and writing.lossless:
        raise errors.UsageError("--quality and --lossless ask for two things; give one of them")
    if not holds(form, layout) and way(form, layout) is None:
        raise errors.format_cannot_hold(path, form.name, layout.words, able(layout), _remedy(form, layout))
    if form.longest and max(size) > form.longest:
        unlimited = [name for name in able(layout) if not FORMATS[name].longest]
        raise errors.FileError(
            f"{path}: {form.name.upper()} holds at most {form.longest} pixels a side, the result has"
            f" {size[1]}x{size[0]}; formats that hold it: {', '.join(unlimited)}"
        )
    if writing.lossless and form.lossless == "never":
        raise errors.always_lossy(path, form.name, [name for name in able(layout) if FORMATS[name].lossless != "never"])


def _remedy(form: Format, layout: Layout) -> str:
    """What would make pixels that a format holds, in words; empty if nothing does."""
    bare = replace(layout, alpha=False)
    if layout.alpha and (holds(form, bare) or way(form, bare) is not None):
        return "--flatten white lays it over white"
    if layout.channels == 3 and not layout.colour and holds(form, Layout(1, type=layout.type)):
        return "--gray makes one channel"
    return ""


def convert(image: ImageData, form: Format, writing: Writing) -> ImageData:
    """The image as the format holds it, with notes of what was converted and of options that it does not heed. Raises
    FileError for numbers that do not fit."""
    if len({replace(image, frames=(frame,)).layout for frame in image.frames}) > 1:  # pages of many kinds
        parts = [_convert_alike(replace(image, frames=(frame,)), form) for frame in image.frames]
        notes = tuple(dict.fromkeys(note for part in parts for note in part.notes))
        image = replace(parts[0], frames=tuple(part.frames[0] for part in parts), notes=notes)
    else:
        image = _convert_alike(image, form)
    options = [f"--{name.replace('_', '-')}" for name in _idle(form, writing)]
    unused = (Note("option-idle", f"{option} has no meaning for {form.name.upper()}", loss=False) for option in options)
    return replace(image, notes=(*image.notes, *unused))


def _convert_alike(image: ImageData, form: Format) -> ImageData:
    row = None if holds(form, image.layout) else way(form, image.layout)
    image = row.convert(image, form) if row else image
    if image.colour and ARRAY in form.modes and image.colour not in form.modes:
        note = Note("metadata-dropped", f"{form.name.upper()} does not say that its channels are {image.colour}")
        return replace(image, notes=(*image.notes, note))
    return image


def _idle(form: Format, writing: Writing) -> list[str]:
    options = {"compress_level", "quality", "tile", "bigtiff", "zarr_format"}
    return sorted(name for name in options - set(form.heeds) if getattr(writing, name) not in (None, False))


# ---------------------------------------------------------------- the conversions


def _gray_as_rgb(layout: Layout) -> Layout | None:
    return replace(layout, channels=3) if layout.channels == 1 and not layout.colour else None


def _spread(image: ImageData, form: Format) -> ImageData:
    """Gray in three channels is the same gray, so there is no note."""
    return _with(image, lambda frame: np.repeat(frame.pixels.reshape(*frame.pixels.shape[:2], 1), 3, axis=2))


def _colours_as_rgb(layout: Layout) -> Layout | None:
    return (
        replace(layout, channels=3, colour="") if layout.colour in ("CMYK", "LAB") and layout.type == "uint8" else None
    )


def _converted(image: ImageData, form: Format) -> ImageData:
    """CMYK and LAB as viewers show them: through the picture's colour profile if it has one for them, else by Pillow's
    formulas."""
    profile = image.metadata.get("icc_profile") or b""
    through = profile[16:20] == {"CMYK": b"CMYK", "LAB": b"Lab "}[image.colour]
    frames = tuple(
        replace(frame, pixels=_rgb(frame.pixels, image.colour, profile if through else b"")) for frame in image.frames
    )
    how = (
        "by its colour profile"
        if through
        else "without a colour profile, by plain arithmetic"
        if image.colour == "CMYK"
        else "as sRGB"
    )
    note = Note(
        "converted", f"{image.colour} converted to RGB {how} ({form.name.upper()} has no {image.colour}; tiff does)"
    )
    metadata = {key: value for key, value in image.metadata.items() if key != "icc_profile" or not through}
    return replace(image, frames=frames, colour="", metadata=metadata, notes=(*image.notes, note))


def _rgb(pixels: Pixels, colour: str, profile: bytes) -> Pixels:
    image = to_pillow(Frame(pixels), colour)
    if not profile:
        return to_frame_as(image, "RGB").pixels
    from PIL import ImageCms

    try:
        through = ImageCms.profileToProfile(
            image, ImageCms.ImageCmsProfile(io.BytesIO(profile)), ImageCms.createProfile("sRGB"), outputMode="RGB"
        )
    except (ImageCms.PyCMSError, OSError, ValueError) as error:
        raise errors.FileError(
            f"its colour profile cannot be used to convert the colours ({error}); --strip leaves it out"
        ) from error
    return to_frame_as(through, "RGB").pixels


def _whole_as_16(layout: Layout) -> Layout | None:
    return replace(layout, type="uint16") if layout.type in ("int32", "int16") else None


def _stored_in_16(image: ImageData, form: Format) -> ImageData:
    low = min(int(frame.pixels.min()) for frame in image.frames)
    high = max(int(frame.pixels.max()) for frame in image.frames)
    if low < 0 or high > _MOST:
        raise errors.FileError(  # `write.fitted` says where
            f"{form.name.upper()} holds 0…65535, the result has {low}…{high}; formats that hold it:"
            f" {', '.join(able(image.layout))} (or give --range or --dtype uint16)"
        )
    note = Note(
        "stored-shorter",
        f"{image.layout.type} stored as uint16, in which every value fits ({form.name.upper()} has no"
        f" {image.layout.type})",
        loss=False,
    )
    return replace(_with(image, lambda frame: frame.pixels.astype(np.uint16)), notes=(*image.notes, note))


def _deep_as_8(layout: Layout) -> Layout | None:
    return replace(layout, type="uint8") if layout.type == "uint16" else None


def _narrowed(image: ImageData, form: Format) -> ImageData:
    """White stays white: 65535 becomes 255, what is between is rounded."""
    lost = any(bool((frame.pixels % 257).any()) for frame in image.frames)
    why = f"({form.name.upper()} has no more; png and tiff do)"
    note = (
        Note("narrowed", f"16 bits per sample became 8 {why}")
        if lost
        else Note("stored-shorter", f"16 bits per sample stored in 8, none lost {why}", loss=False)
    )
    return replace(
        _with(image, lambda frame: ((frame.pixels.astype(np.uint32) + 128) // 257).astype(np.uint8)),
        notes=(*image.notes, note),
    )


def _with(image: ImageData, pixels: Callable[[Frame], Any]) -> ImageData:
    return replace(image, frames=tuple(replace(frame, pixels=pixels(frame)) for frame in image.frames))


CONVERSIONS = (
    Conversion("as RGB", _gray_as_rgb, _spread),
    Conversion("converted to RGB, said", _colours_as_rgb, _converted),
    Conversion("as uint16 if all values fit, said", _whole_as_16, _stored_in_16),
    Conversion("narrowed to 8 bits, said", _deep_as_8, _narrowed, ("jpeg",)),
)
"""In the order in which they are tried; one is enough, or the format cannot hold the pixels."""

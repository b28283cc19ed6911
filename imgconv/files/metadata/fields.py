"""Metadata fields: turned with the pixels, and adapted to the picture and format they go into.

The names are Pillow's: `icc_profile`, `exif` (bytes, with their prefix), `dpi`, `aspect` (pixels that are not square,
without a unit), `xmp`, `comment` (bytes), and of PNG `text` (a mapping), `gamma`, `chromaticity` and `srgb`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from imgconv import errors
from imgconv.files.formats import Format
from imgconv.files.metadata import exif as blocks
from imgconv.files.metadata import recipes
from imgconv.values.frozen import replace
from imgconv.values.image import CURVE_FIELDS, ENCODING, Frame, ImageData
from imgconv.values.notes import Note
from imgconv.values.pixel_values import Pixels

Metadata = Mapping[str, Any]

_NAMES = {
    "exif": "EXIF",
    "xmp": "XMP",
    "dpi": "resolution",
    "aspect": "pixel aspect ratio",
    "text": "text",
    "comment": "comment",
    "gamma": "gamma",
    "chromaticity": "primaries",
    "recipe": "recipe",
}
_OF_FRAMES = ("loop", "default_image")  # which `frames.arrange` looks after
_LONGEST = {("jpeg", "exif"): 65533, ("jpeg", "xmp"): 65504, ("jpeg", "comment"): 65533}  # bytes in one segment
_SPACES = {"": {1: b"GRAY", 3: b"RGB "}, "CMYK": {4: b"CMYK"}, "LAB": {3: b"Lab "}}  # by Image.colour and channels
_ORIENTATION = re.compile(rb"(tiff:Orientation\s*(?:=\s*[\"']|>))([1-8])")
_SIZES = re.compile(rb"((?:exif:Pixel([XY])Dimension|tiff:Image(Width|Length))\s*(?:=\s*[\"']|>))\d+")


# ---------------------------------------------------------------- orientation


def orientation(metadata: Metadata) -> int:
    """How the pixels lie, from 1 (upright) to 8, as EXIF says, or XMP where EXIF does not."""
    value = blocks.orientation(metadata["exif"]) if metadata.get("exif") else None
    if value is None and (match := _ORIENTATION.search(metadata.get("xmp") or b"")):
        value = int(match[2])
    return value or 1


def turn(frame: Frame, orientation: int) -> Frame:
    """A frame stored in one of the eight orientations as it is meant to be seen (Exif 2.32, 4.6.4, Orientation)."""

    def upright(pixels: Pixels) -> Pixels:
        if orientation >= 5:
            pixels = pixels.swapaxes(0, 1)
        rows = -1 if orientation in (3, 4, 7, 8) else 1
        columns = -1 if orientation in (2, 3, 6, 7) else 1
        return np.ascontiguousarray(pixels[::rows, ::columns])

    return replace(frame, pixels=upright(frame.pixels), alpha=None if frame.alpha is None else upright(frame.alpha))


def upright(metadata: Metadata) -> dict[str, Any]:
    """The metadata of a picture whose pixels have been turned."""
    values = dict(metadata)
    swapped = orientation(metadata) >= 5  # rows have become columns
    if swapped:
        values |= {key: tuple(reversed(values[key])) for key in ("dpi", "aspect") if key in values}
    if values.get("exif"):
        values["exif"] = blocks.upright(values["exif"], swapped)
    if values.get("xmp"):
        values["xmp"] = _ORIENTATION.sub(rb"\g<1>1", values["xmp"])
    return values


def stripped(metadata: Metadata) -> dict[str, Any]:
    """Nothing that goes along: only how the pixels were encoded, which --linear has to know and no writer looks at."""
    meaning = {key: metadata[key] for key in CURVE_FIELDS if key in metadata}
    return {ENCODING: meaning} if meaning else {}


# ---------------------------------------------------------------- into a format


def adapt(image: ImageData, form: Format) -> ImageData:
    """The image with what a format can hold of its metadata, sizes in it set to the picture's, and notes of everything
    else."""
    own = _under_names_of(form, image.metadata)
    values = recipes.placed(own, form)
    if own.get("recipe"):
        _require_room(values, form)
    carried = {
        key: value
        for key, value in values.items()
        if key in _OF_FRAMES or (key in form.carries and _fits(key, value, form))
    }
    notes = []
    if "icc_profile" in values and (why := _profile_unfit(values["icc_profile"], form, image)):
        carried.pop("icc_profile", None)
        notes.append(Note("profile-dropped", f"colour profile dropped ({why})"))
    if dropped := [
        _NAMES[key] for key in _NAMES if key in values and key not in carried and not _is_redundant(key, values, form)
    ]:
        notes.append(
            Note(
                "metadata-dropped",
                f"{', '.join(dropped)} dropped (no place for {'it' if len(dropped) == 1 else 'them'} in"
                f" {form.name.upper()})",
            )
        )
    height, width = image.pixels.shape[:2]
    if "exif" in carried:
        carried["exif"], without = blocks.resize(_bytes(carried["exif"]), height, width)
        if without:
            notes.append(
                Note("thumbnail-dropped", "EXIF thumbnail dropped, it shows the picture as it was", loss=False)
            )
    if "xmp" in carried:
        carried["xmp"] = _SIZES.sub(
            lambda match: match[1] + b"%d" % (width if b"X" in (match[2] or b"") or match[3] == b"Width" else height),
            carried["xmp"],
        )
    return replace(image, metadata=MappingProxyType(carried), notes=image.notes + tuple(notes))


def _require_room(values: Metadata, form: Format) -> None:
    """Raises FileError where what holds a recipe is longer than a format can have it."""
    if not all(_fits(key, values[key], form) for key in ("xmp", "comment") if key in values and key in form.carries):
        raise errors.FileError(
            f"its recipe and its XMP are together longer than {form.name.upper()} can have them; png, tiff and webp can"
        )


def _fits(key: str, value: Any, form: Format) -> bool:
    longest = _LONGEST.get((form.name, key))
    return longest is None or len(_bytes(value)) <= longest


def _profile_unfit(profile: bytes, form: Format, image: ImageData) -> str:
    """Why a colour profile cannot go along: the format, or colours other than those it is for (ICC.1, 7.2.6: bytes 16
    to 19)."""
    if "icc_profile" not in form.carries:
        return f"no place for it in {form.name.upper()}"
    channels = image.pixels.shape[2] if image.pixels.ndim == 3 else 1
    meant = profile[16:20]
    if len(meant) < 4 or meant == _SPACES.get(image.colour, {}).get(channels):
        return ""
    return f"it is for {meant.decode('ascii', 'replace').strip()}, the pixels are {image.mode.split(' ')[0]}"


def _under_names_of(form: Format, metadata: Metadata) -> dict[str, Any]:
    """A comment is a text under `Comment` in PNG, and the other way round in formats that have nothing else."""
    values = dict(metadata)
    if "text" in form.carries and (comment := values.pop("comment", None)):
        values["text"] = {"Comment": _decoded(comment), **values.get("text", {})}
    elif "comment" in form.carries and (text := dict(values.get("text", {}))):
        if "comment" not in values and "Comment" in text:
            values["comment"] = text.pop("Comment").encode("utf-8")
        values["text"] = text
        if not text:
            del values["text"]
    return values


def _is_redundant(key: str, values: Metadata, form: Format) -> bool:
    """Whether nothing is lost with a piece: a resolution that EXIF states too; gamma and primaries beside a profile,
    where they are not looked at, or of sRGB, which files without a word are taken for."""
    if key == "dpi" and "exif" in form.carries and "exif" in values:
        return blocks.states_resolution(_bytes(values["exif"]))
    if key not in ("gamma", "chromaticity"):
        return False
    if "icc_profile" in values or "srgb" in values:
        return True
    srgb = (0.3127, 0.329, 0.64, 0.33, 0.3, 0.6, 0.15, 0.06)  # white point, then red, green, blue (IEC 61966-2-1)
    return (
        math.isclose(values["gamma"], 1 / 2.2, abs_tol=1e-3)
        if key == "gamma"
        else np.allclose(values["chromaticity"], srgb, atol=1e-3)
    )


def _bytes(value: Any) -> bytes:
    """Pillow's Exif objects as bytes."""
    return bytes(value.tobytes()) if hasattr(value, "tobytes") else value


def _decoded(comment: bytes | str) -> str:
    if isinstance(comment, str):
        return comment
    try:
        return comment.decode("utf-8")
    except UnicodeDecodeError:
        return comment.decode("latin-1")

"""FORMATS: what can be written, under which suffixes, and which pixel modes each can hold. A new format is one row."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

from imgconv import errors
from imgconv.params import Kind, whole
from imgconv.records import record

ARRAY = "array"  # any pixel type, any number of channels


@record
class Format:
    """A row: `modes` are Pillow's, plus ARRAY; `options(fast)` are given to Pillow's writer; `carries` names what it holds beside pixels
    (`files/metadata.py`); `frames` says how several lie in it: an `animation`, `pages` of any size, a `stack` without durations; empty where it holds one."""

    name: str
    suffixes: tuple[str, ...]
    pillow: str
    modes: tuple[str, ...]
    options: Callable[[bool], Mapping[str, Any]] = lambda fast: {}
    carries: tuple[str, ...] = ()
    frames: str = ""


def _jpeg(fast: bool) -> Mapping[str, Any]:
    return {"quality": 92, "subsampling": 0}


_ALL = ("icc_profile", "exif", "xmp", "dpi")

FORMATS = {
    row.name: row
    for row in (
        Format(
            "png",
            (".png",),
            "PNG",
            ("L", "LA", "RGB", "RGBA", "I;16", "LA;16", "RGB;16", "RGBA;16"),
            carries=(*_ALL, "aspect", "text", "gamma", "chromaticity", "srgb"),
            frames="animation",
        ),  # files/png.py writes it
        Format("jpeg", (".jpg", ".jpeg"), "JPEG", ("L", "RGB", "CMYK"), _jpeg, (*_ALL, "comment")),
        Format("tiff", (".tif", ".tiff"), "TIFF", (ARRAY, "CMYK", "LAB"), carries=_ALL, frames="pages"),  # files/tiff.py writes it
        Format("webp", (".webp",), "WEBP", ("RGB", "RGBA"), lambda fast: {"quality": 92}, ("icc_profile", "exif", "xmp"), "animation"),
        Format("bmp", (".bmp",), "BMP", ("L", "RGB"), carries=("dpi",)),
        Format("gif", (".gif",), "GIF", ("L", "LA", "RGB", "RGBA"), carries=("comment",), frames="animation"),
        Format("ppm", (".ppm", ".pnm"), "", ("L", "RGB", "I;16", "RGB;16")),  # files/raw.py writes these three
        Format("pgm", (".pgm",), "", ("L", "I;16")),
        Format("tga", (".tga",), "TGA", ("L", "LA", "RGB", "RGBA")),
        Format("pfm", (".pfm",), "", ("F", "RGB;F")),
        Format("npz", (".npz",), "", (ARRAY,), frames="stack"),  # files/npz.py writes it
        Format("npy", (".npy",), "", (ARRAY,), frames="stack"),
    )
}
BY_SUFFIX = {suffix: row for row in FORMATS.values() for suffix in row.suffixes}


def _compress_level(value: object) -> int:
    expected = "a whole number from 0 (stored) to 9 (smallest)"
    try:
        found = whole(value, "compress level")
    except errors.UsageError:
        raise errors.not_a("compress level", value, expected) from None
    if found > 9:
        raise errors.not_a("compress level", value, expected)
    return found


COMPRESS_LEVEL = Kind("0…9", _compress_level)


def format_named(word: str) -> Format:
    """The format of that name or suffix (`png`, `.jpg`, `tif`); UsageError for another."""
    name = word.lower()
    found = FORMATS.get(name) or BY_SUFFIX.get("." + name.lstrip("."))
    if found is None:
        raise errors.format_unknown(word, list(FORMATS))
    return found


def format_of(path: str) -> Format:
    """The format that a path's suffix names; UsageError where it names none."""
    suffix = os.path.splitext(path)[1].lower()
    if not suffix:
        raise errors.format_no_suffix(path, list(FORMATS))
    return format_named(suffix)


def split_member(path: str) -> tuple[str, str]:
    """A path and the name of an array in it: `a.npz:x` gives `a.npz` and `x`; all other paths, and files that are called so, give themselves and nothing."""
    file, mark, member = path.rpartition(".npz:")
    return (f"{file}.npz", member) if mark and not os.path.exists(path) else (path, "")

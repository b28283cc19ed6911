"""FORMATS: what can be written, under which suffixes, and which pixel modes each can hold. A new format is one row."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

from imgconv import errors
from imgconv.files.options import Writing
from imgconv.values.frozen import record
from imgconv.values.parameters import Kind, whole

ARRAY = "array"  # any pixel type, any number of channels


@record
class Format:
    """A row: `modes` are Pillow's and those of `files/modes.py`, plus ARRAY; `options(writing)` are given to Pillow's
    writer; `heeds` names the options of `Writing` that mean something to it; `lossless` is "always", "asked" (if asked
    for) or "never"; `longest` is the most pixels per side (0: no limit); `carries` names the metadata that it holds
    (`files/metadata/fields.py`); `frames` is how several lie in it: an `animation`, `pages` of any size, a `stack`
    without durations; empty where it holds one; `text` is whether people can read it, on a terminal too; `folder`
    whether its images are folders."""

    name: str
    suffixes: tuple[str, ...]
    pillow: str
    modes: tuple[str, ...]
    options: Callable[[Writing], Mapping[str, Any]] = lambda writing: {}
    heeds: tuple[str, ...] = ()
    lossless: str = "always"
    longest: int = 0
    carries: tuple[str, ...] = ()
    frames: str = ""
    text: bool = False
    folder: bool = False


QUALITY = 92
"""The default of lossy formats: with colours at full resolution, errors are invisible."""


def _jpeg(writing: Writing) -> Mapping[str, Any]:
    return {"quality": writing.quality or QUALITY, "subsampling": 0}


def _webp(writing: Writing) -> Mapping[str, Any]:
    return {"lossless": True, "exact": True} if writing.lossless else {"quality": writing.quality or QUALITY}


def _avif(writing: Writing) -> Mapping[str, Any]:
    return {"quality": writing.quality or QUALITY, "subsampling": "4:4:4"}


_ALL = ("icc_profile", "exif", "xmp", "dpi")
_SHALLOW = ("L", "LA", "RGB", "RGBA")
_PNG_SAYS = (*_ALL, "aspect", "text", "gamma", "chromaticity", "srgb")

FORMATS = {
    row.name: row
    for row in (
        Format(
            "png",
            (".png", ".apng"),
            "PNG",
            (*_SHALLOW, "I;16", "LA;16", "RGB;16", "RGBA;16"),
            heeds=("compress_level",),
            carries=_PNG_SAYS,
            frames="animation",
        ),
        Format(
            "jpeg",
            (".jpg", ".jpeg", ".jpe", ".jfif"),
            "JPEG",
            ("L", "RGB", "CMYK"),
            _jpeg,
            heeds=("quality",),
            lossless="never",
            longest=65500,
            carries=(*_ALL, "comment"),
        ),
        Format(
            "tiff",
            (".tif", ".tiff"),
            "TIFF",
            (ARRAY, "CMYK", "LAB"),
            heeds=("compress_level", "tile", "bigtiff"),
            carries=_ALL,
            frames="pages",
        ),
        Format(
            "webp",
            (".webp",),
            "WEBP",
            ("RGB", "RGBA"),
            _webp,
            heeds=("quality", "lossless"),
            lossless="asked",
            longest=16383,
            carries=("icc_profile", "exif", "xmp"),
            frames="animation",
        ),
        Format(
            "avif",
            (".avif",),
            "AVIF",
            ("RGB", "RGBA"),
            _avif,
            heeds=("quality",),
            lossless="never",
            longest=32768,
            carries=("icc_profile", "exif", "xmp"),
            frames="animation",
        ),
        Format("jpeg2000", (".jp2", ".jpx", ".jpf"), "JPEG2000", (*_SHALLOW, "CMYK", "I;16")),
        Format("gif", (".gif",), "GIF", _SHALLOW, longest=65535, carries=("comment",), frames="animation"),
        Format("bmp", (".bmp",), "BMP", ("L", "RGB"), carries=("dpi",)),
        Format("dib", (".dib",), "DIB", ("L", "RGB"), carries=("dpi",)),
        Format("ppm", (".ppm", ".pnm"), "", ("L", "RGB", "I;16", "RGB;16"), frames="pages"),
        Format("pgm", (".pgm",), "", ("L", "I;16"), frames="pages"),
        Format("pfm", (".pfm",), "", ("F", "RGB;F")),
        Format("tga", (".tga",), "TGA", _SHALLOW, longest=65535),
        Format("qoi", (".qoi",), "QOI", ("RGB", "RGBA")),
        Format("sgi", (".sgi", ".rgb", ".rgba", ".bw"), "SGI", ("L", "RGB", "RGBA"), longest=65535),
        Format("pcx", (".pcx",), "PCX", ("L", "RGB"), longest=65534),
        Format("dds", (".dds",), "DDS", _SHALLOW),
        Format("spider", (".spi", ".spider"), "SPIDER", ("F",)),
        Format("npz", (".npz",), "", (ARRAY,), frames="stack"),
        Format("npy", (".npy",), "", (ARRAY,), frames="stack"),
        Format(
            "zarr",
            (".zarr",),
            "",
            (ARRAY,),
            heeds=("compress_level", "tile", "zarr_format"),
            frames="stack",
            folder=True,
        ),
        Format("csv", (".csv",), "", ("L", "I;16", "I;16S", "I", "F", "D"), text=True),
    )
}
"""Of what Pillow writes these are left out: ICO and ICNS, which resize; MPO, BLP, PALM, MSP and XBM, which hold few
colours or what no result is; PDF and EPS, which are documents; IM, which it is about to drop; and BUFR, GRIB, HDF5 and
WMF, which it only passes on."""
TABLE = Format("table", (), "", (ARRAY,), carries=(*_PNG_SAYS, "comment"), frames="pages", text=True)
"""What is printed for people: it names no files, and nobody looks for metadata in it."""
BY_SUFFIX = {suffix: row for row in FORMATS.values() for suffix in row.suffixes}


def _from_to(name: str, least: int, most: int, expected: str) -> Callable[[object], int]:
    """Reads a whole number within bounds."""

    def read(value: object) -> int:
        try:
            number = whole(value, name)
        except errors.UsageError:
            raise errors.not_a(name, value, expected) from None
        if not least <= number <= most:
            raise errors.not_a(name, value, expected)
        return number

    return read


COMPRESS_LEVEL = Kind("0…9", _from_to("compress level", 0, 9, "a whole number from 0 (stored) to 9 (smallest)"))
QUALITY_KIND = Kind("1…100", _from_to("quality", 1, 100, "a whole number from 1 (worst) to 100 (best)"))


def _tile(value: object) -> int:
    expected = "a multiple of 16 from 16 to 4096, in pixels"
    side = _from_to("tile", 16, 4096, expected)(value)
    if side % 16:
        raise errors.not_a("tile", value, expected)
    return side


TILE = Kind("N", _tile)
ZARR_FORMAT = Kind("2|3", _from_to("Zarr's version", 2, 3, "2 or 3"))


def format_named(word: str) -> Format:
    """The format of that name or suffix (`png`, `.jpg`, `tif`); UsageError for another."""
    if not isinstance(word, str):
        raise errors.not_a("format", word, f"one of {', '.join(FORMATS)}")
    name = word.lower()
    form = FORMATS.get(name) or BY_SUFFIX.get("." + name.lstrip("."))
    if form is None:
        hint = errors.suggestion(word, FORMATS) or ";"
        raise errors.UsageError(f"format {errors.shown(word)} is not known{hint} choose from {', '.join(FORMATS)}")
    return form


def format_of(path: str) -> Format:
    """The format that a path's suffix names; UsageError where it names none."""
    suffix = os.path.splitext(path)[1].lower()
    if not suffix:
        examples = ", .".join(list(FORMATS)[:4])
        raise errors.UsageError(f"{path}: no suffix tells the format; add one (.{examples} ...) or give --format")
    return format_named(suffix)


def split_member(path: str) -> tuple[str, str]:
    """A path and the name of an array in it: `a.npz:x` gives `a.npz` and `x`; all other paths, and files that are
    called so, give themselves and nothing."""
    file, mark, member = path.rpartition(".npz:")
    return (f"{file}.npz", member) if mark and not os.path.exists(path) else (path, "")

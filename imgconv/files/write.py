"""Image to bytes, by the table of formats."""

from __future__ import annotations

import io
import os

from imgconv import errors
from imgconv.files import arrays, npz, place, png, raw
from imgconv.files.formats import ARRAY, COMPRESS_LEVEL, FORMATS, Format, format_of
from imgconv.files.modes import holder, to_pillow
from imgconv.files.options import Writing
from imgconv.files.raw import Content
from imgconv.image import Image
from imgconv.layouts import Layout
from imgconv.records import replace


def save(image: Image, path: str | os.PathLike[str], format: str | None = None, compress_level: int | None = None) -> None:
    """Writes an image; the suffix decides the format unless `format` names it. An existing file is replaced, atomically.

    `compress_level` is for PNG, from 0 (stored) over 1 (fast) to 9 (small); other formats do not heed it.

    Raises
    ------
    UsageError
        For a suffix or format name that is not known, or another level.
    FileError
        For an image that the format cannot hold, or a place that cannot be written.
    """
    from imgconv.files.formats import format_named

    where = os.fspath(path)
    form = format_named(format) if format else format_of(where)
    level = None if compress_level is None else COMPRESS_LEVEL.read(compress_level)
    place.write(where, encoded(image, form, where, writing=Writing(level)))


def able(layout: Layout) -> list[str]:
    """The names of the formats that can hold such pixels."""
    mode = holder(layout)
    return [row.name for row in FORMATS.values() if mode in row.modes or ARRAY in row.modes]


def check(form: Format, layout: Layout, path: str) -> None:
    """Raises FileError, naming formats that can, if `form` cannot hold such pixels."""
    names = able(layout)
    if form.name not in names:
        bare = layout.alpha and form.name in able(replace(layout, alpha=False))
        raise errors.format_cannot_hold(path, form.name, layout.words, names, "--alpha drop leaves alpha out" if bare else "")


def prepare(form: Format) -> None:
    """What can be made ready for writing while the pixels are still computed."""
    if form.name == "png":
        png.prepare()


def fitted(image: Image, form: Format) -> Image:
    """The image with what a format can hold of its metadata, and a note of everything else."""
    if not image.metadata:
        return image
    from imgconv.files import metadata

    return metadata.fitted(image, form)


_OF_FRAMES = {"npy": arrays.npy, "npz": npz.npz, "ppm": raw.pnm, "pgm": raw.pnm, "pfm": raw.pfm}


def encoded(image: Image, form: Format, path: str, *, fast: bool = False, writing: Writing = Writing(), threads: int | None = None) -> Content:
    """The image as the pieces of a file; `fast` prefers speed to size where `writing` does not say more."""
    frame = image.frames[0]
    check(form, image.layout, path)
    if writer := _OF_FRAMES.get(form.name):
        return writer(frame)
    buffer = io.BytesIO()
    carried = fitted(image, form).metadata
    try:
        if form.name == "png":
            return [png.encode(frame, carried, png.level_for(writing.compress_level, fast), threads)]
        if form.name == "tiff":
            from imgconv.files import tiff

            return [tiff.encode(image.frames[:1], carried, image.colour, png.level_for(None, fast), threads)]
        to_pillow(frame, holder(image.layout)).save(buffer, form.pillow, **form.options(fast), **carried)
    except (OSError, ValueError, OverflowError) as error:
        raise errors.file_unwritable(path, str(error)) from error
    return [buffer.getbuffer()]

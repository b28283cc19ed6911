"""Image to bytes, by the table of formats."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Mapping
from typing import Any

from imgconv import errors
from imgconv.files import arrays, npz, place, png, raw
from imgconv.files.formats import ARRAY, COMPRESS_LEVEL, FORMATS, Format, format_of
from imgconv.files.modes import holder, to_pillow
from imgconv.files.options import Writing
from imgconv.files.raw import Content
from imgconv.image import Image
from imgconv.layouts import Layout
from imgconv.records import record, replace


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
    """The image with what a format can hold of its frames and metadata, and a note of everything else."""
    if len(image.frames) > 1 or form.name == "gif":
        from imgconv.files import frames

        image = frames.fitted(image, form)
    if image.metadata:
        from imgconv.files import metadata

        image = metadata.fitted(image, form)
    return image


@record
class How:
    """What writers are told: PNG's level, whether speed counts more than size, and how many threads there may be."""

    level: int
    fast: bool
    threads: int | None


def encoded(image: Image, form: Format, path: str, *, fast: bool = False, writing: Writing = Writing(), threads: int | None = None) -> Content:
    """The image as the pieces of a file; `fast` prefers speed to size where `writing` does not say more."""
    image = fitted(image, form)
    for frame in image.frames:
        check(form, replace(image, frames=(frame,)).layout, path)
    if len(image.frames) > 1:
        from imgconv.files import frames

        frames.check(form, image.frames, path)
    try:
        return _WRITERS.get(form.name, _by_pillow)(image, form, How(png.level_for(writing.compress_level, fast), fast, threads))
    except (OSError, ValueError, OverflowError) as error:
        raise errors.file_unwritable(path, str(error)) from error


def _png(image: Image, form: Format, how: How) -> Content:
    if len(image.frames) == 1:
        return [png.encode(image.frames[0], image.metadata, how.level, how.threads)]
    from imgconv.files import apng

    return [apng.encode(image.frames, image.metadata, how.level, how.threads)]


def _tiff(image: Image, form: Format, how: How) -> Content:
    from imgconv.files import tiff

    return [tiff.encode(image.frames, image.metadata, image.colour, png.level_for(None, how.fast), how.threads)]


def _gif(image: Image, form: Format, how: How) -> Content:
    from imgconv.files import gif

    return [gif.encode(image.frames, image.metadata)]


def _pnm(image: Image, form: Format, how: How) -> Content:
    return raw.pnm(image.frames[0])


def _by_pillow(image: Image, form: Format, how: How) -> Content:
    """Of several frames Pillow takes whole milliseconds, and how often they are played."""
    first, *rest = (to_pillow(frame, holder(image.layout)) for frame in image.frames)
    options: dict[str, Any] = {**form.options(how.fast), **image.metadata}
    if rest:
        from imgconv.files.frames import UNTIMED

        durations = [round(UNTIMED if frame.duration is None else frame.duration) for frame in image.frames]
        options = {"loop": 1, **options, "save_all": True, "append_images": rest, "duration": durations}
    buffer = io.BytesIO()
    first.save(buffer, form.pillow, **options)
    return [buffer.getbuffer()]


_WRITERS: Mapping[str, Callable[[Image, Format, How], Content]] = {
    "png": _png,
    "tiff": _tiff,
    "gif": _gif,
    "ppm": _pnm,
    "pgm": _pnm,
    "pfm": lambda image, form, how: raw.pfm(image.frames[0]),
    "npy": lambda image, form, how: arrays.npy(image),
    "npz": lambda image, form, how: npz.npz(image),
}
"""Who writes a format; Pillow writes the others."""

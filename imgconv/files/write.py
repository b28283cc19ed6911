"""Image to bytes, by the table of formats."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import IO, TYPE_CHECKING, Any

from imgconv import errors
from imgconv.files import atomic, conversions, npy, npz
from imgconv.files.by_rows import Patch
from imgconv.files.content import Content
from imgconv.files.encoding import Encoding, saved
from imgconv.files.formats import COMPRESS_LEVEL, FORMATS, QUALITY_KIND, TILE, Format, format_of
from imgconv.files.modes import holder, to_pillow
from imgconv.files.options import Writing
from imgconv.files.pictures import image_of
from imgconv.files.png import writer as png_writer
from imgconv.files.pnm import writer as pnm
from imgconv.values.arguments import path_text
from imgconv.values.frozen import replace
from imgconv.values.image import Frame, ImageData
from imgconv.values.parameters import FLAG
from imgconv.values.pixel_values import Pixels

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


def save(
    image: ImageData | ArrayLike,
    path: str | os.PathLike[str] | IO[bytes],
    format: str | None = None,
    *,
    compress_level: int | None = None,
    quality: int | None = None,
    lossless: bool = False,
    tile: int | None = None,
    bigtiff: bool = False,
) -> None:
    """Write an image into a file. An existing file is replaced as a whole or not at all.

    Parameters
    ----------
    image : Image, array_like (H, W) or (H, W, C), or an image of Pillow
        Of an array with 2 or 4 channels the last one is alpha.
    path : str, path-like, or a file opened for writing bytes
        Its suffix decides the format, unless `format` names it. A file object is written to as it is, and not closed.
    format : str, optional
        A name or suffix of a format, such as "png".
    compress_level : int, optional
        For PNG and TIFF: 0 (stored), 1 (fast), 3 (the default) … 9 (smallest).
    quality : int, optional
        For JPEG, WebP and AVIF: 1 to 100, 92 by default. Other formats ignore it.
    lossless : bool
        Write WebP without loss; refuse formats that cannot be lossless.
    tile : int, optional
        Write TIFF in square tiles of this side, a multiple of 16, instead of strips.
    bigtiff : bool
        Write TIFF as BigTIFF, which else only files are that may exceed 4 GiB.

    Raises
    ------
    UsageError
        For an unknown suffix or format, a level, quality or tile out of range, or both quality and lossless.
    FileError
        For an image that the format cannot hold, or a path that cannot be written.

    Examples
    --------
    >>> import imgconv
    >>> image = imgconv.load("samples/digit.png")
    >>> imgconv.save(image, "digit.webp", lossless=True)
    """
    from imgconv.files.formats import format_named

    image = image_of(image)
    stream: Any = path if hasattr(path, "write") else None
    where = path_text(path) if stream is None else _name_of(stream, format)
    form = format_of(where) if format is None or (isinstance(format, str) and not format) else format_named(format)
    level = None if compress_level is None else COMPRESS_LEVEL.read(compress_level)
    options = Writing(
        level,
        None if quality is None else QUALITY_KIND.read(quality),
        FLAG.read(lossless),
        None if tile is None else TILE.read(tile),
        FLAG.read(bigtiff),
    )
    content = encoded(image, form, where, writing=options)
    if stream is None:
        atomic.write(where, content)
        return
    try:
        stream.writelines(content)
    except TypeError:
        raise errors.UsageError(f"{where} is opened as text; open it with 'wb'") from None


def _name_of(stream: Any, format: object) -> str:
    """A file object's name, which decides the format where none is given."""
    name = getattr(stream, "name", None)
    if isinstance(name, str):
        return name
    if not format:
        raise errors.UsageError("a file object without a name has no suffix; name the format: format='png'")
    return "the file object"


def prepare(form: Format, size: int) -> None:
    """Prepares to write an image of so many bytes while its pixels are still computed."""
    if form.name == "png":
        png_writer.prepare(size)


def fitted(image: ImageData, form: Format, path: str = "the result", writing: Writing = Writing()) -> ImageData:
    """The image as a format holds it: pixels, frames and metadata, with a note of everything that it cannot hold.

    An image is fitted once, then encoded. Raises FileError for what does not fit.
    """
    for frame in image.frames:
        conversions.check_layout(form, replace(image, frames=(frame,)).layout, frame.pixels.shape[:2], writing, path)
    try:
        image = conversions.convert(image, form, writing)
    except errors.FileError as error:
        raise errors.named(path, error) from None
    if len(image.frames) > 1 or form.name == "gif":
        from imgconv.files import frames

        image = frames.arrange(image, form)
        if form.name == "gif":
            from imgconv.files.gif import writer as gif_writer

            image = gif_writer.reduce(image)
        if writing.lossless and any(note.code == "palette-reduced" for note in image.notes):
            raise not_lossless(path, form, image)
        frames.check_frames(form, image.frames, path)
    if image.metadata:
        from imgconv.files.metadata import fields as metadata

        image = metadata.adapt(image, form)
    return image


def not_lossless(path: str, form: Format, image: ImageData) -> errors.FileError:
    """The refusal of a format that cannot hold this image without loss, with those that can."""
    able = [name for name in conversions.able(image.layout) if FORMATS[name].lossless != "never"]
    return errors.always_lossy(path, form.name, [name for name in able if name != form.name])


def encoded(
    image: ImageData,
    form: Format,
    path: str,
    *,
    fast: bool = False,
    writing: Writing = Writing(),
    threads: int | None = None,
) -> Content:
    """The image, fitted to a format, as the pieces of a file. `encode_fitted` has the parameters."""
    return encode_fitted(fitted(image, form, path, writing), form, path, fast=fast, writing=writing, threads=threads)


def encode_fitted(
    image: ImageData,
    form: Format,
    path: str,
    *,
    fast: bool = False,
    writing: Writing = Writing(),
    threads: int | None = None,
) -> Content:
    """A fitted image as the pieces of a file; `fast` prefers speed to size where `writing` does not say more. Raises
    FileError where the format's writer refuses."""
    encoding = Encoding(png_writer.level_for(writing.compress_level, fast), writing, threads)
    try:
        return _WRITERS.get(form.name, _by_pillow)(image, form, encoding)
    except (OSError, ValueError, OverflowError) as error:
        raise errors.file_unwritable(path, str(error)) from error


def _png(image: ImageData, form: Format, encoding: Encoding) -> Content:
    if len(image.frames) > 1:
        return _by_frames(image, form, encoding)
    return [png_writer.encode(image.frames[0], image.metadata, encoding.level, encoding.threads)]


def _by_frames(image: ImageData, form: Format, encoding: Encoding) -> Content:
    """One frame after the other."""
    from imgconv.files import frame_writers

    return frame_writers.content(image, form, encoding)


def _csv(image: ImageData, form: Format, encoding: Encoding) -> Content:
    from imgconv.files.text import writer as text_writer

    return text_writer.csv(image.frames[0])


def _table(image: ImageData, form: Format, encoding: Encoding) -> Content:
    from imgconv.files.text import writer as text_writer

    return text_writer.table(image)


def _by_pillow(image: ImageData, form: Format, encoding: Encoding) -> Content:
    if len(image.frames) > 1:
        return _by_frames(image, form, encoding)
    buffer = io.BytesIO()
    options = {**form.options(encoding.writing), **image.metadata}
    saved(to_pillow(image.frames[0], holder(image.layout)), buffer, form, options)
    return [buffer.getbuffer()]


def _jpeg(image: ImageData, form: Format, encoding: Encoding) -> Content:
    from imgconv.files.jpeg import strips as jpeg_strips

    return [jpeg_strips.encode(image.frames[0], _jpeg_saver(image, form, encoding))]


def _jpeg_saver(image: ImageData, form: Format, encoding: Encoding) -> Callable[[Frame, IO[bytes], bool], None]:
    """What writes some rows of an image as a JPEG file, with its metadata if they are the first."""
    mode, options = holder(image.layout), form.options(encoding.writing)

    def save(frame: Frame, stream: IO[bytes], first: bool) -> None:
        saved(to_pillow(frame, mode), stream, form, {**options, **image.metadata} if first else options)

    return save


def by_rows(
    image: ImageData,
    form: Format,
    path: str,
    bands: Iterable[Pixels],
    *,
    fast: bool,
    writing: Writing,
    threads: int | None,
) -> Iterator[bytes | memoryview | Patch]:
    """The pieces of a file from a fitted image without pixels, of a format of ROW_WRITERS, and bands of its rows.

    Raises FileError where the format's writer refuses.
    """
    level = png_writer.level_for(writing.compress_level, fast)
    try:
        yield from ROW_WRITERS[form.name](image, bands, Encoding(level, writing, threads))
    except errors.ImgconvError:  # of a step, or of the file that is read
        raise
    except (ValueError, OverflowError) as error:
        raise errors.file_unwritable(path, str(error)) from error


def _tiff_by_rows(image: ImageData, bands: Iterable[Pixels], encoding: Encoding) -> Iterator[bytes | Patch]:
    from imgconv.files.tiff import writer as tiff_writer

    return tiff_writer.by_rows(image, bands, tiff_writer.Manner.of(encoding))


def _jpeg_by_rows(image: ImageData, bands: Iterable[Pixels], encoding: Encoding) -> Iterator[bytes]:
    from imgconv.files.jpeg import strips as jpeg_strips

    return jpeg_strips.by_rows(image.frames[0], bands, _jpeg_saver(image, FORMATS["jpeg"], encoding))


ROW_WRITERS: Mapping[str, Callable[[ImageData, Iterable[Pixels], Encoding], Iterator[Any]]] = {
    "png": lambda image, bands, encoding: png_writer.by_rows(image, bands, encoding.level, encoding.threads),
    "tiff": _tiff_by_rows,
    "jpeg": _jpeg_by_rows,
    "ppm": lambda image, bands, encoding: pnm.by_rows(image, bands),
    "pgm": lambda image, bands, encoding: pnm.by_rows(image, bands),
    "pfm": lambda image, bands, encoding: pnm.pfm_by_rows(image, bands),
    "npy": lambda image, bands, encoding: npy.npy_by_rows(image, bands),
}
"""Who writes a format row by row; the others need the whole image."""

_WRITERS: Mapping[str, Callable[[ImageData, Format, Encoding], Content]] = {
    "png": _png,
    "tiff": _by_frames,
    "gif": _by_frames,
    "jpeg": _jpeg,
    "ppm": _by_frames,
    "pgm": _by_frames,
    "pfm": lambda image, form, encoding: pnm.pfm(image.frames[0]),
    "npy": lambda image, form, encoding: npy.npy(image),
    "npz": lambda image, form, encoding: npz.npz(image),
    "csv": _csv,
    "table": _table,
}
"""Who writes a format; Pillow writes the others."""

"""Image to bytes, by the table of formats."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from typing import IO, TYPE_CHECKING, Any

from imgconv import errors
from imgconv.files import atomic, conversions, writers
from imgconv.files.content import Content
from imgconv.files.encoding import Encoding
from imgconv.files.formats import COMPRESS_LEVEL, FORMATS, QUALITY_KIND, TILE, ZARR_FORMAT, Format, format_of
from imgconv.files.options import Writing
from imgconv.files.pictures import image_of
from imgconv.files.png import writer as png_writer
from imgconv.files.urls import is_url
from imgconv.values.arguments import path_text
from imgconv.values.frozen import replace
from imgconv.values.image import ImageData
from imgconv.values.notes import Note
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
    zarr_format: int | None = None,
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
        For PNG, TIFF and Zarr: 0 (stored), 1 (fast), 3 (the default) … 9 (smallest).
    quality : int, optional
        For JPEG, WebP and AVIF: 1 to 100, 92 by default. Other formats ignore it.
    lossless : bool
        Write WebP without loss; refuse formats that cannot be lossless.
    tile : int, optional
        Write TIFF in square tiles of this side, a multiple of 16, instead of strips; Zarr in chunks of it (512).
    bigtiff : bool
        Write TIFF as BigTIFF, which else only files are that may exceed 4 GiB.
    zarr_format : int, optional
        Write Zarr's version 3 with OME-NGFF 0.5 (the default), or 2 with 0.4.

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
    if form.folder and stream is not None:
        raise errors.UsageError(f"{form.name.upper()} is a folder, which goes into no file object; name a path")
    options = Writing(
        level,
        None if quality is None else QUALITY_KIND.read(quality),
        FLAG.read(lossless),
        None if tile is None else TILE.read(tile),
        FLAG.read(bigtiff),
        None if zarr_format is None else ZARR_FORMAT.read(zarr_format),
    )
    content = encoded(image, form, where, writing=options)
    if stream is None:
        put(form, where, content)
        return
    try:
        stream.writelines(content)
    except TypeError:
        raise errors.UsageError(f"{where} is opened as text; open it with 'wb'") from None


def put(
    form: Format,
    path: str,
    content: Any,
    hear: Callable[[Note], None] | None = None,
    *,
    replace: bool = True,
) -> None:
    """Writes what a format's writer gave to its place, a file or a folder, as a whole or not at all. `atomic.write` has
    the parameters."""
    if form.folder:
        from imgconv.files import folders

        if is_url(path):
            raise errors.FileError(
                f"{path}: {form.name.upper()} is a folder, which is not written to URLs; name one here"
            )
        folders.write(path, content, hear, replace=replace)
    else:
        atomic.write(path, content, hear, replace=replace)


def _name_of(stream: Any, format: object) -> str:
    """A file object's name, which decides the format where none is given."""
    name = getattr(stream, "name", None)
    if isinstance(name, str):
        return name
    if not format:
        raise errors.UsageError("a file object without a name has no suffix; name the format: format='png'")
    return "the file object"


def prepare(form: Format, path: str, size: int) -> None:
    """Prepares to write an image of so many bytes while its pixels are still computed. Raises FileError where the
    package that writes the format is not installed."""
    if form.name == "png":
        png_writer.prepare(size)
    elif form.folder:
        from imgconv.files.zarr.package import package

        package(path)


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

        try:
            image = metadata.adapt(image, form)
        except errors.FileError as error:
            raise errors.named(path, error) from None
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
        return writers.WRITERS.get(form.name, writers.by_pillow)(image, form, encoding)
    except (OSError, ValueError, OverflowError) as error:
        raise errors.file_unwritable(path, str(error)) from error


def by_rows(
    image: ImageData,
    form: Format,
    path: str,
    bands: Iterable[Pixels],
    *,
    fast: bool,
    writing: Writing,
    threads: int | None,
) -> Iterator[Any]:
    """The pieces of a file, or the files of a folder, from a fitted image without pixels, of a format of ROW_WRITERS,
    and bands of its rows.

    Raises FileError where the format's writer refuses.
    """
    level = png_writer.level_for(writing.compress_level, fast)
    try:
        yield from writers.ROW_WRITERS[form.name](image, bands, Encoding(level, writing, threads))
    except errors.ImgconvError:  # of a step, or of the file that is read
        raise
    except (ValueError, OverflowError) as error:
        raise errors.file_unwritable(path, str(error)) from error

"""Who writes each format: a whole image, or bands of its rows."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import IO, Any

from imgconv.files import npy, npz
from imgconv.files.by_rows import Patch
from imgconv.files.content import Content, Member
from imgconv.files.encoding import Encoding, saved
from imgconv.files.formats import FORMATS, Format
from imgconv.files.modes import holder, to_pillow
from imgconv.files.png import writer as png_writer
from imgconv.files.pnm import writer as pnm
from imgconv.values.image import Frame, ImageData
from imgconv.values.pixel_values import Pixels


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


def by_pillow(image: ImageData, form: Format, encoding: Encoding) -> Content:
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


def _zarr(image: ImageData, form: Format, encoding: Encoding) -> Any:
    from imgconv.files.zarr import writer as zarr_writer

    return list(zarr_writer.encode(image, _manner_of_zarr(encoding)))


def _zarr_by_rows(image: ImageData, bands: Iterable[Pixels], encoding: Encoding) -> Iterator[Member]:
    from imgconv.files.zarr import writer as zarr_writer

    return zarr_writer.by_rows(image, bands, _manner_of_zarr(encoding))


def _manner_of_zarr(encoding: Encoding) -> Any:
    from imgconv.files.zarr.writer import Manner

    return Manner(encoding.level, encoding.writing.tile, encoding.writing.zarr_format)


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
    "zarr": _zarr_by_rows,
}
"""Who writes a format row by row; the others need the whole image."""

WRITERS: Mapping[str, Callable[[ImageData, Format, Encoding], Content]] = {
    "png": _png,
    "tiff": _by_frames,
    "gif": _by_frames,
    "jpeg": _jpeg,
    "ppm": _by_frames,
    "pgm": _by_frames,
    "pfm": lambda image, form, encoding: pnm.pfm(image.frames[0]),
    "npy": lambda image, form, encoding: npy.npy(image),
    "npz": lambda image, form, encoding: npz.npz(image),
    "zarr": _zarr,
    "csv": _csv,
    "table": _table,
}
"""Who writes a format; Pillow writes the others."""

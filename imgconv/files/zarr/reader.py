"""Zarr arrays and OME-Zarr read: the largest level of a multiscale image, or an array that is named. Points in time and
depth are frames."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np

from imgconv import errors
from imgconv.files import by_rows, frames
from imgconv.files.by_rows import RowReader
from imgconv.files.header import Header, loader, parsed
from imgconv.files.options import Reading
from imgconv.files.source import Source
from imgconv.files.zarr.axes import Axes, axes_of
from imgconv.files.zarr.package import package
from imgconv.files.zarr.recognition import has_marks
from imgconv.values.frozen import replace
from imgconv.values.image import Frame, ImageData
from imgconv.values.layout import Layout
from imgconv.values.pixel_values import Pixels, widened_type

_MOST = 2**26  # bytes that are held of a row of chunks
_TOGETHER = 2**21  # bytes of chunks that are read at once
_COPIES = 3  # of them: as stored, decoded, and as rows


def header(path: str, options: Reading = Reading()) -> Header:
    """The header of a folder. Raises FileError for what is no image, or where the package zarr is not installed."""
    source = Source(path, io.BytesIO(), options)
    if not has_marks(path):
        raise errors.FileError(f"{path}: is a folder without Zarr's metadata (zarr.json, .zarray or .zgroup) in it")
    zarr = package(path)
    array, axes = parsed(path, lambda: _opened(source, zarr))
    numbers = frames.chosen(options.frames, axes.frames, path)
    height, width, channels = (axes.length(letter) for letter in "yxc")
    type_ = widened_type(array.dtype)
    chunks = _chunks(array, axes)
    held = chunks["y"] * width * channels * array.dtype.itemsize
    plain = len(numbers) == 1 and array.dtype.newbyteorder("=") == type_ and held <= _MOST
    chunk = int(np.prod(array.chunks, dtype=object)) * array.dtype.itemsize

    def read() -> ImageData:
        pictures = [Frame(_shaped(axes.read(array, number, 0, height))) for number in numbers]
        return ImageData(tuple(pictures), "zarr", notes=tuple(source.notes))

    begin = partial(_by_rows, source, array, axes, numbers[0], chunks["y"])
    return Header(
        source,
        height,
        width,
        Layout(channels, type=type_),
        "zarr",
        loader(source, read),
        numbers,
        decoding=_COPIES * chunk,
        rows=by_rows.offered(source, height, width, begin, still=plain),
        row_bytes=_COPIES * (max(held, _TOGETHER) + chunk),
    )


def _opened(source: Source, zarr: Any) -> tuple[Any, Axes]:
    """The array of a folder, and its axes."""
    node = zarr.open(source.name, mode="r")
    if isinstance(node, zarr.Array):
        return node, axes_of(source.name, node, None)
    attributes = dict(node.attrs)
    stated = attributes.get("ome", attributes)
    several = stated.get("multiscales") if isinstance(stated, Mapping) else None
    if not several:
        inside = sorted(name for name, _ in node.members())
        shown = ", ".join(errors.cut(name) for name in inside[:8]) + " …" * (len(inside) > 8)
        remedy = f"name what is in it: {shown}" if inside else "it is empty"
        raise errors.FileError(f"{source.name}: is a group of Zarr, not an image; {remedy}")
    first = several[0]
    if len(several) > 1:
        source.note("frames-dropped", f"{len(several) - 1} more multiscale images of the Zarr left out")
    array = node[first["datasets"][0]["path"]]
    return array, axes_of(source.name, array, first.get("axes"))


def _chunks(array: Any, axes: Axes) -> dict[str, int]:
    """The sides of a chunk, by their axes; none is longer than the array."""
    sides = zip(axes.letters, array.chunks, axes.shape, strict=True)
    return {letter: min(int(side), length) for letter, side, length in sides}


def _shaped(rows: Pixels) -> Pixels:
    return rows[..., 0] if rows.shape[2] == 1 else rows


def _by_rows(source: Source, array: Any, axes: Axes, frame: int, high: int) -> RowReader:
    """A reader of a frame, row by row: some rows of chunks are held at a time."""
    height, width, channels = (axes.length(letter) for letter in "yxc")
    picture = by_rows.empty_frame(height, width, Layout(channels, type=widened_type(array.dtype)))
    image = ImageData((picture,), "zarr", notes=tuple(source.notes))
    together = high * max(1, _TOGETHER // (high * width * channels * array.dtype.itemsize))
    held, top, at = np.empty((0, width, channels), array.dtype), 0, 0

    def rows(count: int) -> Pixels:
        nonlocal held, top, at
        parts = []
        while count:
            if at >= top + len(held):
                top += len(held)
                held = axes.read(array, frame, top, min(top + together, height))
            part = held[at - top : at - top + count]
            parts.append(part)
            at, count = at + len(part), count - len(part)
        return np.concatenate(parts)

    def finish() -> ImageData:
        while at < height:
            rows(min(together, height - at))
        return replace(image, notes=tuple(source.notes))

    read: Callable[[int], Pixels] = rows
    return RowReader(image, read, finish)

"""Arrays as files: .npy, whose bytes are the pixels, of any type and any number of channels."""

from __future__ import annotations

import io
import math
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import IO, Any, Literal

import numpy as np

from imgconv import errors
from imgconv.files import by_rows, frames, stored_frames, trailers
from imgconv.files.by_rows import RowReader
from imgconv.files.content import Content, bytes_of
from imgconv.files.header import Header, loader, parsed
from imgconv.files.modes import joined
from imgconv.files.source import Source
from imgconv.values.frozen import replace
from imgconv.values.image import Frame, ImageData
from imgconv.values.layout import Layout
from imgconv.values.pixel_values import Pixels, widened_type

_MAGIC = b"\x93NUMPY"
_LONGEST_HEADER = 10_000  # bytes, as NumPy
_LONGEST_SIDE = 2**128  # numbers that a sentence can still show

Order = Literal["F", "C"]


def is_npy(start: bytes) -> bool:
    return start.startswith(_MAGIC)


def npy_header(source: Source) -> Header:
    """The header of a .npy file. Raises FileError for pickles and PixelError for what is no image."""
    shape, order, dtype = shape_and_type(source.name, source.stream)
    start = source.stream.tell()
    missing = math.prod(shape) * dtype.itemsize - (source.stream.seek(0, io.SEEK_END) - start)
    if missing > 0 and not source.options.allow_truncated:
        raise errors.bytes_missing(source.name, missing)

    numbers = numbers_of(source, shape)

    def read() -> ImageData:
        source.stream.seek(start)
        content, missing = filled(source.stream, shape, order, dtype)
        source.note_missing(missing)
        trailers.note_behind(source, start + math.prod(shape) * dtype.itemsize)
        return ImageData(frames_of(content, numbers), "npy", notes=tuple(source.notes))

    height, width, channels = size_of(shape)
    layout = Layout(channels, type=widened_type(dtype))
    plain = len(shape) < 4 and order == "C" and dtype.newbyteorder("=") == layout.type
    begin = partial(_by_rows, source, shape, dtype, start)
    rows = by_rows.offered(source, height, width, begin, still=plain)

    def frame(number: int) -> Frame:
        pixels = np.empty(shape[1:], dtype)
        source.stream.seek(start + numbers[number] * pixels.nbytes)
        by_rows.exactly(source.stream, pixels)
        return Frame(pixels)

    def finish(first: Frame) -> ImageData:
        trailers.note_behind(source, start + math.prod(shape) * dtype.itemsize)
        return ImageData((first,), "npy", notes=tuple(source.notes))

    apart = order == "C" and len(shape) == 4
    reader = stored_frames.offered(source, [(height, width)] * len(numbers) if apart else [], frame, finish)
    load = loader(source, read)
    return Header(source, height, width, layout, "npy", load, numbers, rows=rows, frame_reader=reader)


def _by_rows(source: Source, shape: tuple[int, ...], dtype: np.dtype[Any], start: int) -> RowReader:
    """A reader of an array row by row."""
    height, width, channels = size_of(shape)
    image = ImageData((Frame(by_rows.stand_in(shape, dtype.newbyteorder("="))),), "npy", notes=tuple(source.notes))
    source.stream.seek(start)

    def read(count: int) -> Pixels:
        rows = np.empty((count, width, channels), dtype)
        by_rows.exactly(source.stream, rows)
        return rows.astype(dtype.newbyteorder("="), copy=False)

    def finish() -> ImageData:
        trailers.note_behind(source, start + height * width * channels * dtype.itemsize)
        return replace(image, notes=tuple(source.notes))

    return RowReader(image, read, finish)


def numbers_of(source: Source, shape: tuple[int, ...]) -> Sequence[int]:
    """The frames to be read: an array of four dimensions is frames, any other is one."""
    return frames.chosen(source.options.frames, shape[0] if len(shape) == 4 else 1, source.name)


def size_of(shape: tuple[int, ...]) -> tuple[int, int, int]:
    """Height, width and channels of a frame."""
    height, width, channels = shape[1:] if len(shape) == 4 else (*shape, 1)[:3]
    return height, width, channels


def frames_of(content: Pixels, numbers: Sequence[int]) -> tuple[Frame, ...]:
    return tuple(Frame(content[i]) for i in numbers) if content.ndim == 4 else (Frame(content),)


def shape_and_type(name: str, stream: IO[bytes]) -> tuple[tuple[int, ...], Order, np.dtype[Any]]:
    """Shape, order and type of the image that begins here; the stream stands at its numbers. Raises FileError for
    pickles and PixelError for what is no image."""
    shape, order, dtype = parsed(name, lambda: described(stream))
    if dtype.hasobject:
        raise errors.FileError(
            f"{name}: holds Python objects (pickle), which are never loaded; save plain numbers with numpy.save"
        )
    if len(shape) not in (2, 3, 4):
        raise errors.pixel_shape(shape)
    if 0 in shape:
        raise errors.pixel_none(shape)
    widened_type(dtype)
    return shape, order, dtype


def described(stream: IO[bytes]) -> tuple[tuple[int, ...], Order, np.dtype[Any]]:
    """Shape, order and type of the array that begins here; the stream stands at its numbers. Raises ValueError and the
    like for what is no header."""
    start = stream.read(np.lib.format.MAGIC_LEN)
    version = np.lib.format.read_magic(io.BytesIO(start))
    lead = stream.read(2 if version == (1, 0) else 4)
    length = int.from_bytes(lead, "little")
    if length > _LONGEST_HEADER:  # NumPy refuses it, too, but reads it first
        raise ValueError(f"a header of {length} bytes, where {_LONGEST_HEADER} are the most")
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, columns_first, dtype = read(io.BytesIO(lead + stream.read(length)))
    if not all(0 <= side <= _LONGEST_SIDE for side in shape):
        raise ValueError(f"a shape of {errors.cut(str(shape))}")
    return shape, "F" if columns_first else "C", dtype


def filled(stream: IO[bytes], shape: tuple[int, ...], order: Order, dtype: np.dtype[Any]) -> tuple[Pixels, int]:
    """An array of the numbers in a stream, and how many of its bytes are not there (0 in the array)."""
    numbers = np.empty(math.prod(shape), dtype)
    left = bytes_of(numbers)
    while left:
        read = stream.readinto(left)  # type: ignore[attr-defined]
        if not read:
            break
        left = left[read:]
    left[:] = bytes(len(left))
    return numbers.reshape(shape, order=order), len(left)


def npy(image: ImageData) -> Content:
    """A frame of any kind as a .npy file, alpha as its last channel; several as (N, H, W, C), always with channels, so
    that one is not taken for the other."""
    if len(image.frames) > 1:
        return list(stack(image.frames, len(image.frames)))
    first = image.frames[0]
    pixels = np.ascontiguousarray(first.pixels if first.alpha is None else joined(first))
    return [_head(pixels.shape, pixels.dtype), bytes_of(pixels)]


def stack(frames: Iterable[Frame], count: int) -> Iterator[bytes | memoryview]:
    """So many frames, all alike, as one array (N, H, W, C)."""
    for number, frame in enumerate(frames):
        pixels = np.ascontiguousarray(joined(frame).reshape(*frame.pixels.shape[:2], -1))
        if number == 0:
            yield _head((count, *pixels.shape), pixels.dtype)
        yield bytes_of(pixels)


def npy_by_rows(image: ImageData, bands: Iterable[Pixels]) -> Iterator[bytes | memoryview]:
    """The same file as `npy` from an image without pixels, and bands of its rows, alpha being the last channel."""
    shape = image.pixels.shape if image.alpha is None else by_rows.joined_shape(image)
    yield _head(shape, image.pixels.dtype)
    yield from (bytes_of(np.ascontiguousarray(band)) for band in bands)


def _head(shape: tuple[int, ...], dtype: np.dtype[Any]) -> bytes:
    """What stands before the numbers of an array."""
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"shape": shape, "fortran_order": False, "descr": dtype.str})
    return header.getvalue()

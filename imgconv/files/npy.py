"""Arrays as files: .npy, whose bytes are the pixels, of any type and any number of channels."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from typing import IO, Any, Literal

import numpy as np

from imgconv import errors
from imgconv.files import frames
from imgconv.files.header import Header, loader, parsed
from imgconv.files.modes import joined
from imgconv.files.options import Reading
from imgconv.files.pnm import Content, bytes_of
from imgconv.values.image import Frame, Image
from imgconv.values.layout import Layout
from imgconv.values.notes import Note
from imgconv.values.pixel_values import Pixels, widened_type

_MAGIC = b"\x93NUMPY"


def is_npy(start: bytes) -> bool:
    return start.startswith(_MAGIC)


def npy_header(name: str, stream: IO[bytes], reading: Reading) -> Header:
    """The header of a .npy file; refuses pickles and what is no image."""
    shape, order, dtype = shape_and_type(name, stream)
    start = stream.tell()
    wanted = math.prod(shape) * dtype.itemsize
    missing = max(0, wanted - (stream.seek(0, io.SEEK_END) - start))
    if missing and not reading.allow_truncated:
        raise errors.bytes_missing(name, missing)

    numbers = numbers_of(shape, reading, name)

    def read() -> Image:
        if missing:
            stream.seek(start)
            content = np.frombuffer(stream.read() + bytes(missing), dtype, math.prod(shape)).reshape(shape, order=order)
        else:
            stream.seek(0)
            content = np.load(stream, allow_pickle=False)
        return Image(
            frames_of(content, numbers),
            "npy",
            notes=(Note("truncated", errors.missing_zeroed(missing)),) if missing else (),
        )

    height, width, channels = size_of(shape)
    return Header(
        name,
        height,
        width,
        Layout(channels, type=widened_type(dtype)),
        "npy",
        loader(name, stream, read),
        stream,
        numbers,
    )


def numbers_of(shape: tuple[int, ...], reading: Reading, name: str) -> Sequence[int]:
    """The frames that are wanted: an array of four dimensions is frames, any other is one."""
    return frames.chosen(reading.frames, shape[0] if len(shape) == 4 else 1, name)


def size_of(shape: tuple[int, ...]) -> tuple[int, int, int]:
    """Height, width and channels of a frame."""
    height, width, channels = shape[1:] if len(shape) == 4 else (*shape, 1)[:3]
    return height, width, channels


def frames_of(content: Pixels, numbers: Sequence[int]) -> tuple[Frame, ...]:
    return tuple(Frame(content[i]) for i in numbers) if content.ndim == 4 else (Frame(content),)


def shape_and_type(name: str, stream: IO[bytes]) -> tuple[tuple[int, ...], Literal["F", "C"], np.dtype[Any]]:
    """Shape, order and type of the array that begins here; the stream stands at its numbers. Refuses pickles and what
    is no image."""

    def read() -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
        version = np.lib.format.read_magic(stream)
        return (np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0)(
            stream
        )

    shape, columns_first, dtype = parsed(name, read)
    if dtype.hasobject:
        raise errors.file_pickle(name)
    if len(shape) not in (2, 3, 4):
        raise errors.pixel_shape(shape)
    if min(shape) < 0:
        raise errors.file_broken(name, f"a shape of {shape}")
    if 0 in shape:
        raise errors.pixel_none(shape)
    widened_type(dtype)
    return shape, "F" if columns_first else "C", dtype


def npy(image: Image) -> Content:
    """A frame of any kind as a .npy file, alpha as its last channel; several as (N, H, W, C), always with channels, so
    that one is not taken for the other."""
    first = image.frames[0]
    if len(image.frames) > 1:
        pixels = np.stack([joined(frame).reshape(*frame.pixels.shape[:2], -1) for frame in image.frames])
    else:
        pixels = np.ascontiguousarray(first.pixels if first.alpha is None else joined(first))
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, np.lib.format.header_data_from_array_1_0(pixels))
    return [header.getvalue(), bytes_of(pixels)]

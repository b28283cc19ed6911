"""Arrays as files: .npy, whose bytes are the pixels, of any type and any number of channels."""

from __future__ import annotations

import io
import math
from typing import IO, Any, Literal

import numpy as np

from imgconv import errors
from imgconv.files.header import Header, loader, parsed
from imgconv.files.modes import joined
from imgconv.files.options import Reading
from imgconv.files.raw import Content, bytes_of
from imgconv.image import Frame, Image
from imgconv.layouts import Layout
from imgconv.numerics import widened_type
from imgconv.report import Note

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

    def read() -> Image:
        if missing:
            stream.seek(start)
            content = np.frombuffer(stream.read() + bytes(missing), dtype, math.prod(shape))
            return Image((Frame(content.reshape(shape, order=order)),), "npy", notes=(Note("truncated", errors.missing_zeroed(missing)),))
        stream.seek(0)
        return Image((Frame(np.load(stream, allow_pickle=False)),), "npy")

    layout = Layout(shape[2] if len(shape) == 3 else 1, type=widened_type(dtype))
    return Header(name, shape[0], shape[1], layout, "npy", loader(name, stream, read), stream)


def shape_and_type(name: str, stream: IO[bytes]) -> tuple[tuple[int, ...], Literal["F", "C"], np.dtype[Any]]:
    """Shape, order and type of the array that begins here; the stream stands at its numbers. Refuses pickles and what is no image."""

    def read() -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
        version = np.lib.format.read_magic(stream)
        return (np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0)(stream)

    shape, columns_first, dtype = parsed(name, read)
    if dtype.hasobject:
        raise errors.file_pickle(name)
    if len(shape) not in (2, 3):
        raise errors.pixel_shape(shape)
    if min(shape) < 0:
        raise errors.file_broken(name, f"a shape of {shape}")
    if 0 in shape:
        raise errors.pixel_none(shape)
    widened_type(dtype)
    return shape, "F" if columns_first else "C", dtype


def npy(frame: Frame) -> Content:
    """Any frame as a .npy file, alpha as its last channel."""
    pixels = frame.pixels if frame.alpha is None else joined(frame)
    pixels = np.ascontiguousarray(pixels)
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, np.lib.format.header_data_from_array_1_0(pixels))
    return [header.getvalue(), bytes_of(pixels)]

""".npz: several named arrays in one file (a zip archive of .npy files); `file.npz:name` names one of them."""

from __future__ import annotations

import io
import math
from typing import IO

from imgconv import errors
from imgconv.files import archives, signatures
from imgconv.files.formats import split_member
from imgconv.files.header import Header, loader, parsed
from imgconv.files.npy import filled, frames_of, npy, numbers_of, shape_and_type, size_of
from imgconv.files.options import Reading
from imgconv.files.pnm import Content
from imgconv.values.image import ImageData
from imgconv.values.layout import Layout
from imgconv.values.pixel_values import Pixels, widened_type

MEMBER = "image"
"""The name under which a result is written."""
_SUFFIX = ".npy"


def is_zip(start: bytes) -> bool:
    return start.startswith(archives.MAGIC)


def header(name: str, stream: IO[bytes], reading: Reading) -> Header:
    """The header of an array in a .npz file: of the one that is named, or of the only one."""
    archive = parsed(name, lambda: archives.directory(stream))
    found = {
        info.filename.removesuffix(_SUFFIX): info for info in archive.infolist() if info.filename.endswith(_SUFFIX)
    }
    file, wanted = split_member(name)
    if not found:
        stream.seek(0)
        signatures.refuse(name, stream.read(64))
    if wanted not in found and (wanted or len(found) > 1):
        raise errors.which_array(file, wanted, list(found))
    info = found[wanted] if wanted else next(iter(found.values()))
    with parsed(name, lambda: archives.unpacked(archive, info)) as member:
        shape, order, dtype = shape_and_type(name, member)
        missing = math.prod(shape) * dtype.itemsize - (info.file_size - member.tell())
    if missing > 0:
        raise errors.file_broken(name, f"{missing} bytes of its numbers are missing")
    if missing < 0:  # they would have to be unpacked for their checksum, however many there are
        raise errors.file_broken(name, f"{-missing} bytes follow its numbers")

    def pixels() -> Pixels:
        with archives.unpacked(archive, info) as member:
            shape_and_type(name, member)
            return filled(member, shape, order, dtype)[0]

    numbers, (height, width, channels) = numbers_of(shape, reading, name), size_of(shape)
    load = loader(name, stream, lambda: ImageData(frames_of(pixels(), numbers), "npz"))
    return Header(name, height, width, Layout(channels, type=widened_type(dtype)), "npz", load, stream, numbers)


def npz(image: ImageData) -> Content:
    """An image of any kind as the one array of a .npz file, stored as NumPy's `savez` does."""
    import zipfile

    file = io.BytesIO()
    with (
        zipfile.ZipFile(file, "w") as archive,
        archive.open(zipfile.ZipInfo(MEMBER + _SUFFIX), "w", force_zip64=True) as member,
    ):
        for piece in npy(image):
            member.write(piece)
    return [file.getbuffer()]

""".npz: several named arrays in one file (a zip archive of .npy files); `file.npz:name` names one of them."""

from __future__ import annotations

import io
import math

from imgconv import errors
from imgconv.files import archives, signatures
from imgconv.files.content import Content
from imgconv.files.formats import split_member
from imgconv.files.header import Header, loader, parsed
from imgconv.files.npy import filled, frames_of, npy, numbers_of, shape_and_type, size_of
from imgconv.files.source import Source
from imgconv.values.image import ImageData
from imgconv.values.layout import Layout
from imgconv.values.pixel_values import Pixels, widened_type

MEMBER = "image"
"""The name under which a result is written."""
_SUFFIX = ".npy"


def is_zip(start: bytes) -> bool:
    return start.startswith(archives.MAGIC)


def header(source: Source) -> Header:
    """The header of an array in a .npz file: of the one that is named, or of the only one."""
    name = source.name
    archive = parsed(name, lambda: archives.directory(source.stream))
    arrays = {
        info.filename.removesuffix(_SUFFIX): info for info in archive.infolist() if info.filename.endswith(_SUFFIX)
    }
    file, member_name = split_member(name)
    if not arrays:
        source.stream.seek(0)
        signatures.refuse(name, source.stream.read(64))
    if member_name not in arrays and (member_name or len(arrays) > 1):
        raise _no_such_array(file, member_name, list(arrays))
    info = arrays[member_name] if member_name else next(iter(arrays.values()))
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

    numbers, (height, width, channels) = numbers_of(source, shape), size_of(shape)
    load = loader(source, lambda: ImageData(frames_of(pixels(), numbers), "npz"))
    return Header(source, height, width, Layout(channels, type=widened_type(dtype)), "npz", load, numbers)


def _no_such_array(file: str, name: str, known: list[str]) -> errors.FileError:
    listed = ", ".join(known[:8]) + (", ..." if len(known) > 8 else "")
    if not name:
        return errors.FileError(f"{file}: holds {len(known)} arrays ({listed}); name one as {file}:{known[0]}")
    hint = errors.suggestion(name, known) or ";"
    return errors.FileError(f"{file}: has no array {errors.shown(name)}{hint} it holds {listed}")


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

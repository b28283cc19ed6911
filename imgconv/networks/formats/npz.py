"""Weights in .npz: arrays by name, such as `conv1.weight`."""

from __future__ import annotations

import zipfile
import zlib
from typing import Any

from imgconv import errors
from imgconv.files import archives
from imgconv.files.npy import described, filled
from imgconv.networks.formats.stored import Stored, as_weights, check_expansion, check_size

_BROKEN = (zipfile.BadZipFile, EOFError, OSError, ValueError, RuntimeError, NotImplementedError, zlib.error)


def read(path: str) -> Stored:
    """The arrays of a file; FileError where it is broken. Pickles are never opened."""
    try:
        with open(path, "rb") as stream, archives.directory(stream) as archive:
            members = {info.filename.removesuffix(".npy"): info for info in archive.infolist()}
            sizes = {}
            for name, info in members.items():
                with archives.unpacked(archive, info) as member:
                    shape, _, dtype = described(member)
                if dtype.hasobject:
                    raise errors.FileError(f"{path}: {name} holds Python objects (a pickle), which are never loaded")
                check_expansion(path, name, info.file_size, info.compress_size)
                sizes[name] = shape, dtype.itemsize
            check_size(path, sizes)
            tensors = {name: as_weights(path, name, _array(archive, info, name)) for name, info in members.items()}
    except errors.ImgconvError:
        raise
    except _BROKEN as error:
        raise errors.FileError(f"{path}: broken or no .npz file ({errors.cut(str(error))})") from error
    return Stored(tensors)


def _array(archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str) -> Any:
    with archives.unpacked(archive, info) as member:
        array, missing = filled(member, *described(member))
    if missing:
        raise EOFError(f"{missing} bytes of {name} are missing")
    return array

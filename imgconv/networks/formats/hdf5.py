"""HDF5 files, by h5py: only what lies in the file itself, unpacked by the filters that HDF5 has built in."""

from __future__ import annotations

import math
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import IO, Any

import numpy as np

from imgconv import errors
from imgconv.engine.memory import confined, granted, limited
from imgconv.jit import process
from imgconv.networks.formats.stored import expands

_BUILT_IN_FILTERS = {1, 2, 3}  # deflate, shuffle and checksum; others are plugins
_LONGEST_ATTRIBUTE = 2**24
_LONGEST_SENTENCE = 280
_PATIENCE, _SPEED = 10.0, 10_000_000  # seconds for any file, and bytes that take one more
_DONE = b"done"
_DEEPEST, _MOST_MEMBERS = 8, 100_000


class RefusedError(ValueError):
    """What a file holds that is not taken from it; the text is the sentence."""


@contextmanager
def guarded(path: str) -> Iterator[None]:
    """Whatever a broken or hostile file leads its readers to becomes a FileError."""
    try:
        yield
    except errors.ImgconvError:
        raise
    except RefusedError as error:
        raise errors.FileError(f"{path}: {str(error)[:_LONGEST_SENTENCE]}") from error
    except MemoryError as error:
        raise errors.no_memory(f"the weights in {path}") from error
    except Exception as error:  # h5py, zipfile and json have many
        reason = errors.cut(" ".join(str(error).split())) or type(error).__name__
        raise errors.FileError(f"{path}: broken, or no file of Keras ({reason})") from error


def tried(path: str, module: str) -> None:
    """Has a process of its own read the file first, by `serve` of a module: HDF5 can hang or crash on a hostile file.

    Refused where it does; nothing where there can be no such process.
    """
    child = process.started(f"from {module} import serve; serve()", ("numpy", "h5py"), process.PIPE)
    if child is None:
        return
    try:
        seconds = _PATIENCE + os.path.getsize(path) / _SPEED
        order = f"{math.ceil(seconds)} {int(min(granted(), sys.maxsize))} ".encode()
        output, _ = child.communicate(order + os.fsencode(os.path.abspath(path)), seconds)
    except subprocess.TimeoutExpired:
        raise RefusedError("broken (HDF5 does not come to an end with it)") from None
    finally:
        if child.poll() is None:
            child.kill()
            child.communicate()
    if output != _DONE and child.returncode not in (0, 1):  # 1: it could not begin, for want of a package
        raise RefusedError("broken (HDF5 does not survive it)")


def answer(read: Callable[[str], object]) -> None:
    """What the process does: reads the file that it is told, within seconds and bytes that it is told, too. Whether
    that is refused does not matter here."""
    seconds, most, path = sys.stdin.buffer.read().split(b" ", 2)
    if hasattr(signal, "alarm"):  # it must not go on for ever where the process that started it is gone
        signal.alarm(int(seconds) + 1)
    with suppress(errors.ImgconvError), confined(int(most)), limited(int(most)):
        read(os.fsdecode(path))
    sys.stdout.buffer.write(_DONE)


@contextmanager
def opened(source: str | IO[bytes]) -> Iterator[Any]:
    """An HDF5 file; FileError where h5py is not installed."""
    try:
        import h5py
    except ImportError:
        raise errors.FileError("files of Keras need the package h5py; pip install 'imgconv[keras]'") from None
    with h5py.File(source, "r") as file:
        yield file


def member(group: Any, name: str) -> Any:
    """The group or dataset of a name directly in a group, None where there is none. Links are refused: they may lead
    to other files."""
    import h5py

    if not isinstance(group, h5py.Group):
        raise RefusedError(f"{errors.shown(group.name)} is no group")
    link = group.get(name, getlink=True)
    if link is not None and not isinstance(link, h5py.HardLink):
        raise RefusedError(f"{errors.shown(name)} is a link, perhaps to another file; links are not followed")
    return None if link is None else group[name]


def within(group: Any, *names: str) -> Any:
    """The group or dataset behind several names; None where there is none."""
    for name in names:
        group = None if group is None else member(group, name)
    return group


def members(group: Any) -> list[str]:
    """The names in a group."""
    if len(group) > _MOST_MEMBERS:
        raise RefusedError(f"has {len(group)} entries in a group, more than {_MOST_MEMBERS}")
    return list(group)


def datasets(group: Any, depth: int = 0) -> dict[str, Any]:
    """All datasets in a group and the groups in it, by the last part of their names."""
    import h5py

    if depth > _DEEPEST:
        raise RefusedError(f"has groups in groups, more than {_DEEPEST} deep")
    found: dict[str, Any] = {}
    for name in members(group):
        one = member(group, name)
        inner = datasets(one, depth + 1) if isinstance(one, h5py.Group) else {name: checked(one)}
        if found.keys() & inner.keys():
            raise RefusedError(f"has two tensors {errors.shown(next(iter(found.keys() & inner.keys())))} of one layer")
        found |= inner
    return found


def checked(dataset: Any) -> Any:
    """A dataset of real numbers that lies in the file. Refused where it is elsewhere, needs a plugin, or says that it
    is far larger than what is stored."""
    import h5py

    name = errors.shown(str(dataset.name))
    if not isinstance(dataset, h5py.Dataset):
        raise RefusedError(f"{name} is no tensor")
    if dataset.external or dataset.is_virtual:
        raise RefusedError(f"tensor {name} lies in another file; other files are not opened")
    if dataset.dtype.kind not in "fiu" or dataset.shape is None:
        raise RefusedError(f"tensor {name} is of type {dataset.dtype}; weights are real numbers")
    properties = dataset.id.get_create_plist()
    filters = {properties.get_filter(number)[0] for number in range(properties.get_nfilters())}
    if filters - _BUILT_IN_FILTERS:
        raise RefusedError(f"tensor {name} is packed by a filter that HDF5 has not built in; save it uncompressed")
    size, stored = math.prod(dataset.shape) * dataset.dtype.itemsize, dataset.id.get_storage_size()
    chunk = math.prod(dataset.chunks or ()) * dataset.dtype.itemsize
    if expands(max(size, chunk), stored):
        raise RefusedError(f"tensor {name} takes {errors.amount(size)}, of which {errors.amount(stored)} are stored")
    return dataset


def texts(place: Any, name: str) -> list[str] | None:
    """The texts of an attribute, one or several; None where there is none."""
    if name not in place.attrs:
        return None
    attribute = place.attrs.get_id(name)
    if attribute.shape and attribute.dtype.kind != "S":  # many texts may be the same bytes of the file
        raise RefusedError(f"the texts of {errors.shown(name)} have no fixed length")
    if math.prod(attribute.shape) * attribute.dtype.itemsize > _LONGEST_ATTRIBUTE:
        raise RefusedError(f"{errors.shown(name)} is longer than {errors.amount(_LONGEST_ATTRIBUTE)}")
    values = np.atleast_1d(np.asarray(place.attrs[name], object)).ravel()
    if not all(isinstance(value, (str, bytes)) for value in values):
        raise RefusedError(f"{errors.shown(name)} is no text")
    return [value.decode() if isinstance(value, bytes) else str(value) for value in values]

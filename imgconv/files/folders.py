"""Atomic writing of images that are folders: made beside their place, then renamed."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import stat
from collections.abc import Callable, Iterable

from imgconv import errors
from imgconv.files import abandoned, links
from imgconv.files.atomic import refusals
from imgconv.files.content import Member
from imgconv.files.links import Target
from imgconv.files.zarr.recognition import MARKS
from imgconv.values.notes import Note
from imgconv.values.unfinished import unfinished

_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
_EXCHANGE = 2  # of renameat2, Linux's


def write(
    path: str, members: Iterable[Member], hear: Callable[[Note], None] | None = None, *, replace: bool = True
) -> None:
    """Write the files of a folder beside the target, flush them, and rename the folder.

    What is replaced is a folder that holds a Zarr, and never anything else; the new one gets its mode. `hear` gets no
    notes. Raises FileError.
    """
    folder, name = os.path.split(path.rstrip(os.sep + (os.altsep or "")))
    beside = os.path.join(folder, abandoned.beside(name))
    with refusals(path):
        try:
            with links.target_at(beside) as target:
                known = _known(path, target, name, replace=replace)
                abandoned.remove(target)
                with unfinished(target.at(target.name), target.folder):
                    os.mkdir(target.at(target.name), dir_fd=target.folder)
                    with abandoned.held(target):
                        _fill(target, members, known)
                        _place(target, name, replaces=known is not None)
        except (FileNotFoundError, NotADirectoryError):
            raise errors.no_folder(path, folder or os.curdir) from None


def has(path: str, members: Iterable[Member]) -> bool:
    """Whether a folder has these files with this content, and no others."""
    there = {os.path.relpath(os.path.join(place, name), path) for place, _, names in os.walk(path) for name in names}
    for name, content in members:
        member = os.path.join(*name.split("/"))
        there.discard(member)
        try:
            with open(os.path.join(path, member), "rb") as file:
                if file.read() != content:
                    return False
        except OSError:
            return False
    return not there


def _known(path: str, target: Target, name: str, *, replace: bool) -> os.stat_result | None:
    """What is there already, if it may be replaced."""
    try:
        known = os.stat(target.at(name), dir_fd=target.folder, follow_symlinks=False)
    except FileNotFoundError:
        return None
    if not replace:
        raise errors.file_exists(path)
    if not stat.S_ISDIR(known.st_mode) or not any(_is_there(target, os.path.join(name, mark)) for mark in MARKS):
        raise errors.file_unwritable(path, "it is there and holds no Zarr; name another place")
    return known


def _is_there(target: Target, name: str) -> bool:
    try:
        return stat.S_ISREG(os.stat(target.at(name), dir_fd=target.folder, follow_symlinks=False).st_mode)
    except OSError:
        return False


def _fill(target: Target, members: Iterable[Member], known: os.stat_result | None) -> None:
    """Writes the files of the new folder, which gets the mode of the one that it replaces."""
    for member, content in members:
        _write_member(target, member, content)
    if known is not None:
        os.chmod(target.at(target.name), stat.S_IMODE(known.st_mode), dir_fd=target.folder)


def _write_member(target: Target, member: str, content: bytes) -> None:
    """A file in the new folder, and the folders that it is in."""
    names = [target.name, *member.split("/")]
    where = target.at(os.path.join(*names))
    try:
        handle = os.open(where, _FLAGS, 0o666, dir_fd=target.folder)
    except FileNotFoundError:
        for depth in range(2, len(names)):
            with contextlib.suppress(FileExistsError):
                os.mkdir(target.at(os.path.join(*names[:depth])), dir_fd=target.folder)
        handle = os.open(where, _FLAGS, 0o666, dir_fd=target.folder)
    with open(handle, "wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())


def _place(target: Target, name: str, *, replaces: bool) -> None:
    """Gives the new folder its place; where the system cannot exchange two, an old one is put aside for a moment."""
    made, where = target.at(target.name), target.at(name)
    if not replaces:
        os.rename(made, where, src_dir_fd=target.folder, dst_dir_fd=target.folder)
        return
    aside = made
    if not _exchanged(target.folder, made, where):
        aside = target.at(f"{target.name}.old")
        os.rename(where, aside, src_dir_fd=target.folder, dst_dir_fd=target.folder)
        try:
            os.rename(made, where, src_dir_fd=target.folder, dst_dir_fd=target.folder)
        except OSError:
            os.rename(aside, where, src_dir_fd=target.folder, dst_dir_fd=target.folder)
            raise
    shutil.rmtree(aside, ignore_errors=True, dir_fd=target.folder)


def _exchanged(folder: int | None, one: str, other: str) -> bool:
    """Whether two names were exchanged in one call, as Linux can."""
    import ctypes

    call = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None) if os.name == "posix" else None
    if call is None or folder is None:
        return False
    if call(folder, os.fsencode(one), folder, os.fsencode(other), _EXCHANGE) == 0:
        return True
    if ctypes.get_errno() in (errno.EINVAL, errno.ENOSYS):
        return False
    raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))

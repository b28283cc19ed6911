"""Unfinished files and folders, which are removed if an error or a signal ends the work, and settings that are put
back."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Callable, Iterator

_undoing: list[Callable[[], None]] = []
_files: set[tuple[str, int | None]] = set()  # paths, and the descriptors of the folders that they start from


@contextlib.contextmanager
def unfinished(path: str, folder: int | None = None) -> Iterator[None]:
    """A context in which the file or folder at `path`, relative to the open `folder` if there is one, is unfinished; an
    exception removes it."""
    _files.add((path, folder))
    try:
        yield
    except BaseException:
        _remove(path, folder)
        raise
    finally:
        _files.discard((path, folder))


@contextlib.contextmanager
def undone(undo: Callable[[], None]) -> Iterator[None]:
    """A context in which a process that ends without an exception first calls `undo`; else that is the caller's to
    do."""
    _undoing.append(undo)
    try:
        yield
    finally:
        _undoing.remove(undo)


def remove_all() -> None:
    """Removes all unfinished files and undoes the rest, for a process that ends without an exception."""
    for undo in _undoing[::-1]:
        with contextlib.suppress(Exception):
            undo()
    for path, folder in list(_files):
        _remove(path, folder)


def _remove(path: str, folder: int | None) -> None:
    with contextlib.suppress(OSError):
        if stat.S_ISDIR(os.stat(path, dir_fd=folder, follow_symlinks=False).st_mode):
            import shutil

            shutil.rmtree(path, ignore_errors=True, dir_fd=folder)
        else:
            os.unlink(path, dir_fd=folder)

"""Folders that a killed process left while it filled them: a lock tells them from those that are being filled, and they
are removed.

Locks hold on one machine, so names say which one made a folder, and those of others are left alone.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import platform
import re
import shutil
from collections.abc import Iterator
from functools import cache

from imgconv.files.links import Target

_seen: set[tuple[int, int]] = set()
"""Folders in which this process has looked; one look is enough for what an earlier run left."""


def beside(name: str) -> str:
    """A new name for a folder that will become `name`."""
    return f".{name}.{_machine()}{os.urandom(8).hex()}.imgconv"


@cache
def _machine() -> str:
    return hashlib.sha256(platform.node().encode("utf-8", "replace")).hexdigest()[:8]


@contextlib.contextmanager
def held(target: Target) -> Iterator[None]:
    """While it lasts, nobody takes the new, empty folder of a target for an abandoned one."""
    handle = _locked(target, target.name, wait=True)
    try:
        yield
    finally:
        if handle is not None:
            os.close(handle)


def remove(target: Target) -> None:
    """Removes what killed processes of this user left in the folder of a target."""
    with contextlib.suppress(OSError):
        place = os.open(target.at("."), os.O_RDONLY, dir_fd=target.folder)
        try:
            status = os.fstat(place)
            known = (status.st_dev, status.st_ino) in _seen
            _seen.add((status.st_dev, status.st_ino))
            names = [] if known else os.listdir(place)
        finally:
            os.close(place)
        ours = re.compile(rf"\..+\.{_machine()}[0-9a-f]{{16}}\.imgconv", re.S)
        for name in filter(ours.fullmatch, names):
            _remove(target, name)


def _remove(target: Target, name: str) -> None:
    handle = _locked(target, name, wait=False)
    if handle is None:
        return
    try:
        # one that is empty may be locked by its writer in a moment
        if os.fstat(handle).st_uid == os.geteuid() and os.listdir(handle):
            shutil.rmtree(target.at(name), ignore_errors=True, dir_fd=target.folder)
    finally:
        os.close(handle)


def _locked(target: Target, name: str, *, wait: bool) -> int | None:
    """A descriptor of a folder, locked as long as it is open; None where the system does not lock folders, or another
    process does."""
    try:
        import fcntl
    except ImportError:  # Windows
        return None
    try:
        handle = os.open(target.at(name), os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=target.folder)
    except OSError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except OSError:
        os.close(handle)
        return None
    return handle

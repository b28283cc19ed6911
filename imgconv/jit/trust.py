"""Whether other users could change what lies in a folder: asked of every folder from the root down, and of every link
on the way."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import sys
from collections.abc import Iterator

_LEVELS = 128  # folders and links on the way
_TOO_DEEP = f"the path has more than {_LEVELS} folders"


def fault(folder: str, make: int = 0) -> str:
    """Why a folder is not trusted, or an empty text. With a mode to `make` them in, missing folders are made, as far as
    they are trusted.

    Every folder on the way belongs to this user or root, and nobody else can write to it. Where everybody can make
    names of their own (root's sticky folders, as /tmp), the next folder must be this user's alone. Raises OSError for a
    folder that is missing, is none, or cannot be looked at.
    """
    if not os.path.isabs(folder):
        return "not trusted: the path does not start at the root"
    if folder.count(os.sep) > _LEVELS:
        return _TOO_DEEP
    if sys.platform == "win32":  # access there is by lists, not by mode; the cache lies in the user's own profile
        if make:
            os.makedirs(folder, exist_ok=True)
        return ""
    for number, (path, status, public) in enumerate(_way(folder, make)):
        if number > 2 * _LEVELS:  # links that lead in circles
            return _TOO_DEEP
        reason = _weakness(path, status, public)
        if reason:
            return reason
    if not stat.S_ISDIR(status.st_mode):
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
    return _open(path) if _public(status) else ""


def _open(path: str) -> str:
    return f"not trusted: others can write to {path}"


def own_file(status: os.stat_result) -> bool:
    """Whether this is a regular file that this user or root owns, and nobody else can write."""
    if sys.platform == "win32":
        return stat.S_ISREG(status.st_mode)
    return (
        stat.S_ISREG(status.st_mode)
        and status.st_uid in (os.getuid(), 0)
        and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    )


def _way(folder: str, make: int) -> Iterator[tuple[str, os.stat_result, bool]]:
    """Each folder and link that leads to `folder`, the root first and the folder itself last, and whether it lies in a
    public folder."""
    path, status, rest = "/", os.lstat("/"), folder.split("/")[::-1]
    yield path, status, False
    while rest:
        name = rest.pop()
        if name in ("", "."):
            continue
        public = name != ".." and _public(status)
        here = os.path.dirname(path) if name == ".." else os.path.join(path, name)
        seen = _seen(here, make and (0o700 if public else make))
        yield here, seen, public
        if not stat.S_ISLNK(seen.st_mode):
            path, status = here, seen
            continue
        target = os.readlink(here)
        rest += target.split("/")[::-1]
        if target.startswith("/"):
            path, status = "/", os.lstat("/")
    yield path, status, False


def _seen(path: str, make: int) -> os.stat_result:
    """What lies at a path, which may be a folder that is made now."""
    try:
        return os.lstat(path)
    except FileNotFoundError:
        if not make:
            raise
    with contextlib.suppress(FileExistsError):  # another process makes it, too
        os.mkdir(path, make)
    return os.lstat(path)


def _weakness(path: str, status: os.stat_result, public: bool) -> str:
    if status.st_uid not in (os.getuid(), 0):
        return f"not trusted: {path} belongs to another user"
    if stat.S_ISLNK(status.st_mode):
        return f"not trusted: {path} is a link in a folder that everybody can write to" if public else ""
    if public and (status.st_uid != os.getuid() or status.st_mode & (stat.S_IRWXG | stat.S_IRWXO)):
        return (
            f"not trusted: {path} lies in a folder that everybody can write to, so it must be yours and closed to"
            " others (mode 0700)"
        )
    return _open(path) if _open_to_others(path, status) and not _public(status) else ""


def _public(status: os.stat_result) -> bool:
    """Whether this is a folder of root's in which everybody can make names, and change their own only."""
    return bool(status.st_mode & stat.S_ISVTX and status.st_mode & stat.S_IWOTH) and status.st_uid == 0


def _open_to_others(path: str, status: os.stat_result) -> bool:
    if not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        return False
    return bool(status.st_mode & stat.S_IWOTH) or not _private_group(path, status)


def _private_group(path: str, status: os.stat_result) -> bool:
    """Whether the group that may write is this user's alone: many systems make new folders so (umask 002)."""
    import grp
    import pwd

    try:
        group, user = grp.getgrgid(status.st_gid), pwd.getpwuid(os.getuid())
        lists = os.listxattr(path) if hasattr(os, "listxattr") else []
    except (KeyError, OSError):
        return False
    alone = (
        user.pw_uid != 0
        and (group.gr_gid, group.gr_name) == (user.pw_gid, user.pw_name)
        and set(group.gr_mem) <= {user.pw_name}
    )
    return alone and "system.posix_acl_access" not in lists

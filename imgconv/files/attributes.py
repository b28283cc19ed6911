"""Attributes that a new file takes over from the one it replaces: extended ones, owner, permissions, access list (ACL).

Nobody can read the new file who could not read the old one: rights that cannot be taken over are withdrawn.
Access lists and extended attributes are Linux's.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import struct
from collections.abc import Iterator

from imgconv.files.links import Target
from imgconv.values.notes import Note

ACL = "system.posix_acl_access"
PRIVILEGES = ("security.capability",)
HASHES = ("security.ima", "security.evm")
"""Of the old content; the kernel makes new ones."""
_FILES_GROUP, _MASK, _OTHERS = 4, 16, 32  # tags of entries
_ENTRY = struct.Struct("<HHI")  # tag, permissions, user or group
_ABSENT = (errno.ENODATA, errno.ENOTSUP, errno.EOPNOTSUPP)

OldFile = int | str | None
"""The old file, by descriptor or path; None on systems without extended attributes."""


def take_over(handle: int, target: Target) -> list[Note]:
    """Gives a new file, which nobody else may read yet, the attributes of the replaced one. Returns notes of those that
    are lost."""
    known, lost = target.known, list[str]()
    assert known is not None
    with _source(target) as old:
        names = _names(old)
        for name in names:
            if not name.startswith("system.") and name not in PRIVILEGES + HASHES:
                _copy(old, handle, name, lost)  # before permissions and the owner, which may forbid it
        _take_owner(handle, known)
        privileges = _take_permissions(handle, known, old, lost)
        for name in names:
            if name.startswith("system.") and name != ACL:  # other access lists, such as NFS's: they follow permissions
                _copy(old, handle, name, lost)
    privileges += [name for name in PRIVILEGES if name in names]
    replaced, notes = f"not kept of the {target.name} that was replaced", list[Note]()
    if lost:
        notes.append(Note("attributes-dropped", f"{replaced}: {', '.join(lost)}"))
    if privileges:
        notes.append(Note("privileges-dropped", f"privileges {replaced}: {', '.join(privileges)}", loss=False))
    return notes


def closed(mode: int) -> int:
    """Permissions of a file whose group has changed: members of either group get what group and others both had."""
    both = mode >> 3 & mode & 7
    return mode & ~0o77 | both << 3 | both


def closed_list(access: bytes) -> bytes:
    """The same of an access list, which keeps the named: the new group gets nothing, others what the old one had,
    too."""
    rights = {tag: permissions for tag, permissions, _ in _ENTRY.iter_unpack(access[4:])}
    others = rights[_OTHERS] & rights[_FILES_GROUP] & rights.get(_MASK, 7)
    new = {_FILES_GROUP: 0, _OTHERS: others}
    entries = _ENTRY.iter_unpack(access[4:])
    return access[:4] + b"".join(_ENTRY.pack(tag, new.get(tag, permissions), one) for tag, permissions, one in entries)


def _take_owner(handle: int, known: os.stat_result) -> None:
    """Owner and group, or the group alone, if the system allows it."""
    now = os.fstat(handle)
    for owner in (known.st_uid, -1):
        if (now.st_uid, now.st_gid) != (known.st_uid, known.st_gid):
            with contextlib.suppress(OSError):
                os.fchown(handle, owner, known.st_gid)
                return


def _take_permissions(handle: int, known: os.stat_result, old: OldFile, lost: list[str]) -> list[str]:
    """The mode and the access list; which privileges were left out because they would now be another's."""
    now, mode = os.fstat(handle), stat.S_IMODE(known.st_mode)
    privileges = list[str]()
    if (now.st_uid, now.st_gid) != (known.st_uid, known.st_gid):
        privileges = [word for bit, word in ((stat.S_ISUID, "setuid"), (stat.S_ISGID, "setgid")) if mode & bit]
        mode &= ~(stat.S_ISUID | stat.S_ISGID)
    regrouped = now.st_gid != known.st_gid
    try:
        access = _access_list(old)
        if access is None:
            _remove_list(handle, old)
            new_mode = closed(mode) if regrouped else mode
        else:
            os.setxattr(handle, ACL, closed_list(access) if regrouped else access)
            new_mode = mode & ~7 | os.fstat(handle).st_mode & 7
    except OSError as error:
        lost.append(f"access list ({error.strerror})")
        with contextlib.suppress(OSError):
            _remove_list(handle, old)
        new_mode = mode & ~0o77
    else:
        if new_mode != mode:
            lost.append(f"group (mode {mode:o} became {new_mode:o})")
    os.fchmod(handle, new_mode)
    return privileges


def _access_list(old: OldFile) -> bytes | None:
    """The old file's; None if it has its mode alone."""
    return None if old is None else _asked(old, ACL)


def _remove_list(handle: int, old: OldFile) -> None:
    """One that was inherited from the folder: the old file had none."""
    if old is not None and _asked(handle, ACL) is not None:
        os.removexattr(handle, ACL)


def _asked(file: int | str, name: str) -> bytes | None:
    try:
        return os.getxattr(file, name)
    except OSError as error:
        if error.errno in _ABSENT:
            return None
        raise


def _copy(old: OldFile, handle: int, name: str, lost: list[str]) -> None:
    assert old is not None
    try:
        value = os.getxattr(old, name)
        if _asked(handle, name) != value:
            os.setxattr(handle, name, value)
    except OSError as error:
        lost.append(f"{name} ({error.strerror})")


def _names(old: OldFile) -> list[str]:
    try:
        return [] if old is None else os.listxattr(old)
    except OSError as error:
        if error.errno in _ABSENT:
            return []
        raise


@contextlib.contextmanager
def _source(target: Target) -> Iterator[OldFile]:
    """The file at the target, whatever has its name by now."""
    if not hasattr(os, "listxattr"):
        yield None
    elif target.entry is None:
        yield target.at(target.name)
    elif os.path.exists(path := f"/proc/self/fd/{target.entry}"):
        yield path
    else:  # a system without /proc
        handle = os.open(target.at(target.name), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=target.folder)
        try:
            yield handle
        finally:
            os.close(handle)

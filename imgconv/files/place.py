"""Bytes to their place: a stream, or a file that is either the old one or the whole new one."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import sys
from typing import IO

from imgconv import errors
from imgconv.files.raw import Content


def write(path: str, content: Content) -> None:
    """The content in a file beside the target, flushed, then renamed over it; permissions of an old file are kept, and its owner where that is allowed.

    What is no regular file (a FIFO, a device) is written to directly. Raises FileError, or BrokenPipeError.
    """
    try:
        if is_special(path):
            with open(path, "wb", buffering=0) as stream:
                _write_all(stream, content)
            return
        where = os.path.realpath(path)
        if not os.path.isdir(os.path.dirname(where)):
            raise errors.no_folder(path, os.path.dirname(path))
        _replace(where, content)
    except OSError as error:
        if isinstance(error, (errors.ImgconvError, BrokenPipeError)):
            raise
        raise errors.file_unwritable(path, error.strerror or str(error)) from None


def write_stdout(content: Content) -> None:
    """The content on standard output, all of it. Raises FileError, or BrokenPipeError."""
    if sys.stdout is None:
        raise errors.file_unwritable("standard output", "it is closed")
    try:
        _write_all(sys.stdout.buffer, content)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise errors.file_unwritable("standard output", error.strerror or str(error)) from None


def make_folder(path: str) -> None:
    """An output folder, made if it is not there. Raises FileError."""
    try:
        os.makedirs(path, exist_ok=True)
    except OSError as error:
        raise errors.file_unwritable(path, error.strerror or str(error)) from None


def is_special(path: str) -> bool:
    """Whether a path names something that exists and is neither a file nor a folder: a FIFO, a device, a terminal."""
    try:
        mode = os.stat(path).st_mode
    except OSError:
        return False
    return not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)


def _write_all(stream: IO[bytes], content: Content) -> None:
    """Unbuffered streams (PYTHONUNBUFFERED, devices) take what they can at a time."""
    for piece in content:
        left = memoryview(piece)
        while left:
            left = left[stream.write(left) or 0 :]


def _replace(where: str, content: Content) -> None:
    folder, _ = os.path.split(where)
    if os.path.isdir(where):
        raise IsADirectoryError(errno.EISDIR, "it is a folder")
    known = os.stat(where) if os.path.exists(where) else None
    if known and not os.access(where, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    try:
        handle = os.open(folder, os.O_TMPFILE | os.O_WRONLY, _mode(known))
    except (AttributeError, OSError):  # another system, or a file system that knows only files with names
        _write_named(where, content, known)
        return
    with open(handle, "wb") as stream:
        _fill(stream, content, known)
        linked = _link(handle, where, known)
    if not linked:
        _write_named(where, content, known)


def _link(handle: int, where: str, known: os.stat_result | None) -> bool:
    """Gives a file without a name its place, if the system lets it.

    Until then it has no name, so whatever ends the process leaves nothing behind. Over an old file it takes two calls, and a process that is
    killed between them leaves a whole file, which the next to write there removes: hence a name that is always the same.
    """
    folder, name = os.path.split(where)
    source, beside = f"/proc/self/fd/{handle}", os.path.join(folder, f".{name}.imgconv")
    try:
        if known is None:
            with contextlib.suppress(FileExistsError):  # made by somebody else meanwhile
                os.link(source, where, src_dir_fd=handle)
                return True
        with contextlib.suppress(FileNotFoundError):
            os.unlink(beside)
        os.link(source, beside, src_dir_fd=handle)  # with a folder's handle, Python asks for the file behind the link in /proc
    except OSError:
        return False
    try:
        os.replace(beside, where)
    except FileNotFoundError:
        return False  # another process was writing there too
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(beside)
        raise
    return True


def _write_named(where: str, content: Content, known: os.stat_result | None) -> None:
    # named before it exists, unlike mkstemp's files: an interrupt at any moment finds something to remove
    temporary = os.path.join(os.path.dirname(where), f".{os.urandom(8).hex()}.imgconv")
    try:
        with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), _mode(known)), "wb") as stream:
            _fill(stream, content, known)
        os.replace(temporary, where)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
        raise


def _mode(known: os.stat_result | None) -> int:
    """A new file is made as every program makes them; what replaces an old one is nobody else's until it has that one's permissions."""
    return 0o666 if known is None else 0o600


def _fill(stream: IO[bytes], content: Content, known: os.stat_result | None) -> None:
    stream.writelines(content)
    stream.flush()
    if known is not None and hasattr(os, "fchmod"):
        if (known.st_uid, known.st_gid) != (os.geteuid(), os.getegid()):
            with contextlib.suppress(PermissionError):
                os.fchown(stream.fileno(), known.st_uid, known.st_gid)
        os.fchmod(stream.fileno(), stat.S_IMODE(known.st_mode))
    os.fsync(stream.fileno())

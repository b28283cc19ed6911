"""Atomic writing: to a stream, or to a file that is always either the old one or the whole new one."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import sys
from collections.abc import Callable, Iterator
from typing import IO

from imgconv import errors
from imgconv.files import links
from imgconv.files.by_rows import Pieces
from imgconv.files.links import Target
from imgconv.files.pieces import fill, reread, spooled, write_all
from imgconv.files.urls import is_url
from imgconv.values.notes import Note
from imgconv.values.unfinished import unfinished

Hear = Callable[[Note], None]


def write(path: str, content: Pieces, hear: Hear | None = None, *, replace: bool = True) -> None:
    """Write content to a file beside the target, flush it and rename it over the target, whose attributes it takes over
    (`attributes`).

    FIFOs and devices are written to directly; to a URL goes what is whole (`remote`). `hear` gets a note of each
    attribute that is lost, before the file is renamed, and may raise; without `hear` a loss leaves the old file.
    Without `replace` an existing file always stays.

    Raises
    ------
    FileError
    BrokenPipeError
    """
    if is_url(path):
        from imgconv.files import remote

        remote.write(path, content, replace=replace)
        return
    with refusals(path):
        try:
            with links.target_at(path) as target:
                if target.known is not None and not replace:
                    raise errors.file_exists(path)
                if target.open_file or (target.known is not None and not stat.S_ISREG(target.known.st_mode)):
                    with open(_opened(target), "wb", buffering=0) as stream:
                        write_all(stream, spooled(content))
                else:
                    _write_beside(target, content, hear or _refuse_losses, replace)
        except FileExistsError:
            raise errors.file_exists(path) from None
        except (FileNotFoundError, NotADirectoryError):
            raise errors.no_folder(path, os.path.dirname(path) or os.curdir) from None


def begun(path: str) -> IO[bytes]:
    """An emptied or new file, unbuffered, for content that is written in pieces over time. Raises FileError."""
    with refusals(path), links.target_at(path) as target:
        if target.known is None:
            handle = os.open(target.at(target.name), _FLAGS | os.O_CREAT | os.O_EXCL, 0o666, dir_fd=target.folder)
            return open(handle, "wb", buffering=0)
        _refuse_hard_links(path, target)
        return open(_opened(target), "wb", buffering=0)


def continued(path: str) -> int:
    """A descriptor for reading a file and adding to its end; it is made if it is not there. Raises FileError."""
    flags = (_FLAGS & ~os.O_WRONLY) | os.O_RDWR | os.O_APPEND
    with refusals(path), links.target_at(path) as target:
        if target.known is None:
            return os.open(target.at(target.name), flags | os.O_CREAT | os.O_EXCL, 0o666, dir_fd=target.folder)
        if not stat.S_ISREG(target.known.st_mode):
            raise errors.file_unwritable(path, "it is no regular file")
        _refuse_hard_links(path, target)
        return _opened(target, flags, emptied=False)


def write_stdout(content: Pieces) -> None:
    """Write content to standard output. Raises FileError, or BrokenPipeError."""
    if sys.stdout is None:
        raise errors.file_unwritable("standard output", "it is closed")
    with refusals("standard output"):
        write_all(sys.stdout.buffer, spooled(content))
        sys.stdout.buffer.flush()


def make_folder(path: str) -> None:
    """Create an output folder unless it exists. Raises FileError."""
    if is_url(path):
        from imgconv.files import remote

        remote.make_folder(path)
        return
    with refusals(path):
        links.make_folders(path)


def is_terminal(path: str) -> bool:
    """Whether a path leads to a terminal; no device is opened that may not be written to."""
    try:
        with links.target_at(path) as target:
            handle = _opened(target)
    except OSError:  # reported when it is written to
        return False
    try:
        return os.isatty(handle)
    finally:
        os.close(handle)


_FLAGS = os.O_WRONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOCTTY", 0)


@contextlib.contextmanager
def refusals(path: str) -> Iterator[None]:
    """A context in which an error of the system becomes a FileError about a path."""
    try:
        yield
    except OSError as error:
        if isinstance(error, (errors.ImgconvError, BrokenPipeError)):
            raise
        raise errors.file_unwritable(path, error.strerror or str(error)) from None


def _refuse_hard_links(path: str, target: Target) -> None:
    """FileError for a file that is changed in place and has another name, which may be in somebody's home."""
    if target.shared and target.known is not None and target.known.st_nlink > 1:
        raise errors.FileError(
            f"{path}: has other names (hard links), in a folder open to everybody; name another place"
        )


def _opened(target: Target, flags: int = _FLAGS, *, emptied: bool = True) -> int:
    """A descriptor of the existing file, emptied if need be; an error if it was replaced meanwhile."""
    if target.known is None:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
    flags = flags if target.open_file else flags | getattr(os, "O_NOFOLLOW", 0)
    handle = os.open(target.at(target.name), flags, dir_fd=target.folder)
    try:
        if not os.path.samestat(os.fstat(handle), target.known):
            raise OSError(errno.EAGAIN, "it was replaced meanwhile")
        if emptied and stat.S_ISREG(target.known.st_mode):
            os.ftruncate(handle, 0)
    except BaseException:
        os.close(handle)
        raise
    return handle


def _refuse_losses(note: Note) -> None:
    if note.loss:
        raise OSError(0, f"{note.text}; remove the old file first")  # `refusals` says where


def _write_beside(target: Target, content: Pieces, hear: Hear, replace: bool) -> None:
    known = target.known
    if known and not _is_writable(target):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    try:
        handle = os.open(target.at("."), os.O_TMPFILE | os.O_RDWR, _mode(known), dir_fd=target.folder)
    except (AttributeError, OSError):  # another system, or a file system that knows only files with names
        _write_named(target, content, hear, replace)
        return
    with open(handle, "w+b") as stream:
        _fill(stream, content, target, hear)
        beside = target.at(f".{target.name}.imgconv")
        with unfinished(beside, target.folder):
            linked = _link(handle, target, beside, replace)
        if not linked:
            _write_named(target, reread(stream), hear, replace)


def _is_writable(target: Target) -> bool:
    effective = os.access in os.supports_effective_ids
    return os.access(target.at(target.name), os.W_OK, dir_fd=target.folder, effective_ids=effective)


def _link(handle: int, target: Target, beside: str, replace: bool) -> bool:
    """Gives a file without a name its place, if the system lets it.

    Until then it has no name, so whatever ends the process leaves nothing behind. Over an old file it takes two calls,
    and a process that is killed between them leaves a whole file, which the next to write there removes: hence a name
    that is always the same.
    """
    folder, where = target.folder, target.at(target.name)
    source = f"/proc/self/fd/{handle}"  # with a folder's or a file's handle, Python asks for the file behind this link
    try:
        if target.known is None:
            try:
                os.link(source, where, src_dir_fd=handle, dst_dir_fd=folder)
                return True
            except FileExistsError:  # made by somebody else meanwhile
                if not replace:
                    raise
        with contextlib.suppress(FileNotFoundError):
            os.unlink(beside, dir_fd=folder)
        os.link(source, beside, src_dir_fd=handle, dst_dir_fd=folder)
    except OSError as error:
        if isinstance(error, FileExistsError) and not replace:
            raise
        return False
    try:
        os.replace(beside, where, src_dir_fd=folder, dst_dir_fd=folder)
    except FileNotFoundError:
        return False  # another process was writing there too
    return True


def _write_named(target: Target, content: Pieces, hear: Hear, replace: bool) -> None:
    # named before it exists, unlike mkstemp's files: an interrupt at any moment finds something to remove
    temporary, folder = target.at(f".{os.urandom(8).hex()}.imgconv"), target.folder
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    with unfinished(temporary, folder):
        with open(os.open(temporary, flags, _mode(target.known), dir_fd=folder), "wb") as stream:
            _fill(stream, content, target, hear)
        if replace or not _link_new(temporary, target):
            os.replace(temporary, target.at(target.name), src_dir_fd=folder, dst_dir_fd=folder)


def _link_new(temporary: str, target: Target) -> bool:
    """Gives a file its place if that is free, else FileExistsError; False where files cannot have two names."""
    where = target.at(target.name)
    try:
        os.link(temporary, where, src_dir_fd=target.folder, dst_dir_fd=target.folder)
    except FileExistsError:
        raise
    except OSError:
        with contextlib.suppress(FileNotFoundError):
            os.stat(where, dir_fd=target.folder, follow_symlinks=False)
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST)) from None
        return False
    os.unlink(temporary, dir_fd=target.folder)
    return True


def _mode(known: os.stat_result | None) -> int:
    """The usual mode of a new file; one that replaces another is private until it has that one's permissions."""
    return 0o666 if known is None else 0o600


def _fill(stream: IO[bytes], content: Pieces, target: Target, hear: Hear) -> None:
    fill(stream, content)
    stream.flush()
    if target.known is None:
        return
    if hasattr(os, "fchown"):
        from imgconv.files import attributes

        for note in attributes.take_over(stream.fileno(), target):
            hear(note)
    os.fsync(stream.fileno())  # or a failing power supply might leave neither the old file nor the new one

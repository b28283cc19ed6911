"""Links: the way to a file to be written, folder by folder, through no symbolic link that a stranger may have made.

What Linux does where fs.protected_symlinks is set is done here on every system, and for links to folders, too.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Iterator

from imgconv import errors
from imgconv.values.frozen import record

_MOST_LINKS = 40  # as Linux
_TO_NOTHING = "to something that does not exist; remove it or name its target"
_NO_FOLDER = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.EMLINK)


@record
class Target:
    """A place for a file: the folder (by its descriptor or its path), the name in it, and what is there already.

    `entry` is a descriptor of what is there, `open_file` whether that is what some process has open (/dev/stdout),
    and `shared` whether everybody may put files into the folder.
    """

    folder: int | None
    where: str
    name: str
    known: os.stat_result | None = None
    entry: int | None = None
    open_file: bool = False
    shared: bool = False

    def at(self, name: str) -> str:
        """A name in the folder, for calls that are given `dir_fd=folder`."""
        return os.path.join(self.where, name)


@contextlib.contextmanager
def target_at(path: str) -> Iterator[Target]:
    """Where a path leads, with descriptors that are open meanwhile.

    Raises
    ------
    FileError
        For links and files of strangers in shared folders, and for links to nothing.
    OSError
        For a folder where a file is wanted, or a way to it that is not there.
    """
    with contextlib.ExitStack() as handles:
        yield _resolved(path) if os.name == "nt" else _Way(path, handles).target()


def make_folders(path: str) -> None:
    """A folder and those that it is in, made where they are not there yet. Raises as `target_at`."""
    if os.name == "nt":
        os.makedirs(path, exist_ok=True)
        return
    with contextlib.ExitStack() as handles:
        _Way(path, handles).make()


def may_follow(link: os.stat_result, folder: os.stat_result, user: int) -> bool:
    """Whether a link may be followed: in a folder open to everybody, only the user's own and the folder's owner's.

    Linux asks this in sticky folders alone. In others a stranger can replace what is there, but by links of his own.
    """
    return not folder.st_mode & stat.S_IWOTH or link.st_uid in (user, folder.st_uid)


def may_use(file: os.stat_result, folder: os.stat_result, user: int) -> bool:
    """Whether a file or FIFO may be written: in a folder such as /tmp, not a stranger's (Linux's protected_regular)."""
    shared = stat.S_ISVTX | stat.S_IWOTH
    return folder.st_mode & shared != shared or file.st_uid in (user, folder.st_uid)


def _resolved(path: str) -> Target:
    """As Windows resolves links, which only administrators make there."""
    real = os.path.realpath(path)
    where, name = os.path.split(real)
    try:
        known = os.stat(real)
    except FileNotFoundError:
        if os.path.islink(path):
            raise _link_error(path, path, _TO_NOTHING) from None
        os.stat(where)
        return Target(None, where, name)
    if stat.S_ISDIR(known.st_mode):
        raise IsADirectoryError(errno.EISDIR, "it is a folder")
    return Target(None, where, name, known)


class _Way:
    """A walk along a path. `rest` are the names to come, the next one last; the first `own` are the path's, others
    links'."""

    def __init__(self, path: str, handles: contextlib.ExitStack) -> None:
        self.path, self.handles = path, handles
        self.by_handle = hasattr(os, "O_PATH")  # descriptors that need no right to read the folder
        self.folder: int | None = None
        self.where, self.links = "", 0
        self.rest = _names(path)
        self.own, self.of_link = len(self.rest), False
        self._start(path)

    def target(self) -> Target:
        """What the path names, which need not be there, in a folder that is."""
        while self.rest:
            name = self._next()
            if self.rest and self._enter(name):
                continue
            try:
                known, entry = self._look(name)
            except FileNotFoundError:
                if self.of_link:
                    raise _link_error(self.path, self._link(), _TO_NOTHING) from None
                if self.rest:
                    raise
                return Target(self.folder, self.where, name)
            if stat.S_ISLNK(known.st_mode):
                if (open_file := self._follow(name, known, entry)) is not None:
                    return open_file
            elif self.rest:
                raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
            elif not stat.S_ISDIR(known.st_mode):
                return self._existing(name, known, entry)
        raise IsADirectoryError(errno.EISDIR, "it is a folder")

    def make(self) -> None:
        """Every folder of the path."""
        while self.rest:
            name = self._next()
            if self._enter(name):
                continue
            try:
                known, entry = self._look(name)
            except FileNotFoundError:
                if self.of_link:
                    raise _link_error(self.path, self._link(), _TO_NOTHING) from None
                with contextlib.suppress(FileExistsError):  # made by somebody else meanwhile
                    os.mkdir(self._at(name), dir_fd=self.folder)
                self.rest.append(name)
                self.own += 1
                continue
            if not stat.S_ISLNK(known.st_mode):
                raise NotADirectoryError(errno.ENOTDIR, f"{errors.cut(name)} is a file and no folder")
            self._follow(name, known, entry)

    def _existing(self, name: str, known: os.stat_result, entry: int | None) -> Target:
        folder = self._stat()
        if not may_use(known, folder, os.geteuid()):
            raise errors.FileError(
                f"{self.path}: belongs to another user, in a folder open to everybody; name another place"
            )
        return Target(self.folder, self.where, name, known, entry, shared=bool(folder.st_mode & stat.S_IWOTH))

    def _follow(self, name: str, link: os.stat_result, entry: int | None) -> Target | None:
        """Goes on where a link leads, unless that is the end: something without a name that a process has open."""
        if not may_follow(link, self._stat(), os.geteuid()):
            raise _link_error(
                self.path,
                self._link(),
                "that another user put into a folder open to everybody; name its target or another place",
            )
        self.links += 1
        if self.links > _MOST_LINKS:
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
        text = os.readlink(self._at(name)) if entry is None else os.readlink("", dir_fd=entry)
        if _is_of_proc(link):  # these lead to what is open; their text only describes it
            known, entry = self._look(name, follow=True)
            if stat.S_ISDIR(known.st_mode):
                self._go(name, entry)
                return None
            if not stat.S_ISREG(known.st_mode) or known.st_nlink == 0:
                return Target(self.folder, self.where, name, known, entry, open_file=True)
        self.rest += _names(text)
        self._start(text)
        return None

    def _next(self) -> str:
        name = self.rest.pop()
        self.of_link = len(self.rest) >= self.own
        self.own = min(self.own, len(self.rest))
        return name

    def _link(self) -> str:
        """The part of the path that is a link, or led to one."""
        names = _names(self.path)[self.own :]
        return "/" * self.path.startswith("/") + "/".join(reversed(names))

    def _start(self, path: str) -> None:
        """A path's names are looked for from here on: from the root, or where the walk is already."""
        if path.startswith("/"):
            self.folder, self.where = None, "/"
        if self.by_handle and self.folder is None:
            self._go("", self._opened(self.where or ".", os.O_DIRECTORY))

    def _enter(self, name: str) -> bool:
        """Goes into a folder, if that is what a name stands for; never through a link."""
        try:
            if self.by_handle:
                self._go(name, self._opened(name, os.O_DIRECTORY | os.O_NOFOLLOW))
            elif stat.S_ISDIR(os.lstat(self._at(name)).st_mode):
                self._go(name, None)
            else:
                return False
        except OSError as error:
            if error.errno in _NO_FOLDER:
                return False
            raise
        return True

    def _go(self, name: str, handle: int | None) -> None:
        self.folder, self.where = handle, "" if handle is not None else self._at(name)

    def _look(self, name: str, *, follow: bool = False) -> tuple[os.stat_result, int | None]:
        """What a name stands for, a link itself unless it is to be followed; and a descriptor of just that."""
        if not self.by_handle:
            return os.stat(self._at(name), follow_symlinks=follow), None
        entry = self._opened(name, 0 if follow else os.O_NOFOLLOW)
        return os.fstat(entry), entry

    def _opened(self, name: str, flags: int) -> int:
        handle = os.open(name, os.O_PATH | flags, dir_fd=self.folder)
        self.handles.callback(os.close, handle)
        return handle

    def _stat(self) -> os.stat_result:
        return os.stat(self.where or ".") if self.folder is None else os.fstat(self.folder)

    def _at(self, name: str) -> str:
        return os.path.join(self.where, name)


def _names(path: str) -> list[str]:
    """The names of a path, the first one last."""
    return [name for name in reversed(path.split("/")) if name not in ("", ".")]


def _is_of_proc(link: os.stat_result) -> bool:
    try:
        proc = os.stat("/proc").st_dev
    except OSError:
        return False
    return link.st_dev == proc != os.stat("/").st_dev


def _link_error(path: str, link: str, problem: str) -> errors.FileError:
    return errors.FileError(f"{path}: {'' if path == link else link + ' '}is a symbolic link {problem}")

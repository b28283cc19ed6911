"""Machine code kept on disk: one file a loop and its types, under the user's cache folder.

A file is used only if it is whole, stands under the key it was written for (checksum of both), and nobody else could
have written it or changed a folder on the way to it (`trust`); anything wrong is compiled again, never trusted. A
folder that cannot be written only means that loops are compiled in memory.
"""

from __future__ import annotations

import contextlib
import os
import re
import sys
import time
from collections.abc import Iterator

from imgconv.jit import trust
from imgconv.jit.keys import DIGEST, hashed
from imgconv.values.unfinished import unfinished

_MAGIC = b"imgconv loop 3\n"
_LARGEST = 16 << 20  # bytes of a file: machine code of a loop takes some 20 KB
_NAME = re.compile(r"(?!machine-)[a-z0-9_-]+-[0-9a-f]{32}")  # of a loop
_AHEAD = "made-for-"  # and a baseline: the name of an empty file
_WAIT = 30.0  # seconds a process waits for another that compiles the same loop
_POLL = 0.02
_DAY = 86400.0


def folders() -> list[str]:
    """Where machine code is kept: the first is written to, all are read.

    IMGCONV_CACHE_DIR names them, else the platform's place for caches is taken. A home that does not exist is not made:
    then a folder of the user's own lies among temporary files.
    """
    named = os.environ.get("IMGCONV_CACHE_DIR", "")
    if named:
        return [part for part in named.split(os.pathsep) if part]
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or os.path.expanduser(r"~\AppData\Local")
        return [os.path.join(base, "imgconv", "cache")]
    home, base = os.path.expanduser("~"), os.environ.get("XDG_CACHE_HOME", "")
    if not os.path.isabs(base):
        base = os.path.join(home, "Library/Caches" if sys.platform == "darwin" else ".cache")
    homeless = not (os.path.isabs(home) and os.path.isdir(home))
    if homeless and (not os.path.isabs(base) or f"{base}/".startswith(f"{home}/")):
        temporary = os.environ.get("TMPDIR", "")
        return [os.path.join(temporary if os.path.isabs(temporary) else "/tmp", f"imgconv-{os.getuid()}")]
    return [os.path.join(base, "imgconv")]


def writable_folder() -> str | None:
    """The folder that new machine code goes to, made if need be; None where it cannot be written or trusted."""
    folder = next(iter(folders()), None)
    try:
        return (
            folder
            if folder is not None and not trust.fault(folder, make=0o700) and os.access(folder, os.W_OK | os.X_OK)
            else None
        )
    except OSError:
        return None


def state(folder: str) -> tuple[str, int, int]:
    """A folder as it would be used (writable, read-only, or why not at all), how many loops lie in it, and their
    bytes."""
    sizes: list[int] = []
    try:
        fault = trust.fault(folder)
        with contextlib.suppress(OSError):
            sizes = [
                entry.stat(follow_symlinks=False).st_size for entry in os.scandir(folder) if _NAME.fullmatch(entry.name)
            ]
    except FileNotFoundError:
        fault = "not there yet"
    except OSError as error:
        fault = error.strerror or str(error)
    return fault or ("writable" if os.access(folder, os.W_OK | os.X_OK) else "read-only"), len(sizes), sum(sizes)


def holds(loop: str = "") -> bool:
    """Whether any folder has code of a loop of that name, for whatever types and machine; of any loop, if none is
    named."""
    prefix = f"{loop}-" if loop else ""
    return bool([name for name in _names() if name.startswith(prefix) and _NAME.fullmatch(name)])


def made_ahead() -> list[str]:
    """The baselines that folders were filled for (`mark_ahead`): what runs with one is to compile nothing."""
    return [name.removeprefix(_AHEAD) for name in _names() if name.startswith(_AHEAD)]


def mark_ahead(baseline: str) -> None:
    """Says of the folder that its code was made for a baseline."""
    folder = writable_folder()
    if folder is not None:
        with (
            contextlib.suppress(OSError),
            open(os.path.join(folder, _AHEAD + baseline), "wb"),
        ):  # without it runs only compile what they could do without
            pass


def _names() -> list[str]:
    """Of everything in all folders that are trusted."""
    names = list[str]()
    for folder in folders():
        with contextlib.suppress(OSError):
            names += [] if trust.fault(folder) else os.listdir(folder)
    return names


def has(name: str) -> bool:
    """Whether any folder has a file under a key; whether it may be used is seen when it is read."""
    return any(os.path.exists(os.path.join(folder, name)) for folder in folders())


def read(name: str) -> tuple[bytes, str] | None:
    """Object code and entry kept under a key, or None where there is none that may be used."""
    for folder in folders():
        content = _trusted_content(folder, name)
        if content is None or not content.startswith(_MAGIC):
            continue
        body = content[len(_MAGIC) + DIGEST :]
        if _checksum(name, body) == content[len(_MAGIC) : len(_MAGIC) + DIGEST]:
            entry, _, code = body.partition(b"\n")
            with contextlib.suppress(UnicodeDecodeError):
                return code, entry.decode()
    return None


def _checksum(name: str, body: bytes) -> bytes:
    """Of a file's body and its length, under its key, which stands for loop, types and machine: it is wrong under any
    other."""
    digest = hashed(f"{name}\n{len(body)}\n".encode())
    digest.update(body)
    return digest.digest()


def write(name: str, code: bytes, entry: str) -> None:
    """Keeps object code under a key, if the folder allows it and is the user's own. Whoever may read the folder may
    read the file."""
    folder = writable_folder()
    if folder is None:
        return
    body = entry.encode() + b"\n" + code
    from tempfile import mkstemp

    try:
        _sweep(folder)
        handle, temporary = mkstemp(prefix=".", suffix=".part", dir=folder)
        with unfinished(temporary):
            with os.fdopen(handle, "wb") as stream:
                stream.write(_MAGIC + _checksum(name, body) + body)
            if sys.platform != "win32":
                os.chmod(temporary, 0o600 | os.stat(folder).st_mode & 0o044)
            os.replace(temporary, os.path.join(folder, name))
    except OSError:
        return  # read-only, full or missing: the loop stays in memory


def _sweep(folder: str) -> None:
    """Removes what killed processes left behind a day ago or earlier."""
    for entry in os.scandir(folder):
        if entry.name.endswith((".part", ".lock")):
            with contextlib.suppress(OSError):  # another process sweeps too
                if entry.stat(follow_symlinks=False).st_mtime < time.time() - _DAY:
                    os.unlink(entry.path)


@contextlib.contextmanager
def lock(name: str) -> Iterator[None]:
    """Held while a loop is compiled, so that of many cold processes one compiles and the others wait (at most 30 s).

    Waiting ends, without the lock, as soon as there is a new file under the key. The lock dies with its process;
    where there can be none, everybody compiles. Its file is removed by whoever held it.
    """
    try:
        import fcntl
    except ImportError:  # Windows: compiling twice costs a second, a wrong lock would cost more
        yield
        return
    folder = writable_folder()
    path = None if folder is None else os.path.join(folder, f"{name}.lock")
    handle, begun, pause = -1, time.monotonic(), _POLL
    before = _stamp(folder, name)
    while path is not None and handle < 0 and time.monotonic() < begun + _WAIT and _stamp(folder, name) == before:
        try:
            handle = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if not os.path.samestat(
                os.fstat(handle), os.stat(path)
            ):  # removed by its last holder in between: no lock of anybody
                raise BlockingIOError
        except (BlockingIOError, FileNotFoundError):
            handle = _closed(handle)
            time.sleep(pause)
            pause = min(
                max(_POLL, (time.monotonic() - begun) / 8), 16 * _POLL
            )  # hundreds may wait, and the one that compiles needs the processor
        except OSError:  # no locks here (some network folders), or no files
            handle, path = _closed(handle), None
    if handle < 0 or path is None:
        yield
        return
    try:
        with unfinished(path):
            yield
    finally:
        with contextlib.suppress(OSError):
            os.unlink(path)
        _closed(handle)


def _stamp(folder: str | None, name: str) -> tuple[int, int] | None:
    """Changes when the file under a key is written anew."""
    try:
        status = os.stat(os.path.join(folder, name)) if folder is not None else None
    except OSError:
        return None
    return None if status is None else (status.st_ino, status.st_mtime_ns)


def _closed(handle: int) -> int:
    if handle >= 0:
        os.close(handle)
    return -1


def _trusted_content(folder: str, name: str) -> bytes | None:
    """A file's bytes if it is a regular file of a sane size, no link, and it and its folder can be written by this user
    (or root) only."""
    try:
        if trust.fault(folder):
            return None
        handle = os.open(
            os.path.join(folder, name),
            os.O_RDONLY | sum(getattr(os, flag, 0) for flag in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_BINARY")),
        )
    except OSError:
        return None
    status = os.fstat(handle)
    if not trust.own_file(status) or status.st_size > _LARGEST:  # a folder could not even be made a stream
        _closed(handle)
        return None
    try:
        with os.fdopen(handle, "rb") as stream:
            return stream.read(_LARGEST)
    except OSError:
        return None

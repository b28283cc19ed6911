"""Machine code kept on disk: one file a loop and its types, under the user's cache folder.

A file is used only if it is whole (checksum) and nobody else could have written it or its folder;
anything wrong is compiled again, never trusted. A folder that cannot be written only means that
loops are compiled in memory.
"""

from __future__ import annotations

import contextlib
import os
import re
import stat
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from imgconv.loops import Loop

try:
    from _blake2 import blake2b  # what hashlib has, without OpenSSL, which takes 2 ms to load
except ImportError:
    from hashlib import blake2b

if TYPE_CHECKING:
    from imgconv.jit.machine import Machine

_MAGIC = b"imgconv loop 2\n"
_DIGEST = 32  # bytes
_NAME = re.compile(r"(?!machine-)[a-z0-9_-]+-[0-9a-f]{32}")  # of a loop
_WAIT = 30.0  # seconds a process waits for another that compiles the same loop
_POLL = 0.02
_DAY = 86400.0
_PACKAGE = Path(__file__).parent.parent


def hashed(content: bytes = b"") -> blake2b:
    """A hash that can be added to."""
    return blake2b(content, digest_size=_DIGEST)


def folders() -> list[Path]:
    """Where machine code is kept: the first is written to, all are read.

    IMGCONV_CACHE_DIR names them, else the platform's place for caches is taken; who has no home has none.
    """
    named = os.environ.get("IMGCONV_CACHE_DIR", "")
    if named:
        return [Path(part) for part in named.split(os.pathsep) if part]
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or os.path.expanduser(r"~\AppData\Local")
        return [Path(base, "imgconv", "cache")]
    base = os.environ.get("XDG_CACHE_HOME", "")
    if not os.path.isabs(base):
        base = os.path.expanduser("~/Library/Caches" if sys.platform == "darwin" else "~/.cache")
    return [Path(base, "imgconv")] if os.path.isabs(base) else []


def writable_folder() -> Path | None:
    """The folder that new machine code goes to, made if need be; None where it cannot be written or trusted."""
    folder = next(iter(folders()), None)
    try:
        if folder is None:
            return None
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return folder if _trusted(folder.stat()) and os.access(folder, os.W_OK | os.X_OK) else None
    except OSError:
        return None


def state(folder: Path) -> tuple[str, int, int]:
    """A folder as it would be used (trusted and writable, or why not), how many loops lie in it, and their bytes."""
    try:
        found = folder.stat()
        kept = [entry.stat(follow_symlinks=False).st_size for entry in os.scandir(folder) if _NAME.fullmatch(entry.name)]
    except FileNotFoundError:
        return "not there yet", 0, 0
    except OSError as error:
        return error.strerror or str(error), 0, 0
    if not _trusted(found):
        return "not trusted: others own it or can write to it", len(kept), sum(kept)
    return "writable" if os.access(folder, os.W_OK | os.X_OK) else "read-only", len(kept), sum(kept)


def holds(loop: str = "") -> bool:
    """Whether any folder has code of a loop of that name, for whatever types and machine; of any loop, if none is named."""
    for folder in folders():
        with contextlib.suppress(OSError):
            if any(_NAME.fullmatch(name) and name.startswith(f"{loop}-" if loop else "") for name in os.listdir(folder)):
                return True
    return False


def key(loop: Loop, kinds: Mapping[str, str], machine: Machine) -> str:
    """A name that changes with everything that could change the machine code."""
    digest = hashed(environment())
    digest.update(repr((loop.name, sorted(kinds.items()), machine.name, machine.features)).encode())
    return f"{loop.name}-{digest.hexdigest()[:32]}"


@cache
def environment() -> bytes:
    """Sources of loops and compiler, versions of Numba and llvmlite, and Numba's variables."""
    digest = hashed()
    for source in sorted([*_PACKAGE.joinpath("loops").glob("*.py"), *(_PACKAGE / "jit" / f"{name}.py" for name in ("compile", "intrinsics", "tiles"))]):
        digest.update(source.read_bytes())
    for package in ("numba", "llvmlite"):
        found = find_spec(package)
        if found is not None and found.origin:  # importlib.metadata would cost 30 ms
            digest.update(Path(found.origin).with_name("_version.py").read_bytes())
    variables = sorted(f"{name}={value}" for name, value in os.environ.items() if name.startswith("NUMBA_"))
    digest.update(repr((sys.version_info[:2], variables)).encode())
    return digest.digest()


def find(names: Iterable[str]) -> tuple[bytes, str] | None:
    """Object code and entry under the first of the keys that has a usable file in any folder."""
    return next((found for name in names if (found := read(name)) is not None), None)


def has(name: str) -> bool:
    """Whether any folder has a file under a key; whether it may be used is seen when it is read."""
    return any(os.path.exists(folder / name) for folder in folders())


def read(name: str) -> tuple[bytes, str] | None:
    """Object code and entry kept under a key, or None where there is none that may be used."""
    for folder in folders():
        content = _trusted_content(folder, name)
        if content is None or not content.startswith(_MAGIC):
            continue
        body = content[len(_MAGIC) + _DIGEST :]
        if hashed(body).digest() == content[len(_MAGIC) : len(_MAGIC) + _DIGEST]:
            entry, _, code = body.partition(b"\n")
            return code, entry.decode()
    return None


def write(name: str, code: bytes, entry: str) -> None:
    """Keeps object code under a key, if the folder allows it and is the user's own. Whoever may read the folder may read the file."""
    folder = writable_folder()
    if folder is None:
        return
    body = entry.encode() + b"\n" + code
    from tempfile import mkstemp

    try:
        _sweep(folder)
        handle, temporary = mkstemp(prefix=".", suffix=".part", dir=folder)
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(_MAGIC + hashed(body).digest() + body)
            if sys.platform != "win32":
                os.chmod(temporary, 0o600 | folder.stat().st_mode & 0o044)
            os.replace(temporary, folder / name)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
            raise
    except OSError:
        return  # read-only, full or missing: the loop stays in memory


def _sweep(folder: Path) -> None:
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
    path = None if folder is None else folder / f"{name}.lock"
    handle, begun, pause = -1, time.monotonic(), _POLL
    before = _stamp(folder, name)
    while path is not None and handle < 0 and time.monotonic() < begun + _WAIT and _stamp(folder, name) == before:
        try:
            handle = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if not os.path.samestat(os.fstat(handle), os.stat(path)):  # removed by its last holder in between: no lock of anybody
                raise BlockingIOError
        except (BlockingIOError, FileNotFoundError):
            handle = _closed(handle)
            time.sleep(pause)
            pause = min(max(_POLL, (time.monotonic() - begun) / 8), 16 * _POLL)  # hundreds may wait, and the one that compiles needs the processor
        except OSError:  # no locks here (some network folders), or no files
            handle, path = _closed(handle), None
    try:
        yield
    finally:
        if handle >= 0 and path is not None:
            with contextlib.suppress(OSError):
                os.unlink(path)
            _closed(handle)


def _stamp(folder: Path | None, name: str) -> tuple[int, int] | None:
    """Changes when the file under a key is written anew."""
    try:
        found = os.stat(folder / name) if folder is not None else None
    except OSError:
        return None
    return None if found is None else (found.st_ino, found.st_mtime_ns)


def _closed(handle: int) -> int:
    if handle >= 0:
        os.close(handle)
    return -1


def _trusted_content(folder: Path, name: str) -> bytes | None:
    """A file's bytes if it is a regular file, no link, and it and its folder can be written by this user (or root) only."""
    try:
        if not _trusted(folder.stat()):
            return None
        handle = os.open(folder / name, os.O_RDONLY | sum(getattr(os, flag, 0) for flag in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_BINARY")))
    except OSError:
        return None
    found = os.fstat(handle)
    if not stat.S_ISREG(found.st_mode) or not _trusted(found):  # a folder could not even be made a stream
        _closed(handle)
        return None
    with os.fdopen(handle, "rb") as stream:
        return stream.read()


def _trusted(found: os.stat_result) -> bool:
    """Owned by this user or root, and writable by nobody else."""
    if sys.platform == "win32":
        return True  # access there is by lists, not by mode; the cache lies in the user's own profile
    return found.st_uid in (os.getuid(), 0) and not found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)

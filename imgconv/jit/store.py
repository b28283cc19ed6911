"""Machine code kept on disk: one file a loop and its types, under the user's cache folder.

A file is used only if it is whole (checksum) and nobody else could have written it or its folder;
anything wrong is compiled again, never trusted. A folder that cannot be written only means that
loops are compiled in memory.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from imgconv.loops import Loop

_MAGIC = b"imgconv loop 1\n"
_DIGEST = hashlib.sha256().digest_size
_WAIT = 30.0  # seconds a process waits for another that compiles the same loop


def folders() -> list[Path]:
    """Where machine code is kept: the first is written to, all are read.

    IMGCONV_CACHE_DIR names them, else the platform's place for caches is taken.
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
    return [Path(base, "imgconv")]


def key(loop: Loop, kinds: Mapping[str, str]) -> str:
    """A name that changes with everything that could change the machine code."""
    digest = hashlib.sha256(_environment())
    digest.update(repr((loop.name, sorted(kinds.items()))).encode())
    return f"{loop.name}-{digest.hexdigest()[:32]}"


@cache
def _environment() -> bytes:
    """Sources of loops and compiler, versions of Numba and llvmlite, the processor, and Numba's variables."""
    import llvmlite.binding as llvm

    digest = hashlib.sha256()
    here = Path(__file__).parent
    for source in sorted([*here.parent.joinpath("loops").glob("*.py"), here / "compile.py"]):
        digest.update(source.read_bytes())
    for package in ("numba", "llvmlite"):
        found = find_spec(package)
        if found is not None and found.origin:  # importlib.metadata would cost 30 ms
            digest.update(Path(found.origin).with_name("_version.py").read_bytes())
    variables = sorted(f"{name}={value}" for name, value in os.environ.items() if name.startswith("NUMBA_"))
    digest.update(repr((sys.version_info[:2], llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten(), variables)).encode())
    return digest.digest()


def read(name: str) -> tuple[bytes, str] | None:
    """Object code and entry kept under a key, or None where there is none that may be used."""
    for folder in folders():
        content = _trusted_content(folder, name)
        if content is None or not content.startswith(_MAGIC):
            continue
        body = content[len(_MAGIC) + _DIGEST :]
        if hashlib.sha256(body).digest() == content[len(_MAGIC) : len(_MAGIC) + _DIGEST]:
            entry, _, code = body.partition(b"\n")
            return code, entry.decode()
    return None


def write(name: str, code: bytes, entry: str) -> None:
    """Keeps object code under a key, if the folder allows it and is the user's own."""
    folder = folders()[0]
    body = entry.encode() + b"\n" + code
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not _trusted(folder.stat()):
            return
        handle, temporary = tempfile.mkstemp(prefix=".", suffix=".part", dir=folder)
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(_MAGIC + hashlib.sha256(body).digest() + body)
            os.replace(temporary, folder / name)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
            raise
    except OSError:
        return  # read-only, full or missing: the loop stays in memory


@contextlib.contextmanager
def lock(name: str) -> Iterator[None]:
    """Held while a loop is compiled, so that of many cold processes one compiles and the others wait (at most 30 s).

    The lock dies with its process; where there can be none, everybody compiles.
    """
    try:
        import fcntl
    except ImportError:  # Windows: compiling twice costs a second, a wrong lock would cost more
        yield
        return
    try:
        folders()[0].mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(folders()[0] / f"{name}.lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError:
        yield
        return
    try:
        until = time.monotonic() + _WAIT
        while time.monotonic() < until:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except OSError:
                time.sleep(0.02)
        yield
    finally:
        os.close(handle)


def _trusted_content(folder: Path, name: str) -> bytes | None:
    """A file's bytes if it is a regular file, no link, and it and its folder can be written by this user (or root) only."""
    try:
        if not _trusted(folder.stat()):
            return None
        handle = os.open(folder / name, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0))
    except OSError:
        return None
    with os.fdopen(handle, "rb") as stream:
        found = os.fstat(stream.fileno())
        return stream.read() if stat.S_ISREG(found.st_mode) and _trusted(found) else None


def _trusted(found: os.stat_result) -> bool:
    """Owned by this user or root, and writable by nobody else."""
    if sys.platform == "win32":
        return True  # access there is by lists, not by mode; the cache lies in the user's own profile
    return found.st_uid in (os.getuid(), 0) and not found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)

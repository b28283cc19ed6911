"""What kept machine code is called: a name that changes with everything that could change the code."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from functools import cache
from importlib.util import find_spec
from typing import Any

from imgconv import errors
from imgconv.loops import Loop
from imgconv.values.frozen import record

try:
    from _blake2 import blake2b  # what hashlib has, without OpenSSL, which takes 2 ms to load
except ImportError:
    from hashlib import blake2b

DIGEST = 32  # bytes
PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
ELSEWHERE = (
    "files/deflate/huffman.py",
    "files/deflate/loops.py",
    "files/png/filter_loops.py",
    "files/png/unfilter_loops.py",
    "files/tiff/lzw_loops.py",
    "files/tiff/packbits_loops.py",
    "jit/arguments.py",
    "jit/channel_tiles.py",
    "jit/compile.py",
    "jit/intrinsics.py",
    "jit/quantising.py",
    "jit/stacks.py",
    "jit/tiles.py",
)
"""Sources beside the folder `loops` that machine code depends on: loops of formats, and what compiles them."""


@record
class Machine:
    """A processor as LLVM names it, and what it can beyond (or short of) its name."""

    name: str
    features: str = ""


def hashed(content: bytes = b"") -> blake2b:
    """A hash that can be added to."""
    return blake2b(content, digest_size=DIGEST)


def key(loop: Loop, types: Mapping[str, str], machine: Machine) -> str:
    """A name that changes with everything that could change the machine code."""
    digest = hashed(environment())
    digest.update(repr((loop.name, sorted(types.items()), machine.name, machine.features)).encode())
    return f"{loop.name}-{digest.hexdigest()[:32]}"


@cache
def environment() -> bytes:
    """Sources of loops and compiler, versions of Numba and llvmlite, Numba's variables, system and architecture."""
    digest = hashed()
    for source in _sources():
        digest.update(source)
    for package in ("numba", "llvmlite"):
        spec = find_spec(package)
        if spec is not None and spec.origin:  # importlib.metadata would cost 30 ms
            digest.update(_bytes(os.path.join(os.path.dirname(spec.origin), "_version.py")))
    variables = sorted(f"{name}={value}" for name, value in os.environ.items() if name.startswith("NUMBA_"))
    system = sys.platform, architecture(), sys.maxsize, sys.byteorder
    digest.update(repr((sys.version_info[:2], system, variables)).encode())
    return digest.digest()


def _sources() -> list[bytes]:
    """Of all loops, in the order of their names, and of what compiles them."""
    read: Callable[[str], bytes]
    try:
        names, read = sorted(os.listdir(os.path.join(PACKAGE, "loops"))), _bytes
    except NotADirectoryError:
        names, read = _archived()
    except FileNotFoundError:
        raise _sources_missing() from None
    loops = [f"loops/{name}" for name in names if name.endswith(".py")]
    return [read(os.path.join(PACKAGE, *name.split("/"))) for name in (*loops, *ELSEWHERE)]


def _sources_missing() -> errors.FileError:
    return errors.FileError(
        f"{PACKAGE}: the loops' sources are missing, from which machine code is compiled; install imgconv as a package"
        " or put its .py files there"
    )


def _archived() -> tuple[list[str], Callable[[str], bytes]]:
    """The names of loops' sources, and what reads a file, in the archive that imgconv is imported from."""
    from zipfile import ZipFile

    loader: Any = __spec__.loader if __spec__ else None
    if not hasattr(loader, "archive"):
        raise _sources_missing()
    room = os.path.relpath(os.path.join(PACKAGE, "loops"), loader.archive).replace(os.sep, "/") + "/"
    with ZipFile(loader.archive) as archive:
        return sorted(name.removeprefix(room) for name in archive.namelist() if name.startswith(room)), loader.get_data


def architecture() -> str:
    """The kind of processor, as the system names it."""
    if hasattr(os, "uname"):
        return os.uname().machine.lower()
    import platform

    return platform.machine().lower()


def _bytes(path: str) -> bytes:
    with open(path, "rb", buffering=0) as stream:
        return stream.read()

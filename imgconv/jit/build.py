"""A loop's callable, by the first way that works: from the store, compiled and linked here, or run by Numba itself.

1. an object from the store, linked;
2. an object compiled now, tried in a child process, kept, and linked;
3. where an object cannot be made or linked, or with IMGCONV_JIT=stock: the entry in Numba's own engine.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Callable
from typing import Any

from imgconv import errors
from imgconv.jit import forks, keys, machine, store
from imgconv.jit.link import callable_at, lasting, link
from imgconv.loops import Loop
from imgconv.values.frozen import record

STORED, COMPILED, STOCK = "stored", "compiled", "stock"


@record
class Loaded:
    """One callable that this process has: of which loop and types, from where, in how many seconds."""

    loop: str
    types: tuple[tuple[str, str], ...]
    origin: str
    seconds: float


announce: Callable[[str | None, str], None] | None = None
"""Called once, before the first compilation of this process, with the folder that will keep the loops (None: none can)
and what is compiled first."""
log: list[Loaded] = []
"""What was loaded, in order."""
_announced: list[bool] = []


def make(loop: Loop, types: dict[str, str]) -> Any:
    """The loop as a ctypes function that releases the GIL; LoopError where no way works."""
    start = time.perf_counter()
    function, origin = _stock(loop, types) if stock_wanted() else _best(loop, types)
    log.append(Loaded(loop.name, tuple(sorted(types.items())), origin, time.perf_counter() - start))
    return function


def stock_wanted() -> bool:
    """Whether IMGCONV_JIT asks for Numba's own engine."""
    word = os.environ.get("IMGCONV_JIT", "") or "objects"
    if word not in ("objects", "stock"):
        raise errors.unknown("IMGCONV_JIT", word, ["objects", "stock"])
    return word == "stock"


def _best(loop: Loop, types: dict[str, str]) -> tuple[Any, str]:
    try:
        function = _stored(loop, types)
        function, origin = (function, STORED) if function is not None else _compiled(loop, types)
    except errors.ObjectError:
        return _stock(loop, types)
    if "llvmlite" in sys.modules:
        machine.remember()
    return function, origin


def _stored(loop: Loop, types: dict[str, str]) -> Any:
    """The loop from the store; None where nothing is kept that can be linked: it is compiled again."""
    for processor in machine.readable():
        stored = store.read(keys.key(loop, types, processor))
        if stored is not None:
            with contextlib.suppress(errors.ObjectError):
                return link(loop, *stored, stored=True)
    return None


def _compiled(loop: Loop, types: dict[str, str]) -> tuple[Any, str]:
    """The loop compiled now, or by another process meanwhile; ObjectError where there can be no object of it that
    links."""
    _prepare()
    name = keys.key(loop, types, machine.target())
    with store.lock(name):
        function = _stored(loop, types)
        if function is not None:
            return function, STORED
        _announce(store.writable_folder(), loop, types)
        from imgconv.jit.trial import Trial

        with Trial() as trial:  # gets ready while this process compiles
            from imgconv.jit.compile import compile_loop

            code, entry = compile_loop(loop, types)
            if trial.passed(loop, types, code, entry) and lasting(code, entry):
                store.write(name, code, entry)
    return link(loop, code, entry), COMPILED


def _stock(loop: Loop, types: dict[str, str]) -> tuple[Any, str]:
    _prepare()
    from imgconv.jit.compile import stock_address

    _announce(None, loop, types)
    return callable_at(loop, stock_address(loop, types)), STOCK


def _prepare() -> None:
    """Before a compiler is loaded."""
    if forks.midway():
        raise errors.LoopError(
            "this process was forked while another thread was compiling, and cannot compile by itself; fork later, or"
            " compile ahead ('imgconv warm')"
        )
    forks.watch()


def _announce(folder: str | None, loop: Loop, types: dict[str, str]) -> None:
    if announce is not None and not _announced:
        _announced.append(True)
        pixels = types.get("src")
        announce(folder, f"{loop.name} for {pixels} pixels" if pixels else loop.name)

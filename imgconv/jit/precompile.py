"""A loop that will be needed soon is compiled by another process meanwhile: a cold run waits for the longest
compilation, not for their sum.

The store's lock does the rest: whoever needs the loop while it is being compiled waits for it there.
"""

from __future__ import annotations

import os
import sys
from typing import Any

from imgconv.jit import build, keys, machine, plain_python, store
from imgconv.loops import Loop

running: list[Any] = []
"""The processes that were started: nobody waits for them, but who forgets one is warned of it."""


def compile_ahead(loop: Loop, types: dict[str, str]) -> bool:
    """Has a process of its own compile a loop and keep it, unless it is kept already (then the answer is True) or could
    not be."""
    if plain_python() or build.stock_wanted():
        return False
    if any(store.has(keys.key(loop, types, processor)) for processor in machine.readable()):
        return True
    if (os.cpu_count() or 1) >= 2 and store.writable_folder() is not None:
        _start(loop, types)
    return False


def _start(loop: Loop, types: dict[str, str]) -> None:
    module = loop.make.__module__
    name = next((name for name, value in vars(sys.modules[module]).items() if value is loop), None)
    if name is None:
        return
    from imgconv.jit import process

    script = f"from {module} import {name}; from imgconv.jit import build; build.make({name}, {types!r})"
    child = process.started(script, ("numpy", "numba", "llvmlite"), process.NOWHERE)
    if child is not None:  # else this one compiles by itself
        running.append(child)

"""Compiled loops: `build` compiles, tries, stores and links them; `bind` is the only way to call one.

`bind` checks every argument, keeps the arrays alive, and gives a call `(first, last)` that fills
one band. With IMGCONV_NO_JIT=1 the same body runs as plain Python.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from imgconv.errors import LoopError
from imgconv.jit import build, forks, machine, store
from imgconv.jit.delegation import delegated
from imgconv.jit.keys import Machine
from imgconv.loops import Loop, extents, grouped, parameters

_functions: dict[tuple[str, tuple[tuple[str, str], ...]], Any] = {}


def plain_python() -> bool:
    """Whether loops run uncompiled, for coverage and debuggers."""
    return os.environ.get("IMGCONV_NO_JIT", "") not in ("", "0")


def multiplies_bytes() -> bool:
    """Whether loops may use tiles (`loops.tiles`); as plain Python they do where this machine would, so that results
    are the same."""
    return machine.multiplies_bytes() and (plain_python() or _tiles_can_be_kept())


def instructions() -> tuple[str, ...]:
    """The rows of INSTRUCTIONS that loops may use, the best first; as plain Python they use those that this machine
    would.

    Where loops were compiled ahead for a baseline, these are the baseline's.
    """
    if plain_python():
        return machine.instructions(machine.target())
    return _instructions(machine.target())


@cache
def _instructions(target: Machine) -> tuple[str, ...]:
    found = machine.instructions(target)
    if ahead := [name for name in store.made_ahead() if name != target.name]:
        lists = [machine.instructions(Machine(name)) for name in ahead]
        return tuple(name for name in found if any(name in names for names in lists))
    return found if not store.holds() or store.holds("stacked_products") or store.writable_folder() else ()


@cache
def _tiles_can_be_kept() -> bool:
    """False where loops were compiled ahead for a baseline, which has no tiles, or are kept in folders that cannot be
    written: each run, or each container, would compile again what it can do without."""
    if store.holds("byte_products"):
        return True
    return not store.made_ahead() and (not store.holds() or store.writable_folder() is not None)


def bind(loop: Loop, types: Mapping[str, str], arguments: Mapping[str, Any]) -> Callable[[int, int], None]:
    """The loop for the types `types`, bound to `arguments`: a call that fills the rows first…last-1.

    `arguments` holds every argument but `first`; its `last` is the greatest that will be passed.
    Raises LoopError for an array of the wrong type, layout, size or permission.
    """
    _check(loop, types, arguments)
    if plain_python():
        import numpy as np

        body = loop.make(**types)
        flat = {one.name: arguments[one.name] for one in parameters(loop)}
        groups = grouped(loop, {n: v.reshape(-1) if isinstance(v, np.ndarray) else v for n, v in flat.items()})

        def run_body(first: int, last: int) -> None:
            with np.errstate(all="ignore"):  # compiled sums wrap silently too
                body(*groups, first, last)

        return run_body
    function = _function(loop, types)
    passed = list[int]()
    for one in parameters(loop):
        value = arguments[one.name]
        passed += (value.ctypes.data, value.size) if one.type else (int(value),)
    result, exception = ctypes.c_void_p(), ctypes.c_void_p()

    def run(first: int, last: int, alive: Any = arguments) -> None:
        status = function(ctypes.addressof(result), ctypes.addressof(exception), *passed, first, last)
        if status:
            raise LoopError(f"the loop {loop.name} stopped with status {status}; no result was made")

    return run


def bind_open(
    loop: Loop, types: Mapping[str, str], arguments: Mapping[str, Any], left_open: tuple[str, ...]
) -> Callable[..., None]:
    """The compiled loop, bound to `arguments` but for those `left_open`: a call that takes their addresses and fills
    all rows.

    What is passed must be like what `arguments` holds for it: of its type and size, contiguous and aligned.
    Raises LoopError as `bind` does.
    """
    _check(loop, types, arguments)
    function = _function(loop, types)
    passed, places = list[Any](), list[int]()
    for one in parameters(loop):
        value = arguments[one.name]
        if one.name in left_open:
            places.append(len(passed))
        passed += (
            (ctypes.c_void_p(value.ctypes.data), ctypes.c_ssize_t(value.size))
            if one.type
            else (ctypes.c_ssize_t(int(value)),)
        )
    outcome = ctypes.c_void_p(), ctypes.c_void_p()
    passed = [*map(ctypes.byref, outcome), *passed, ctypes.c_ssize_t(0), ctypes.c_ssize_t(int(arguments["last"]))]
    places = [2 + place for place in places]
    alive = {name: value for name, value in arguments.items() if name not in left_open}

    def run(*addresses: int, _alive: Any = (alive, outcome)) -> None:
        given = passed.copy()  # a signal's handler may come here too
        for place, address in zip(places, addresses):  # noqa: B905 (a microsecond counts)
            given[place] = address
        status = function(*given)
        if status:
            raise LoopError(f"the loop {loop.name} stopped with status {status}; no result was made")

    return run


def _check(loop: Loop, types: Mapping[str, str], arguments: Mapping[str, Any]) -> None:
    import numpy as np  # here, so that looking at the store does not load it

    needed = extents(loop, arguments)
    for one in parameters(loop):
        if not one.type:
            continue
        array, expected = arguments[one.name], types.get(one.type, one.type)
        if not isinstance(array, np.ndarray):
            fault = f"that is no array but {type(array).__name__}"
        elif not array.dtype.isnative or array.dtype.type is not getattr(np, expected):
            fault = f"of type {array.dtype}, not {expected}"
        elif not array.flags.c_contiguous or not array.flags.aligned:
            fault = "that is not contiguous"
        elif one.access and not array.flags.writeable:
            fault = "that cannot be written"
        elif array.size < needed[one.name]:
            fault = f"of {array.size} elements where {needed[one.name]} are needed"
        else:
            continue
        raise LoopError(f"the loop {loop.name} got {one.name} {fault}")


def _function(loop: Loop, types: Mapping[str, str]) -> Any:
    key = loop.name, tuple(sorted(types.items()))
    if key in _functions:  # without the lock: another thread may be compiling for seconds
        return _functions[key]
    return delegated(_callable, key, loop, types)


def _callable(key: tuple[str, tuple[tuple[str, str], ...]], loop: Loop, types: Mapping[str, str]) -> Any:
    with forks.alone():
        if key not in _functions:
            _functions[key] = build.make(loop, dict(types))
        return _functions[key]

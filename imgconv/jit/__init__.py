"""Compiled loops (`compile` → `check` → `store` → `link`; `make` goes the road): the one door through which they are
entered.

`bind` checks every argument, keeps the arrays alive, and gives a call `(first, last)` that fills
one band. With IMGCONV_NO_JIT=1 the same body runs as plain Python.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from imgconv import errors
from imgconv.jit import build, forks, machine, store
from imgconv.jit.delegation import delegated
from imgconv.loops import Loop, Parameter

_functions: dict[tuple[str, tuple[tuple[str, str], ...]], Any] = {}


def plain_python() -> bool:
    """Whether loops run uncompiled, for coverage and debuggers."""
    return os.environ.get("IMGCONV_NO_JIT", "") not in ("", "0")


def multiplies_bytes() -> bool:
    """Whether loops may use tiles (`loops.tiles`); as plain Python they do where this machine would, so that results
    are the same."""
    return machine.multiplies_bytes() and (plain_python() or _tiles_can_be_kept())


@cache
def _tiles_can_be_kept() -> bool:
    """False where loops were compiled ahead for a baseline, which has no tiles, or are kept in folders that cannot be
    written: each run, or each container, would compile again what it can do without."""
    if store.holds("dots"):
        return True
    return not store.made_ahead() and (not store.holds() or store.writable_folder() is not None)


def bind(loop: Loop, kinds: Mapping[str, str], arguments: Mapping[str, Any]) -> Callable[[int, int], None]:
    """The loop for the types `kinds`, bound to `arguments`: a call that fills the rows first…last-1.

    `arguments` holds every parameter but `first`; its `last` is the greatest that will be asked for.
    Raises LoopError for an array of the wrong type, layout, size or permission.
    """
    values = {**arguments, "first": 0}
    _check(loop, kinds, values)
    if plain_python():
        import numpy as np

        body = loop.make(**kinds)
        given = [
            values[parameter.name].reshape(-1) if parameter.type else values[parameter.name]
            for parameter in loop.parameters[:-2]
        ]

        def run_body(first: int, last: int) -> None:
            with np.errstate(all="ignore"):  # compiled sums wrap silently too
                body(*given, first, last)

        return run_body
    function = _function(loop, kinds)
    passed = [values[p.name].ctypes.data if p.type else int(values[p.name]) for p in loop.parameters[:-2]]
    result, exception = ctypes.c_void_p(), ctypes.c_void_p()

    def run(first: int, last: int, alive: Any = values) -> None:
        status = function(ctypes.addressof(result), ctypes.addressof(exception), *passed, first, last)
        if status:
            raise errors.LoopError(f"the loop {loop.name} stopped with status {status}; no result was made")

    return run


def _check(loop: Loop, kinds: Mapping[str, str], values: Mapping[str, Any]) -> None:
    import numpy as np  # here, so that looking at the store does not load it

    needed = loop.extents(values)
    for parameter in loop.parameters:
        value = values[parameter.name]
        if not parameter.type:
            continue
        expected = kinds.get(parameter.type, parameter.type)
        if (
            not isinstance(value, np.ndarray)
            or not value.dtype.isnative
            or value.dtype.type is not getattr(np, expected)
        ):
            raise _argument_error(loop, parameter, f"of type {getattr(value, 'dtype', type(value))}, not {expected}")
        if not value.flags.c_contiguous or not value.flags.aligned:
            raise _argument_error(loop, parameter, "that is not contiguous")
        if parameter.writes and not value.flags.writeable:
            raise _argument_error(loop, parameter, "that cannot be written")
        if value.size < needed[parameter.name]:
            raise _argument_error(
                loop, parameter, f"of {value.size} elements where {needed[parameter.name]} are needed"
            )


def _argument_error(loop: Loop, parameter: Parameter, reason: str) -> errors.LoopError:
    return errors.LoopError(f"the loop {loop.name} got {parameter.name} {reason}")


def _function(loop: Loop, kinds: Mapping[str, str]) -> Any:
    key = loop.name, tuple(sorted(kinds.items()))
    if key in _functions:  # without the lock: another thread may be compiling for seconds
        return _functions[key]
    return delegated(_made, key, loop, kinds)


def _made(key: tuple[str, tuple[tuple[str, str], ...]], loop: Loop, kinds: Mapping[str, str]) -> Any:
    with forks.alone():
        if key not in _functions:
            _functions[key] = build.make(loop, dict(kinds))
        return _functions[key]

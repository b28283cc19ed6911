"""The bodies that walk pixels: arrays and integers in, `out` filled, nothing allocated.

A body is written once and runs twice: compiled by Numba, and as plain Python under
IMGCONV_NO_JIT=1. So it takes views only through `view`, casts every value on store,
calls only functions marked `helper` or `intrinsic`, and addresses rows by slices from 0 to n (a signed
index expression would keep Numba from vectorising). Bodies never see a border's name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from imgconv.values.frozen import record

Body = Callable[..., None]


def intrinsic(function: Any) -> Any:
    """Marks a function that has a compiled twin of the same name in `jit/intrinsics`; what is marked is the twin in
    plain Python."""
    function.is_loop_intrinsic = True
    return function


@intrinsic
def view(buffer: Any, count: int) -> Any:
    """The first `count` elements behind a pointer; this is the plain-Python twin of Numba's carray."""
    return buffer[:count]


@intrinsic
def put_word(buffer: Any, at: int, value: Any) -> None:
    """64 bits into eight bytes, wherever they begin, the lowest byte first."""
    buffer[at : at + 8] = bytearray(int(value).to_bytes(8, "little"))


@intrinsic
def take_word(buffer: Any, at: int) -> Any:
    """The 64 bits of eight bytes, wherever they begin, the lowest byte first."""
    import numpy as np

    return np.uint64(int.from_bytes(bytes(buffer[at : at + 8]), "little"))


def helper(function: Any) -> Any:
    """Marks a function that bodies call, so that the compiler compiles it too."""
    function.is_loop_helper = True
    return function


def subroutine(function: Any) -> Any:
    """Marks a function that bodies call, and that is compiled once and not at every call: a long one, or one called
    often."""
    function.is_loop_subroutine = True
    return function


@record
class Parameter:
    """One argument of a body: an integer (`type` ""), or an array of a type, read or written.

    `type` is a NumPy type name or one of the loop's own type words (`src`, `acc`, `out`).
    """

    name: str
    type: str = ""
    writes: bool = False


@record
class Loop:
    """A declared body: `make(**types)` gives it, `parameters` are its arguments in order.

    The last two arguments are always `first` and `last`: the band of output rows to fill.
    `extents(arguments)` gives the least number of elements each array must have.
    """

    name: str
    make: Callable[..., Body]
    parameters: tuple[Parameter, ...]
    extents: Callable[[Mapping[str, Any]], Mapping[str, int]]


def parameters(specification: str) -> tuple[Parameter, ...]:
    """Parameters from a line such as `source:src out:=out width`: `=` is written, no type is an integer."""
    found = []
    for word in specification.split():
        name, _, type_ = word.partition(":")
        found.append(Parameter(name, type_.removeprefix("="), type_.startswith("=")))
    return tuple(found)

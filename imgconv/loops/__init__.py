"""The bodies that walk pixels: arrays and numbers in, results filled, nothing allocated; and how they are declared.

A body is written once and runs twice: compiled by Numba, and as plain Python under IMGCONV_NO_JIT=1. So it takes what
its declaration names and nothing else, casts every value on store, calls only functions marked `helper`, `subroutine`
or `intrinsic`, and addresses rows by slices from 0 to n (a signed index expression would keep Numba from vectorising).
Bodies never see a border's name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, NamedTuple

from imgconv.values.frozen import record

Body = Callable[..., None]


def intrinsic(function: Any) -> Any:
    """Marks a function that has a compiled twin of the same name in `jit/intrinsics`; what is marked is the twin in
    plain Python."""
    function.is_loop_intrinsic = True
    return function


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
class Group:
    """Arguments that belong together, of which a body gets a named tuple.

    `fields` declares them by one word each: an integer by its name, an array as `name:type[extent]`, with `:=` if it is
    written and `:~` if it is a working array, which each thread gets for itself. The type is a NumPy type name or one
    of the loop's own type words (`src`, `acc`, `out`). The extent is the least number of elements, an expression of the
    loop's integers. The field `rows` of the group `ring` is the argument `ring_rows`.
    """

    name: str
    fields: str


@record
class Numbers:
    """Numbers of one type, which a caller passes as one array and a body gets as a named tuple."""

    name: str
    type: str
    fields: str

    def array(self, type_: str, **values: Any) -> Any:
        """The array, from a value for each field."""
        import numpy as np

        return np.array([values[field] for field in self.fields.split()], type_)

    def value(self, array: Any, field: str) -> float:
        """One field of such an array."""
        return float(array[self.fields.split().index(field)])


@record(eq=False)
class Loop:
    """A declared body, which `make(**types)` gives.

    Its arguments are groups, numbers, and texts that declare arguments outside of any group as `Group.fields` does;
    then `first` and `last`, the band of output rows to fill.
    """

    name: str
    make: Callable[..., Body]
    arguments: tuple[Group | Numbers | str, ...]


class Parameter(NamedTuple):
    """One argument of a loop's machine code: an integer (`type` ""), or an array."""

    name: str
    type: str
    access: str
    """"=" for an array that is written, "~" for a working array."""
    extent: str


_DECLARED = re.compile(r"(\w+)(?::([=~]?)(\w+)\[([^\]]*)\])?")


def fields_of(argument: Group | Numbers | str) -> list[Parameter]:
    """What is declared in one argument of a loop."""
    if isinstance(argument, Numbers):
        return [Parameter(argument.name, argument.type, "", str(len(argument.fields.split())))]
    prefix, text = (f"{argument.name}_", argument.fields) if isinstance(argument, Group) else ("", argument)
    return [Parameter(prefix + name, type_, access, extent) for name, access, type_, extent in _DECLARED.findall(text)]


@cache
def parameters(loop: Loop) -> tuple[Parameter, ...]:
    """What a loop's machine code takes, in order, before `first` and `last`."""
    return tuple(one for argument in loop.arguments for one in fields_of(argument))


def extents(loop: Loop, integers: Mapping[str, Any]) -> dict[str, int]:
    """The least number of elements that each array must have, for the values of the loop's integers and `last`."""
    names, code = _extent_code(loop)
    return dict(zip(names, eval(code, {"max": max}, integers), strict=True))  # declared in this package


@cache
def _extent_code(loop: Loop) -> tuple[list[str], Any]:
    arrays = [one for one in parameters(loop) if one.type]
    code = compile(f"({', '.join(one.extent for one in arrays)},)", f"<extents of {loop.name}>", "eval")
    return [one.name for one in arrays], code


@cache
def tuple_of(argument: Group | Numbers) -> type[tuple[Any, ...]]:
    """The class of what a body gets of a group, or of numbers."""
    from collections import namedtuple

    fields = argument.fields if isinstance(argument, Numbers) else _DECLARED.sub(r"\1", argument.fields)
    return namedtuple(argument.name, fields)


def grouped(loop: Loop, values: Mapping[str, Any]) -> list[Any]:
    """What a body gets, before `first` and `last`, where it runs as plain Python: from flat arrays and integers."""
    result = []
    for argument in loop.arguments:
        if isinstance(argument, Numbers):
            result.append(tuple_of(argument)(*values[argument.name]))
            continue
        fields = [values[one.name] for one in fields_of(argument)]
        result += [tuple_of(argument)(*fields)] if isinstance(argument, Group) else fields
    return result

"""A loop's arguments as Numba's types, and what machine code takes of each.

Machine code takes pointers and integers alone: of an array, or of numbers, where it is and how many elements it has.
What a body sees of a pointer is an array without an owner, so that no references are counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from imgconv.loops import Group, Loop, Numbers, fields_of, tuple_of


def signature(loop: Loop, types: Mapping[str, str]) -> tuple[Any, ...]:
    """The types of all arguments of a body, `first` and `last` too."""
    from numba import types as numba_types

    array, numbers = _types()
    result = []
    for argument in loop.arguments:
        if isinstance(argument, Numbers):
            number = getattr(numba_types, types.get(argument.type, argument.type))
            kind = tuple_of(argument)
            result.append(numbers([number] * len(kind._fields), kind))  # type: ignore[attr-defined]
            continue
        members = [
            array(getattr(numba_types, types.get(one.type, one.type)), 1, "C") if one.type else numba_types.intp
            for one in fields_of(argument)
        ]
        result += [numba_types.NamedTuple(members, tuple_of(argument))] if isinstance(argument, Group) else members
    return *result, numba_types.intp, numba_types.intp


@cache
def _types() -> tuple[Any, Any]:
    """Numba's types of a loop's arrays and of its numbers, and how pointers become such."""
    from llvmlite import ir
    from numba import types
    from numba.core import cgutils
    from numba.extending import models, register_model

    class LoopArray(types.Array):  # type: ignore[misc]
        pass

    class LoopNumbers(types.NamedTuple):  # type: ignore[misc]
        pass

    @register_model(LoopArray)
    class ArrayModel(models.ArrayModel):  # type: ignore[misc]
        def get_argument_type(self) -> Any:
            return self._member("data"), self._member("nitems")

        def as_argument(self, builder: Any, value: Any) -> Any:
            return self.get(builder, value, "data"), self.get(builder, value, "nitems")

        def from_argument(self, builder: Any, value: Any) -> Any:
            data, count = value
            size = ir.Constant(count.type, self.fe_type.dtype.bitwidth // 8)
            array = ir.Constant(self.get_value_type(), None)  # no owner
            for name, field in (("nitems", count), ("itemsize", size), ("data", data)):
                array = self.set(builder, array, field, name)
            for name, field in (("shape", count), ("strides", size)):
                array = self.set(builder, array, cgutils.pack_array(builder, [field]), name)
            return array

        def _member(self, name: str) -> Any:
            return self.get_model(self.get_field_position(name)).get_value_type()

    @register_model(LoopNumbers)
    class NumbersModel(models.TupleModel):  # type: ignore[misc]
        def get_argument_type(self) -> Any:
            return self.get_model(0).get_value_type().as_pointer(), ir.IntType(64)

        def from_argument(self, builder: Any, value: Any) -> Any:
            numbers = ir.Constant(self.get_value_type(), ir.Undefined)
            for i in range(self.field_count):
                place = builder.gep(value[0], [ir.Constant(ir.IntType(64), i)])
                numbers = self.set(builder, numbers, builder.load(place), i)
            return numbers

    return LoopArray, LoopNumbers

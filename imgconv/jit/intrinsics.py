"""The compiled twins of functions that `loops` marks as intrinsics: what Numba cannot be told in Python, said in LLVM's
terms."""

from __future__ import annotations

from functools import cache
from typing import Any

from imgconv.jit import tiles


@cache
def intrinsics() -> dict[str, Any]:
    """All of them, by the names of their twins in plain Python."""
    from numba.extending import intrinsic

    found = {"view": _view, "put_word": _put_word, "take_word": _take_word} | tiles.generators()
    return {name: intrinsic(function) for name, function in found.items()}


def _view(typing_context: Any, buffer: Any, count: Any) -> Any:
    """Numba's carray, but as an intrinsic, since a function that returns an array needs reference counts."""
    from llvmlite import ir
    from numba import types
    from numba.core import cgutils
    from numba.np.arrayobj import make_array, populate_array

    array_type = types.Array(buffer.dtype, 1, "C")

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        pointer, length = arguments
        array = make_array(array_type)(context, builder)
        size = ir.Constant(
            context.get_value_type(types.intp), context.get_abi_sizeof(context.get_data_type(buffer.dtype))
        )
        shape, strides = cgutils.pack_array(builder, [length]), cgutils.pack_array(builder, [size])
        populate_array(array, data=pointer, shape=shape, strides=strides, itemsize=size, meminfo=None)
        return array._getvalue()

    return array_type(buffer, types.intp), generate


def _put_word(typing_context: Any, buffer: Any, at: Any, value: Any) -> Any:
    from numba import types

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        from llvmlite import ir

        buffer_, at_, value_ = arguments
        value_ = context.cast(builder, value_, value, types.uint64)
        builder.store(value_, tiles.place(context, builder, buffer, buffer_, at_, ir.IntType(64)), align=1)
        return context.get_dummy_value()

    return types.void(buffer, at, value), generate


def _take_word(typing_context: Any, buffer: Any, at: Any) -> Any:
    from numba import types

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        from llvmlite import ir

        buffer_, at_ = arguments
        return builder.load(tiles.place(context, builder, buffer, buffer_, at_, ir.IntType(64)), align=1)

    return types.uint64(buffer, at), generate

"""The compiled twins of functions that `loops` marks as intrinsics: what Numba cannot be told in Python."""

from __future__ import annotations

from functools import cache
from typing import Any

from imgconv.jit import channel_tiles, stacks, tiles


@cache
def intrinsics() -> dict[str, Any]:
    """All of them, by the names of their twins in plain Python."""
    from numba.extending import intrinsic

    twins = {"put_word": _put_word, "take_word": _take_word} | tiles.generators() | channel_tiles.generators()
    return {name: intrinsic(function) for name, function in twins.items()}


@cache
def intrinsic_of(twin: Any) -> Any:
    """The compiled twin of a function in plain Python, which may be one of a family."""
    if not hasattr(twin, "family"):
        return intrinsics()[twin.__name__]
    from numba.extending import intrinsic

    return intrinsic(stacks.FAMILIES[twin.family](*twin.form))


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

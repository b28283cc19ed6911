"""Tiles of pixels by output channels (`loops/tiles.py`) in LLVM's vectors: what the layers of networks do with one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from imgconv.jit.tiles import everywhere, number, place
from imgconv.loops.tiles import BLOCK


def generators() -> dict[str, Callable[..., Any]]:
    """The functions, by the names of their twins, as Numba's intrinsics want them."""
    return {
        "add_products": _add_products,
        "add_own_products": _add_own_products,
        "expect_outputs": _expect_outputs,
        "put_outputs": _put_outputs,
    }


def _multiply_add(builder: Any, vector: Any) -> Any:
    """LLVM's product and sum of vectors, in one instruction where the processor has it."""
    from llvmlite import ir
    from numba.core import cgutils

    return cgutils.get_or_insert_function(
        builder.module, ir.FunctionType(vector, [vector] * 3), f"llvm.fmuladd.v{BLOCK}f32"
    )


def _add_own_products(typing_context: Any, tile: Any, values: Any, at: Any, step: Any, weights: Any, w: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        sums, values_, at_, step_, weights_, w_ = arguments
        multiply_add = _multiply_add(builder, tile.vector)
        factor = builder.load(place(context, builder, weights, weights_, w_, tile.vector), align=4)
        for p in range(tile.rows):
            start = builder.add(at_, builder.mul(step_, number(p)))
            pixel = builder.load(place(context, builder, values, values_, start, tile.vector), align=4)
            sums = builder.insert_value(
                sums, builder.call(multiply_add, [pixel, factor, builder.extract_value(sums, p)]), p
            )
        return sums

    return tile(tile, values, at, step, weights, w), generate


def _add_products(typing_context: Any, tile: Any, values: Any, at: Any, step: Any, weights: Any, w: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        sums, values_, at_, step_, weights_, w_ = arguments
        multiply_add = _multiply_add(builder, tile.vector)
        factors = []
        for block in range(tile.blocks):
            start = builder.add(w_, number(BLOCK * block))
            factors.append(builder.load(place(context, builder, weights, weights_, start, tile.vector), align=4))
        for p in range(tile.rows):
            start = builder.add(at_, builder.mul(step_, number(p)))
            value = builder.load(place(context, builder, values, values_, start, tile.vector.element))
            pixel = everywhere(builder, value, tile.vector)
            for block, factor in enumerate(factors):
                here = p * tile.blocks + block
                sums = builder.insert_value(
                    sums, builder.call(multiply_add, [pixel, factor, builder.extract_value(sums, here)]), here
                )
        return sums

    return tile(tile, values, at, step, weights, w), generate


def _expect_outputs(typing_context: Any, tile: Any, result: Any, at: Any, row: Any) -> Any:
    from llvmlite import ir
    from numba import types
    from numba.core import cgutils

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        _, result_, at_, row_ = arguments
        byte, word = ir.IntType(8).as_pointer(), ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [byte, word, word, word])
        prefetch = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
        for p in range(tile.rows):
            for block in range(tile.blocks):
                start = builder.add(builder.add(at_, builder.mul(row_, number(p))), number(BLOCK * block))
                there = builder.bitcast(place(context, builder, result, result_, start, tile.vector), byte)
                builder.call(prefetch, [there, word(1), word(3), word(1)])  # to be written, soon, data
        return context.get_dummy_value()

    return types.void(tile, result, at, row), generate


def _put_outputs(
    typing_context: Any, tile: Any, biases: Any, b: Any, least: Any, result: Any, at: Any, row: Any
) -> Any:
    from numba import types

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        sums, biases_, b_, least_, result_, at_, row_ = arguments
        lowest = everywhere(builder, least_, tile.vector)
        for block in range(tile.blocks):
            here = builder.add(b_, number(BLOCK * block))
            bias = builder.load(place(context, builder, biases, biases_, here, tile.vector), align=4)
            for p in range(tile.rows):
                value = builder.fadd(builder.extract_value(sums, p * tile.blocks + block), bias)
                value = builder.select(builder.fcmp_ordered("<", value, lowest), lowest, value)
                start = builder.add(builder.add(at_, builder.mul(row_, number(p))), number(BLOCK * block))
                builder.store(value, place(context, builder, result, result_, start, tile.vector), align=4)
        return context.get_dummy_value()

    return types.void(tile, biases, b, least, result, at, row), generate

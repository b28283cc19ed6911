"""Stacks (`loops/stacks.py`) in LLVM's vectors: one generator for each function, one row of DOTS for each kind of
instruction."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from imgconv.jit.quantising import Quantising, float_finisher
from imgconv.jit.tiles import everywhere, number, place, tile_type, vector_of
from imgconv.loops.instructions import Instructions
from imgconv.loops.stacks import BLOCK

Generator = Callable[..., Any]


def _empty(rows: int, columns: int, type_: str) -> Generator:
    tile = tile_type()(rows, columns, type_)

    def empty(typing_context: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return context.get_constant_null(tile)

        return tile(), generate

    return empty


def _x86_bytes(bits: int) -> Generator:
    def dot(module: Any, builder: Any, sums: Any, pixels: Any, weights: Any) -> Any:
        kind = sums.type
        call = _intrinsic(module, f"llvm.x86.avx512.vpdpbusd.{bits}", kind, [kind] * 3)
        return builder.call(call, [sums, builder.bitcast(pixels, kind), builder.bitcast(weights, kind)])

    return dot


def _x86_add_up(name: str) -> Generator:
    def dot(module: Any, builder: Any, sums: Any, pixels: Any, weights: Any) -> Any:
        call = _intrinsic(module, name, sums.type, [pixels.type] * 2)
        return builder.add(sums, builder.call(call, [pixels, weights]))

    return dot


def _arm_bytes(name: str) -> Generator:
    def dot(module: Any, builder: Any, sums: Any, pixels: Any, weights: Any) -> Any:
        call = _intrinsic(module, f"llvm.aarch64.neon.{name}.v4i32.v16i8", sums.type, [sums.type] + [pixels.type] * 2)
        return builder.call(call, [sums, pixels, weights])

    return dot


DOTS: dict[str, Generator] = {
    "pairs256": _x86_add_up("llvm.x86.avx2.pmadd.ub.sw"),
    "bytes512": _x86_bytes(512),
    "bytes256": _x86_bytes(256),
    "bytes256vl": _x86_bytes(256),
    "usdot": _arm_bytes("usdot"),
    "sdot": _arm_bytes("sdot"),
    "words512": _x86_add_up("llvm.x86.avx512.pmaddw.d.512"),
    "words256": _x86_add_up("llvm.x86.avx2.pmadd.wd"),
}
"""Of each row of INSTRUCTIONS: a vector of its sums plus products of stacks of pixels and of weights."""


def _intrinsic(module: Any, name: str, result: Any, arguments: list[Any]) -> Any:
    from llvmlite import ir
    from numba.core import cgutils

    return cgutils.get_or_insert_function(module, ir.FunctionType(result, arguments), name)


def dots(row: Instructions, module: Any, builder: Any, sums: Any, pixels: Any, weights: Any) -> Any:
    """BLOCK sums plus products, by as many instructions as that takes."""
    parts, each = [], row.sums
    for start in range(0, BLOCK, each):
        own = [
            _part(builder, vector, start * count, each * count)
            for vector, count in ((sums, 1), (pixels, row.stack), (weights, row.stack))
        ]
        parts.append(DOTS[row.name](module, builder, *own))
    while len(parts) > 1:
        parts = [_joined(builder, low, high) for low, high in zip(parts[::2], parts[1::2], strict=True)]
    return parts[0]


def _part(builder: Any, vector: Any, start: int, count: int) -> Any:
    return vector if count == vector.type.count else builder.shuffle_vector(vector, vector, _places(start, count))


def _joined(builder: Any, low: Any, high: Any) -> Any:
    return builder.shuffle_vector(low, high, _places(0, 2 * low.type.count))


def _places(start: int, count: int) -> Any:
    from llvmlite import ir

    return ir.Constant(vector_of(32, count), list(range(start, start + count)))


def _adder(row: Instructions) -> Generator:
    def add(typing_context: Any, tile: Any, lines: Any, at: Any, weights: Any, w: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            from llvmlite import ir

            sums, lines_, at_, weights_, w_ = arguments
            stacked = vector_of(row.bits, row.stack * BLOCK)
            numbers = []
            for r in range(tile.rows):
                one = builder.load(
                    place(context, builder, weights, weights_, builder.add(w_, number(r)), ir.IntType(32))
                )
                splat = everywhere(builder, one, vector_of(32, row.stack * BLOCK * row.bits // 32))
                numbers.append(builder.bitcast(splat, stacked))
            for block in range(tile.blocks):
                start = builder.add(at_, number(row.stack * BLOCK * block))
                pixels = builder.load(place(context, builder, lines, lines_, start, stacked), align=1)
                for r, weights_of_row in enumerate(numbers):
                    here = r * tile.blocks + block
                    done = dots(row, builder.module, builder, builder.extract_value(sums, here), pixels, weights_of_row)
                    sums = builder.insert_value(sums, done, here)
            return sums

        return tile(tile, lines, at, weights, w), generate

    return add


def _stacker(stack: int) -> Generator:
    def put_stacks(typing_context: Any, lines: Any, at: Any, pixels: Any, start: Any, apart: Any) -> Any:
        from numba import types

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            from llvmlite import ir

            lines_, at_, pixels_, start_, apart_ = arguments
            narrow, wide = pixels.dtype.bitwidth, lines.dtype.bitwidth
            parts = [
                builder.load(
                    place(context, builder, pixels, pixels_, builder.add(start_, builder.mul(apart_, number(g))),
                          vector_of(narrow)), align=1)
                for g in range(stack)
            ]  # fmt: skip
            while len(parts) > 1:  # of four: the first with the third, the second with the fourth, then both
                half = len(parts) // 2
                parts = [_interleaved(builder, parts[i], parts[half + i]) for i in range(half)]
            whole, kind = parts[0], vector_of(wide, stack * BLOCK)
            if wide > narrow:
                whole = (builder.sext if pixels.dtype.signed else builder.zext)(whole, kind)
            elif lines.dtype.signed and not pixels.dtype.signed:
                whole = builder.xor(whole, ir.Constant(kind, [1 << (wide - 1)] * (stack * BLOCK)))
            builder.store(whole, place(context, builder, lines, lines_, at_, kind), align=1)
            return context.get_dummy_value()

        return types.void(lines, at, pixels, start, apart), generate

    return put_stacks


def _interleaved(builder: Any, even: Any, odd: Any) -> Any:
    from llvmlite import ir

    count = even.type.count
    places = [end for i in range(count) for end in (i, count + i)]
    return builder.shuffle_vector(even, odd, ir.Constant(vector_of(32, 2 * count), places))


def _whole(builder: Any, tile: Any, registers: Any, digits: int, bits: int, r: int, block: int) -> Any:
    """A block of the sums that the digits of an output row come to, highest first."""
    from llvmlite import ir

    high, whole = tile.rows // digits, None
    for digit in range(digits):
        part = builder.extract_value(registers, (digit * high + r) * tile.blocks + block)
        if whole is not None:
            part = builder.add(builder.shl(whole, ir.Constant(vector_of(32), [bits] * BLOCK)), part)
        whole = part
    return whole


def _putter(digits: int, bits: int) -> Generator:
    def put(typing_context: Any, tile: Any, sums: Any, at: Any, row: Any, rest: Any) -> Any:
        from numba import types

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            registers, sums_, at_, row_, rest_ = arguments
            kind = vector_of(sums.dtype.bitwidth)
            more = everywhere(builder, builder.trunc(rest_, tile.vector.element), tile.vector)
            for r in range(tile.rows // digits):
                for block in range(tile.blocks):
                    start = builder.add(builder.add(at_, builder.mul(row_, number(r))), number(BLOCK * block))
                    vector = builder.add(_whole(builder, tile, registers, digits, bits, r, block), more)
                    vector = vector if vector.type == kind else builder.trunc(vector, kind)
                    there = place(context, builder, sums, sums_, start, kind)
                    builder.store(vector, there, align=sums.dtype.bitwidth // 8)
            return context.get_dummy_value()

        return types.void(tile, sums, at, row, rest), generate

    return put


def _scaler(digits: int, bits: int) -> Generator:
    def put(typing_context: Any, tile: Any, line: Any, at: Any, rest: Any, unit: Any) -> Any:
        from numba import types

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            from llvmlite import ir

            registers, line_, at_, rest_, unit_ = arguments
            floats = ir.VectorType(ir.FloatType(), BLOCK)
            more = everywhere(builder, builder.trunc(rest_, tile.vector.element), tile.vector)
            units = everywhere(builder, unit_, floats)
            for block in range(tile.blocks):
                whole = builder.add(_whole(builder, tile, registers, digits, bits, 0, block), more)
                vector = builder.fmul(builder.sitofp(whole, floats), units)
                start = builder.add(at_, number(BLOCK * block))
                builder.store(vector, place(context, builder, line, line_, start, floats), align=4)
            return context.get_dummy_value()

        return types.void(tile, line, at, rest, unit), generate

    return put


def _finisher(digits: int, bits: int, acc: str, out: str, quotient: str) -> Generator:
    def finish(
        typing_context: Any, tile: Any, results: Any, at: Any, row: Any, offset: Any, numbers: Any, seen: Any
    ) -> Any:
        from numba import types

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            registers, results_, at_, row_, offset_, numbers_, seen_ = arguments
            vectors = Quantising(builder, acc, out, quotient)
            vectors.take(builder.extract_value(numbers_, i) for i in range(5))
            places = [place(context, builder, seen, seen_, number(BLOCK * i), vectors.kind) for i in range(4)]
            watched = [builder.load(one, align=2) for one in places]
            more = everywhere(builder, builder.trunc(offset_, tile.vector.element), tile.vector)
            for r in range(tile.rows // digits):
                for block in range(tile.blocks):
                    total = builder.add(_whole(builder, tile, registers, digits, bits, r, block), more)
                    result, watched = vectors.quantised(total, watched)
                    start = builder.add(builder.add(at_, builder.mul(row_, number(r))), number(BLOCK * block))
                    builder.store(result, place(context, builder, results, results_, start, result.type), align=1)
            for there, vector in zip(places, watched, strict=True):
                builder.store(vector, there, align=2)
            return context.get_dummy_value()

        return types.void(tile, results, at, row, offset, numbers, seen), generate

    return finish


FAMILIES: dict[str, Callable[..., Generator]] = {
    "add": _adder,
    "empty": _empty,
    "finish": _finisher,
    "finish_floats": float_finisher,
    "put_joined": _putter,
    "put_scaled": _scaler,
    "put_stacks": _stacker,
}
"""The generators of functions, by the names of their twins' families, for a form."""

"""Tiles (`loops/tiles.py`) in LLVM's vectors: the compiled twins of what may be done with one."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from imgconv.loops import tiles
from imgconv.loops.tiles import BLOCK


def generators() -> dict[str, Callable[..., Any]]:
    """The functions, by the names of their twins, as Numba's intrinsics want them."""
    tile = tile_type()
    empty = {
        "empty_tile": tile(tiles.ROWS, tiles.COLUMNS, "int32"),
        "empty_digits": tile(tiles.DIGITS, tiles.DIGIT_COLUMNS, "int32"),
        "empty_floats": tile(tiles.FLOAT_ROWS, tiles.FLOAT_COLUMNS, "float32"),
        "empty_channels": tile(tiles.PIXELS, tiles.BLOCK, "float32"),
        "empty_more_channels": tile(tiles.PIXELS, 2 * tiles.BLOCK, "float32"),
    }
    steps: dict[str, Callable[..., Any]] = {
        "add_byte_products": _add_byte_products,
        "add_line": _add_line,
        "shifted": _shifted,
        "put": _put,
        "put_joined": _put_joined,
        "put_scaled": _put_scaled,
    }
    return steps | {name: _empty(kind) for name, kind in empty.items()}


def place(context: Any, builder: Any, array_type: Any, array: Any, at: Any, kind: Any) -> Any:
    """A pointer to a vector (or another kind of number) from an element of an array on."""
    data = context.make_array(array_type)(context, builder, array).data
    return builder.bitcast(builder.gep(data, [at]), kind.as_pointer())


@cache
def tile_type() -> Any:
    """Numba's type of tiles: vectors of one type of number, row after row."""
    from llvmlite import ir
    from numba import types
    from numba.extending import models, register_model

    class Tile(types.Type):  # type: ignore[misc]
        def __init__(self, rows: int, columns: int, element: str) -> None:
            self.rows, self.blocks, self.vector = (
                rows,
                columns // BLOCK,
                ir.VectorType(ir.FloatType(), BLOCK)
                if element == "float32"
                else vector_of(int(element.removeprefix("int"))),
            )
            super().__init__(name=f"Tile({rows}, {columns}, {element})")

    @register_model(Tile)
    class TileModel(models.PrimitiveModel):  # type: ignore[misc]
        def __init__(self, manager: Any, tile: Any) -> None:
            super().__init__(manager, tile, ir.ArrayType(tile.vector, tile.rows * tile.blocks))

    return Tile


def vector_of(bits: int, count: int = BLOCK) -> Any:
    """LLVM's type of so many whole numbers of so many bits."""
    from llvmlite import ir

    return ir.VectorType(ir.IntType(bits), count)


def number(value: int) -> Any:
    from llvmlite import ir

    return ir.Constant(ir.IntType(64), value)


def everywhere(builder: Any, value: Any, vector: Any) -> Any:
    """A vector of the same number."""
    from llvmlite import ir

    nothing = ir.Constant(vector, ir.Undefined)
    return builder.shuffle_vector(
        builder.insert_element(nothing, value, ir.Constant(ir.IntType(32), 0)),
        nothing,
        ir.Constant(vector_of(32, vector.count), [0] * vector.count),
    )


def _empty(tile: Any) -> Callable[..., Any]:
    def empty(typing_context: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return context.get_constant_null(tile)

        return tile(), generate

    return empty


def _add_byte_products(typing_context: Any, tile: Any, line: Any, at: Any, spread: Any, weights: Any, w: Any) -> Any:
    """By AVX-512: VPERMB brings each sum's four bytes together, VPDPBUSD multiplies and adds them up."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        from llvmlite import ir
        from numba.core import cgutils

        sums, line_, at_, spread_, weights_, w_ = arguments
        bytes_, lanes = vector_of(8, 64), vector_of(32)
        permute = cgutils.get_or_insert_function(
            builder.module, ir.FunctionType(bytes_, [bytes_, bytes_]), "llvm.x86.avx512.permvar.qi.512"
        )
        dot = cgutils.get_or_insert_function(
            builder.module, ir.FunctionType(lanes, [lanes] * 3), "llvm.x86.avx512.vpdpbusd.512"
        )
        patterns = [
            builder.load(place(context, builder, spread, spread_, number(64 * half), bytes_), align=1)
            for half in range(2)
        ]
        fours = []
        for r in range(tile.rows):
            four = builder.load(place(context, builder, weights, weights_, builder.add(w_, number(r)), ir.IntType(32)))
            fours.append(everywhere(builder, four, lanes))
        for pair in range(tile.blocks // 2):
            vector = builder.load(
                place(context, builder, line, line_, builder.add(at_, number(32 * pair)), bytes_), align=1
            )
            for half, pattern in enumerate(patterns):
                data = builder.bitcast(builder.call(permute, [vector, pattern]), lanes)
                for r, four in enumerate(fours):
                    here = r * tile.blocks + 2 * pair + half
                    sums = builder.insert_value(
                        sums, builder.call(dot, [builder.extract_value(sums, here), data, four]), here
                    )
        return sums

    return tile(tile, line, at, spread, weights, w), generate


def _add_line(typing_context: Any, tile: Any, line: Any, at: Any, weights: Any, w: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        sums, line_, at_, weights_, w_ = arguments
        factors = []
        for r in range(tile.rows):
            factor = builder.load(
                place(context, builder, weights, weights_, builder.add(w_, number(r)), tile.vector.element)
            )
            factors.append(everywhere(builder, factor, tile.vector))
        for block in range(tile.blocks):
            data = builder.load(
                place(context, builder, line, line_, builder.add(at_, number(BLOCK * block)), tile.vector), align=4
            )
            for r, factor in enumerate(factors):
                here = r * tile.blocks + block
                sums = builder.insert_value(
                    sums, builder.fadd(builder.extract_value(sums, here), builder.fmul(factor, data)), here
                )
        return sums

    return tile(tile, line, at, weights, w), generate


def _higher(builder: Any, vector: Any) -> Any:
    from llvmlite import ir

    return builder.shl(vector, ir.Constant(vector_of(32), [8] * BLOCK))


def _shifted(typing_context: Any, tile: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        (sums,) = arguments
        for here in range(tile.rows * tile.blocks):
            sums = builder.insert_value(sums, _higher(builder, builder.extract_value(sums, here)), here)
        return sums

    return tile(tile), generate


def _put(typing_context: Any, tile: Any, sums: Any, at: Any, row: Any) -> Any:
    from numba import types

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        registers, sums_, at_, row_ = arguments
        kind = tile.vector if sums.dtype.bitwidth == 32 else vector_of(sums.dtype.bitwidth)
        for r in range(tile.rows):
            for block in range(tile.blocks):
                start = builder.add(builder.add(at_, builder.mul(row_, number(r))), number(BLOCK * block))
                vector = builder.extract_value(registers, r * tile.blocks + block)
                vector = vector if kind == tile.vector else builder.trunc(vector, kind)
                builder.store(vector, place(context, builder, sums, sums_, start, kind), align=sums.dtype.bitwidth // 8)
        return context.get_dummy_value()

    return types.void(tile, sums, at, row), generate


def _put_joined(typing_context: Any, tile: Any, sums: Any, at: Any) -> Any:
    from numba import types

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        registers, sums_, at_ = arguments
        kind = vector_of(sums.dtype.bitwidth)
        for block in range(tile.blocks):
            whole = _joined(builder, tile, registers, block)
            whole = whole if kind == tile.vector else builder.trunc(whole, kind)
            builder.store(
                whole,
                place(context, builder, sums, sums_, builder.add(at_, number(BLOCK * block)), kind),
                align=sums.dtype.bitwidth // 8,
            )
        return context.get_dummy_value()

    return types.void(tile, sums, at), generate


def _put_scaled(typing_context: Any, tile: Any, line: Any, at: Any, unit: Any) -> Any:
    from numba import types

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        from llvmlite import ir

        registers, line_, at_, unit_ = arguments
        floats = ir.VectorType(ir.FloatType(), BLOCK)
        units = everywhere(builder, unit_, floats)
        for block in range(tile.blocks):
            vector = builder.fmul(builder.sitofp(_joined(builder, tile, registers, block), floats), units)
            builder.store(
                vector, place(context, builder, line, line_, builder.add(at_, number(BLOCK * block)), floats), align=4
            )
        return context.get_dummy_value()

    return types.void(tile, line, at, unit), generate


def _joined(builder: Any, tile: Any, registers: Any, block: int) -> Any:
    """A block of the sums that a tile's digits come to, highest first."""
    whole = builder.extract_value(registers, block)
    for digit in range(1, tile.rows):
        whole = builder.add(_higher(builder, whole), builder.extract_value(registers, digit * tile.blocks + block))
    return whole

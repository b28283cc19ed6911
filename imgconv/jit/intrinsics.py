"""The compiled twins of functions that `loops` marks as intrinsics: what Numba cannot be told in Python, said in LLVM's terms."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from imgconv.loops.tiles import BLOCK, COLUMNS, ROWS

_BLOCKS = COLUMNS // BLOCK


@cache
def intrinsics() -> dict[str, Any]:
    """All of them, by the names of their twins in plain Python."""
    from numba.extending import intrinsic

    tile = _tile_type()
    generators = {"empty_tile": _empty_tile, "add_dots": _add_dots, "raised": _raised, "put": _put}
    return {"view": intrinsic(_view)} | {name: intrinsic(make(tile)) for name, make in generators.items()}


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
        size = ir.Constant(context.get_value_type(types.intp), context.get_abi_sizeof(context.get_data_type(buffer.dtype)))
        shape, strides = cgutils.pack_array(builder, [length]), cgutils.pack_array(builder, [size])
        populate_array(array, data=pointer, shape=shape, strides=strides, itemsize=size, meminfo=None)
        return array._getvalue()

    return array_type(buffer, types.intp), generate


# ---------------------------------------------------------------- tiles


def _tile_type() -> Any:
    """Numba's type of a tile: vectors of int32, row after row."""
    from llvmlite import ir
    from numba import types
    from numba.extending import models, register_model

    class Tile(types.Type):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__(name="Tile")

    @register_model(Tile)
    class TileModel(models.PrimitiveModel):  # type: ignore[misc]
        def __init__(self, manager: Any, numba_type: Any) -> None:
            super().__init__(manager, numba_type, ir.ArrayType(_vector(32), ROWS * _BLOCKS))

    return Tile()


def _vector(bits: int, count: int = BLOCK) -> Any:
    from llvmlite import ir

    return ir.VectorType(ir.IntType(bits), count)


def _number(value: int) -> Any:
    from llvmlite import ir

    return ir.Constant(ir.IntType(64), value)


def _place(context: Any, builder: Any, array_type: Any, array: Any, at: Any, vector: Any) -> Any:
    """A pointer to a vector from an element of an array on."""
    data = context.make_array(array_type)(context, builder, array).data
    return builder.bitcast(builder.gep(data, [at]), vector.as_pointer())


def _empty_tile(tile: Any) -> Callable[..., Any]:
    def empty_tile(typing_context: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return context.get_constant_null(tile)

        return tile(), generate

    return empty_tile


def _add_dots(tile: Any) -> Callable[..., Any]:
    """By AVX-512: VPERMB brings each sum's four bytes together, VPDPBUSD multiplies and adds them up."""

    def add_dots(typing_context: Any, given: Any, kept: Any, at: Any, spread: Any, weights: Any, w: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            from llvmlite import ir
            from numba.core import cgutils

            sums, kept_, at_, spread_, weights_, w_ = arguments
            bytes_, lanes = _vector(8, 64), _vector(32)
            permute = cgutils.get_or_insert_function(builder.module, ir.FunctionType(bytes_, [bytes_, bytes_]), "llvm.x86.avx512.permvar.qi.512")
            dot = cgutils.get_or_insert_function(builder.module, ir.FunctionType(lanes, [lanes] * 3), "llvm.x86.avx512.vpdpbusd.512")
            patterns = [builder.load(_place(context, builder, spread, spread_, _number(64 * half), bytes_), align=1) for half in range(2)]
            data = []
            for pair in range(_BLOCKS // 2):
                vector = builder.load(_place(context, builder, kept, kept_, builder.add(at_, _number(32 * pair)), bytes_), align=1)
                data += [builder.bitcast(builder.call(permute, [vector, pattern]), lanes) for pattern in patterns]
            for r in range(ROWS):
                weight = builder.load(_place(context, builder, weights, weights_, builder.add(w_, _number(r)), ir.IntType(32)))
                first = builder.insert_element(ir.Constant(lanes, ir.Undefined), weight, ir.Constant(ir.IntType(32), 0))
                four = builder.shuffle_vector(first, ir.Constant(lanes, ir.Undefined), ir.Constant(lanes, [0] * BLOCK))
                for block in range(_BLOCKS):
                    place = r * _BLOCKS + block
                    sums = builder.insert_value(sums, builder.call(dot, [builder.extract_value(sums, place), data[block], four]), place)
            return sums

        return tile(given, kept, at, spread, weights, w), generate

    return add_dots


def _raised(tile: Any) -> Callable[..., Any]:
    def raised(typing_context: Any, given: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            from llvmlite import ir

            (sums,) = arguments
            for place in range(ROWS * _BLOCKS):
                higher = builder.shl(builder.extract_value(sums, place), ir.Constant(_vector(32), [8] * BLOCK))
                sums = builder.insert_value(sums, higher, place)
            return sums

        return tile(given), generate

    return raised


def _put(tile: Any) -> Callable[..., Any]:
    def put(typing_context: Any, given: Any, sums: Any, at: Any, row: Any) -> Any:
        from numba import types

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            made, sums_, at_, row_ = arguments
            bits = sums.dtype.bitwidth
            for r in range(ROWS):
                for block in range(_BLOCKS):
                    start = builder.add(builder.add(at_, builder.mul(row_, _number(r))), _number(BLOCK * block))
                    vector = builder.extract_value(made, r * _BLOCKS + block)
                    vector = vector if bits == 32 else builder.trunc(vector, _vector(bits))
                    builder.store(vector, _place(context, builder, sums, sums_, start, _vector(bits)), align=bits // 8)
            return context.get_dummy_value()

        return types.void(given, sums, at, row), generate

    return put

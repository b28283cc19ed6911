"""Quantising of whole sums (`loops/quantising.py`) in LLVM's vectors, for tiles, whose sums so need not go through
memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from imgconv.jit.tiles import everywhere, number, place, vector_of
from imgconv.loops.stacks import BLOCK
from imgconv.values.numbers import BY_SHIFT


class Quantising:
    """Makes results `out` of vectors of sums: whole ones of type `acc`, divided in `quotient`."""

    def __init__(self, builder: Any, acc: str, out: str, quotient: str) -> None:
        from llvmlite import ir

        self.builder, self.quotient = builder, quotient
        self.kind, self.narrow = vector_of(int(acc.removeprefix("int"))), acc == "int16"
        self.floats = ir.VectorType(ir.FloatType(), BLOCK)
        bits = int(out.removeprefix("u").removeprefix("int"))
        self.result = vector_of(bits)
        low, high = (0, 2**bits - 1) if out.startswith("u") else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
        most = 2 ** (self.kind.element.width - 1)
        self.low, self.high = (low if low > -most else None), (high if high < most - 1 else None)

    def take(self, numbers: Iterable[Any]) -> None:
        """Half of the denominator, its logarithm, itself, the least sum, and by what to multiply instead."""
        from llvmlite import ir

        builder, (half, shift, denominator, least, factor) = self.builder, numbers
        self.half, self.shift, self.least = (everywhere(builder, one, self.kind) for one in (half, shift, least))
        self.factor = everywhere(builder, factor, self.kind)
        if self.quotient not in ("", BY_SHIFT):
            kind = self.floats.element
            one, rest = ir.Constant(kind, 1.0), ir.Constant(kind, 0.5)
            self.reciprocal = everywhere(builder, builder.fdiv(one, builder.sitofp(denominator, kind)), self.floats)
            self.rest = everywhere(builder, builder.fadd(builder.sitofp(half, kind), rest), self.floats)

    def quantised(self, total: Any, watched: list[Any]) -> tuple[Any, list[Any]]:
        """Results of BLOCK sums (in 32 bits), and what has been seen, with these."""
        builder = self.builder
        if self.narrow and total.type != self.kind:  # they fit, so LLVM may as well saturate: that is an instruction
            total = self._less(self._greater(total, self._all(total.type, -(2**15))), self._all(total.type, 2**15 - 1))
            total = builder.trunc(total, self.kind)
        total = self._greater(total, self.least)
        least, greatest, below, above = watched
        least, greatest = self._less(least, total), self._greater(greatest, total)
        value = self._divided(total)
        if self.low is not None:
            low = self._all(value.type, self.low)
            below = builder.sub(below, builder.sext(builder.icmp_signed("<", value, low), self.kind))
            value = self._greater(value, low)
        if self.high is not None:
            high = self._all(value.type, self.high)
            above = builder.sub(above, builder.sext(builder.icmp_signed(">", value, high), self.kind))
            value = self._less(value, high)
        if self.result.element.width < self.kind.element.width:
            value = builder.trunc(value, self.result)
        return value, [least, greatest, below, above]

    def _divided(self, total: Any) -> Any:
        builder = self.builder
        if not self.quotient:
            return total
        if self.quotient == BY_SHIFT:
            return builder.ashr(builder.add(total, self.half), self.shift)
        if self.narrow and self.low == 0:
            return self._by_product(builder.add(total, self.half))
        share = builder.fmul(builder.fadd(builder.sitofp(total, self.floats), self.rest), self.reciprocal)
        from llvmlite import ir
        from numba.core import cgutils

        floor = cgutils.get_or_insert_function(
            builder.module, ir.FunctionType(self.floats, [self.floats]), f"llvm.floor.v{BLOCK}f32"
        )
        return builder.fptosi(builder.call(floor, [share]), self.kind)

    def _by_product(self, value: Any) -> Any:
        """Of 15 bits: the high half of a product (`stacks.factor_of`); -1 of what is below 0, and so below the
        limits."""
        builder, wide = self.builder, vector_of(32)
        sixteen = self._all(wide, 16)
        product = builder.mul(builder.zext(value, wide), builder.zext(self.factor, wide))
        high = builder.lshr(builder.trunc(builder.lshr(product, sixteen), self.kind), self.shift)
        zero = self._all(self.kind, 0)
        return builder.select(builder.icmp_signed("<", value, zero), self._all(self.kind, -1), high)

    def _greater(self, one: Any, other: Any) -> Any:
        return self.builder.select(self.builder.icmp_signed(">", one, other), one, other)

    def _less(self, one: Any, other: Any) -> Any:
        return self.builder.select(self.builder.icmp_signed("<", one, other), one, other)

    @staticmethod
    def _all(kind: Any, value: int) -> Any:
        from llvmlite import ir

        return ir.Constant(kind, [value] * BLOCK)


def float_finisher() -> Callable[..., Any]:
    """The generator of `stacks.float_finisher`."""

    def finish(
        typing_context: Any, tile: Any, results: Any, at: Any, row: Any, offset: Any, least: Any, seen: Any
    ) -> Any:
        from numba import types

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            registers, results_, at_, row_, offset_, least_, seen_ = arguments
            more, lowest = (everywhere(builder, one, tile.vector) for one in (offset_, least_))
            words, narrow = vector_of(32), vector_of(8)
            places = [place(context, builder, seen, seen_, number(BLOCK * i), words) for i in range(4)]
            watched = [builder.load(one, align=4) for one in places]
            for r in range(tile.rows):
                for block in range(tile.blocks):
                    total = builder.fadd(builder.extract_value(registers, r * tile.blocks + block), more)
                    total = builder.select(builder.fcmp_ordered("<", total, lowest), lowest, total)
                    value, watched = _rounded(builder, total, watched)
                    start = builder.add(builder.add(at_, builder.mul(row_, number(r))), number(BLOCK * block))
                    there = place(context, builder, results, results_, start, narrow)
                    builder.store(builder.trunc(builder.fptosi(value, words), narrow), there, align=1)
            for there, vector in zip(places, watched, strict=True):
                builder.store(vector, there, align=4)
            return context.get_dummy_value()

        return types.void(tile, results, at, row, offset, least, seen), generate

    return finish


def _rounded(builder: Any, total: Any, watched: list[Any]) -> tuple[Any, list[Any]]:
    """Floats rounded and clamped to bytes, and what has been seen, with these."""
    from llvmlite import ir
    from numba.core import cgutils

    words, kind = vector_of(32), total.type
    least, greatest, below, above = watched
    raw = builder.bitcast(total, words)
    flipped = builder.and_(builder.ashr(raw, ir.Constant(words, [31] * BLOCK)), ir.Constant(words, [2**31 - 1] * BLOCK))
    key = builder.xor(raw, flipped)
    least = builder.select(builder.icmp_signed("<", key, least), key, least)
    greatest = builder.select(builder.icmp_signed(">", key, greatest), key, greatest)
    whole = cgutils.get_or_insert_function(builder.module, ir.FunctionType(kind, [kind]), f"llvm.floor.v{BLOCK}f32")
    zero, half, one, most = (ir.Constant(kind, [value] * BLOCK) for value in (0.0, 0.5, 1.0, 255.0))
    floor = builder.call(whole, [total])
    value = builder.fadd(floor, builder.select(builder.fcmp_ordered(">=", builder.fsub(total, floor), half), one, zero))
    under, over = builder.fcmp_ordered("<", value, zero), builder.fcmp_ordered(">", value, most)
    below, above = builder.sub(below, builder.sext(under, words)), builder.sub(above, builder.sext(over, words))
    value = builder.select(under, zero, builder.select(over, most, value))
    return value, [least, greatest, below, above]

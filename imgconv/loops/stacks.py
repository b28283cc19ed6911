"""Stacks: pixels that one instruction multiplies lie beside each other, and their products go into tiles of sums.

A stack of four holds, for each place, the pixels of four neighbouring rows (or columns). So a step reads one piece of
memory for all of its sums, wherever the window's column is, and no bytes need be brought together in registers. Each
function stands twice, as those of `tiles`: as NumPy, below, and as vectors of LLVM in `jit/stacks`. They come in
families, since they depend on a kind of instruction or on a tile's form.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from imgconv.loops import helper, intrinsic
from imgconv.loops.instructions import Instructions
from imgconv.values.numbers import BY_SHIFT

BLOCK = 16  # sums that are handled together, whatever a processor's vectors hold
SLACK = 512
"""Elements behind a line that may be read or written, and do not count."""


def _family(function: Any, family: str, *form: Any) -> Any:
    """Marks a twin as one of a family, made for a form; a loop may hold several."""
    function.family, function.form = family, form
    return intrinsic(function)


@cache
def empty(rows: int, columns: int, type_: str = "int32") -> Any:
    """`empty()`: a tile of zeros."""

    def made() -> Any:
        return np.zeros((rows, columns), type_)

    return _family(made, "empty", rows, columns, type_)


@cache
def adder(instructions: Instructions) -> Any:
    """`add(tile, lines, at, weights, w)`: the tile plus, at (r, x), the stack at lines[at + x * stack] times the
    numbers that make up weights[w + r]."""
    stack, type_ = instructions.stack, f"int{instructions.bits}"

    def add(tile: Any, lines: Any, at: int, weights: Any, w: int) -> Any:
        rows, columns = tile.shape
        pixels = lines[at : at + stack * columns].reshape(columns, stack).astype(tile.dtype)
        numbers = weights[w : w + rows].copy().view(type_).reshape(rows, -1)[:, :stack].astype(tile.dtype)
        return tile + numbers @ pixels.T

    add.needs = instructions.needs  # type: ignore[attr-defined]
    return _family(add, "add", instructions)


@cache
def stacker(stack: int) -> Any:
    """`put_stacks(lines, at, pixels, place, apart)`: BLOCK stacks into `lines` from `at` on, of the pixels from `place`
    on and of those `apart`, twice as far apart and so on.

    Unsigned pixels that become signed ones of as many bits have half of their range taken off.
    """

    def put_stacks(lines: Any, at: int, pixels: Any, place: int, apart: int) -> None:
        rows = np.stack([pixels[place + g * apart :][:BLOCK] for g in range(stack)], axis=1).ravel()
        if lines.dtype.kind == "i" and rows.dtype.kind == "u" and lines.dtype.itemsize == rows.dtype.itemsize:
            rows = rows.view(lines.dtype) ^ np.iinfo(lines.dtype).min
        lines[at : at + stack * BLOCK] = rows.astype(lines.dtype)

    return _family(put_stacks, "put_stacks", stack)


@cache
def putter(digits: int, bits: int) -> Any:
    """`put(tile, sums, at, row, rest)`: the tile's rows, so many digits of `bits` bits joined, plus the rest, into
    `sums` from `at` on, `row` apart; cut to the bits that those hold.

    Of a tile, the rows of the highest digit come first.
    """

    def put(tile: Any, sums: Any, at: int, row: int, rest: Any) -> None:
        whole = _joined(tile, digits, bits)
        for r, line in enumerate(whole):
            sums[at + r * row :][: len(line)] = (line + line.dtype.type(rest)).astype(sums.dtype)

    return _family(put, "put_joined", digits, bits)


@cache
def scaler(digits: int, bits: int) -> Any:
    """`put(tile, line, at, rest, unit)`: the rows of a tile that are digits joined, plus the rest, times the value of a
    unit, into float32 from line[at] on."""

    def put(tile: Any, line: Any, at: int, rest: Any, unit: Any) -> None:
        (whole,) = _joined(tile, digits, bits)
        line[at : at + len(whole)] = (whole + np.int32(rest)).astype(np.float32) * unit

    return _family(put, "put_scaled", digits, bits)


def _joined(tile: Any, digits: int, bits: int) -> Any:
    parts = tile.reshape(digits, -1, tile.shape[1])
    whole = parts[0]
    for part in parts[1:]:
        whole = (whole << np.int32(bits)) + part
    return whole


@cache
def finisher(digits: int, bits: int, acc: str, out: str, quotient: str) -> Any:
    """`finish(tile, results, at, row, offset, numbers, seen)`: the tile's rows joined, plus the offset, quantised as
    `quantising.quantiser` does without magnitudes, into `results` from `at` on, `row` apart.

    `numbers` are half the denominator, its logarithm, itself, the least sum, and `factor_of` it. `seen` (4, BLOCK)
    holds the least and the greatest sums, and how many results were below and above the limits.
    """
    wide, limits = np.dtype(acc).type, np.iinfo(out)

    def finish(tile: Any, results: Any, at: int, row: int, offset: int, numbers: Any, seen: Any) -> None:
        half, shift, denominator, least, _ = numbers
        for r, line in enumerate(_joined(tile, digits, bits)):
            totals = np.maximum((line + line.dtype.type(offset)).astype(wide), wide(least))
            values = _divided(totals, quotient, half, shift, denominator)
            results[at + r * row :][: len(line)] = np.clip(values, limits.min, limits.max).astype(out)
            watched = np.vstack([totals, totals, values < limits.min, values > limits.max]).reshape(4, -1, BLOCK)
            found = watched[0].min(axis=0), watched[1].max(axis=0), watched[2].sum(axis=0), watched[3].sum(axis=0)
            old = seen.reshape(4, BLOCK)
            old[:] = np.minimum(old[0], found[0]), np.maximum(old[1], found[1]), old[2] + found[2], old[3] + found[3]

    return _family(finish, "finish", digits, bits, acc, out, quotient)


@helper
def factor_of(denominator: int, shift: int) -> int:
    """By which 15 bits are multiplied, instead of being divided, before 16 + shift bits are cut off; `shift` is the
    logarithm of a denominator of 15 bits that is no power of two, cut to a whole number.

    With d between 2**s and 2**(s + 1), f = ceil(2**(16 + s) / d) has 16 bits, and f * d exceeds 2**(16 + s) by less
    than d. So n * f / 2**(16 + s) exceeds n / d by less than n / 2**(16 + s), which is less than 1 / d as n < 2**15: no
    whole number lies between.
    """
    return ((1 << (16 + shift)) + denominator - 1) // denominator


def _divided(totals: Any, quotient: str, half: Any, shift: Any, denominator: Any) -> Any:
    """Whole sums divided and rounded, as `quantising._floor_divide` does and explains."""
    if quotient == BY_SHIFT:
        return (totals + totals.dtype.type(half)) >> totals.dtype.type(shift)
    if not quotient:
        return totals
    one = np.float32(1)
    return np.floor((totals.astype(np.float32) + np.float32(half + 0.5)) * (one / np.float32(denominator)))


@cache
def float_finisher() -> Any:
    """`finish(tile, results, at, row, offset, least, seen)`: a tile of float32, plus the offset, rounded and clamped to
    bytes as `quantising.quantiser` does without magnitudes, into `results` from `at` on, `row` apart; none is NaN.

    `seen` (4, BLOCK) holds the keys of the least and the greatest sums, and how many were below and above the limits.
    """

    def finish(tile: Any, results: Any, at: int, row: int, offset: Any, least: Any, seen: Any) -> None:
        for r, line in enumerate(tile):
            totals = np.maximum(line + offset, least)
            floors = np.floor(totals)
            values = floors + (totals - floors >= np.float32(0.5))
            results[at + r * row :][: len(line)] = np.clip(values, 0, 255).astype(np.uint8)
            raw = totals.astype(np.float32).view(np.int32)
            keys = np.where(raw >= 0, raw, raw ^ np.int32(2**31 - 1)).reshape(-1, BLOCK)
            old, counted = seen.reshape(4, BLOCK), values.reshape(-1, BLOCK)
            old[0], old[1] = np.minimum(old[0], keys.min(axis=0)), np.maximum(old[1], keys.max(axis=0))
            old[2] += (counted < 0).sum(axis=0).astype(np.int32)
            old[3] += (counted > 255).sum(axis=0).astype(np.int32)

    return _family(finish, "finish_floats")

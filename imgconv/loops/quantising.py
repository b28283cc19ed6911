"""From a sum to an output value: divide, take the magnitude, round, clamp; and keep count of what that lost.

`settler(acc, out, quotient)` composes the helper for one combination of types. It works on one element
and hands on what it has seen, so that it can be the last part of the pass that made the sum:
`result, seen = settle(sum, constants, seen)`. `seen` is (least, greatest, below, above, missing): the
extremes as `watch_key` orders them, and counts of one piece of a row, which is short enough for 16 bits.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from imgconv.loops import helper, subroutine
from imgconv.values.numbers import BY_SHIFT, EXACT_FLOAT64

OFFSET, BORDER, HALF, DENOMINATOR, LOW, HIGH, MAGNITUDE, LEAST, SHIFT = range(9)
CONSTANTS = 9
BELOW, ABOVE, NAN = range(3)
COUNTS = 3
PIECE = 4096  # elements of a row done at a time: sums stay in the first-level cache, counts within 16 bits


def settler(acc: str, out: str, quotient: str) -> Any:
    """The helper `settle(total, constants, seen) -> (result, seen)` for these types."""
    if not acc.startswith("float") or quotient:
        return _from_exact(acc, out, quotient)
    return _from_float_to_float(acc, out) if out.startswith("float") else _from_float_to_integer(acc, out)


def watch_key(acc: str) -> str:
    """The type in which extremes are compared: floats by their bits, since LLVM vectorises no minimum of floats."""
    return {"float32": "int32", "float64": "int64"}.get(acc, acc)


def _count_type(acc: str) -> Any:
    """The type of counts within a piece: as wide as what is counted, so that vector code need not change widths."""
    return np.dtype(f"int{8 * np.dtype(acc).itemsize}").type


def _ordered(acc: str) -> Any:
    """A sum as an integer that is ordered as the sum is (floats: sign and magnitude to two's complement)."""
    if not acc.startswith("float"):

        @helper
        def itself(value: Any) -> Any:
            return value

        return itself
    bits = np.dtype(watch_key(acc)).type
    mask = bits(np.iinfo(bits).max)

    @helper
    def key(value: Any) -> Any:
        raw = value.view(bits)
        return raw if raw >= 0 else bits(raw ^ mask)

    return key


def value_of_key(key: int, acc: str) -> float:
    """The sum that a key stands for."""
    if not acc.startswith("float"):
        return key
    bits = np.dtype(watch_key(acc)).type
    return float((bits(key) if key >= 0 else bits(key ^ int(np.iinfo(bits).max))).view(acc))


def _from_exact(acc: str, out: str, quotient: str) -> Any:
    """floor(sum/denominator + 1/2), clamped, for integers; sum/denominator, rounded once more, for floats."""
    final, kept, order = np.dtype(out).type, np.dtype(acc).type, _ordered(acc)
    tally = _count_type(acc)
    to_float, divided, divide = out.startswith("float"), quotient != "", _floor_divide(acc, quotient or acc)
    ratio = ratio_of(acc)

    @helper
    def settle(total: Any, constants: Any, seen: Any) -> Any:
        least, greatest, below, above, missing = seen
        total = kept(max(total, constants[LEAST]))
        key = order(total)
        least = key if key < least else least
        greatest = key if key > greatest else greatest
        value = kept(abs(total)) if constants[MAGNITUDE] != 0 else total
        if to_float:
            result = final(ratio(value, constants[DENOMINATOR])) if divided else final(value)
            return result, (least, greatest, below, above, missing)
        if divided:
            value = divide(value, constants[HALF], constants[DENOMINATOR], constants[SHIFT])
        value = kept(value)
        low, high = constants[LOW], constants[HIGH]
        below = tally(below + tally(value < low))
        above = tally(above + tally(value > high))
        return final(kept(min(max(value, low), high))), (least, greatest, below, above, missing)

    return settle


def ratio_of(acc: str) -> Any:
    """The helper `ratio(total, cells)`: the quotient of whole numbers in float64, rounded once.

    Sums in floats lie where float64 holds total and cells. Those in int64 may have more digits, and are then divided
    digit by digit.
    """

    @helper
    def in_float64(total: Any, cells: Any) -> Any:
        return np.float64(total) / np.float64(cells)

    @helper
    def in_int64(total: Any, cells: Any) -> Any:
        if -EXACT_FLOAT64 <= total <= EXACT_FLOAT64 and cells <= EXACT_FLOAT64:
            return np.float64(total) / np.float64(cells)
        return _long_division(total, cells)

    return in_int64 if acc == "int64" else in_float64


@subroutine
def _long_division(total: Any, cells: Any) -> Any:
    """total/cells, both in int64 and cells positive: 55 or more binary digits of the quotient, the last one
    set if anything is left over, so that the conversion to float64 is the only rounding."""
    dividend, divisor = np.int64(abs(total)), np.int64(cells)
    digits = np.int64(dividend // divisor)
    rest = np.int64(dividend - digits * divisor)
    scale = np.float64(1)
    while rest != 0 and digits < 2 * EXACT_FLOAT64:
        fits = np.int64(rest >= divisor - rest)  # twice the rest might leave int64
        rest = np.int64(rest - (divisor - rest)) if fits else np.int64(rest + rest)
        digits = np.int64(digits + digits + fits)
        scale *= 0.5
    quotient = np.float64(digits | np.int64(rest != 0)) * scale
    return -quotient if total < 0 else quotient


def _floor_divide(acc: str, quotient: str) -> Any:
    """(sum + half) // denominator; by a shift where the quotient is "shift", for powers of two; in floats by its
    reciprocal, since a division costs ten multiplications.

    With integers n and d > 0, (n + 1/2)/d is at least 1/(2d) away from every integer. Reciprocal and product are each
    rounded by a relative 2**-24 (float32), so the product is off by less than (|n| + 1/2) / d * 2**-23 * (1 + 2**-24):
    for |n| + 1 < 2**22 that is less than 1/(2d), and the floor is exact. In float64 the same holds below 2**51.
    """
    kept = np.dtype(acc).type
    if quotient == BY_SHIFT:
        within = 8 * np.dtype(acc).itemsize - 1  # told, so that LLVM knows that the type does: Numba shifts in 64 bits

        @helper
        def shift(value: Any, half: Any, denominator: Any, places: Any) -> Any:
            return kept(kept(value + half) >> (places & within))

        return shift
    wide = np.dtype(quotient).type
    if quotient.startswith("float"):

        @helper
        def divide(value: Any, half: Any, denominator: Any, places: Any) -> Any:
            return kept(np.floor((wide(value) + wide(half) + wide(0.5)) * (wide(1) / wide(denominator))))
    else:

        @helper
        def divide(value: Any, half: Any, denominator: Any, places: Any) -> Any:
            return kept((wide(value) + wide(half)) // wide(denominator))

    return divide


def _from_float_to_float(acc: str, out: str) -> Any:
    final, wide, watch = np.dtype(out).type, np.dtype(acc).type, _float_watch(acc)

    @helper
    def settle(total: Any, constants: Any, seen: Any) -> Any:
        total = wide(total if not total < constants[LEAST] else constants[LEAST])  # NaN stays
        value = abs(total) if constants[MAGNITUDE] != 0 else total
        return final(value), watch(total, seen)

    return settle


def _float_watch(acc: str) -> Any:
    """Extremes of floats; NaN counts as 0 there, which is what it becomes in an integer type."""
    order, wide, zero = _ordered(acc), np.dtype(acc).type, np.dtype(acc).type(0)

    @helper
    def watch(total: Any, seen: Any) -> Any:
        least, greatest, below, above, missing = seen
        number = total if total == total else zero
        key = order(wide(number))
        least = key if key < least else least
        greatest = key if key > greatest else greatest
        return least, greatest, below, above, missing

    return watch


def _from_float_to_integer(acc: str, out: str) -> Any:
    """floor(v + 1/2), clamped; NaN becomes 0 and is counted. float32 does not hold int32's limits, so those use
    float64."""
    final, limits, watch = np.dtype(out).type, np.iinfo(out), _float_watch(acc)
    sums, wide = np.dtype(acc).type, np.dtype("float64" if out == "int32" else acc).type
    tally = _count_type(acc)
    low, high, half, one, zero = wide(limits.min), wide(limits.max), wide(0.5), wide(1), wide(0)

    @helper
    def settle(total: Any, constants: Any, seen: Any) -> Any:
        total = sums(total if not total < constants[LEAST] else constants[LEAST])  # NaN stays
        least, greatest, below, above, missing = watch(total, seen)
        value = wide(abs(total) if constants[MAGNITUDE] != 0 else total)
        floor = np.floor(value)
        rounded = floor + (one if value - floor >= half else zero)  # v + 1/2 itself would round
        below = tally(below + tally(rounded < low))
        above = tally(above + tally(rounded > high))
        missing = tally(missing + tally(value != value))
        rounded = rounded if rounded > low else low
        rounded = rounded if rounded < high else high
        rounded = zero if value != value else rounded
        return final(rounded), (least, greatest, below, above, missing)

    return settle


def counter() -> Any:
    """The helper `count(extremes, counts, seen)`: adds what a piece has seen to the totals of the thread."""

    @helper
    def count(extremes: Any, counts: Any, seen: Any) -> None:
        least, greatest, below, above, missing = seen
        extremes[0] = min(extremes[0], least)
        extremes[1] = max(extremes[1], greatest)
        counts[BELOW] += np.int64(below)
        counts[ABOVE] += np.int64(above)
        counts[NAN] += np.int64(missing)

    return count


def piece_settler(acc: str, out: str, quotient: str) -> Any:
    """The helper `settle_piece(sums, target, m, constants, extremes, counts)`: m whole sums, and the offset,
    settled."""
    settle, tally, start, wide = settler(acc, out, quotient), counter(), nothing_seen(acc), np.dtype(acc).type

    @helper
    def settle_piece(sums: Any, target: Any, m: int, constants: Any, extremes: Any, counts: Any) -> None:
        seen, offset = start, constants[OFFSET]
        for x in range(m):
            target[x], seen = settle(wide(sums[x] + offset), constants, seen)
        tally(extremes, counts, seen)

    return settle_piece


def nothing_seen(acc: str) -> tuple[Any, ...]:
    """Where `seen` starts."""
    bits = np.iinfo(watch_key(acc))
    key = np.dtype(watch_key(acc)).type
    none = _count_type(acc)(0)
    return key(bits.max), key(bits.min), none, none, none

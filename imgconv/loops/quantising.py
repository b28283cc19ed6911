"""Quantising: from a sum to an output value. Divide, take the magnitude, round, clamp; and count what that lost.

`quantiser(acc, out, quotient)` composes the helper for one combination of types. It works on one element
and hands on what it has seen, so that it can be the last part of the pass that made the sum:
`result, seen = quantise(sum, constants, seen)`. `seen` is (least, greatest, below, above, missing): the
extremes as `watch_key` orders them, and counts of one piece of a row, which is short enough for 16 bits.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from imgconv.loops import Group, Numbers, helper, subroutine
from imgconv.values.numbers import BY_SHIFT, EXACT_FLOAT64

CONSTANTS = Numbers("constants", "acc", "offset border denominator half shift magnitude least low high")
"""In units of the sums: what is added first, the border's value, the divisor, its half and its logarithm, whether
magnitudes are taken, the least sum (lower ones count as it), the limits of the result's type."""
OUTCOME = Group("outcome", "extremes:=key[2] counts:=int64[3]")
"""Keys of the least and the greatest sum; how many results were below and above the limits, and no numbers."""
PIECE = 4096  # elements of a row done at a time: sums stay in the first-level cache, counts within 16 bits


def quantiser(acc: str, out: str, quotient: str) -> Any:
    """The helper `quantise(total, constants, seen) -> (result, seen)` for these types."""
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
    final, cast, order = np.dtype(out).type, np.dtype(acc).type, _ordered(acc)
    tally = _count_type(acc)
    to_float, divided, divide = out.startswith("float"), quotient != "", _floor_divide(acc, quotient or acc)
    ratio = ratio_of(acc)

    @helper
    def quantise(total: Any, constants: Any, seen: Any) -> Any:
        least, greatest, below, above, missing = seen
        total = cast(max(total, constants.least))
        key = order(total)
        least = key if key < least else least
        greatest = key if key > greatest else greatest
        value = cast(abs(total)) if constants.magnitude != 0 else total
        if to_float:
            result = final(ratio(value, constants.denominator)) if divided else final(value)
            return result, (least, greatest, below, above, missing)
        if divided:
            value = divide(value, constants.half, constants.denominator, constants.shift)
        value = cast(value)
        low, high = constants.low, constants.high
        below = tally(below + tally(value < low))
        above = tally(above + tally(value > high))
        return final(cast(min(max(value, low), high))), (least, greatest, below, above, missing)

    return quantise


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
    cast = np.dtype(acc).type
    if quotient == BY_SHIFT:
        within = 8 * np.dtype(acc).itemsize - 1  # told, so that LLVM knows that the type does: Numba shifts in 64 bits

        @helper
        def shift(value: Any, half: Any, denominator: Any, places: Any) -> Any:
            return cast(cast(value + half) >> (places & within))

        return shift
    wide = np.dtype(quotient).type
    if quotient.startswith("float"):

        @helper
        def divide(value: Any, half: Any, denominator: Any, places: Any) -> Any:
            return cast(np.floor((wide(value) + wide(half) + wide(0.5)) * (wide(1) / wide(denominator))))
    else:

        @helper
        def divide(value: Any, half: Any, denominator: Any, places: Any) -> Any:
            return cast((wide(value) + wide(half)) // wide(denominator))

    return divide


def _from_float_to_float(acc: str, out: str) -> Any:
    final, wide, watch = np.dtype(out).type, np.dtype(acc).type, _float_watch(acc)

    @helper
    def quantise(total: Any, constants: Any, seen: Any) -> Any:
        total = wide(total if not total < constants.least else constants.least)  # NaN stays
        value = abs(total) if constants.magnitude != 0 else total
        return final(value), watch(total, seen)

    return quantise


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
    def quantise(total: Any, constants: Any, seen: Any) -> Any:
        total = sums(total if not total < constants.least else constants.least)  # NaN stays
        least, greatest, below, above, missing = watch(total, seen)
        value = wide(abs(total) if constants.magnitude != 0 else total)
        floor = np.floor(value)
        rounded = floor + (one if value - floor >= half else zero)  # v + 1/2 itself would round
        below = tally(below + tally(rounded < low))
        above = tally(above + tally(rounded > high))
        missing = tally(missing + tally(value != value))
        rounded = rounded if rounded > low else low
        rounded = rounded if rounded < high else high
        rounded = zero if value != value else rounded
        return final(rounded), (least, greatest, below, above, missing)

    return quantise


def counter() -> Any:
    """The helper `count(outcome, seen)`: adds what a piece has seen to the totals of the thread."""

    @helper
    def count(outcome: Any, seen: Any) -> None:
        least, greatest, below, above, missing = seen
        extremes, counts = outcome.extremes, outcome.counts
        extremes[0] = min(extremes[0], least)
        extremes[1] = max(extremes[1], greatest)
        counts[0] += np.int64(below)
        counts[1] += np.int64(above)
        counts[2] += np.int64(missing)

    return count


def piece_quantiser(acc: str, out: str, quotient: str) -> Any:
    """The helper `quantise_piece(sums, results, m, constants, outcome)`: m whole sums, and the offset, quantised."""
    quantise, count, start, wide = quantiser(acc, out, quotient), counter(), nothing_seen(acc), np.dtype(acc).type

    @helper
    def quantise_piece(sums: Any, results: Any, m: int, constants: Any, outcome: Any) -> None:
        seen, offset = start, constants.offset
        for x in range(m):
            results[x], seen = quantise(wide(sums[x] + offset), constants, seen)
        count(outcome, seen)

    return quantise_piece


def nothing_seen(acc: str) -> tuple[Any, ...]:
    """Where `seen` starts."""
    bits = np.iinfo(watch_key(acc))
    key = np.dtype(watch_key(acc)).type
    none = _count_type(acc)(0)
    return key(bits.max), key(bits.min), none, none, none

"""From sums to output values, one row piece at a time: divide, take the magnitude, round, clamp, count.

`settler(acc, out, quotient)` composes the helper for one combination of types. Its constants, in
accumulator units, are CONSTANTS; what it saw is kept in `extremes` (least and greatest sum, before
the magnitude is taken) and `counts` (values below, above, and not a number).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from imgconv.loops import helper

OFFSET, BORDER, HALF, DENOMINATOR, LOW, HIGH, MAGNITUDE = range(7)
CONSTANTS = 7
BELOW, ABOVE, NAN = range(3)
COUNTS = 3


def settler(acc: str, out: str, quotient: str) -> Any:
    """The helper `settle(sums, result, n, constants, extremes, counts)` for these types."""
    watch = _watch(acc)
    if acc.startswith("float") and quotient == "":
        finish = _float_to_float(out) if out.startswith("float") else _float_to_integer(acc, out)
    elif out.startswith("float"):
        finish = _exact_to_float(out, quotient)
    else:
        finish = _exact_to_integer(acc, out, quotient)

    @helper
    def settle(sums: Any, result: Any, n: int, constants: Any, extremes: Any, counts: Any) -> None:
        watch(sums, n, extremes)
        if constants[MAGNITUDE] != 0:
            for x in range(n):
                sums[x] = abs(sums[x])
        finish(sums, result, n, constants, counts)

    return settle


def _watch(acc: str) -> Any:
    """Keeps the least and greatest sum; NaN is never either."""

    @helper
    def watch(sums: Any, n: int, extremes: Any) -> None:
        low, high = extremes[0], extremes[1]
        for x in range(n):
            value = sums[x]
            low = value if value < low else low
            high = value if value > high else high
        extremes[0], extremes[1] = low, high

    return watch


def _exact_to_integer(acc: str, out: str, quotient: str) -> Any:
    """floor(sum/denominator + 1/2), clamped; the division is exact in the type the planner chose."""
    final, kept = np.dtype(out).type, np.dtype(acc).type
    wide = np.dtype(quotient or acc).type
    divide = _floor_divide(acc, quotient)

    @helper
    def finish(sums: Any, result: Any, n: int, constants: Any, counts: Any) -> None:
        low, high = constants[LOW], constants[HIGH]
        if constants[DENOMINATOR] != 1:
            half, denominator = wide(constants[HALF]), wide(constants[DENOMINATOR])
            for x in range(n):
                sums[x] = divide(wide(sums[x]) + half, denominator)
        below = above = np.int32(0)
        for x in range(n):
            value = sums[x]
            below += np.int32(value < low)
            above += np.int32(value > high)
            result[x] = final(kept(min(max(value, low), high)))
        counts[BELOW] += below
        counts[ABOVE] += above

    return finish


def _floor_divide(acc: str, quotient: str) -> Any:
    """sum // denominator in the accumulator's type.

    A correctly rounded float quotient of integers below 2**24 (float32) or 2**53 (float64) has the
    exact quotient's floor: the nearest lower multiple is further away than half a unit in the last place.
    """
    kept = np.dtype(acc).type
    if quotient.startswith("float"):

        @helper
        def divide(value: Any, denominator: Any) -> Any:
            return kept(np.floor(value / denominator))
    else:

        @helper
        def divide(value: Any, denominator: Any) -> Any:
            return kept(value // denominator)

    return divide


def _exact_to_float(out: str, quotient: str) -> Any:
    """sum/denominator, rounded once more where `out` is float32."""
    final = np.dtype(out).type

    @helper
    def finish(sums: Any, result: Any, n: int, constants: Any, counts: Any) -> None:
        if constants[DENOMINATOR] == 1:
            for x in range(n):
                result[x] = final(sums[x])
        else:
            denominator = np.float64(constants[DENOMINATOR])
            for x in range(n):
                result[x] = final(np.float64(sums[x]) / denominator)

    return finish


def _float_to_float(out: str) -> Any:
    final = np.dtype(out).type

    @helper
    def finish(sums: Any, result: Any, n: int, constants: Any, counts: Any) -> None:
        for x in range(n):
            result[x] = final(sums[x])

    return finish


def _float_to_integer(acc: str, out: str) -> Any:
    """floor(v + 1/2), clamped; NaN becomes 0 and is counted. float32 does not hold int32's limits, so those use float64."""
    final, limits = np.dtype(out).type, np.iinfo(out)
    wide = np.dtype("float64" if out == "int32" else acc).type
    low, high, half, one, zero = wide(limits.min), wide(limits.max), wide(0.5), wide(1), wide(0)

    @helper
    def finish(sums: Any, result: Any, n: int, constants: Any, counts: Any) -> None:
        below = above = missing = np.int32(0)
        for x in range(n):
            value = wide(sums[x])
            floor = np.floor(value)
            rounded = floor + (one if value - floor >= half else zero)  # v + 1/2 itself would round
            below += np.int32(rounded < low)
            above += np.int32(rounded > high)
            missing += np.int32(value != value)
            rounded = rounded if rounded > low else low
            rounded = rounded if rounded < high else high
            rounded = zero if value != value else rounded
            result[x] = final(rounded)
        counts[BELOW] += below
        counts[ABOVE] += above
        counts[NAN] += missing

    return finish

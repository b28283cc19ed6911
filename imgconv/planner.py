"""Which algorithm runs a kernel, on which numbers, and why: pure Python, printable.

A new algorithm is one row of ALGORITHMS and one loop. The accumulator is the narrowest
type in which the final sum provably fits; a wrap in between is harmless in two's complement.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from imgconv.exact import Number, magnitude
from imgconv.kernels import Kernel

EXACT_FLOAT32, EXACT_FLOAT64 = 2**24, 2**53
ACCUMULATORS = (("int16", 2**15), ("int32", 2**31), ("float64", EXACT_FLOAT64), ("int64", 2**63))
"""Types for exact sums, narrowest first, and the magnitude they do not reach."""
_FLOAT32_MOST = 1e37  # weights, bias and border beyond this are left to float64


@dataclass(frozen=True)
class Span:
    """Values known to lie in low…high and, if `whole`, to be integers."""

    low: Number
    high: Number
    whole: bool

    @property
    def magnitude(self) -> Number:
        """The greatest absolute value."""
        return max(magnitude(self.low), magnitude(self.high))


@dataclass(frozen=True)
class Plan:
    """How one filter step is computed.

    `accumulator` is the type of the sums, `quotient` the type the division by the
    denominator happens in ("" where nothing is divided); `weights` are in accumulator units.
    """

    algorithm: str
    accumulator: str
    quotient: str
    weights: tuple[tuple[Number, ...], ...]
    offset: Number
    denominator: int
    reason: str


@dataclass(frozen=True)
class Algorithm:
    """A row: whether it fits a kernel and an accumulator, and what an output pixel costs, in multiply-adds."""

    name: str
    fits: Callable[[Kernel, str], bool]
    cost: Callable[[Kernel], float]


ALGORITHMS = (
    Algorithm("direct", lambda kernel, accumulator: accumulator != "object", lambda kernel: sum(cell != 0 for cell in kernel.cells())),
    Algorithm("big", lambda kernel, accumulator: accumulator == "object", lambda kernel: 1000 * sum(cell != 0 for cell in kernel.cells())),
)


def plan(kernel: Kernel, pixels: str, span: Span, border_value: Number | None, result: str) -> Plan:
    """The plan for `kernel` on pixels of type `pixels` with values in `span`.

    `border_value` is a constant border's value (None for other borders), `result` the type the
    response is wanted in: a pixel type, or "wide" between steps.
    """
    whole_border = border_value is None or isinstance(border_value, int)
    if kernel.exact and span.whole and whole_border:
        return _exact_plan(kernel, span, border_value)
    # RULES: float32 for 8-bit, 16-bit and float32 pixels, float64 for the rest and for float64 results
    weights = tuple(tuple(float(cell / kernel.divisor) for cell in row) for row in kernel.weights)
    largest = max(magnitude(kernel.bias), magnitude(border_value or 0), *(abs(cell) for row in weights for cell in row))
    accumulator = "float64" if pixels in ("int32", "float64") or result == "float64" or largest > _FLOAT32_MOST else "float32"
    why = "the kernel's numbers are not exact" if not kernel.exact else "pixels or border are no integers"
    return Plan(_cheapest(kernel, accumulator), accumulator, "", weights, kernel.bias, 1, f"{accumulator}: {why}")


def _cheapest(kernel: Kernel, accumulator: str) -> str:
    return min((row for row in ALGORITHMS if row.fits(kernel, accumulator)), key=lambda row: row.cost(kernel)).name


def _exact_plan(kernel: Kernel, span: Span, border_value: Number | None) -> Plan:
    """A plan in whole numbers; "object" is Python's, for sums beyond 64 bits."""
    assert kernel.exact is not None
    rows, offset, denominator = kernel.exact
    if denominator % 2 and denominator > 1:  # so that half the denominator, the rounding term, is whole
        rows, offset, denominator = tuple(tuple(2 * cell for cell in row) for row in rows), 2 * offset, 2 * denominator
    low, high = sum_bounds(rows, span, border_value)
    most = max(abs(low + offset), abs(high + offset), abs(offset)) + denominator // 2 + 1
    inputs = max(span.magnitude, magnitude(border_value or 0))
    largest = max(most, inputs, denominator, max((abs(cell) for row in rows for cell in row), default=0))
    accumulator = next((name for name, limit in ACCUMULATORS if largest < limit), "object")
    quotient = "" if denominator == 1 else "float32" if largest < EXACT_FLOAT32 else "float64" if largest < EXACT_FLOAT64 else "int64"
    return Plan(_cheapest(kernel, accumulator), accumulator, quotient, rows, offset, denominator, f"{accumulator}: sums lie in {low + offset}…{high + offset}")


def sum_bounds(rows: tuple[tuple[int, ...], ...], span: Span, border_value: Number | None) -> tuple[int, int]:
    """The least and greatest sum of weight times value over any of the taps, a constant border's value included."""
    low, high = min(int(span.low), int(border_value or 0), 0), max(int(span.high), int(border_value or 0), 0)
    up = sum(cell for row in rows for cell in row if cell > 0)
    down = sum(-cell for row in rows for cell in row if cell < 0)
    return low * up - high * down, high * up - low * down


def response_span(made: Plan, given: Span, border_value: Number | None) -> Span:
    """What is known of a plan's results, before they are settled."""
    if not isinstance(made.offset, int) or not all(isinstance(cell, int) for row in made.weights for cell in row):
        return Span(float("-inf"), float("inf"), False)
    low, high = sum_bounds(made.weights, given, border_value)  # type: ignore[arg-type]
    offset = Fraction(made.offset)
    ends = (low + offset) / made.denominator, (high + offset) / made.denominator
    return Span(int(ends[0]), int(ends[1]), True) if made.denominator == 1 else Span(*ends, False)

"""Which algorithm runs a kernel, on which numbers, and why: pure Python, printable.

A new algorithm is one row of ALGORITHMS and one loop. The accumulator is the narrowest
type in which the final sum provably fits; a wrap in between is harmless in two's complement.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from fractions import Fraction

from imgconv.exact import Number, magnitude
from imgconv.factoring import Factors, Weights, float_factors, whole_factors
from imgconv.kernels import Kernel
from imgconv.records import record
from imgconv.shapes import Axis

EXACT_FLOAT32, EXACT_FLOAT64 = 2**24, 2**53
ACCUMULATORS = (("int16", 2**15), ("int32", 2**31), ("float64", EXACT_FLOAT64 // 2), ("int64", 2**63))
"""Types for exact sums, narrowest first, and the magnitude they do not reach."""
_MOST_SLIDING = 4096  # rows of extremes that each thread keeps
_LONGEST_LINE = 2**20  # elements of a row that are transformed at once
_TAP_COST = {"int16": 0.5, "int32": 1.0, "float32": 1.0, "float64": 2.0, "int64": 2.0}
"""What a direct tap costs in each accumulator, beside one in int32."""
_FOURIER_ROWS, _FOURIER_ROW = 230.0, 7.0  # direct taps in int32 that transforms cost a pixel, and each row of the window
_FLOAT32_MOST = 1e37  # weights, bias and border beyond this are left to float64


@record
class Span:
    """Values known to lie in low…high and, if `whole`, to be integers."""

    low: Number
    high: Number
    whole: bool

    @property
    def magnitude(self) -> Number:
        """The greatest absolute value."""
        return max(magnitude(self.low), magnitude(self.high))


@record
class Plan:
    """How one filter step is computed.

    `accumulator` is the type of the sums, `quotient` the type the division by the
    denominator happens in ("" where nothing is divided); `weights` are in accumulator units.
    `factors` are columns and rows of weights whose products add up to the weights.
    """

    algorithm: str
    accumulator: str
    quotient: str
    weights: tuple[tuple[Number, ...], ...]
    offset: Number
    denominator: int
    factors: Factors
    reason: str
    whole: bool = False
    """Whether sums are known to be whole numbers."""


@record
class Task:
    """What a plan is made for, beside the kernel.

    `pixels` is the pixels' type, `span` what is known of their values, `finite` whether none is NaN or
    infinite, `border_value` a constant border's value (None for other borders), `result` the type the
    response is wanted in (a pixel type, or "wide" between steps), `stride` and `dilation` the window's.
    """

    pixels: str
    span: Span
    border_value: Number | None
    result: str
    stride: tuple[int, int] = (1, 1)
    dilation: tuple[int, int] = (1, 1)
    finite: bool = True
    line: int = 0
    """Elements of a source row once the border has extended it."""


@record
class Algorithm:
    """A row: what an output pixel costs, in direct taps, or None where the algorithm does not fit; whether it spreads NaN and infinity."""

    name: str
    cost: Callable[[Weights, Factors, str, Task], float | None]
    spreads: bool = False


def _direct_cost(weights: Weights, factors: Factors, accumulator: str, task: Task) -> float | None:
    return float(taps_of(weights)) if accumulator != "object" else None


def _big_cost(weights: Weights, factors: Factors, accumulator: str, task: Task) -> float | None:
    return 1000.0 * taps_of(weights) if accumulator == "object" else None


def _separable_cost(weights: Weights, factors: Factors, accumulator: str, task: Task) -> float | None:
    if not factors or accumulator == "object":
        return None
    across = sum(taps_of((row,)) for _, row in factors)  # every source row goes through the row weights, used or not
    down = sum(taps_of((column,)) for column, _ in factors)
    return across * task.stride[0] + down + 6.0


def _running_cost(weights: Weights, factors: Factors, accumulator: str, task: Task) -> float | None:
    if accumulator == "object" or task.stride != (1, 1) or task.dilation != (1, 1):
        return None
    first = weights[0][0]
    return 16.0 if first != 0 and all(cell == first for row in weights for cell in row) else None


def _fourier_cost(weights: Weights, factors: Factors, accumulator: str, task: Task) -> float | None:
    if accumulator == "object" or task.stride[1] != 1 or not 0 < task.line <= _LONGEST_LINE:
        return None
    if task.span.whole and _fourier_error(weights, task) > 0.25:
        return None
    looking = sum(any(row) for row in weights)
    return (_FOURIER_ROWS + _FOURIER_ROW * looking) / _TAP_COST[accumulator]


def _fourier_error(weights: Weights, task: Task) -> float:
    """How far a sum by Fourier transforms can be from the true one.

    Each of three transforms of n values has a relative error (in the 2-norm) of at most 6.7 u log2(n) (N. J. Higham, Accuracy and
    Stability of Numerical Algorithms, theorem 24.2), adding up k spectra one of k u; norms of lines are at most sqrt(n) times the largest value.
    """
    n = line_length(task.line)
    norm = sum(math.sqrt(sum(float(cell) ** 2 for cell in row)) for row in weights)
    largest = float(max(task.span.magnitude, magnitude(task.border_value or 0)))
    return 2.0**-53 * (3 * 6.7 * math.log2(n) + len(weights) + 4) * math.sqrt(n) * largest * norm


def line_length(elements: int) -> int:
    """The least even length of at least so many elements that has no prime factor beyond 5: transforms of it are fast."""
    best = 1 << max(1, (elements - 1).bit_length())
    for fives in range(8):
        for threes in range(12):
            odd = 5**fives * 3**threes
            if odd < best:
                best = min(best, odd << max(1, (-(-elements // odd) - 1).bit_length()))
    return best


ALGORITHMS = (
    Algorithm("direct", _direct_cost),
    Algorithm("separable", _separable_cost, spreads=True),
    Algorithm("running", _running_cost, spreads=True),
    Algorithm("fourier", _fourier_cost, spreads=True),
    Algorithm("big", _big_cost),
)


def forced() -> str:
    """The algorithm that IMGCONV_ALGORITHM asks for, so that tests meet every one; empty for the cheapest."""
    return os.environ.get("IMGCONV_ALGORITHM", "")


def taps_of(weights: Weights) -> int:
    """Weights that look at a pixel."""
    return sum(cell != 0 for row in weights for cell in row)


def plan(kernel: Kernel, task: Task, algorithm: str = "") -> Plan:
    """The cheapest plan for a kernel and a task; a named `algorithm` is taken if it fits at all (tests do so)."""
    whole_border = task.border_value is None or isinstance(task.border_value, int)
    if kernel.exact and task.span.whole and whole_border:
        return _exact_plan(kernel, task, algorithm)
    # RULES: float32 for 8-bit, 16-bit and float32 pixels, float64 for the rest and for float64 results
    weights = tuple(tuple(float(cell / kernel.divisor) for cell in row) for row in kernel.weights)
    largest = max(magnitude(kernel.bias), magnitude(task.border_value or 0), *(abs(cell) for row in weights for cell in row))
    accumulator = "float64" if task.pixels in ("int32", "float64") or task.result == "float64" or largest > _FLOAT32_MOST else "float32"
    why = "the kernel's numbers are not exact" if not kernel.exact else "pixels or border are no integers"
    factors = float_factors(weights)
    name, cost = _cheapest(weights, factors, accumulator, task, algorithm)
    accumulator = "float64" if name == "fourier" else accumulator
    return Plan(name, accumulator, "", weights, kernel.bias, 1, factors, f"{name} in {accumulator} ({why}), about {cost:.0f} taps a pixel")


def _exact_plan(kernel: Kernel, task: Task, algorithm: str) -> Plan:
    """A plan in whole numbers; "object" is Python's, for sums beyond 64 bits."""
    assert kernel.exact is not None
    rows, offset, denominator = kernel.exact
    if denominator % 2 and denominator > 1:  # so that half the denominator, the rounding term, is whole
        rows, offset, denominator = tuple(tuple(2 * cell for cell in row) for row in rows), 2 * offset, 2 * denominator
    low, high = sum_bounds(rows, task.span, task.border_value)
    most = max(abs(low + offset), abs(high + offset), abs(offset)) + denominator // 2 + 1
    inputs = max(task.span.magnitude, magnitude(task.border_value or 0))
    largest = max(most, inputs, denominator, max((abs(cell) for row in rows for cell in row), default=0))
    accumulator = next((name for name, limit in ACCUMULATORS if largest < limit), "object")
    quotient = "" if denominator == 1 else "float32" if largest < EXACT_FLOAT32 else "float64" if largest < EXACT_FLOAT64 else "int64"
    factors = whole_factors(rows)
    name, cost = _cheapest(rows, factors, accumulator, task, algorithm)
    if name == "fourier":
        accumulator, quotient = "float64", "float64" if denominator > 1 else ""
    why = f"sums lie in {low + offset}…{high + offset}"
    return Plan(name, accumulator, quotient, rows, offset, denominator, factors, f"{name} in {accumulator} ({why}), about {cost:.0f} taps a pixel", True)


def _cheapest(weights: Weights, factors: Factors, accumulator: str, task: Task, wanted: str) -> tuple[str, float]:
    costs = {row.name: row.cost(weights, factors, accumulator, task) for row in ALGORITHMS if task.finite or not row.spreads}
    fitting = {name: cost for name, cost in costs.items() if cost is not None}
    name = wanted if wanted in fitting else min(fitting, key=lambda name: fitting[name])
    return name, fitting[name]


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


POOLINGS = ("blocks", "sliding", "windows")
"""Ways to pool: small windows wholly in the image, written out; large ones that overlap; any."""


def plan_pool(kind: str, rows: Axis, columns: Axis, channels: int, *, whole: bool, wanted: str = "") -> str:
    """How to pool: `blocks` for 2 and 3 columns at stride 2 and 3 with no pixel missing, `sliding` for large overlapping max and min, else `windows`.

    `whole` says whether values are whole numbers; a `wanted` way is taken if it fits at all (tests do so).
    """
    inside = all(axis.before == 0 and axis.reach <= axis.length and axis.dilation == 1 for axis in (rows, columns))
    fits = {
        "blocks": inside and columns.size in (2, 3) and columns.stride in (2, 3) and channels in (1, 3, 4) and (whole or kind != "avg"),
        "sliding": kind != "avg" and rows.dilation == columns.dilation == 1 and rows.size <= _MOST_SLIDING,
        "windows": True,
    }
    worth = {"blocks": rows.size <= 8, "sliding": rows.size > 3 * rows.stride or columns.size > 6 * columns.stride, "windows": True}
    return wanted if fits.get(wanted) else next(name for name in POOLINGS if fits[name] and worth[name])

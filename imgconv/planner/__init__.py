"""Which algorithm runs a kernel, on which numbers, and why: pure Python, printable.

A new algorithm is one row of ALGORITHMS (`costs`) and one loop. The accumulator is the narrowest
type in which the final sum provably fits; a wrap in between is harmless in two's complement.
"""

from __future__ import annotations

import os
from fractions import Fraction
from typing import Any

from imgconv.kernels.factoring import Factors, Weights, float_factors, whole_factors
from imgconv.kernels.kernel import Kernel
from imgconv.planner.costs import (
    ALGORITHMS,
    PASS,
    SPREADING,
    fourier_share,
    instructions_for,
    lane_of,
    line_length,
    sum_bounds,
    taps_of,
)
from imgconv.planner.fixed import FARTHEST, FOUR, digits_of, fixed_line, fixed_point
from imgconv.planner.pooling import POOLINGS, plan_pool
from imgconv.planner.values import Plan, Task
from imgconv.values.caches import cached_by_size
from imgconv.values.frozen import replace
from imgconv.values.numbers import BY_SHIFT, EXACT_FLOAT64, Number, double, magnitude
from imgconv.values.span import Span

__all__ = [
    "ALGORITHMS",
    "FARTHEST",
    "FOUR",
    "PASS",
    "POOLINGS",
    "SPREADING",
    "Plan",
    "Task",
    "digits_of",
    "fixed_line",
    "fixed_point",
    "forced",
    "line_length",
    "plan",
    "plan_pool",
    "response_span",
    "taps_of",
]

QUOTIENTS = (("float32", 2**22), ("float64", 2**51), ("int64", 2**63))
"""Types for exact quotients, fastest first, and what dividend and divisor do not reach (the proof is at
`quantising._floor_divide`)."""
FIXED = ("byte-products", "stacked-products")
"""Algorithms that multiply whole numbers alone: weights are fixed-point numbers for them."""
STACKED = ("separable-stacked-products", "stacked-products")
"""Those that take pixels in stacks."""
ACCUMULATORS = (("int16", 2**15), ("int32", 2**31), ("float64", EXACT_FLOAT64 // 2), ("int64", 2**63))
"""Types for exact sums, narrowest first, and the magnitude they do not reach."""
_IN_FLOAT64 = ACCUMULATORS[2:]
"""Those for whole numbers that lie in float64: narrower ones would each need a loop of its own, and gain little."""
_LARGEST_BORDER = (
    2**8
)  # times the greatest integer pixel: beyond a larger constant, too, nothing is done that spreads what it rounds to
MOST_BIG = 1024
"""Weights whose sums Python's integers make where 64 bits do not hold them: 0.1 µs for each weight and pixel, hundreds
of times what floats take."""
_FLOAT32_MOST, _FLOAT32_LEAST = (
    1e37,
    1e-30,
)  # weights, bias and border beyond, and weights that are all below, are left to float64


def forced() -> str:
    """The algorithm that IMGCONV_ALGORITHM asks for, so that tests meet every one; empty for the cheapest."""
    return os.environ.get("IMGCONV_ALGORITHM", "")


def plan(kernel: Kernel, task: Task, algorithm: str = "") -> Plan:
    """The cheapest plan for a kernel and a task; a named `algorithm` is taken if it fits at all (tests do so)."""
    # 3/4 and 0.75, or 2 and 2.0, are equal to a cache
    return _plan(
        kernel,
        task,
        algorithm,
        kernel.exact is not None,
        task.border_value is None or isinstance(task.border_value, int),
    )


@cached_by_size(64, lambda kernel: kernel.weights)
def _plan(kernel: Kernel, task: Task, algorithm: str, exact: bool, whole_border: bool) -> Plan:
    whole = _exact_plan(kernel, task, algorithm) if exact and task.span.whole and whole_border else None
    if whole is not None and (whole.accumulator != "object" or taps_of(whole.weights) <= MOST_BIG):
        return whole
    # docs/numbers.md: float32 for 8-bit, 16-bit and float32 pixels, float64 for the rest and for float64 results
    weights = tuple(tuple(double(cell / kernel.divisor) for cell in row) for row in kernel.weights)
    heaviest = max(abs(cell) for row in weights for cell in row)
    largest = max(magnitude(kernel.bias), magnitude(task.border_value or 0), heaviest)
    beyond = largest > _FLOAT32_MOST or heaviest < _FLOAT32_LEAST or whole is not None
    accumulator = "float64" if task.pixels in ("int32", "float64") or task.result == "float64" or beyond else "float32"
    why = "the kernel's numbers are not exact" if not kernel.exact else "pixels or border are not known to be integers"
    why = f"more than {MOST_BIG} weights, whose sums leave 64 bits" if whole is not None else why
    factors = float_factors(weights, accumulator)
    multiplied = accumulator == "float32" and (task.spacing or (task.instructions and task.pixels == "uint8"))
    fixed = fixed_point(weights, kernel.bias) if multiplied else None
    if magnitude(task.border_value or 0) > _LARGEST_BORDER * max(task.span.magnitude, 1):
        task = replace(task, finite=False)
    name, cost = _cheapest(weights, factors, accumulator, task, algorithm, without=() if fixed else FIXED)
    if name in FIXED and fixed:
        rows, offset, denominator = fixed
        why = f"{why}: multiples of 2**-{denominator.bit_length() - 1}"
        return Plan(
            name,
            "int32",
            BY_SHIFT,
            rows,
            offset,
            denominator,
            (),
            f"{name} in int32 ({why}), about {cost:.0f} taps per pixel",
            **_multiplied(name, rows, accumulator, task),
        )
    share = fourier_share(weights, accumulator, task) if name == "fourier" else 0.0
    accumulator = "float64" if name == "fourier" else accumulator
    reason = f"{name} in {accumulator} ({why}), about {cost:.0f} taps per pixel"
    multiplied_by = _multiplied(name, weights, accumulator, task)
    return Plan(name, accumulator, "", weights, kernel.bias, 1, factors, reason, share=share, **multiplied_by)


def _exact_plan(kernel: Kernel, task: Task, algorithm: str) -> Plan:
    """A plan in whole numbers; "object" is Python's, for sums beyond 64 bits."""
    assert kernel.exact is not None
    rows, offset, denominator = kernel.exact
    if denominator % 2 and denominator > 1:  # so that half the denominator, the rounding term, is whole
        rows, offset, denominator = tuple(tuple(2 * cell for cell in row) for row in rows), 2 * offset, 2 * denominator
    low, high = sum_bounds(rows, task.span, task.border_value)
    most = max(abs(low + offset), abs(high + offset), abs(offset)) + denominator // 2 + 1
    inputs = max(task.span.magnitude, magnitude(task.border_value or 0))
    largest = int(max(most, inputs, denominator, max((abs(cell) for row in rows for cell in row), default=0)))
    accumulators = _IN_FLOAT64 if task.pixels == "float64" else ACCUMULATORS
    accumulator = next((name for name, limit in accumulators if largest < limit), "object")
    quotient = quotient_type(largest) if denominator > 1 else ""
    factors = whole_factors(rows)
    name, cost = _cheapest(rows, factors, accumulator, task, algorithm)
    if name == "fourier":
        accumulator = "float64"
    if quotient == "float32" and (name == "fourier" or task.pixels == "float64"):
        quotient = "float64"
    elif quotient and denominator & (denominator - 1) == 0 and accumulator.startswith("int"):
        quotient = BY_SHIFT
    why = f"sums lie in {low + offset}…{high + offset}"
    lane = lane_of(rows, accumulator, task) if name == "direct" else accumulator
    return Plan(
        name,
        accumulator,
        quotient,
        rows,
        offset,
        denominator,
        factors,
        f"{name} in {accumulator} ({why}), about {cost:.0f} taps per pixel",
        True,
        lane,
        **_multiplied(name, rows, accumulator, task),
    )


def _multiplied(name: str, weights: Weights, accumulator: str, task: Task) -> dict[str, Any]:
    """What a plan says of instructions that multiply several pixels at once, if it uses them."""
    row = instructions_for(weights, accumulator, task) if name in STACKED else None
    return {} if row is None else {"instructions": row.name, "pixels": task.pixels}


def quotient_type(largest: int) -> str:
    """The fastest type in which whole numbers up to `largest` are divided exactly."""
    return next((name for name, limit in QUOTIENTS if largest + 1 < limit), "int64")


def _cheapest(
    weights: Weights, factors: Factors, accumulator: str, task: Task, requested: str, without: tuple[str, ...] = ()
) -> tuple[str, float]:
    rows = [row for row in ALGORITHMS if (task.finite or not row.spreads) and row.name not in without]
    costs = {row.name: row.cost(weights, factors, accumulator, task) for row in rows}
    fitting = {name: cost for name, cost in costs.items() if cost is not None}
    name = requested if requested in fitting else min(fitting, key=lambda name: fitting[name])
    return name, fitting[name]


@cached_by_size(64, lambda plan: plan.weights)
def response_span(plan: Plan, pixels: Span, border_value: Number | None) -> Span:
    """What is known of a plan's results, before they are quantised."""
    if not isinstance(plan.offset, int) or not all(isinstance(cell, int) for row in plan.weights for cell in row):
        return Span(float("-inf"), float("inf"), False)
    low, high = sum_bounds(plan.weights, pixels, border_value)  # type: ignore[arg-type]
    offset = Fraction(plan.offset)
    ends = (low + offset) / plan.denominator, (high + offset) / plan.denominator
    return Span(int(ends[0]), int(ends[1]), True) if plan.denominator == 1 else Span(*ends, False)

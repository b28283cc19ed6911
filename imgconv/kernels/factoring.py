"""Kernels as sums of columns times rows: what makes two short passes out of one long one."""

from __future__ import annotations

import math

from imgconv.values.caches import cached_by_size
from imgconv.values.numbers import Number

Weights = tuple[tuple[Number, ...], ...]
Factors = tuple[tuple[tuple[Number, ...], tuple[Number, ...]], ...]
"""(column, row) pairs; the sum of their outer products is the kernel. Empty where there are no useful ones."""

MOST_RANK = 8
TOLERANCE = {"float32": 1e-13, "float64": 2.0**-50}
"""What factors may leave of a weight, as a share of the largest, by the type that sums have: less than the rounding of
the sums themselves."""


@cached_by_size(64, lambda weights: weights)
def whole_factors(weights: Weights) -> Factors:
    """One column and one row of whole numbers whose product is the kernel, if it has rank 1."""
    if min(len(weights), len(weights[0])) < 2:
        return ()
    pivot = next((row for row in weights if any(row)), None)
    if pivot is None:
        return ()
    divisor = math.gcd(*map(int, pivot))
    row = tuple(cell // divisor for cell in pivot)
    place = next(i for i, cell in enumerate(row) if cell)
    column = tuple(line[place] // row[place] for line in weights)
    fits = all(
        line[i] == above * beside for line, above in zip(weights, column, strict=True) for i, beside in enumerate(row)
    )
    return ((column, row),) if fits else ()


@cached_by_size(64, lambda weights: weights)
def float_factors(weights: Weights, accumulator: str) -> Factors:
    """As few columns and rows as reproduce the kernel to `TOLERANCE`, by elimination with full pivoting; none if that
    takes more than MOST_RANK."""
    rest = [[float(cell) for cell in row] for row in weights]
    if min(len(rest), len(rest[0])) < 2:
        return ()
    scale = max(abs(cell) for row in rest for cell in row)
    factors: list[tuple[tuple[Number, ...], tuple[Number, ...]]] = []
    while True:
        top = max(range(len(rest)), key=lambda i: max(map(abs, rest[i])))
        pivot_row = rest[top]
        left = max(range(len(pivot_row)), key=lambda j: abs(pivot_row[j]))
        pivot = pivot_row[left]
        if abs(pivot) <= TOLERANCE[accumulator] * scale:
            return tuple(factors)
        if len(factors) == min(MOST_RANK, len(rest) - 1, len(rest[0]) - 1):
            return ()
        column, row = [line[left] / pivot for line in rest], list(pivot_row)
        factors.append((tuple(column), tuple(row)))
        rest = [
            [cell - above * beside for cell, beside in zip(line, row, strict=True)]
            for line, above in zip(rest, column, strict=True)
        ]

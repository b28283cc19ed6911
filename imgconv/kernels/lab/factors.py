"""Kernels taken apart: as a column times a row, or as a sum of such products."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from imgconv import errors
from imgconv.kernels.catalog import kernel as as_kernel
from imgconv.kernels.kernel import Kernel
from imgconv.values.numbers import Number, common_denominator, number, numerator

EXACT_CELLS = 4096
"""Larger kernels are taken apart in float64: fractions grow with every step of an elimination."""
EXACT_BITS = 2**12
"""Bits of the largest number times rows or columns, the fewer ones: more, and exact elimination would take minutes."""
MOST_CELLS = 2**20
_NOTHING = 1e-12  # of the greatest: what float64 leaves of a singular value that is really 0


def split(kernel: Any) -> tuple[tuple[Kernel, Kernel], ...]:
    """Columns and rows: correlating with each pair's column and then its row, and adding all results, is correlating
    with the kernel.

    There are as many pairs as the kernel's rank, none for a kernel of zeros. Exact kernels of up to 4096 weights are
    taken apart exactly, by elimination, into whole numbers where possible; others by singular values, the greatest
    first.

    Parameters
    ----------
    kernel : Kernel, str or rows of numbers

    Returns
    -------
    tuple of (column, row) pairs of Kernels
        The rows carry the divisor, the first of them the bias.

    Raises
    ------
    UsageError
        For a value that is not a kernel, or one of more than 2**20 weights.
    """
    checked = as_kernel(kernel)
    cells = checked.shape[0] * checked.shape[1]
    if cells > MOST_CELLS:
        raise errors.UsageError(
            f"a kernel of {errors.extent(*checked.shape)} is too large to be split into columns and rows here (at"
            f" most {MOST_CELLS} weights)"
        )
    pairs: Any = (_eliminated(checked) if cells <= EXACT_CELLS and _is_short(checked) else None) or _singular(checked)
    down, across = (None, None) if checked.anchor is None else ((checked.anchor[0], 0), (0, checked.anchor[1]))
    return tuple(
        (
            Kernel([[cell] for cell in column], anchor=down),
            Kernel([row], checked.divisor, 0 if place else checked.bias, across),
        )
        for place, (column, row) in enumerate(pairs)
    )


def _is_short(kernel: Kernel) -> bool:
    """Whether all numbers are exact, and few enough digits long to be eliminated: what is left has some times as many
    as there are rows."""
    common = None if any(isinstance(cell, float) for cell in kernel.cells()) else common_denominator(kernel.cells())
    if common is None:
        return False
    return min(kernel.shape) * max(numerator(cell, common).bit_length() for cell in kernel.cells()) <= EXACT_BITS


def _eliminated(kernel: Kernel) -> list[tuple[list[Number], list[Number]]] | None:
    """The first row that is left, without its common factor, times the column that clears its first number; None for
    numbers beyond doubles."""
    rest, pairs = [[Fraction(cell) for cell in row] for row in kernel.weights], []
    while (top := next((row for row in rest if any(row)), None)) is not None:
        place = next(i for i, cell in enumerate(top) if cell)
        share = _common(top)
        row = [cell / share for cell in top]
        column = [line[place] / row[place] for line in rest]
        rest = [
            [cell - above * beside for cell, beside in zip(line, row, strict=True)]
            for line, above in zip(rest, column, strict=True)
        ]
        try:
            pairs.append(([number(cell) for cell in column], [number(cell) for cell in row]))
        except errors.UsageError:
            return None
    return pairs


def _common(row: list[Fraction]) -> Fraction:
    """What a row is a multiple of in whole numbers without a common divisor."""
    import math

    below = math.lcm(*(cell.denominator for cell in row))
    return Fraction(math.gcd(*(int(cell * below) for cell in row)), below)


def _singular(kernel: Kernel) -> list[tuple[list[float], list[float]]]:
    import numpy as np

    columns, sizes, rows = np.linalg.svd(np.array(kernel.weights, float), full_matrices=False)
    pairs = []
    for column, size, row in zip(columns.T, sizes, rows, strict=True):
        if size > _NOTHING * sizes[0]:
            turn = -1 if column[np.argmax(np.abs(column))] < 0 else 1
            pairs.append(((turn * size**0.5 * column).tolist(), (turn * size**0.5 * row).tolist()))
    return pairs

"""Kernels made of kernels: two in a row as one, one minus another."""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from typing import Any

from imgconv import errors
from imgconv.kernels.catalog import kernel as as_kernel
from imgconv.kernels.kernel import Kernel, require_size
from imgconv.kernels.lab.factors import MOST_CELLS
from imgconv.values.frozen import record
from imgconv.values.numbers import Number, magnitude, number
from imgconv.values.numbers import total as sum_of

MOST_PRODUCTS, MOST_EXACT_PRODUCTS = 2**36, 2**28
"""Weights of one kernel times weights of another, that are multiplied in doubles and in exact numbers: about half a
minute."""
HALF_TURN, SAME = "turned by 180 degrees", "with the same weights"
_NOTHING = 1e-12  # of the greatest: what float64 leaves of a weight or a singular value that is really 0


def compose(first: Any, second: Any) -> Kernel:
    """The kernel that does what `first` and then `second` do, wherever no border is in sight.

    Correlating with a and then with b is correlating with the full convolution of a and b, of size ha + hb - 1 by wa +
    wb - 1 (`scipy.signal.convolve2d(a, b)`); divisors multiply, a bias passes through what follows, anchors add.

    Parameters
    ----------
    first, second : Kernel, str or rows of numbers

    Returns
    -------
    Kernel
        Exact where both are. Its anchor is stated only where it is not the centre.

    Raises
    ------
    UsageError
        For a value that is not a kernel, or a result with more weights than a kernel may have.
    """
    import numpy as np

    one, other = as_kernel(first), as_kernel(second)
    rows, columns = (a + b - 1 for a, b in zip(one.shape, other.shape, strict=True))
    require_size(rows, columns)
    small, large = sorted((one, other), key=lambda kernel: kernel.shape[0] * kernel.shape[1])
    whole = small.exact is not None and large.exact is not None
    products, most = _cells(one) * _cells(other), MOST_EXACT_PRODUCTS if whole else MOST_PRODUCTS
    if products > most:
        raise errors.UsageError(
            f"kernels of {errors.extent(*one.shape)} and {errors.extent(*other.shape)} are too large to be made"
            f" one (at most {most} products of weights); use one after the other"
        )
    total: Any = np.zeros((rows, columns), object if whole else float)
    grid = np.array(large.weights, total.dtype)
    with np.errstate(over="ignore", invalid="ignore"):  # infinities and NaN are then refused as weights
        for (row, line), column in product(enumerate(small.weights), range(small.shape[1])):
            if line[column]:
                weight = line[column] if whole else float(line[column])
                total[row : row + large.shape[0], column : column + large.shape[1]] += weight * grid
    anchor = _anchor(one)[0] + _anchor(other)[0], _anchor(one)[1] + _anchor(other)[1]
    stated = None if anchor == ((rows - 1) // 2, (columns - 1) // 2) else anchor
    divisor = _product(one.divisor, other.divisor)
    passed = _fraction(number(sum_of(other.cells()))) / _fraction(other.divisor) * _fraction(one.bias) + _fraction(
        other.bias
    )
    bias = number(passed)
    return Kernel(total.tolist(), divisor, bias if whole else float(bias), stated)


# ---------------------------------------------------------------- one minus another


@record
class Difference:
    """How two kernels differ: `kernel` is the first minus the second, divisors carried out, anchors laid over each
    other.

    `relation` is how the second follows from the first, in words, and empty where it does not; `farthest` is how
    far their results on 8-bit pixels can be apart.
    """

    kernel: Kernel
    relation: str
    farthest: Number

    @property
    def same(self) -> bool:
        """Whether they give the same results."""
        return not any(self.kernel.cells()) and not self.kernel.bias


def difference(first: Any, second: Any) -> Difference:
    """The first kernel minus the second, and what they have to do with each other.

    Parameters
    ----------
    first, second : Kernel, str or rows of numbers

    Raises
    ------
    UsageError
        For a value that is not a kernel.
    """
    one, other = as_kernel(first), as_kernel(second)
    origins = _anchor(one), _anchor(other)
    above, left = (max(a, b) for a, b in zip(*origins, strict=True))
    below, right = (max(a.shape[axis] - o[axis] for a, o in zip((one, other), origins, strict=True)) for axis in (0, 1))
    require_size(above + below, left + right)
    if (above + below) * (left + right) > MOST_CELLS:
        raise errors.UsageError(
            f"a kernel of {errors.extent(above + below, left + right)} is too large to be compared here (at most"
            f" {MOST_CELLS} weights)"
        )
    cells = [[Fraction(0)] * (left + right) for _ in range(above + below)]
    for kernel, (top, start), sign in zip((one, other), origins, (1, -1), strict=True):
        divisor = _fraction(kernel.divisor)
        for row, line in enumerate(kernel.weights):
            for column, cell in enumerate(line):
                cells[above - top + row][left - start + column] += sign * _fraction(cell) / divisor
    most = max(
        (magnitude(_fraction(cell) / _fraction(kernel.divisor)) for kernel in (one, other) for cell in kernel.cells()),
        default=0,
    )
    whole = one.exact is not None and other.exact is not None
    cleared = [
        [number(cell) if whole else float(cell) if magnitude(cell) > 1e-15 * most else 0 for cell in row]
        for row in cells
    ]
    apart = Kernel(cleared, bias=number(_fraction(one.bias) - _fraction(other.bias)), anchor=(above, left))
    return Difference(apart, _relation(one, other), max(map(magnitude, apart.response(0, 255))))


def _relation(one: Kernel, other: Kernel) -> str:
    """The first of a few simple ways to the second: the same, a multiple, turned, mirrored."""
    turns = [(180, HALF_TURN), (90, "turned anticlockwise by 90 degrees"), (-90, "turned clockwise by 90 degrees")]
    if one.shape == (3, 3):
        turns += [
            (degrees, f"turned {'anti' * (degrees > 0)}clockwise by {abs(degrees)} degrees round its ring")
            for degrees in (45, -45, 135, -135)
        ]
    ways = [("", one.weights), *((words, one.rotated(degrees).weights) for degrees, words in turns)]
    ways += [
        ("mirrored left to right", tuple(row[::-1] for row in one.weights)),
        ("transposed", tuple(zip(*one.weights, strict=True))),
    ]
    for factor_one in (True, False):  # a plain turn before a turn with a factor
        for words, weights in ways:
            factor = _factor(weights, one.divisor, other.weights, other.divisor)
            if factor is not None and (factor == 1) == factor_one:
                times = (
                    "" if factor == 1 else f"times {factor if isinstance(factor, (int, Fraction)) else f'{factor:.6g}'}"
                )
                return " and ".join(part for part in (words, times) if part) or SAME
    return ""


def _factor(one: Any, divisor: Number, other: Any, other_divisor: Number) -> Number | None:
    """What the first must be multiplied by to give the second; None if nothing does it."""
    if (len(one), len(one[0])) != (len(other), len(other[0])):
        return None
    cells = [
        (_fraction(a) / _fraction(divisor), _fraction(b) / _fraction(other_divisor))
        for top, low in zip(one, other, strict=True)
        for a, b in zip(top, low, strict=True)
    ]
    largest, beside = max(cells, key=lambda pair: magnitude(pair[0]))
    if not largest or not beside:
        return None
    factor = beside / largest
    inexact = any(isinstance(cell, float) for rows in (one, other) for row in rows for cell in row)
    slack = _NOTHING * magnitude(beside) if inexact else 0
    if any(magnitude(a * factor - b) > slack for a, b in cells):
        return None
    return number(
        Fraction(round(factor, 12))
        if inexact and magnitude(factor - round(factor)) < _NOTHING
        else float(factor)
        if inexact
        else factor
    )


# ---------------------------------------------------------------- shared


def _anchor(kernel: Kernel) -> tuple[int, int]:
    """The stated anchor, or the centre."""
    return kernel.anchor or ((kernel.shape[0] - 1) // 2, (kernel.shape[1] - 1) // 2)


def _cells(kernel: Kernel) -> int:
    return kernel.shape[0] * kernel.shape[1]


def _fraction(value: Number) -> Fraction:
    return Fraction(value)


def _product(one: Number, other: Number) -> Number:
    return number(
        _fraction(one) * _fraction(other)
        if not isinstance(one, float) and not isinstance(other, float)
        else float(one) * float(other)
    )

"""Facts about a kernel: its sum, range, symmetry, rank, and its effect on noise."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from imgconv.kernels.catalog import kernel as as_kernel
from imgconv.kernels.kernel import Kernel
from imgconv.kernels.lab.factors import split
from imgconv.values.frozen import record
from imgconv.values.numbers import Number, magnitude, number
from imgconv.values.numbers import total as sum_of

RANKED = 2**16
"""Larger kernels are not taken apart for their rank alone."""

Rows = tuple[tuple[Number, ...], ...]

MIRRORS: dict[str, Callable[[Rows], Rows]] = {
    "left to right": lambda rows: tuple(row[::-1] for row in rows),
    "top to bottom": lambda rows: rows[::-1],
    "about the main diagonal": lambda rows: tuple(zip(*rows, strict=True)),
    "about the other diagonal": lambda rows: tuple(zip(*(row[::-1] for row in rows[::-1]), strict=True)),
    "under half a turn": lambda rows: tuple(row[::-1] for row in rows[::-1]),
    "under a quarter turn": lambda rows: tuple(zip(*rows, strict=True))[::-1],
}
"""What may leave the weights as they are (even) or change all their signs (odd)."""


@record
class Facts:
    """What a kernel is. Sums and ranges are those of results: the divisor carried out, `response` with the bias.

    Attributes
    ----------
    kernel : Kernel
    total : number
        The sum of weights over the divisor: what an even area is multiplied by.
    zero_sum : bool
        Whether that is 0 but for rounding: even areas vanish, whatever their value.
    response : (least, greatest)
        Of all results on 8-bit pixels.
    even, odd : tuple of str
        The mirrors and turns (words of MIRRORS) that leave the weights, and that change their signs.
    rank : int or None
        How many columns times rows it is the sum of; None beyond 2**16 weights.
    pairs : tuple of (column, row)
        Those, as `split` gives them.
    noise : float
        What the standard deviation of independent noise is multiplied by, the root of the sum of squares.
    exact : bool
        Whether integer pixels are computed in whole numbers.
    """

    kernel: Kernel
    total: Number
    zero_sum: bool
    response: tuple[Number, Number]
    even: tuple[str, ...]
    odd: tuple[str, ...]
    rank: int | None
    pairs: tuple[tuple[Kernel, Kernel], ...]
    noise: float
    exact: bool

    @property
    def separable(self) -> bool:
        """Whether one column and one row do it."""
        return self.rank == 1 and min(self.kernel.shape) > 1


def facts(kernel: Any) -> Facts:
    """The facts about a kernel.

    Parameters
    ----------
    kernel : Kernel, str or rows of numbers

    Raises
    ------
    UsageError
        For a value that is not a kernel.
    """
    checked = as_kernel(kernel)
    total = _shown(checked.response(1, 1)[0] - checked.bias)
    low, high = map(_shown, checked.response(0, 255))
    shares = [float(cell) / float(checked.divisor) for cell in checked.cells()]
    size = sum_of(map(abs, shares))
    pairs = split(checked) if len(shares) <= RANKED else None
    slack = _slack(checked.weights)
    even = tuple(
        words for words, mirror in MIRRORS.items() if _same(checked.weights, mirror(checked.weights), 1, slack)
    )
    odd = tuple(
        words
        for words, mirror in MIRRORS.items()
        if words not in even and _same(checked.weights, mirror(checked.weights), -1, slack)
    )
    return Facts(
        checked,
        total,
        zero_sum=magnitude(total) <= 1e-9 * size,
        response=(low, high),
        even=even,
        odd=odd,
        rank=None if pairs is None else len(pairs),
        pairs=pairs or (),
        noise=math.hypot(*shares),
        exact=checked.exact is not None,
    )


def _shown(value: Number) -> Number:
    """As `number` has it; infinity where that is beyond all doubles."""
    try:
        float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf
    return value if math.isinf(value) else number(value)


def _slack(rows: Rows) -> float:
    """By how much weights that are no exact numbers may differ and count as the same."""
    floats = any(isinstance(cell, float) for row in rows for cell in row)
    return 1e-12 * max(abs(float(cell)) for row in rows for cell in row) if floats else 0


def _same(one: Rows, other: Rows, sign: int, slack: float) -> bool:
    """Whether one is the other (times -1), but for rounding where there is any."""
    if (len(one), len(one[0])) != (len(other), len(other[0])):
        return False
    if (not slack or one == other) and sign == 1:
        return one == other
    return all(
        abs(a - sign * b) <= slack for top, low in zip(one, other, strict=True) for a, b in zip(top, low, strict=True)
    )

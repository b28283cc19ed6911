"""What several dialects share: where a tool's centre lies, and kernels brought into a form that it can express."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

from imgconv import errors
from imgconv.kernels.kernel import Kernel
from imgconv.values.numbers import Number, decimal_text, number

_LARGEST_SCALE = 2**53
_MOST_DIGITS = 15  # behind the point


def middle(rows: int, columns: int) -> tuple[int, int]:
    """The centre as imgconv, ImageMagick and G'MIC have it: (size - 1) // 2."""
    return (rows - 1) // 2, (columns - 1) // 2


def half(rows: int, columns: int) -> tuple[int, int]:
    """The centre as libvips and SVG have it: size // 2. The same for odd sizes."""
    return rows // 2, columns // 2


def placed(
    weights: Sequence[Sequence[Number]],
    anchor: tuple[int, int],
    divisor: Number | str = 1,
    bias: Number = 0,
    *,
    turned: bool = False,
) -> Kernel:
    """A kernel whose anchor is known; where it is imgconv's centre it stays unstated, for the peers have no strides
    under which that differs.

    `turned`: the peer convolves, so that its weights are turned by 180 degrees, and the anchor with them.
    """
    kernel = Kernel(weights, divisor, bias, anchor)
    kernel = kernel.turned() if turned else kernel
    return Kernel(kernel.weights, kernel.divisor, kernel.bias) if kernel.anchor == middle(*kernel.shape) else kernel


def anchor_of(kernel: Kernel) -> tuple[int, int]:
    """The cell that lies over the output pixel, stated or not."""
    return kernel.anchor or middle(*kernel.shape)


def divided(kernel: Kernel) -> list[list[Number]]:
    """The weights with the divisor in them, for dialects that have none. UsageError where one leaves the range of
    doubles."""
    if kernel.divisor == 1:
        return [list(row) for row in kernel.weights]
    inexact = isinstance(kernel.divisor, float)
    divisor = Fraction(kernel.divisor)
    return [
        [number(float(cell / divisor) if inexact or isinstance(cell, float) else cell / divisor) for cell in row]
        for row in kernel.weights
    ]


def whole(kernel: Kernel) -> tuple[list[list[int]], Fraction] | None:
    """Whole weights and the number that divides their sum; None where there are none of a size that others can hold
    exactly."""
    if isinstance(kernel.divisor, float) or any(isinstance(cell, float) for cell in kernel.cells()):
        return None
    denominator = 1
    for cell in kernel.cells():
        denominator = math.lcm(denominator, Fraction(cell).denominator)
        if denominator > _LARGEST_SCALE:
            return None
    rows = [[int(cell * denominator) for cell in row] for row in kernel.weights]
    return (
        (rows, denominator * Fraction(kernel.divisor))
        if all(abs(cell) <= _LARGEST_SCALE for row in rows for cell in row)
        else None
    )


def centred(kernel: Kernel, sides: Sequence[tuple[int, int]] = ()) -> tuple[Kernel, tuple[str, ...]]:
    """The kernel with an odd size and its anchor in the middle: zeros are added where it is not so; and what to say of
    that.

    `sides`: the (rows, columns) that the dialect has, the first that is large enough is taken. Empty: any odd ones.
    Where no size is large enough the kernel comes back too large, for the caller to refuse.
    """
    rows, columns = kernel.shape
    above, beside = anchor_of(kernel)
    reach = max(above, rows - 1 - above), max(beside, columns - 1 - beside)
    height, width = next(
        ((r, c) for r, c in sides if r >= 2 * reach[0] + 1 and c >= 2 * reach[1] + 1),
        (2 * reach[0] + 1, 2 * reach[1] + 1),
    )
    if (height, width) == (rows, columns):
        return kernel, ()
    top, left = height // 2 - above, width // 2 - beside
    padded = [[0] * width for _ in range(height)]
    for r, row in enumerate(kernel.weights):
        padded[top + r][left : left + columns] = row  # type: ignore[assignment]
    before, after = errors.extent(rows, columns), errors.extent(height, width)
    note = f"{before} became {after} with zeros around it, so that its anchor is the centre"
    return Kernel(padded, kernel.divisor, kernel.bias), (note,)


def decimal(value: Number) -> str:
    """A number as every peer reads it: whole, or a decimal; a double in the 17 digits that make it one again."""
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Fraction) and (short := _short(value)) is not None:
        return short
    return format(float(value), "#.17g")


def _short(value: Fraction) -> str | None:
    return str(value.numerator) if value.denominator == 1 else decimal_text(value, _MOST_DIGITS)


def _is_double(value: Fraction) -> bool:
    return float(value).as_integer_ratio() == value.as_integer_ratio()


def rounding(values: Sequence[Number]) -> tuple[str, ...]:
    """What to say where exact numbers have no short decimal form: thirds, for instance. (A double's 17 digits are that
    double.)"""
    lost = sum(1 for value in values if isinstance(value, Fraction) and _short(value) is None and not _is_double(value))
    return (f"{lost} number{'s' * (lost != 1)} rounded to the nearest double",) if lost else ()


def in_decimals(kernel: Kernel) -> tuple[Sequence[Sequence[Number]], Number]:
    """Weights and divisor that have decimal forms, if need be whole ones over one divisor; where there are none, as
    they are."""
    if not rounding([*kernel.cells(), kernel.divisor]):
        return kernel.weights, kernel.divisor
    return whole(kernel) or (kernel.weights, kernel.divisor)

"""The Kernel: weights as the user thinks of them, with divisor, bias and anchor."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from copy import copy
from fractions import Fraction
from functools import cached_property
from typing import Any

from imgconv import errors
from imgconv.kernels.text_errors import anchor_outside, invalid_weight, not_rows, ragged_rows
from imgconv.values.frozen import field, record, replace
from imgconv.values.numbers import LARGEST, Number, common_denominator, magnitude, number, number_text, numerator, total
from imgconv.values.parameters import ANCHOR, BIAS, DIVISOR, ROTATION

MOST_WEIGHTS, MOST_SIDE = 4_194_304, 65_536
MOST_TOGETHER = 2 * MOST_WEIGHTS
_SMALL = 2**63
_RING = ((0, 0), (0, 1), (0, 2), (1, 2), (2, 2), (2, 1), (2, 0), (1, 0))  # clockwise


@record
class Kernel:
    """Weights that slide over an image, used as printed (correlation).

    The result is ``sum(weight * pixel) / divisor + bias``. A kernel is a frozen value: it can be compared, hashed
    and pickled.

    Parameters
    ----------
    weights : rows of numbers
        A sequence of equally long rows, or a 2-D array. Integers, Fractions, and floats that are multiples of 2**-16
        are exact; other floats make the kernel inexact.
    divisor : number or "auto"
        Divides the sum. "auto" is the signed sum of the weights, or 1 where that is about 0.
    bias : number
        Added to the quotient, in pixel units.
    anchor : (row, column), optional
        The cell that lies over the output pixel under ``pad="same"``. None is the centre.
    name : str
        A label; it is ignored in comparisons.

    Raises
    ------
    UsageError
        For weights that are not rows of finite real numbers, a divisor that cannot divide, or an anchor outside the
        kernel.

    Examples
    --------
    >>> import imgconv
    >>> kernel = imgconv.Kernel([[1, 2, 1], [2, 4, 2], [1, 2, 1]], divisor="auto")
    >>> kernel.divisor, kernel.shape
    (16, (3, 3))
    >>> kernel.response(0, 255)
    (Fraction(0, 1), Fraction(255, 1))
    """

    weights: tuple[tuple[Number, ...], ...]
    divisor: Number = 1
    bias: Number = 0
    anchor: tuple[int, int] | None = None
    name: str = field(default="", compare=False)

    def __init__(self, weights: Any, divisor: Any = 1, bias: Any = 0, anchor: Any = None, name: str = "") -> None:
        rows = _rows(weights)
        put = object.__setattr__  # the record is frozen; this is its constructor
        put(self, "weights", rows)
        put(
            self,
            "divisor",
            _automatic(rows) if isinstance(divisor, str) and divisor == "auto" else DIVISOR.read(divisor),
        )
        put(self, "bias", BIAS.read(bias))
        put(self, "anchor", None if anchor is None else ANCHOR.read(anchor))
        if not isinstance(name, str):
            raise errors.not_a("kernel name", name, "a text")
        put(self, "name", name)
        if self.anchor and not (self.anchor[0] < self.shape[0] and self.anchor[1] < self.shape[1]):
            raise anchor_outside(self.anchor, *self.shape)

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return len(self.weights), len(self.weights[0])

    @cached_property
    def exact(self) -> tuple[tuple[tuple[int, ...], ...], int, int] | None:
        """The kernel over one denominator, all integers: ``(rows, offset, denominator)``.

        The result is ``(sum(rows * pixel) + offset) / denominator`` and the denominator is positive. None where a
        weight, the divisor or the bias is not exact, or where these integers would reach 2**1024.
        """
        cells = [*self.cells(), self.bias, self.divisor]
        if any(isinstance(cell, float) for cell in cells):
            return None
        if self.divisor == 1 and all(isinstance(cell, int) for cell in cells):  # the usual kernel, at once
            return self.weights, int(self.bias), 1  # type: ignore[return-value]
        below = common_denominator(self.cells())
        if below is None:
            return None
        divisor, bias = Fraction(self.divisor), Fraction(self.bias)
        numerators = [numerator(cell, below) for cell in self.cells()]  # weight = numerator / below
        above, below = divisor.denominator, divisor.numerator * below  # share of the result = numerator * above / below
        denominator = math.lcm(abs(below) // math.gcd(below, above * math.gcd(*numerators)), bias.denominator)
        whole = [cell * above * denominator // below for cell in numerators]
        offset = int(bias * denominator)
        low, high = min(whole), max(whole)
        if max(denominator, abs(offset), high, -low) >= LARGEST:
            return None
        columns = self.shape[1]
        rows = tuple(tuple(whole[i : i + columns]) for i in range(0, len(whole), columns))
        return rows, offset, denominator

    @cached_property
    def balanced(self) -> bool:
        """Whether the weights sum to about 0: at most a fiftieth of their magnitudes.

        Such a kernel shows differences; others average.
        """
        cells = list(self.cells())
        return 50 * magnitude(total(cells)) <= total(magnitude(cell) for cell in cells)

    def cells(self) -> Iterable[Number]:
        """Every weight, row by row."""
        for row in self.weights:
            yield from row

    def turned(self) -> Kernel:
        """The kernel turned by 180 degrees, a stated anchor with it.

        Correlating with it is convolving with this one.
        """
        rows, columns = self.shape
        anchor = None if self.anchor is None else (rows - 1 - self.anchor[0], columns - 1 - self.anchor[1])
        return replace(self, weights=tuple(row[::-1] for row in self.weights[::-1]), anchor=anchor, name="")

    def rotated(self, degrees: int) -> Kernel:
        """The kernel turned anticlockwise, a stated anchor with it.

        Parameters
        ----------
        degrees : int
            A multiple of 90, or of 45 for a 3x3 kernel: its eight outer cells then move round the ring by one.

        Returns
        -------
        Kernel

        Raises
        ------
        UsageError
            For other angles.

        Examples
        --------
        >>> import imgconv
        >>> imgconv.kernel("sobel-x").rotated(45).weights
        ((0, 1, 2), (-1, 0, 1), (-2, -1, 0))
        """
        degrees = ROTATION.read(degrees)
        if not degrees:
            return self
        places = [[(row, column) for column in range(self.shape[1])] for row in range(self.shape[0])]
        if degrees % 90 and self.shape != (3, 3):
            raise errors.UsageError(
                f"a kernel of {errors.extent(*self.shape)} cannot be turned by {degrees} degrees; only 3x3 kernels turn"
                " by 45, all turn by 90, 180 and 270"
            )
        for _ in range(degrees // 90):
            places = [list(line) for line in zip(*places, strict=True)][::-1]
        if degrees % 90:
            before = dict(zip(_RING, [*_RING[1:], _RING[0]], strict=True))
            places = [
                [places[r][c] for r, c in (before.get((row, column), (row, column)) for column in range(3))]
                for row in range(3)
            ]
        weights = tuple(tuple(self.weights[row][column] for row, column in line) for line in places)
        anchors = [
            (row, column)
            for row, line in enumerate(places)
            for column, place in enumerate(line)
            if place == self.anchor
        ]
        return replace(self, weights=weights, anchor=anchors[0] if anchors else None, name="")

    def called(self, name: str) -> Kernel:
        """The same kernel under a name."""
        same = copy(self)
        object.__setattr__(same, "name", name)
        return same

    def undivided(self) -> Kernel:
        """The same kernel with its weights divided by its divisor, which becomes 1."""
        if self.divisor == 1:
            return Kernel(self.weights, 1, self.bias, self.anchor)
        exact = not any(isinstance(cell, float) for cell in (*self.cells(), self.divisor))
        divisor = Fraction(self.divisor) if exact else float(self.divisor)
        return Kernel([[number(cell / divisor) for cell in row] for row in self.weights], 1, self.bias, self.anchor)

    def using(
        self, divisor: Number | str | None = None, bias: Number | None = None, anchor: tuple[int, int] | None = None
    ) -> Kernel:
        """This kernel with another divisor ("auto" is allowed), bias or anchor; None leaves its own."""
        changes = {
            key: value for key, value in (("divisor", divisor), ("bias", bias), ("anchor", anchor)) if value is not None
        }
        return replace(self, **changes) if changes else self

    def response(self, low: Number, high: Number) -> tuple[Number, Number]:
        """The least and the greatest result on pixels from `low` to `high`.

        Minus and plus infinity where the numbers are too large to be added.
        """
        try:
            return self._response(low, high)
        except OverflowError:
            return -math.inf, math.inf

    def _response(self, low: Number, high: Number) -> tuple[Number, Number]:
        divisor = Fraction(self.divisor) if not isinstance(self.divisor, float) else self.divisor
        if low == high:
            only = total(self.cells()) * low / divisor + self.bias
            return only, only
        above, below = (
            total(weight for weight in self.cells() if (weight > 0) == positive) for positive in (True, False)
        )
        ends = [
            ((one and above * one) + (other and below * other)) / divisor for one, other in ((low, high), (high, low))
        ]
        return min(ends) + self.bias, max(ends) + self.bias


def require_size(rows: int, columns: int) -> None:
    """Raises UsageError for more weights, or a longer side, than a kernel may have."""
    if rows * columns > MOST_WEIGHTS or max(rows, columns) > MOST_SIDE:
        raise errors.UsageError(
            f"a kernel of {errors.cut(str(rows))} rows x {errors.cut(str(columns))} columns or more has more than"
            f" {MOST_WEIGHTS} weights or a side beyond {MOST_SIDE}; use a smaller one, or apply it in steps"
        )


def require_total(weights: int) -> None:
    """Raises UsageError for more weights than the kernels of one text, file or bank may have together."""
    if weights > MOST_TOGETHER:
        raise errors.UsageError(
            f"the kernels have {weights} or more weights together, more than {MOST_TOGETHER}; use fewer or smaller ones"
        )


def rows_text(kernel: Kernel, between: str = ";") -> str:
    """The weights as inline rows: `-1 0 1;-2 0 2`. Divisor, bias and anchor are not part of it."""
    return between.join(" ".join(number_text(cell) for cell in row) for row in kernel.weights)


def _automatic(rows: Sequence[Sequence[Number]]) -> Number:
    """The signed sum of the weights, or 1 when it is nothing beside their magnitudes."""
    cells = [cell for row in rows for cell in row]
    try:
        signed, beside = total(cells), total(magnitude(cell) for cell in cells)
        return number(signed) if 10**9 * magnitude(signed) > beside else 1
    except (OverflowError, errors.UsageError):
        raise errors.UsageError(
            "the sum of the kernel's weights is beyond the largest float (1.8e308), so divisor auto has nothing to"
            " divide by; scale the weights down"
        ) from None


class _Checked(tuple[tuple[Number, ...], ...]):
    """Rows that an earlier kernel has checked, so that a copy need not check them again."""

    __slots__ = ()


def _rows(weights: object) -> tuple[tuple[Number, ...], ...]:
    if isinstance(weights, _Checked):
        return weights
    shape = getattr(weights, "shape", ())
    if isinstance(shape, tuple) and len(shape) > 1:
        require_size(*shape[-2:])  # before each number becomes an object
        weights = _plane(weights, shape)
    weights = _listed(weights)
    if isinstance(weights, str) or not isinstance(weights, Sequence) or not weights:
        raise not_rows(weights)
    rows: list[tuple[Number, ...]] = []
    for values in weights:
        row = _listed(values)
        if isinstance(row, str) or not isinstance(row, Sequence) or not row:
            raise not_rows(weights)
        if rows and len(row) != len(rows[0]):
            raise ragged_rows(f"row {len(rows) + 1}", len(rows[0]), len(row))
        require_size(len(weights), len(row))
        rows.append(tuple(_weight(cell) for cell in row))
    return _Checked(rows)


def _plane(weights: Any, shape: tuple[int, ...]) -> Any:
    """The rows and columns of an array, or of a layer's weights where they are one kernel's: (1, 1, rows, columns)."""
    if any(side != 1 for side in shape[:-2]) or len(shape) not in (2, 4):
        raise errors.UsageError(
            f"weights of shape {errors.cut(str(tuple(shape)))} are no kernel; expected (rows, columns), or"
            " (1, 1, rows, columns) of a layer; of several kernels choose one: weights[0, 0]"
        )
    for _ in shape[:-2]:
        weights = weights[0]
    return weights


def _listed(values: Any) -> Any:
    """Arrays as lists, without importing NumPy."""
    return values.tolist() if hasattr(values, "tolist") and not isinstance(values, type) else values


def _weight(cell: object) -> Number:
    if type(cell) is int and -_SMALL < cell < _SMALL:  # most weights, without a call of `number`
        return cell
    if type(cell) is Fraction and 1 < cell.denominator < _SMALL and -_SMALL < cell.numerator < _SMALL:
        return cell
    try:
        if isinstance(cell, (str, complex)):
            raise invalid_weight(cell)
        return number(cell)
    except errors.UsageError:
        raise invalid_weight(cell) from None

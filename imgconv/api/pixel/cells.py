"""Cells: what stands under each tap of the window of one output pixel."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import isfinite
from typing import TYPE_CHECKING, Any

from imgconv.values.frozen import record
from imgconv.values.numbers import Number

if TYPE_CHECKING:
    from imgconv.operations import Pool
    from imgconv.values.borders import Border
    from imgconv.values.pixel_values import Pixels
    from imgconv.values.windows import Axis

Place = tuple[int, int]
"""A row and a column, from 0."""


@record
class Cell:
    """A tap at (row, column), which may lie beyond the edge; the pixel that stands there (None: a constant, or nothing)
    and its value (None: nothing). Where the value is linear light, `pixel` is what the image holds."""

    row: int
    column: int
    source: Place | None
    value: Number | None
    pixel: Number | None = None

    @property
    def beyond(self) -> bool:
        """Whether it lies beyond the edge of the image."""
        return self.source != (self.row, self.column)


Cells = tuple[tuple[Cell, ...], ...]


def exact(value: Any) -> Number:
    """A pixel's value as an exact number; NaN and infinities stay floats."""
    number = value.item() if hasattr(value, "item") else value
    if isinstance(number, float) and isfinite(number):
        number = Fraction(number)
    return number.numerator if isinstance(number, Fraction) and number.denominator == 1 else number


def positions(axis: Axis, output: int) -> range:
    """Where the taps of an output's window lie along an axis."""
    first = output * axis.stride - axis.before
    return range(first, first + axis.effective, axis.dilation)


def sources(positions: Sequence[int], length: int, border: Border) -> list[int]:
    """The pixel that stands at each position, or -1 for the border's constant."""
    return [border.source(position, length) for position in positions]


def filter_cells(plane: Pixels, axes: tuple[Axis, Axis], at: Place, border: Border) -> Cells:
    """What a kernel sees: beyond the edge stands what the border says. `plane` is (H, W)."""
    rows, columns = (positions(axis, output) for axis, output in zip(axes, at, strict=True))
    height, width = plane.shape

    def cell(row: int, column: int) -> Cell:
        source = border.source(row, height), border.source(column, width)
        if min(source) < 0:
            return Cell(row, column, None, border.value)
        return Cell(row, column, source, exact(plane[source]))

    return tuple(tuple(cell(row, column) for column in columns) for row in rows)


def pool_places(step: Pool, shape: Place, at: Place) -> tuple[Sequence[int], Sequence[int]]:
    """The rows and columns under a pooling window, those beyond the edge too."""
    if step.to is not None:
        from imgconv.values.windows import seen_by

        tiles = (seen_by(*one) for one in zip(at, shape, step.to, strict=True))
        rows, columns = (range(first, behind) for first, behind in tiles)
        return rows, columns
    axes = step.window(*shape).over(*shape)
    return positions(axes[0], at[0]), positions(axes[1], at[1])


def pool_cells(plane: Pixels, step: Pool, at: Place) -> Cells:
    """What a pooling window sees: beyond the edge there is nothing."""
    height, width = plane.shape
    rows, columns = pool_places(step, (height, width), at)

    def cell(row: int, column: int) -> Cell:
        inside = 0 <= row < height and 0 <= column < width
        return Cell(row, column, (row, column), exact(plane[row, column])) if inside else Cell(row, column, None, None)

    return tuple(tuple(cell(row, column) for column in columns) for row in rows)


def counted(step: Pool, cells: Cells, shape: Place) -> int:
    """What an average divides by: the existing pixels or, with count_padding, the cells inside the padded image."""
    every = [cell for row in cells for cell in row]
    if not step.count_padding:
        return sum(cell.value is not None for cell in every)
    rows, columns = step.window(*shape).over(*shape)
    return sum(
        -rows.before <= cell.row < shape[0] + rows.after and -columns.before <= cell.column < shape[1] + columns.after
        for cell in every
    )

"""Filters of colours that are weighted by alpha: what they sum, and what they divide by."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imgconv.api.pixel.arithmetic import product, response, total
from imgconv.api.pixel.cells import Cells, Place, exact, positions
from imgconv.values.frozen import record
from imgconv.values.numbers import Number

if TYPE_CHECKING:
    from imgconv.kernels.kernel import Kernel
    from imgconv.operations import Filter
    from imgconv.values.pixel_values import Pixels
    from imgconv.values.windows import Window

Rows = tuple[tuple[Number, ...], ...]


@record(eq=False)
class AlphaPlane:
    """Alpha (H, W), and what is opaque in it: between the steps of a pipeline it is float64 in the units it began
    in."""

    plane: Pixels
    opaque: int

    def shares(self, cells: Cells) -> Rows:
        """Alpha of each cell, from 0 to 1; a border's constant is opaque."""
        return tuple(
            tuple(
                1 if cell.source is None else response(exact(self.plane[cell.source]), self.opaque, 0) for cell in row
            )
            for row in cells
        )


@record
class Alphas:
    """Alpha of each cell, from 0 to 1; of a kernel that averages the sum of weight times alpha (None for one that finds
    differences), and whether that shows anything."""

    rows: Rows
    seen: Number | None
    visible: bool = True


def alphas(alpha: AlphaPlane, cells: Cells, kernel: Kernel, *, averages: bool) -> Alphas:
    """The alphas of a window's cells."""
    rows = alpha.shares(cells)
    if not averages:
        return Alphas(rows, None)
    seen = total([one for row in products(kernel, rows) for one in row])
    weights = total(list(kernel.cells()))
    return Alphas(rows, seen, seen != 0 and (seen > 0) == (weights > 0))


def pooled_alphas(alpha: AlphaPlane, cells: Cells, kind: str, padding: int) -> Alphas:
    """The alphas of a pooling window's cells; an average divides by their sum, and `padding` more opaque cells."""
    rows = tuple(
        tuple(0 if cell.value is None else share for cell, share in zip(*pair, strict=True))
        for pair in zip(cells, alpha.shares(cells), strict=True)
    )
    seen = total([one for row in rows for one in row])
    return Alphas(rows, total([seen, padding]) if kind == "avg" else None, seen != 0)


def products(kernel: Kernel, values: Rows) -> Rows:
    """Each weight times a value."""
    return tuple(
        tuple(product(weight, value) for weight, value in zip(weights, row, strict=True))
        for weights, row in zip(kernel.weights, values, strict=True)
    )


def quotient(sum_: Number, kernel: Kernel, weighting: Alphas, under: Number) -> Number:
    """The response of colours weighted by alpha; `under` is the colour under the window's centre, which stays where
    nothing is visible."""
    if weighting.seen is None:
        return response(sum_, kernel.divisor, kernel.bias)
    if not weighting.visible:
        return under
    gain = response(total(list(kernel.cells())), kernel.divisor, 0)
    return response(product(gain, sum_), weighting.seen, kernel.bias)


def under_centre(step: Filter, window: Window, plane: Pixels, at: Place) -> Number:
    """The colour under the centre of a window."""
    height, width = plane.shape
    axes = window.over(height, width)
    place = [
        step.border.source(positions(axis, output)[0] + window.centre(number), axis.length)
        for number, (axis, output) in enumerate(zip(axes, at, strict=True))
    ]
    return exact(plane[place[0], place[1]]) if min(place) >= 0 else step.border.value

"""What each operation does for one pixel: the cells that its window sees, and what it makes of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from imgconv.api.pixel.arithmetic import product, reduced, response, total, weighted_norm
from imgconv.api.pixel.cells import Cell, Cells, Place, counted, exact, filter_cells, pool_cells
from imgconv.operations import Activate, Filter, Operation, Pool
from imgconv.values.choices_with_numbers import parts
from imgconv.values.frozen import record
from imgconv.values.numbers import Number

if TYPE_CHECKING:
    from imgconv.api.pixel.weighting import AlphaPlane, Alphas
    from imgconv.kernels.kernel import Kernel
    from imgconv.values.pixel_values import Pixels
    from imgconv.values.windows import Window


@record
class Sum:
    """A kernel over one window: products (times alpha, where that weights colours), their sum, and the sum over the
    divisor plus the bias."""

    cells: Cells
    kernel: Kernel
    products: tuple[tuple[Number, ...], ...]
    sum: Number
    response: Number
    weighting: Alphas | None = None


@record
class Reduction:
    """A pooling window: what it gives, the sum and count of an average, the cells that hold a maximum or minimum. Where
    alpha weights colours, `products` are pixels times alpha."""

    cells: Cells
    kind: str
    sum: Number | None
    count: int | None
    winner: Place | None
    response: Number
    weighting: Alphas | None = None
    products: tuple[tuple[Number, ...], ...] = ()


@record
class Activation:
    """A function of one value."""

    cells: Cells
    function: str
    response: Number


Part = Sum | Reduction | Activation


def _filter(step: Filter, plane: Pixels, at: Place, alpha: AlphaPlane | None) -> tuple[Part, ...]:
    return tuple(
        _sum(step, kernel, window, plane, at, alpha) for kernel, window in zip(step.kernels, step.windows, strict=True)
    )


def _sum(step: Filter, kernel: Kernel, window: Window, plane: Pixels, at: Place, alpha: AlphaPlane | None) -> Sum:
    from imgconv.api.pixel.weighting import alphas, products, quotient, under_centre

    height, width = plane.shape
    cells = filter_cells(plane, window.over(height, width), at, step.border)
    values: Any = tuple(tuple(cell.value for cell in row) for row in cells)
    found = products(kernel, values)
    if alpha is None:
        sum_ = total([one for row in found for one in row])
        return Sum(cells, kernel, found, sum_, response(sum_, kernel.divisor, kernel.bias))
    weighting = alphas(alpha, cells, kernel, averages=not (step.with_ or kernel.balanced))
    found = tuple(tuple(map(product, shares, row)) for shares, row in zip(weighting.rows, found, strict=True))
    sum_ = total([one for row in found for one in row])
    value = quotient(sum_, kernel, weighting, under_centre(step, window, plane, at))
    return Sum(cells, kernel, found, sum_, value, weighting)


def _pool(step: Pool, plane: Pixels, at: Place, alpha: AlphaPlane | None) -> tuple[Part, ...]:
    height, width = plane.shape
    cells = pool_cells(plane, step, at)
    if alpha is not None:
        return (_weighted_pool(step, cells, counted(step, cells, (height, width)), alpha),)
    count = counted(step, cells, (height, width))
    existing = [cell for row in cells for cell in row if cell.value is not None]
    found = [cell.value for cell in existing if cell.value is not None]
    value = reduced(step.kind, found, count)
    winner = _winner(step.kind, existing, value)
    average = step.kind == "avg"
    part = Reduction(cells, step.kind, total(found) if average else None, count if average else None, winner, value)
    return (part,)


def _winner(kind: str, cells: list[Cell], value: Number) -> Place | None:
    """The first cell that holds a maximum or minimum."""
    if kind not in ("max", "min"):
        return None
    return next((cell.source for cell in cells if cell.value == value or cell.value != cell.value), None)


def _weighted_pool(step: Pool, cells: Cells, count: int, alpha: AlphaPlane) -> Reduction:
    """Averages, sums and norms weight colours by alpha; the others leave out transparent pixels. Nothing visible is
    0."""
    from imgconv.api.pixel.weighting import pooled_alphas

    existing = [cell for row in cells for cell in row if cell.value is not None]
    weighting = pooled_alphas(alpha, cells, step.kind, max(0, count - len(existing)))
    pairs = [
        (cell, share)
        for row, shares in zip(cells, weighting.rows, strict=True)
        for cell, share in zip(row, shares, strict=True)
        if cell.value is not None and share != 0
    ]
    seen = [cell.value for cell, _ in pairs if cell.value is not None]
    if not seen:
        return Reduction(cells, step.kind, None, None, None, 0, weighting)
    if step.kind.startswith("lp"):
        norm = weighted_norm(seen, [share for _, share in pairs], parts(step.kind)[1][0])
        return Reduction(cells, step.kind, None, None, None, norm, weighting)
    if step.kind in ("avg", "sum"):
        products = tuple(
            tuple(0 if cell.value is None else product(share, cell.value) for cell, share in zip(*pair, strict=True))
            for pair in zip(cells, weighting.rows, strict=True)
        )
        sum_ = total([one for row in products for one in row])
        value = sum_ if weighting.seen is None else response(sum_, weighting.seen, 0)
        average = None if weighting.seen is None else sum_
        return Reduction(cells, step.kind, average, None, None, value, weighting, products)
    value = reduced(step.kind, seen, len(seen))
    winner = _winner(step.kind, [cell for cell, _ in pairs], value)
    return Reduction(cells, step.kind, None, None, winner, value, weighting)


def _activate(step: Activate, plane: Pixels, at: Place, _: AlphaPlane | None) -> tuple[Part, ...]:
    from imgconv.api.steps import activate

    value = plane[at[0] : at[0] + 1, at[1] : at[1] + 1]
    slope = None if step.slope is None else float(step.slope)
    made: Any = activate(value.astype("float64"), step.function, slope=slope)  # type: ignore[call-overload]
    cell = Cell(*at, at, exact(value[0, 0]))
    return (Activation(((cell,),), step.function, exact(made[0, 0])),)


EXPLAINED: dict[type[Operation], Callable[[Any, Pixels, Place, AlphaPlane | None], tuple[Part, ...]]] = {
    Filter: _filter,
    Pool: _pool,
    Activate: _activate,
}
"""What explains a pixel of each operation: of a plane (H, W), a place of the result, and the alpha that weights
the plane."""

"""pool() on values: existing pixels only, reduced by max, min or average, in whichever way the planner finds
cheapest."""

from __future__ import annotations

import numpy as np

from imgconv.engine.memory import allocate, require
from imgconv.engine.pooling.ways import IN_PARTS, WAYS, Pooling, beyond_64_bits, counted_cells, mean_arithmetic, run
from imgconv.engine.quantise import quantise
from imgconv.engine.run_loop import Work
from imgconv.loops.pool import UNDIVIDED
from imgconv.planner import forced, plan_pool
from imgconv.values.frozen import replace
from imgconv.values.pixel_values import Pixels, Response, Target, Values, shift_of, wide_type
from imgconv.values.span import Span
from imgconv.values.windows import Axis, Window


def pool(
    values: Values,
    kind: str,
    window: Window,
    *,
    count_padding: bool = False,
    target: Target | None,
    threads: int | None = None,
    out: Pixels | None = None,
) -> tuple[Values, Response | None]:
    """Each output pixel: the `kind` (max, min, avg; `reductions` has others) of the existing pixels under its window.

    With `count_padding` an average counts the window's cells inside the padded image.
    """
    rows, columns = window.over(*values.pixels.shape[:2])
    pooling, span = _pooling(values, kind, rows, columns, count_padding, target, threads)
    plain = _is_plain(pooling.type, target)
    shape = rows.out, columns.out, values.pixels.shape[2]
    result = allocate(shape, pooling.type, "the result") if out is None or not plain else out
    if kind == "avg" and beyond_64_bits(values, rows, columns):
        means = Values(
            _means_of_parts(values, window, count_padding, threads), Span(values.span.low, values.span.high, False)
        )
        if target is None:
            return means, None
        quantised, response = quantise(means, target, threads=threads, out=out)
        return Values(quantised, means.span), response
    run(result, WAYS[_way(pooling)](pooling), threads)
    pooled = Values(result, span)
    if plain or target is None:
        return pooled, None
    quantised, response = quantise(pooled, target, threads=threads, out=out)
    return Values(quantised, span), response


def work_of(values: Values, kind: str, window: Window, *, count_padding: bool = False, target: Target) -> Work | None:
    """What `pool` does on such values, whatever the pixels are, without the result; None where it is not one loop."""
    rows, columns = window.over(*values.pixels.shape[:2])
    pooling, _ = _pooling(values, kind, rows, columns, count_padding, target, None)
    if not _is_plain(pooling.type, target) or (kind == "avg" and beyond_64_bits(values, rows, columns)):
        return None
    way = _way(pooling)
    return None if way in IN_PARTS else WAYS[way](pooling)


def _pooling(
    values: Values,
    kind: str,
    rows: Axis,
    columns: Axis,
    count_padding: bool,
    target: Target | None,
    threads: int | None,
) -> tuple[Pooling, Span]:
    """What is pooled, into the type that comes before the target, and the span of that."""
    type_, span = mean_type(values, target) if kind == "avg" else (values.type, values.span)
    return Pooling(values, kind, type_, rows, columns, count_padding, threads), span


def _is_plain(type_: str, target: Target | None) -> bool:
    """Whether results of a type need not be converted to the target."""
    if target is None:
        return True
    return target.type == type_ and (target.range == "clamp" or (target.range == "shift" and not shift_of(target)))


def _way(pooling: Pooling) -> str:
    values, rows, columns = pooling.values, pooling.rows, pooling.columns
    whole = values.span.whole and not values.type.startswith("float") and not pooling.type.startswith("float")
    exact = (
        pooling.kind != "avg"
        or not values.span.whole
        or mean_arithmetic(values, "uint8", rows.size * columns.size)[1] != "int64"
    )
    channels = values.pixels.shape[2]
    return plan_pool(pooling.kind, rows, columns, channels, whole=whole, exact=exact, requested=forced())


def sums(values: Values, window: Window, *, threads: int | None = None) -> Pixels | None:
    """Sums of the existing pixels under each window, of whole numbers, as int32; None where they might not fit, or
    pixels are floats."""
    rows, columns = window.over(*values.pixels.shape[:2])
    most = (
        (2 * int(values.span.magnitude) + 1) * min(rows.size, rows.length) * min(columns.size, columns.length)
        if values.span.whole
        else 2**31
    )
    if values.type.startswith("float") or most >= 2**31:
        return None
    return undivided(values, rows, columns, "int32", threads)


def undivided(values: Values, rows: Axis, columns: Axis, type_: str, threads: int | None) -> Pixels:
    """Sums under the windows, in a whole type that holds them."""
    shape = rows.out, columns.out, values.pixels.shape[2]
    result = allocate(shape, type_, "the sums under the window")
    way = plan_pool("avg", rows, columns, shape[2], whole=type_ == "int32", exact=type_ == "int32", requested=forced())
    work = WAYS[way](Pooling(values, "avg", type_, rows, columns, threads=threads))
    run(result, replace(work, types=work.types | {"quotient": UNDIVIDED}), threads)
    return result


_HALF_DIGITS = 2**27
"""Whole numbers up to 2**53 are so many times one number below 2**27 and another below it: sums of both fit 64 bits."""


def _means_of_parts(values: Values, window: Window, count_padding: bool, threads: int | None) -> Pixels:
    """Averages of whole numbers whose sums 64 bits do not hold, in float64: slow, rare, and off by the last two
    roundings at most."""
    rows, columns = window.over(*values.pixels.shape[:2])
    require(3 * values.pixels.size, "float64", "the parts of the pixels")
    high = np.floor(values.pixels / _HALF_DIGITS)
    low = values.pixels - high * _HALF_DIGITS
    parts = (Values(part, Span(-_HALF_DIGITS, _HALF_DIGITS, True)) for part in (high, low))
    above, below = (undivided(part, rows, columns, "int64", threads) for part in parts)
    cells = np.multiply.outer(counted_cells(rows, count_padding), counted_cells(columns, count_padding))[..., None]
    whole, rest = np.divmod(above, cells)
    ones, rest = np.divmod(rest * _HALF_DIGITS + below, cells)
    means: Pixels = (whole * _HALF_DIGITS + ones) + rest / cells
    return means


def mean_type(values: Values, target: Target | None) -> tuple[str, Span]:
    """The type averages are made in: at once the target's where nothing can be clamped on the way, else a wide
    float."""
    if (
        target is not None
        and target.range == "clamp"
        and (target.type == values.type or target.type.startswith("float"))
    ):
        return target.type, Span(values.span.low, values.span.high, not target.type.startswith("float"))
    return wide_type(values.type, values.span, divided=True, last=target is not None), Span(
        values.span.low, values.span.high, False
    )

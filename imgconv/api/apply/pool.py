"""Pooling applied to values, to colours weighted by alpha, and to alpha."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from imgconv import errors
from imgconv.engine.pooling.pool import pool
from imgconv.engine.pooling.pool import work_of as pool_work
from imgconv.operations.pool import ALL, PLAIN
from imgconv.values.frozen import replace
from imgconv.values.pixel_values import Pixels, Response, Target, Values
from imgconv.values.pixel_values import target as target_of
from imgconv.values.pixel_values import values as values_of

if TYPE_CHECKING:
    from imgconv.api.local_steps import LocalStep
    from imgconv.engine.alpha.weighted import WeightedColours
    from imgconv.engine.filter.parts import Placed
    from imgconv.engine.run_loop import Work
    from imgconv.operations import Pool
    from imgconv.values.windows import Window


def apply(
    step: Pool, values: Values, target: Target | None, threads: int | None = None, out: Pixels | None = None
) -> tuple[Values, Response | None]:
    """The reduction of each window: converted to `target` (into `out`), or left wide where that is None."""
    if step.to is not None:
        return _pool_to(step, values, target, threads, out)
    window = step.window(*values.pixels.shape[:2])
    return _pool(step, values, window, target, threads, out)


def _pool(
    step: Pool,
    values: Values,
    window: Window,
    target: Target | None,
    threads: int | None,
    out: Pixels | None = None,
    cells: int | None = None,
) -> tuple[Values, Response | None]:
    if step.kind not in PLAIN:
        from imgconv.engine.pooling.reductions import reduce

        return reduce(values, step.kind, window, target=target, threads=threads, out=out, cells=cells)
    return pool(values, step.kind, window, count_padding=step.count_padding, target=target, threads=threads, out=out)


def work_of(step: Pool, values: Values, target: Target) -> Work | None:
    """What `apply` does on such values, as one loop without the result; None where it is more."""
    if step.to is not None or step.kind not in PLAIN:
        return None
    window = step.window(*values.pixels.shape[:2])
    return pool_work(values, step.kind, window, count_padding=step.count_padding, target=target)


def local(step: Pool, height: int, width: int) -> list[LocalStep] | str:
    """The pooling as a step on parts of an image; or why it has none."""
    from imgconv.api.local_steps import LocalStep, WithAlpha

    if step.to is not None:
        return "its windows have several sizes"
    if step.size == ALL:
        return "its window is the whole image"
    whole = step.window(height, width)
    rows, columns = placed = whole.over(height, width)
    cells = min(rows.size, height) * min(columns.size, width)

    def run(
        values: Values, parts: Sequence[Placed], target: Target | None, threads: int | None
    ) -> tuple[Values, Response | None]:
        return _pool(step, values, parts[0].window, target, threads, cells=cells)

    def weighted(
        colours: WeightedColours, parts: Sequence[Placed], target: Target | None, threads: int | None
    ) -> tuple[WeightedColours, Response | None]:
        return _pool_weighted(step, colours, parts[0].window, target, threads, cells)

    def shares(
        values: Values, parts: Sequence[Placed], target: Target | None, threads: int | None
    ) -> tuple[Values, Response | None]:
        return _pool(step.for_alpha(), values, parts[0].window, target, threads, cells=cells)

    def kept(alpha: Pixels, parts: Sequence[Placed], threads: int | None) -> Pixels:
        pooled, _ = shares(values_of(alpha), parts, target_of(alpha.dtype.name, None, "clamp"), threads)
        return pooled.pixels[..., 0]

    ceil = whole.ceil if step.count_padding else None
    return [LocalStep((placed,), run, WithAlpha(weighted, kept, shares), ceil=ceil)]


def _pool_to(
    step: Pool, values: Values, target: Target | None, threads: int | None, out: Pixels | None
) -> tuple[Values, Response | None]:
    """To a stated size: windows of each kind at once; the extremes for `stretch` are those of all."""
    from imgconv.engine.pooling.adaptive import pool_to
    from imgconv.engine.quantise import quantise

    assert step.to is not None
    direct = None if target is None or target.range == "stretch" else target

    def pool_part(parts: Sequence[Values], window: Window) -> tuple[tuple[Values, ...], Response | None]:
        pooled, response = _pool(step, parts[0], window, direct, threads)
        return (pooled,), response

    (pooled,), response = pool_to([values], step.to, pool_part)
    if target is not None and direct is None:
        pixels, response = quantise(pooled, target, threads=threads, out=out)
        return Values(pixels, pooled.span), response
    if out is not None:
        out[...] = pooled.pixels
        return Values(out, pooled.span), response
    return pooled, response


def apply_weighted(
    step: Pool, colours: WeightedColours, target: Target | None, threads: int | None = None
) -> tuple[WeightedColours, Response | None]:
    """Averages weight colours by alpha; max, min and percentiles leave out transparent pixels; alpha is pooled too."""
    if step.to is not None:
        return _pool_weighted_to(step, colours, target, threads)
    return _pool_weighted(step, colours, step.window(*colours.colour.pixels.shape[:2]), target, threads)


def _pool_weighted(
    step: Pool,
    colours: WeightedColours,
    window: Window,
    target: Target | None,
    threads: int | None,
    cells: int | None = None,
) -> tuple[WeightedColours, Response | None]:
    if step.kind not in PLAIN:
        from imgconv.engine.alpha.reductions import reduce_weighted

        return reduce_weighted(colours, step.kind, window, target=target, threads=threads, cells=cells)
    from imgconv.engine.alpha.pool import pool_weighted

    return pool_weighted(colours, step.kind, window, count_padding=step.count_padding, target=target, threads=threads)


def _pool_weighted_to(
    step: Pool, colours: WeightedColours, target: Target | None, threads: int | None
) -> tuple[WeightedColours, Response | None]:
    from imgconv.engine.pooling.adaptive import pool_to

    assert step.to is not None

    def pool_part(parts: Sequence[Values], window: Window) -> tuple[tuple[Values, ...], Response | None]:
        part = replace(colours, colour=parts[0], alpha=parts[1])
        pooled, response = _pool_weighted(step, part, window, target, threads)
        return pooled.parts, response

    (colour, alpha), response = pool_to(colours.parts, step.to, pool_part)
    return replace(colours, colour=colour, alpha=alpha), response


def apply_alpha(step: Pool, alpha: Pixels, threads: int | None = None) -> Pixels:
    """Alpha is pooled as the colour is, or averaged."""
    pooled, _ = apply(step.for_alpha(), values_of(alpha), target_of(alpha.dtype.name, None, "clamp"), threads)
    return pooled.pixels[..., 0]


def auxiliary(step: Pool, name: str, values: Values, threads: int | None = None, *, floats: bool = True) -> Pixels:
    """`indices` (H', W', C) int32: where the maxima are."""
    from imgconv.engine.pooling.maxima import max_indices

    if step.kind != "max" or step.to is not None:
        raise errors.UsageError("--indices is for max pooling with windows of one size: --kind max, without --to")
    return max_indices(values, step.window(*values.pixels.shape[:2]), threads=threads)

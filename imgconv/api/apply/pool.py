"""Pooling applied to values, to colours weighted by alpha, and to alpha."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imgconv.engine.pooling.pool import pool
from imgconv.values.pixel_values import Pixels, Response, Target, Values
from imgconv.values.pixel_values import target as target_of
from imgconv.values.pixel_values import values as values_of

if TYPE_CHECKING:
    from imgconv.engine.alpha.weighted import WeightedColours
    from imgconv.operations import Pool


def apply(
    step: Pool, values: Values, target: Target | None, threads: int | None = None, out: Pixels | None = None
) -> tuple[Values, Response | None]:
    """The reduction of each window: converted to `target` (into `out`), or left wide where that is None."""
    window = step.window(*values.pixels.shape[:2])
    return pool(values, step.kind, window, count_padding=step.count_padding, target=target, threads=threads, out=out)


def apply_weighted(
    step: Pool, colours: WeightedColours, target: Target | None, threads: int | None = None
) -> tuple[WeightedColours, Response | None]:
    """Averages weight colours by alpha; max and min leave out transparent pixels; alpha is pooled too."""
    from imgconv.engine.alpha.pool import pool_weighted

    window = step.window(*colours.colour.pixels.shape[:2])
    return pool_weighted(colours, step.kind, window, count_padding=step.count_padding, target=target, threads=threads)


def apply_alpha(step: Pool, alpha: Pixels, threads: int | None = None) -> Pixels:
    """Alpha is pooled as the colour is."""
    pooled, _ = apply(step, values_of(alpha), target_of(alpha.dtype.name, None, "clamp"), threads)
    return pooled.pixels[..., 0]

"""Activations applied to values; alpha stays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from imgconv.engine.activate import activate
from imgconv.values.windows import Window

if TYPE_CHECKING:
    from imgconv.api.local_steps import LocalStep
    from imgconv.engine.alpha.weighted import WeightedColours
    from imgconv.engine.filter.parts import Placed
    from imgconv.operations import Activate
    from imgconv.values.pixel_values import Pixels, Response, Target, Values


def apply(
    step: Activate, values: Values, target: Target | None, threads: int | None = None, out: Pixels | None = None
) -> tuple[Values, Response | None]:
    """The function of each value: converted to `target` (into `out`), or left wide where that is None."""
    return activate(values, step.name, step.numbers, target=target, threads=threads, out=out)


def local(step: Activate, height: int, width: int) -> list[LocalStep]:
    """The function as a step on parts of an image: each value is made of itself."""
    from imgconv.api.local_steps import LocalStep, WithAlpha

    def run(
        values: Values, parts: Sequence[Placed], target: Target | None, threads: int | None
    ) -> tuple[Values, Response | None]:
        return apply(step, values, target, threads)

    def weighted(
        colours: WeightedColours, parts: Sequence[Placed], target: Target | None, threads: int | None
    ) -> tuple[WeightedColours, Response | None]:
        return apply_weighted(step, colours, target, threads)

    with_alpha = WithAlpha(weighted, lambda alpha, parts, threads: alpha)
    return [LocalStep((Window((1, 1)).over(height, width),), run, with_alpha)]


def apply_weighted(
    step: Activate, colours: WeightedColours, target: Target | None, threads: int | None = None
) -> tuple[WeightedColours, Response | None]:
    """The function of each colour; alpha stays."""
    active, response = apply(step, colours.colour, target, threads)
    return colours.with_colour(active), response


def apply_alpha(step: Activate, alpha: Pixels, threads: int | None = None) -> Pixels:
    """Alpha stays."""
    return alpha

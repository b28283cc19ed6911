"""Banks applied: each kernel's response, as channels or as tiles of a sheet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from imgconv.api.apply import filter as filters
from imgconv.engine.alpha.plane import under_centres
from imgconv.engine.filter.bank import stacked, tiled
from imgconv.engine.filter.correlate import correlate
from imgconv.values.frozen import replace
from imgconv.values.pixel_values import Pixels, Response, Target, Values

if TYPE_CHECKING:
    from imgconv.api.local_steps import LocalStep
    from imgconv.engine.alpha.weighted import WeightedColours
    from imgconv.engine.filter.parts import Placed
    from imgconv.operations import Bank


def apply(
    step: Bank, values: Values, target: Target | None, threads: int | None = None, out: Pixels | None = None
) -> tuple[Values, Response | None]:
    """All responses: converted to `target` (into `out`), or left wide where that is None."""

    def response(number: int, goal: Target | None) -> tuple[Values, Response | None]:
        return filters.apply(step.filters[number], values, goal, threads)

    count = len(step.filters)
    channels, extremes = stacked(response, count, target, threads, None if step.sheet else out)
    if not step.sheet:
        return channels, extremes
    return replace(channels, pixels=tiled(channels.pixels, count, step.grid, out)), extremes


def local(step: Bank, height: int, width: int) -> list[LocalStep] | str:
    """The bank as a step on parts of an image; or why it has none."""
    from imgconv.api.local_steps import LocalStep, WithAlpha

    if step.sheet:
        return "its tiles lie beside each other"
    if step.filters[0].border.name == "wrap":
        return "its border continues at the opposite edge"
    placed = tuple(one.window.over(height, width) for one in step.filters)

    def run(
        values: Values, parts: Sequence[Placed], target: Target | None, threads: int | None
    ) -> tuple[Values, Response | None]:
        def response(number: int, goal: Target | None) -> tuple[Values, Response | None]:
            one, part = step.filters[number], parts[number]
            seen, kernel, window, reach = part.of(values), one.effective_kernel, part.window, part.reach
            return correlate(seen, kernel, window, one.border, target=goal, threads=threads, reach=reach)

        return stacked(response, len(step.filters), target, threads, None)

    alone = [filters.with_alpha(one) for one in step.filters]

    def weighted(
        colours: WeightedColours, parts: Sequence[Placed], target: Target | None, threads: int | None
    ) -> tuple[WeightedColours, Response | None]:
        def response(number: int, goal: Target | None) -> tuple[Values, Response | None]:
            part = parts[number]
            result, extremes = alone[number].weighted(colours.under(part), [part], goal, threads)
            return result.colour, extremes

        channels, extremes = stacked(response, len(step.filters), target, threads, None)
        seen, first = colours.under(parts[0]), step.filters[0]
        return seen.with_alpha_under(parts[0].anchored(first.window), first.border, channels), extremes

    def kept(alpha: Pixels, parts: Sequence[Placed], threads: int | None) -> Pixels:
        return alone[0].kept(alpha, parts[:1], threads)

    mean = any(one.mean for one in alone)
    with_alpha = WithAlpha(weighted, kept, mean=mean)
    return [LocalStep(placed, run, with_alpha, step.filters[0].border.name.startswith("reflect"))]


def apply_weighted(
    step: Bank, colours: WeightedColours, target: Target | None, threads: int | None = None
) -> tuple[WeightedColours, Response | None]:
    """Each kernel as it alone would be applied to the colours; alpha as under the first kernel."""

    def response(number: int, goal: Target | None) -> tuple[Values, Response | None]:
        result, extremes = filters.apply_weighted(step.filters[number], colours, goal, threads)
        return result.colour, extremes

    count = len(step.filters)
    channels, extremes = stacked(response, count, target, threads, None)
    if step.sheet:
        channels = replace(channels, pixels=tiled(channels.pixels, count, step.grid, None))
    return colours.with_plane(channels, _alpha(step, colours.alpha_plane, colours.opaque)), extremes


def apply_alpha(step: Bank, alpha: Pixels, threads: int | None = None) -> Pixels:
    """As under the first kernel; on every tile of a sheet."""
    return _alpha(step, alpha, None)


def _alpha(step: Bank, alpha: Pixels, opaque: int | None) -> Pixels:
    first = step.filters[0]
    plane = under_centres(alpha, first.window, first.border, opaque)
    if not step.sheet:
        return plane
    count = len(step.filters)
    return tiled(plane[..., None].repeat(count, 2), count, step.grid, None)[..., 0]

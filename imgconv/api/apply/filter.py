"""Filters applied: one kernel or several, once or repeatedly, to values and to colours weighted by alpha."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, cast

from imgconv.engine.filter.correlate import FUSED, correlate
from imgconv.engine.filter.correlate import work_of as filter_work

if TYPE_CHECKING:
    from imgconv.api.local_steps import LocalStep, WithAlpha
    from imgconv.engine.alpha.weighted import WeightedColours
    from imgconv.engine.filter.parts import Placed
    from imgconv.engine.run_loop import Work
    from imgconv.operations import Activate, Filter
    from imgconv.values.pixel_values import Pixels, Response, Target, Values

    Result = tuple[Values, Response | None]
    Run = Callable[[Values, Sequence[Placed], Target | None, int | None], Result]

_GROWTH = 2**22
"""By which whole numbers of 31 bits may grow and stay below 53."""


def apply(
    step: Filter, values: Values, target: Target | None, threads: int | None = None, out: Pixels | None = None
) -> tuple[Values, Response | None]:
    """The filter on values: converted to `target` (into `out`), or left wide where that is None."""
    if step.times == 1 and not step.until_stable:
        return _apply_once(step, values, target, threads, out)
    from imgconv.engine.filter.repeat import repeat

    def once(values: Values, target: Target | None, out: Pixels | None) -> tuple[Values, Response | None]:
        return _apply_once(step, values, target, threads, out)

    return repeat(once, values, step.times, target, out, until_stable=step.until_stable)


def _apply_once(
    step: Filter, values: Values, target: Target | None, threads: int | None, out: Pixels | None
) -> tuple[Values, Response | None]:
    if not step.with_:
        return correlate(
            values, step.effective_kernel, step.window, step.border, target=target, threads=threads, out=out
        )
    from imgconv.engine.filter.combine import combine

    return combine(values, step.kernels, step.windows, step.border, step.way, target=target, threads=threads, out=out)


def work_of(step: Filter, values: Values, target: Target) -> Work | None:
    """What `apply` does on such values, as one loop without the pixels and the result; None where it is more, or
    depends on the pixels."""
    if step.with_ or step.times > 1 or step.until_stable:
        return None
    return filter_work(
        values.type, values.span, values.pixels.shape, step.effective_kernel, step.window, step.border, target
    )


def local(step: Filter, height: int, width: int) -> list[LocalStep] | str:
    """The filter as a step on parts of an image, as often as it is repeated; or why it has none."""
    from imgconv.api.local_steps import LocalStep

    if step.border.name == "wrap":
        return "its border continues at the opposite edge"
    if step.until_stable:
        return "all of it is looked at for changes"
    if step.times > 1 and not _stays_small(step):
        return "whole numbers may grow beyond 53 bits, and then all of them count"
    steps = []
    for _ in range(step.times):
        placed = tuple(window.over(height, width) for window in step.windows)
        reflects = step.border.name.startswith("reflect")
        steps.append(LocalStep(placed, _run_on_part(step), with_alpha(step), reflects))
        height, width = placed[0][0].out, placed[0][1].out
    return steps


def _run_on_part(step: Filter) -> Run:
    """What applies the filter to a part of an image."""

    def run(values: Values, parts: Sequence[Placed], target: Target | None, threads: int | None) -> Result:
        border, first = step.border, parts[0]
        if not step.with_:
            kernel, reach = step.effective_kernel, first.reach
            return correlate(values, kernel, first.window, border, target=target, threads=threads, reach=reach)
        from imgconv.engine.filter.combine import combine

        windows = [part.window for part in parts]
        return combine(values, step.kernels, windows, border, step.way, target=target, threads=threads, parts=parts)

    return run


def with_alpha(step: Filter) -> WithAlpha:
    """The filter, once, on a part of an image with alpha."""
    from imgconv.api.local_steps import WithAlpha
    from imgconv.engine.alpha import filter as alpha_filter
    from imgconv.engine.alpha.plane import under_centres

    border = step.border

    def weighted(
        colours: WeightedColours, parts: Sequence[Placed], target: Target | None, threads: int | None
    ) -> tuple[WeightedColours, Response | None]:
        if step.with_:
            windows = [part.anchored(window) for part, window in zip(parts, step.windows, strict=True)]
            how = windows, border, step.way, target, threads, parts
            return alpha_filter.combine_weighted(colours, step.kernels, *how)
        window = parts[0].anchored(step.window)
        return alpha_filter.filter_weighted(colours, step.effective_kernel, window, border, target, threads)

    def kept(alpha: Pixels, parts: Sequence[Placed], threads: int | None) -> Pixels:
        return under_centres(parts[0].plane(alpha), parts[0].anchored(step.window), border)

    kernel = step.effective_kernel
    mean = not step.with_ and not kernel.balanced and alpha_filter.mixes_signs(kernel)
    return WithAlpha(weighted, kept, _run_on_part(cast("Filter", step.for_alpha())), mean)


def _stays_small(step: Filter) -> bool:
    """Whether the whole numbers of a repeated filter stay such as doubles hold, or are none: `repeat` looks at the
    greatest one of the image where they might not."""
    growth = 0.0
    for kernel in step.kernels:
        whole = kernel.exact is not None and float(kernel.divisor) == 1
        growth += sum(abs(float(weight)) for row in kernel.weights for weight in row) if whole else 0
    return max(1, growth) ** step.times < _GROWTH


def apply_activated(
    step: Filter,
    activation: Activate,
    values: Values,
    target: Target | None,
    threads: int | None = None,
    out: Pixels | None = None,
) -> tuple[Values, Response | None] | None:
    """The filter and the activation behind it in one pass over memory, with the same result.

    None where there is no such pass: for a rectifier, or a magnitude between steps, behind one kernel that is applied
    once.
    """
    function = activation.function
    if (
        step.with_
        or step.times > 1
        or function not in FUSED
        or (target is not None and (function == "abs" or target.range == "stretch"))
    ):
        return None
    return correlate(
        values,
        step.effective_kernel,
        step.window,
        step.border,
        target=target,
        activation=function,
        threads=threads,
        out=out,
    )


def apply_weighted(
    step: Filter, colours: WeightedColours, target: Target | None, threads: int | None = None
) -> tuple[WeightedColours, Response | None]:
    """Colours weighted by alpha, and alpha filtered too; or, for kernels that sum to about 0 and for several, colours
    times alpha, and alpha under the window's centre."""
    from imgconv.engine.alpha.filter import combine_weighted, filter_weighted
    from imgconv.engine.filter.repeat import repeat

    def once(colours: WeightedColours, target: Target | None, _: object) -> tuple[WeightedColours, Response | None]:
        if step.with_:
            return combine_weighted(colours, step.kernels, step.windows, step.border, step.way, target, threads)
        return filter_weighted(colours, step.effective_kernel, step.window, step.border, target, threads)

    return repeat(once, colours, step.times, target, until_stable=step.until_stable)


def apply_alpha(step: Filter, alpha: Pixels, threads: int | None = None) -> Pixels:
    """Alpha is not filtered: each output pixel takes the alpha under its (first) window's centre."""
    from imgconv.engine.alpha.plane import under_centres

    for _ in range(step.times):
        before, alpha = alpha, under_centres(alpha, step.window, step.border)
        if alpha is before:
            break
    return alpha

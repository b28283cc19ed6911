"""Filters applied: one kernel or several, once or repeatedly, to values and to colours weighted by alpha."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imgconv.engine.filter.correlate import FUSED, correlate
from imgconv.engine.filter.correlate import work_of as filter_work

if TYPE_CHECKING:
    from imgconv.api.local_steps import LocalStep
    from imgconv.engine.alpha.weighted import WeightedColours
    from imgconv.engine.run_loop import Work
    from imgconv.operations import Activate, Filter
    from imgconv.values.pixel_values import Pixels, Response, Target, Values
    from imgconv.values.windows import Window

    Result = tuple[Values, Response | None]


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


def local(step: Filter, height: int, width: int) -> LocalStep | None:
    """The filter as a step on parts of an image; None where it needs other pixels than those near."""
    from imgconv.api.local_steps import LocalStep

    if step.with_ or step.times > 1 or step.until_stable or step.border.name == "wrap":
        return None

    rows, columns = step.window.over(height, width)

    def run(values: Values, window: Window, target: Target | None, threads: int | None) -> Result:
        kernel, border = step.effective_kernel, step.border
        return correlate(values, kernel, window, border, target=target, threads=threads, reach=columns.reach)

    return LocalStep(rows, columns, step.border.name.startswith("reflect"), run)


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

"""What --plan says of a filter: each kernel's algorithm, how responses are combined, how often all of it happens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imgconv.kernels.kernel import Kernel
from imgconv.operations.base import Foretold
from imgconv.operations.combining import combination
from imgconv.operations.detectors import COMPASS, PAIR, SHARE, SHARE_EDGES
from imgconv.planner import Task, plan, response_span, taps_of
from imgconv.values.frozen import replace
from imgconv.values.numbers import number_text
from imgconv.values.span import Span

if TYPE_CHECKING:
    from imgconv.operations.edges import Edges
    from imgconv.operations.filter import Filter


def filtered(step: Filter, given: Foretold, result: str) -> tuple[str, Foretold]:
    """The sentence, and what would come out."""
    said, made = _once(step, given, "wide" if step.times > 1 else result)
    if step.times == 1:
        return said, made
    height, width = step.shape(given.height, given.width)
    type_ = made.type if result == "wide" else result
    often = (
        f"until stable, at most {step.times} times" if step.until_stable else f"{step.times} times, values wide between"
    )
    return f"{often}: {said}", Foretold(height, width, made.channels, type_, made.span)


def _once(step: Filter, given: Foretold, result: str) -> tuple[str, Foretold]:
    from imgconv.engine import task_of
    from imgconv.values.pixel_values import wide_type

    rows, columns = step.window.over(given.height, given.width)
    task = task_of(given.type, given.span, rows, columns, given.channels, step.border, result)
    if step.with_:
        joined = combination(step.way, step.kernels, task)
        span, divided = joined.span, not joined.span.whole
        said = f"{joined}: {', '.join(_planned(kernel, task) for kernel in joined.kernels)}"
    else:
        made = plan(step.effective_kernel, task)
        span, divided = response_span(made, given.span, step.border.constant), made.denominator != 1
        said = _planned(step.effective_kernel, task)
    type_ = wide_type(given.type, span, divided=divided, last=False) if result == "wide" else result
    return said, Foretold(rows.out, columns.out, given.channels, type_, span)


def _planned(kernel: Kernel, task: Task) -> str:
    made = plan(kernel, task)
    return f"{kernel.shape[0]}x{kernel.shape[1]} kernel, {taps_of(made.weights)} non-zero weights: {made.reason}"


def detected(step: Edges, given: Foretold, result: str) -> tuple[str, Foretold]:
    """The sentence on a detector, and what would come out."""
    kind = step.row.kind
    if kind in (PAIR, COMPASS):
        return _once(step.filter, given, result)
    if kind == SHARE:
        masks = len(step.filter.kernels)
        said = (
            f"{masks} responses in float64 one after the other; the root of the share of the first {SHARE_EDGES} in the"
            " sum of squares"
        )
        type_ = result if result != "wide" else "float64" if given.type in ("int32", "float64") else "float32"
        return said, replace(given, type=type_, span=Span(0, 1, False))
    smoothed = "not smoothed" if step.smoothing is None else f"smoothed by {step.smoothing.kernel.name} in float64"
    low, high = (threshold if isinstance(threshold, str) else number_text(threshold) for threshold in step.thresholds)
    said = (
        f"{smoothed}, gradient and its {step.way} magnitude in float64, thinned along four directions, from {high} on"
        f" and touching from {low} on"
    )
    return said, replace(given, type="int32" if result == "wide" else result, span=Span(0, 2**31 - 1, True))

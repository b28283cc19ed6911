"""What --plan says of a filter: each kernel's algorithm, how responses are combined, how often all of it happens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imgconv.combining import combination
from imgconv.kernels import Kernel
from imgconv.operations.base import Foretold
from imgconv.planner import Task, plan, response_span, taps_of

if TYPE_CHECKING:
    from imgconv.operations.filter import Filter


def filtered(step: Filter, given: Foretold, result: str) -> tuple[str, Foretold]:
    """The sentence, and what would come out."""
    said, made = _once(step, given, "wide" if step.times > 1 else result)
    if step.times == 1:
        return said, made
    height, width = step.shape(given.height, given.width)
    type_ = made.type if result == "wide" else result
    often = f"until stable, at most {step.times} times" if step.until_stable else f"{step.times} times, values wide between"
    return f"{often}: {said}", Foretold(height, width, made.channels, type_, made.span)


def _once(step: Filter, given: Foretold, result: str) -> tuple[str, Foretold]:
    from imgconv.numerics import wide_type

    rows, columns = step.window.over(given.height, given.width)
    line = columns.reach * given.channels
    task = Task(given.type, given.span, step.border.constant, result, (rows.stride, columns.stride), (rows.dilation, columns.dilation), line=line)
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
    return f"{kernel.shape[0]}x{kernel.shape[1]} kernel, {taps_of(made.weights)} weights that look: {made.reason}"

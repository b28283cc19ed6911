"""correlate() on values: the plan's loop over the bands of the result."""

from __future__ import annotations

from typing import Any

from imgconv import jit, planner
from imgconv.engine.activate import activate, span_of
from imgconv.engine.bands import run_bands
from imgconv.engine.filter.recipes import RECIPES, is_long, recipe
from imgconv.engine.index_tables import Shape, position_table, result_of, source_of
from imgconv.engine.memory import allocate
from imgconv.engine.quantise import constants, quantise
from imgconv.engine.run_loop import Watch, Work, run_loop
from imgconv.jit.delegation import loads
from imgconv.kernels.kernel import Kernel
from imgconv.loops.quantising import watch_key
from imgconv.planner import SPREADING, Plan, Task, response_span
from imgconv.values.borders import Border
from imgconv.values.frozen import record, replace
from imgconv.values.pixel_values import Pixels, Response, Target, Values, shift_of, wide_type
from imgconv.values.span import Span
from imgconv.values.windows import Axis, Window

FUSED = ("relu", "abs")
"""Activations that `correlate` makes in the pass that quantises (abs only between steps: the extremes it would report
are those before it)."""


@record
class Filtering:
    """A plan, where it is carried out, and what becomes of its sums."""

    plan: Plan
    rows: Axis
    columns: Axis
    border: Border
    threads: int | None
    blank: Pixels | None = None
    """Windows that see zeros alone."""
    shift: int = 0
    magnitude: bool = False
    least: int | None = None


def correlate(
    values: Values,
    kernel: Kernel,
    window: Window,
    border: Border,
    *,
    target: Target | None,
    activation: str = "",
    threads: int | None = None,
    out: Pixels | None = None,
    reach: int | None = None,
) -> tuple[Values, Response | None]:
    """Each output pixel: the sum of weight times neighbour, over the divisor, plus the bias; then the activation, if
    one of FUSED is named.

    Quantised into `target`, or left wide where that is None. `stretch` needs the extremes first: see `quantise`. Where
    values are part of an image, `reach` is what its windows reach over along: the plan is the whole image's.
    """
    if target is not None and target.range == "stretch":
        return _stretched(values, kernel, window, border, target, threads, out, reach)
    shift = shift_of(target) if target is not None else 0
    shifted = kernel.using(bias=kernel.bias + shift) if shift else kernel
    step = _planned(values, shifted, window, border, target.type if target else "wide", threads, reach)
    plan = step.plan
    exact = plan.whole and plan.denominator == 1  # else a last step would round once, where two steps round twice
    if activation and (plan.algorithm == "big" or not (target is None or exact)):
        wide, _ = correlate(values, kernel, window, border, target=None, threads=threads, reach=reach)
        return activate(wide, activation, target=target, threads=threads, out=out)
    span = response_span(plan, values.span, border.constant)
    if target is not None:
        type_ = target.type
    else:
        type_ = wide_type(values.type, span, divided=plan.denominator != 1, last=False)
    result = out
    if result is None:
        result = allocate((step.rows.out, step.columns.out, values.pixels.shape[2]), type_, "the result")
    step = replace(
        step,
        shift=shift,
        magnitude=activation == "abs" or (target is not None and target.range == "abs"),
        least=shift * plan.denominator if activation == "relu" else None,
    )
    response = _fill(result, values, step)
    return Values(result, span_of(activation, span) if activation else span), response


def _stretched(
    values: Values,
    kernel: Kernel,
    window: Window,
    border: Border,
    target: Target,
    threads: int | None,
    out: Pixels | None,
    reach: int | None,
) -> tuple[Values, Response]:
    """Wide first, then stretched. Stretching forgets a divisor: exact sums are stretched undivided, so they stay
    exact."""
    step = _planned(values, kernel, window, border, target.type, threads, reach)
    undivided = replace(step.plan, denominator=1, quotient="")
    span = response_span(undivided, values.span, border.constant)
    wide = allocate(
        (step.rows.out, step.columns.out, values.pixels.shape[2]),
        wide_type(values.type, span, divided=False, last=True),
        "the wide result",
    )
    sums = _fill(wide, values, replace(step, plan=undivided))
    result, response = quantise(Values(wide, span), target, threads=threads, out=out)
    low, high = sums.low / step.plan.denominator, sums.high / step.plan.denominator
    return Values(result, span), replace(response, low=low, high=high)


def task_of(type_: str, span: Span, rows: Axis, columns: Axis, channels: int, border: Border, result: str) -> Task:
    """What a plan is made for: pixels of a type and what is known of them, under windows along both axes, into results
    of a type."""
    spacing = channels * columns.dilation if type_ == "uint8" and jit.multiplies_bytes() else 0
    steps = (rows.stride, columns.stride), (rows.dilation, columns.dilation)
    instructions = jit.instructions() if type_ in ("uint8", "uint16", "int16") else ()
    line = columns.reach * channels
    return Task(type_, span, border.constant, result, *steps, line=line, spacing=spacing, instructions=instructions)


def _planned(
    values: Values,
    kernel: Kernel,
    window: Window,
    border: Border,
    result: str,
    threads: int | None,
    reach: int | None = None,
) -> Filtering:
    """The plan, and the windows that see zeros alone where it could not tell.

    Only where it could spread a NaN, an infinity or what a large value rounds to are the pixels searched for one.
    """
    pixels = values.pixels
    step, task = _placed(values.type, values.span, pixels.shape, kernel, window, border, result, threads, reach)
    plan = step.plan
    if not _spreads(plan, values.type, values.span):
        return step
    from imgconv.engine.filter import contrast

    def seen(mask: Pixels, beyond: Border) -> Pixels:
        taps = Kernel([[int(cell != 0) for cell in row] for row in plan.weights])
        counted, _ = correlate(
            Values(mask, Span(0, 1, True)), taps, window, beyond, target=Target("uint8"), threads=threads
        )
        return counted.pixels

    greatest = float(max(abs(pixels.min()), abs(pixels.max())))
    if contrast.sums_fit(plan, greatest):
        if not plan.share:
            return step
        fits, blank = contrast.blank_windows(pixels, greatest, border, plan.share, seen)
        if fits:
            return replace(step, blank=blank)
    return replace(step, plan=planner.plan(kernel, replace(task, finite=False)))


def _placed(
    type_: str,
    span: Span,
    shape: Shape,
    kernel: Kernel,
    window: Window,
    border: Border,
    result: str,
    threads: int | None,
    reach: int | None = None,
) -> tuple[Filtering, Task]:
    rows, columns = window.over(*shape[:2])
    task = task_of(type_, span, rows, columns, shape[2], border, result)
    if reach is not None:
        task = replace(task, line=reach * shape[2])
    return Filtering(planner.plan(kernel, task, planner.forced()), rows, columns, border, threads), task


def _spreads(plan: Plan, type_: str, span: Span) -> bool:
    """Whether what one float pixel rounds to may reach results whose windows do not see it."""
    return type_.startswith("float") and not span.whole and plan.algorithm in SPREADING


def work_of(
    type_: str, span: Span, shape: Shape, kernel: Kernel, window: Window, border: Border, target: Target
) -> Work | None:
    """What `correlate` does on pixels of a type, a span and a shape, without the pixels and the result.

    None where it is not one loop, or depends on the pixels' values.
    """
    if target.range == "stretch":
        return None
    shift = shift_of(target)
    shifted = kernel.using(bias=kernel.bias + shift) if shift else kernel
    step, _ = _placed(type_, span, shape, shifted, window, border, target.type, None)
    if step.plan.algorithm not in RECIPES or _spreads(step.plan, type_, span) or is_long(step.rows, step.columns):
        return None
    step = replace(step, shift=shift, magnitude=target.range == "abs")
    return _work(step, type_, shape, target.type)


def _fill(result: Pixels, values: Values, step: Filtering) -> Response:
    """Carries the plan out, over the bands of the result."""
    plan, rows, columns, border = step.plan, step.rows, step.columns, step.border
    if plan.algorithm == "big":
        tables = position_table(border, rows), position_table(border, columns)
        response: Response = _big().correlate_big(
            values.pixels,
            plan,
            rows,
            columns,
            *tables,
            border.constant or 0,
            result,
            magnitude=step.magnitude,
            shift=step.shift,
        )
        return response
    if plan.algorithm == "fourier":
        watch = Watch("float64")
        _fill_by_fourier(result, values, step, _numbers(step, "float64", result.dtype.name), watch)
    else:
        watch = Watch(plan.accumulator)
        work = _work(step, values.type, values.pixels.shape, result.dtype.name)
        arguments = {**work.arguments, **source_of(values.pixels), **result_of(result)}
        run_loop(work.loop, work.types, arguments, work.row_work, step.threads, least=work.least, watch=watch)
    return watch.response(result.size, denominator=plan.denominator, shift=step.shift)


def _work(step: Filtering, type_: str, shape: Shape, result: str) -> Work:
    """The recipe's work on pixels of a type and a shape, into a result of a type."""
    plan = step.plan
    work = recipe(plan, step.rows, step.columns, step.border, shape)
    acc = plan.accumulator
    types = {"src": type_, "acc": acc, "out": result, "quotient": plan.quotient, "key": watch_key(acc)}
    numbers = {"constants": _numbers(step, acc, result)}
    return replace(work, types=types | work.types, arguments=work.arguments | numbers)


def _numbers(step: Filtering, acc: str, result: str) -> Pixels:
    return constants(
        acc,
        result,
        offset=step.plan.offset,
        border=step.border.constant or 0,
        denominator=step.plan.denominator,
        magnitude=step.magnitude,
        least=step.least,
    )


def _fill_by_fourier(result: Pixels, values: Values, step: Filtering, numbers: Pixels, watch: Watch) -> None:
    fourier, rows, columns = _fourier(), step.rows, step.columns
    tables = position_table(step.border, rows), position_table(step.border, columns)
    shared = fourier.Fourier(values.pixels, step.plan, rows, columns, tables, result, numbers, step.blank)
    work = 4 * (80 + 2 * rows.size) * columns.out * values.pixels.shape[2]
    least = 8 * rows.effective // rows.stride
    run_bands(rows.out, work, lambda: fourier.Worker(shared, watch.part()), step.threads, least)


@loads
def _big() -> Any:
    from imgconv.engine.filter import big_integers

    return big_integers


@loads
def _fourier() -> Any:
    from imgconv.engine.filter import fourier

    return fourier

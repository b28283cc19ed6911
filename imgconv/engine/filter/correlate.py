"""correlate() on values: the plan's loop over the bands of the result."""

from __future__ import annotations

from typing import Any

from imgconv import jit
from imgconv.engine.activate import activate, span_of
from imgconv.engine.bands import run_bands
from imgconv.engine.filter.recipes import recipe
from imgconv.engine.index_tables import lines, position_table
from imgconv.engine.memory import allocate, buffer, require
from imgconv.engine.quantise import Watch, constants, settle
from imgconv.jit.delegation import loads
from imgconv.kernels.kernel import Kernel
from imgconv.loops.quantising import watch_key
from imgconv.planner import SPREADING, Plan, Task, forced, plan, response_span
from imgconv.values.borders import Border
from imgconv.values.frozen import replace
from imgconv.values.pixel_values import Pixels, Response, Target, Values, shift_of, wide_type
from imgconv.values.span import Span
from imgconv.values.windows import Axis, Window


def correlate(
    given: Values,
    kernel: Kernel,
    window: Window,
    border: Border,
    *,
    target: Target | None,
    activation: str = "",
    threads: int | None = None,
    out: Pixels | None = None,
) -> tuple[Values, Response | None]:
    """Each output pixel: the sum of weight times neighbour, over the divisor, plus the bias; then the activation, if
    one of FUSED is named.

    Settled into `target`, or kept wide where that is None. `stretch` needs the extremes first and is left to `settle`.
    """
    rows, columns = window.over(*given.pixels.shape[:2])
    if target is not None and target.range == "stretch":
        return _stretched(given, kernel, window, border, target, threads, out)
    shift = shift_of(target) if target is not None else 0
    wanted = kernel.using(bias=kernel.bias + shift) if shift else kernel
    made, blank = _planned(given, wanted, window, border, target.type if target else "wide", threads)
    exact = made.whole and made.denominator == 1  # else a last step would round once, where two steps round twice
    if activation and (made.algorithm == "big" or not (target is None or exact)):
        return activate(
            correlate(given, kernel, window, border, target=None, threads=threads)[0],
            activation,
            target=target,
            threads=threads,
            out=out,
        )
    reached = response_span(made, given.span, border.constant)
    type_ = (
        target.type if target is not None else wide_type(given.type, reached, divided=made.denominator != 1, last=False)
    )
    result = allocate((rows.out, columns.out, given.pixels.shape[2]), type_, "the result") if out is None else out
    magnitude = activation == "abs" or (target is not None and target.range == "abs")
    least = shift * made.denominator if activation == "relu" else None
    response = _fill(
        result,
        given,
        made,
        rows,
        columns,
        border,
        magnitude=magnitude,
        least=least,
        shift=shift,
        blank=blank,
        threads=threads,
    )
    return Values(result, span_of(activation, reached) if activation else reached), response


FUSED = ("relu", "abs")
"""Activations that `correlate` makes in the pass that settles (abs only between steps: the extremes it would report are
those before it)."""


def _stretched(
    given: Values,
    kernel: Kernel,
    window: Window,
    border: Border,
    target: Target,
    threads: int | None,
    out: Pixels | None,
) -> tuple[Values, Response]:
    """Wide first, then stretched. Stretching forgets a divisor: exact sums are stretched undivided, so they stay
    exact."""
    rows, columns = window.over(*given.pixels.shape[:2])
    made, blank = _planned(given, kernel, window, border, target.type, threads)
    undivided = replace(made, denominator=1, quotient="")
    reached = response_span(undivided, given.span, border.constant)
    wide = allocate(
        (rows.out, columns.out, given.pixels.shape[2]),
        wide_type(given.type, reached, divided=False, last=True),
        "the wide result",
    )
    seen = _fill(
        wide,
        given,
        undivided,
        rows,
        columns,
        border,
        magnitude=False,
        least=None,
        shift=0,
        blank=blank,
        threads=threads,
    )
    settled, lost = settle(Values(wide, reached), target, threads=threads, out=out)
    low, high = seen.low / made.denominator, seen.high / made.denominator
    return Values(settled, reached), Response(low, high, lost.below, lost.above, lost.missing, lost.count)


def task_of(type_: str, span: Span, rows: Axis, columns: Axis, channels: int, border: Border, result: str) -> Task:
    """What a plan is made for: pixels of a type and what is known of them, under windows along both axes, into results
    of a type."""
    spacing = channels * columns.dilation if type_ == "uint8" and jit.multiplies_bytes() else 0
    steps = (rows.stride, columns.stride), (rows.dilation, columns.dilation)
    return Task(type_, span, border.constant, result, *steps, line=columns.reach * channels, spacing=spacing)


def _planned(
    given: Values, kernel: Kernel, window: Window, border: Border, result: str, threads: int | None
) -> tuple[Plan, Pixels | None]:
    """The plan, and the windows that see zeros alone where it could not tell.

    Only where it could spread a NaN, an infinity or what a large value rounds to are the pixels searched for one.
    """
    rows, columns = window.over(*given.pixels.shape[:2])
    task = task_of(given.type, given.span, rows, columns, given.pixels.shape[2], border, result)
    made = plan(kernel, task, forced())
    if given.pixels.dtype.kind != "f" or given.span.whole or made.algorithm not in SPREADING:
        return made, None
    from imgconv.engine.filter import contrast

    def seen(mask: Pixels, beyond: Border) -> Pixels:
        looking = Kernel([[int(cell != 0) for cell in row] for row in made.weights])
        return correlate(
            Values(mask, Span(0, 1, True)), looking, window, beyond, target=Target("uint8"), threads=threads
        )[0].pixels

    greatest = float(max(abs(given.pixels.min()), abs(given.pixels.max())))
    if contrast.sums_fit(made, greatest):
        if not made.share:
            return made, None
        fits, blank = contrast.blank_windows(given.pixels, greatest, border, made.share, seen)
        if fits:
            return made, blank
    return plan(kernel, replace(task, finite=False)), None


def _fill(
    result: Pixels,
    given: Values,
    made: Plan,
    rows: Axis,
    columns: Axis,
    border: Border,
    *,
    magnitude: bool,
    least: Any,
    shift: int,
    blank: Pixels | None,
    threads: int | None,
) -> Response:
    """Runs the plan over the bands of the result."""
    value = border.constant or 0
    if made.algorithm == "big":
        row_table, column_table = position_table(border, rows), position_table(border, columns)
        response: Response = _big().correlate_big(
            given.pixels, made, rows, columns, row_table, column_table, value, result, magnitude=magnitude, shift=shift
        )
        return response
    if made.algorithm == "fourier":
        return _by_fourier(
            result,
            given,
            made,
            rows,
            columns,
            border,
            magnitude=magnitude,
            least=least,
            shift=shift,
            blank=blank,
            threads=threads,
        )
    acc, type_ = made.accumulator, result.dtype.name
    wanted = recipe(made, rows, columns, border, given.pixels.shape)
    shared = wanted.shared | {
        "source": given.pixels,
        "result": result,
        "result_row": columns.out * given.pixels.shape[2],
        "constants": constants(
            acc, type_, offset=made.offset, border=value, denominator=made.denominator, magnitude=magnitude, least=least
        ),
        "last": rows.out,
    }
    kinds = {
        "src": given.type,
        "acc": acc,
        "out": type_,
        "quotient": made.quotient,
        "key": watch_key(acc),
    } | wanted.kinds
    for name, (size, of) in wanted.buffers.items():
        require(2 * size, of, f"the {name} of the window")
    watch = Watch(acc)

    def worker() -> Any:
        seen, counts = watch.part()
        own = {name: buffer(size, of, f"the {name} of the window") for name, (size, of) in wanted.buffers.items()}
        return jit.bind(wanted.loop, kinds, shared | own | {"extremes": seen, "counts": counts})

    run_bands(rows.out, int(wanted.work * shared["result_row"]), worker, threads, wanted.least)
    return watch.response(result.size, denominator=made.denominator, shift=shift)


def _by_fourier(
    result: Pixels,
    given: Values,
    made: Plan,
    rows: Axis,
    columns: Axis,
    border: Border,
    *,
    magnitude: bool,
    least: Any,
    shift: int,
    blank: Pixels | None,
    threads: int | None,
) -> Response:
    fourier = _fourier()
    value, tables = border.constant or 0, (position_table(border, rows), position_table(border, columns))
    numbers = constants(
        "float64",
        result.dtype.name,
        offset=made.offset,
        border=value,
        denominator=made.denominator,
        magnitude=magnitude,
        least=least,
    )
    shared = fourier.Fourier(
        given.pixels, made, rows, columns, lines(given.pixels.shape, rows, columns, *tables), result, numbers, blank
    )
    watch = Watch("float64")
    work = 4 * (80 + 2 * rows.size) * columns.out * given.pixels.shape[2]
    run_bands(rows.out, work, lambda: fourier.Worker(shared, *watch.part()), threads, 8 * rows.effective // rows.stride)
    return watch.response(result.size, denominator=made.denominator, shift=shift)


@loads
def _big() -> Any:
    from imgconv.engine.filter import big_integers

    return big_integers


@loads
def _fourier() -> Any:
    from imgconv.engine.filter import fourier

    return fourier

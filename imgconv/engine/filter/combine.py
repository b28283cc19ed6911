"""combine() on values: several kernels slid over the same pixels, their responses made one value."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from imgconv.engine.filter.correlate import correlate
from imgconv.engine.memory import allocate
from imgconv.engine.quantise import constants, quantise
from imgconv.engine.run_loop import Watch, run_loop
from imgconv.kernels.kernel import Kernel
from imgconv.loops.combine import FINISH, FOLD
from imgconv.loops.quantising import watch_key
from imgconv.planner import Task
from imgconv.planner.combining import Combination, combination
from imgconv.values.borders import Border
from imgconv.values.pixel_values import Pixels, Response, Target, Values, shift_of, wide_type
from imgconv.values.windows import Window

_OWN_TYPE = ("max", "min")  # ways whose total is of the responses' own type


def combine(
    given: Values,
    kernels: Sequence[Kernel],
    windows: Sequence[Window],
    border: Border,
    how: str,
    *,
    target: Target | None,
    threads: int | None = None,
    out: Pixels | None = None,
) -> tuple[Values, Response | None]:
    """What each kernel alone would give, before rounding, combined by `how` (a row of COMBINES); quantised into
    `target`, or left wide where that is None.

    Each window places its kernel; all must give results of one shape.
    """
    made = combination(how, kernels, Task(given.type, given.span, border.constant, target.type if target else "wide"))
    if made.big:
        from imgconv.engine.filter.big_integers import combined_big

        values = Values(combined_big(given.pixels, made, windows, border), made.span)
        if target is None:
            return values, None
        result, seen = quantise(values, target, threads=threads, out=out)
        return Values(result, made.span), seen
    response_target = Target(made.response) if not made.whole or made.response == "float64" else None
    last = len(kernels) - 1
    total: Pixels | None = None
    for i, (kernel, window) in enumerate(zip(made.kernels, windows, strict=True)):
        response = correlate(given, kernel, window, border, target=response_target, threads=threads)[0].pixels
        if i == last:
            return finished(
                made, total, response, target, threads, out, given.type, state="bare" if last == 1 else "lifted"
            )
        total = folded(how, total, response, alone=last == 1, threads=threads)
    raise AssertionError("no kernel")


def folded(how: str, total: Pixels | None, response: Pixels, *, alone: bool, threads: int | None) -> Pixels:
    """The total with one more response; the first one is its own total where it is `alone`, or where the way keeps its
    type."""
    if total is None:
        if alone or how in _OWN_TYPE:
            return response
        total = np.zeros(response.shape, np.float64)
    row = total.shape[1] * total.shape[2]
    arguments = {"total": total, "response": response, "row": row, "last": total.shape[0]}
    run_loop(FOLD, {"how": how, "src": response.dtype.name, "acc": total.dtype.name}, arguments, 2 * row, threads)
    return total


def finished(
    made: Combination,
    total: Pixels | None,
    response: Pixels,
    target: Target | None,
    threads: int | None,
    out: Pixels | None,
    given_type: str,
    *,
    state: str,
) -> tuple[Values, Response | None]:
    """The last response joined to the total, and quantised."""
    assert total is not None
    if target is None or target.range == "stretch":
        type_ = wide_type(given_type, made.span, divided=not made.span.whole, last=target is not None)
        wide = allocate(response.shape, type_, "the wide result")
        _finish(made, total, response, Target(type_), wide, threads, state)
        values = Values(wide, made.span)
        if target is None:
            return values, None
        result, seen = quantise(values, target, threads=threads, out=out)
        return Values(result, made.span), seen
    result = allocate(response.shape, target.type, "the result") if out is None else out
    return Values(result, made.span), _finish(made, total, response, target, result, threads, state)


def _finish(
    made: Combination, total: Pixels, response: Pixels, target: Target, result: Pixels, threads: int | None, state: str
) -> Response:
    acc, type_, shift = made.accumulator, result.dtype.name, shift_of(target)
    watch, row = Watch(acc), response.shape[1] * response.shape[2]
    arguments = {
        "total": total,
        "response": response,
        "divisor": np.array([made.share], np.float64),
        "row": row,
        "result": result,
        "constants": constants(acc, type_, offset=shift, magnitude=target.range == "abs"),
        "last": response.shape[0],
    }
    types = {
        "how": made.how,
        "state": state,
        "total": total.dtype.name,
        "src": response.dtype.name,
        "acc": acc,
        "out": type_,
        "key": watch_key(acc),
    }
    run_loop(FINISH, types, arguments, 4 * row, threads, watch=watch)
    return watch.response(response.size, shift=shift)

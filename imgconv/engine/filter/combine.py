"""combine() on values: several kernels slid over the same pixels, their responses made one value."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from imgconv.engine.filter.correlate import correlate
from imgconv.engine.filter.parts import Placed
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
    pixels: Values,
    kernels: Sequence[Kernel],
    windows: Sequence[Window],
    border: Border,
    how: str,
    *,
    target: Target | None,
    threads: int | None = None,
    out: Pixels | None = None,
    parts: Sequence[Placed] | None = None,
) -> tuple[Values, Response | None]:
    """What each kernel alone would give, before rounding, combined by `how` (a row of COMBINES); quantised into
    `target`, or left wide where that is None.

    Each window places its kernel; all must give results of one shape. Where values are part of an image, `parts` are
    what of it each window sees.
    """
    way = combination(how, kernels, Task(pixels.type, pixels.span, border.constant, target.type if target else "wide"))
    if way.big:
        from imgconv.engine.filter.big_integers import combined_big

        seen = [pixels] * len(windows) if parts is None else [part.of(pixels) for part in parts]
        values = Values(combined_big([one.pixels for one in seen], way, windows, border), way.span)
        if target is None:
            return values, None
        result, extremes = quantise(values, target, threads=threads, out=out)
        return Values(result, way.span), extremes
    response_target = Target(way.response) if not way.whole or way.response == "float64" else None
    last = len(kernels) - 1
    total: Pixels | None = None
    for i, (kernel, window) in enumerate(zip(way.kernels, windows, strict=True)):
        part, reach = (pixels, None) if parts is None else (parts[i].of(pixels), parts[i].reach)
        slid, _ = correlate(part, kernel, window, border, target=response_target, threads=threads, reach=reach)
        response = slid.pixels
        if i == last:
            return finished(
                way, total, response, target, threads, out, pixels.type, state="bare" if last == 1 else "lifted"
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
    way: Combination,
    total: Pixels | None,
    response: Pixels,
    target: Target | None,
    threads: int | None,
    out: Pixels | None,
    pixel_type: str,
    *,
    state: str,
) -> tuple[Values, Response | None]:
    """The last response joined to the total, and quantised."""
    assert total is not None
    if target is None or target.range == "stretch":
        type_ = wide_type(pixel_type, way.span, divided=not way.span.whole, last=target is not None)
        wide = allocate(response.shape, type_, "the wide result")
        _finish(way, total, response, Target(type_), wide, threads, state)
        values = Values(wide, way.span)
        if target is None:
            return values, None
        result, seen = quantise(values, target, threads=threads, out=out)
        return Values(result, way.span), seen
    result = allocate(response.shape, target.type, "the result") if out is None else out
    return Values(result, way.span), _finish(way, total, response, target, result, threads, state)


def _finish(
    way: Combination, total: Pixels, response: Pixels, target: Target, result: Pixels, threads: int | None, state: str
) -> Response:
    acc, type_, shift = way.accumulator, result.dtype.name, shift_of(target)
    watch, row = Watch(acc), response.shape[1] * response.shape[2]
    arguments = {
        "total": total,
        "response": response,
        "divisor": np.array([way.share], np.float64),
        "row": row,
        "result": result,
        "constants": constants(acc, type_, offset=shift, magnitude=target.range == "abs"),
        "last": response.shape[0],
    }
    types = {
        "how": way.how,
        "state": state,
        "total": total.dtype.name,
        "src": response.dtype.name,
        "acc": acc,
        "out": type_,
        "key": watch_key(acc),
    }
    run_loop(FINISH, types, arguments, 4 * row, threads, watch=watch)
    return watch.response(response.size, shift=shift)

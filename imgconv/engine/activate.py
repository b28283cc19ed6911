"""activate() on values: a function of each value, which sees the wide value."""

from __future__ import annotations

import math

import numpy as np

from imgconv.engine.quantise import quantise
from imgconv.engine.run_loop import run_loop
from imgconv.loops.activate import LOOP
from imgconv.values.numbers import Number
from imgconv.values.pixel_values import Pixels, Response, Target, Values, wide_type
from imgconv.values.span import Span

WHOLE = ("relu", "abs", "identity", "threshold")
"""Functions that keep whole numbers whole; a clip between whole numbers does, too."""
Numbers = tuple[Number, ...]
"""A function's slope, or the numbers behind its name."""


def activate(
    values: Values,
    function: str,
    numbers: Numbers = (),
    *,
    target: Target | None,
    threads: int | None = None,
    out: Pixels | None = None,
) -> tuple[Values, Response | None]:
    """`function` (a row of `loops.activate.FUNCTIONS`) of every value, with the numbers of those that have some."""
    active = _active(values, function, numbers, target, threads)
    if target is None:
        return active, None
    result, response = quantise(active, target, threads=threads, out=out)
    return Values(result, active.span), response


def _active(values: Values, function: str, numbers: Numbers, target: Target | None, threads: int | None) -> Values:
    span = span_of(function, values.span, numbers)
    if _keeps_all(function, values.span, numbers):
        return values
    type_ = type_of(function, values.type, span, numbers)
    if target is not None and target.type == "float64" and not _is_whole(function, numbers):
        type_ = "float64"
    if function == "clip":
        numbers = span.low, span.high  # what no value reaches may be beyond the type
    result = np.empty(values.pixels.shape, type_)
    row = values.pixels.shape[1] * values.pixels.shape[2]
    arguments = {"source": values.pixels, "row": row, "result": result, "last": values.pixels.shape[0]}
    arguments["numbers"] = np.array([*map(float, numbers), 0.0, 0.0][:2])
    types = {"function": function, "src": values.type, "out": type_}
    run_loop(LOOP, types, arguments, (1 if function in (*WHOLE, "clip") else 40) * row, threads)
    return Values(result, span)


def _keeps_all(function: str, span: Span, numbers: Numbers) -> bool:
    """Whether no value of the span is changed."""
    if function == "clip":
        return bool(numbers[0] <= span.low and span.high <= numbers[1])
    if function == "threshold":
        return bool(numbers[0] < span.low)
    return function == "identity" or (function in ("relu", "abs") and span.low >= 0)


def _is_whole(function: str, numbers: Numbers) -> bool:
    """Whether whole numbers stay whole."""
    return function in WHOLE or (function == "clip" and all(isinstance(one, int) for one in numbers))


def type_of(function: str, type_: str, span: Span, numbers: Numbers) -> str:
    """The type of a function of values of a type, where `span` is that of the results."""
    if type_.startswith("float"):
        return type_
    return wide_type(type_, span, divided=not _is_whole(function, numbers), last=False)


BOUNDS = {
    "sigmoid": Span(0, 1, False),
    "hard-sigmoid": Span(0, 1, False),
    "tanh": Span(-1, 1, False),
    "hard-tanh": Span(-1, 1, False),
}
"""Functions with bounds of their own."""


def span_of(function: str, span: Span, numbers: Numbers = ()) -> Span:
    """What is known of an activation's results."""
    if function == "clip":
        low, high = (one if isinstance(one, int) else float(one) for one in numbers)
        whole = span.whole and _is_whole(function, numbers)
        return Span(min(max(span.low, low), high), min(max(span.high, low), high), whole)
    if _is_whole(function, numbers):
        ends: dict[str, tuple[Number, Number]] = {
            "relu": (max(span.low, 0), max(span.high, 0)),
            "abs": (0, span.magnitude),
            "identity": (span.low, span.high),
            "threshold": (min(max(span.low, math.floor(numbers[0]) if numbers else 0), 0), max(span.high, 0)),
        }
        return Span(*ends[function], span.whole)
    if function in BOUNDS:
        return BOUNDS[function]
    slope = float(numbers[0]) if numbers else 0.0
    steepest = max(1.0, abs(slope))  # the others lie between v and 0 below 0 (but for slope), and near v above
    return Span(min(span.low, -1) * steepest, max(span.high, -span.low if slope < 0 else 0) * steepest + 1, False)

"""activate() on values: a function of each value, which sees the wide value."""

from __future__ import annotations

import numpy as np

from imgconv.engine.quantise import quantise
from imgconv.engine.run_loop import run_loop
from imgconv.loops.activate import LOOP
from imgconv.values.pixel_values import Pixels, Response, Target, Values, wide_type
from imgconv.values.span import Span

WHOLE = ("relu", "abs", "identity")
"""Functions that keep whole numbers whole."""


def activate(
    values: Values,
    function: str,
    slope: float = 0.0,
    *,
    target: Target | None,
    threads: int | None = None,
    out: Pixels | None = None,
) -> tuple[Values, Response | None]:
    """`function` (a row of `loops.activate.FUNCTIONS`) of every value, with the slope of those that have one."""
    active = _active(values, function, slope, target, threads)
    if target is None:
        return active, None
    result, response = quantise(active, target, threads=threads, out=out)
    return Values(result, active.span), response


def _active(values: Values, function: str, slope: float, target: Target | None, threads: int | None) -> Values:
    span = span_of(function, values.span, slope)
    if function == "identity" or (function in ("relu", "abs") and values.span.low >= 0):
        return values
    smooth = function not in WHOLE
    type_ = values.type if values.type.startswith("float") else wide_type(values.type, span, divided=smooth, last=False)
    if target is not None and target.type == "float64" and smooth:
        type_ = "float64"
    result = np.empty(values.pixels.shape, type_)
    row = values.pixels.shape[1] * values.pixels.shape[2]
    arguments = {"source": values.pixels, "row": row, "result": result, "last": values.pixels.shape[0]}
    arguments["numbers"] = np.array([slope])
    types = {"function": function, "src": values.type, "out": type_}
    run_loop(LOOP, types, arguments, (40 if smooth else 1) * row, threads)
    return Values(result, span)


def span_of(function: str, span: Span, slope: float = 0.0) -> Span:
    """What is known of an activation's results."""
    if function == "identity":
        return span
    if function == "relu":
        return Span(max(span.low, 0), max(span.high, 0), span.whole)
    if function == "abs":
        return Span(0, span.magnitude, span.whole)
    if function in ("sigmoid", "hard-sigmoid"):
        return Span(0, 1, False)
    if function in ("tanh", "hard-tanh"):
        return Span(-1, 1, False)
    steepest = max(1.0, abs(slope))  # the others lie between v and 0 below 0 (but for slope), and near v above
    return Span(min(span.low, -1) * steepest, max(span.high, -span.low if slope < 0 else 0) * steepest + 1, False)

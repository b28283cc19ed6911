"""activate() on values: a function of each value, which sees the wide value."""

from __future__ import annotations

from typing import Any

import numpy as np

from imgconv import jit
from imgconv.engine.bands import run_bands
from imgconv.engine.quantise import settle
from imgconv.loops.activate import LOOP
from imgconv.values.pixel_values import Pixels, Response, Target, Values, wide_type
from imgconv.values.span import Span


def activate(
    given: Values, function: str, *, target: Target | None, threads: int | None = None, out: Pixels | None = None
) -> tuple[Values, Response | None]:
    """`function` (relu, abs, sigmoid, tanh, identity) of every value."""
    active = _active(given, function, target, threads)
    if target is None:
        return active, None
    settled, response = settle(active, target, threads=threads, out=out)
    return Values(settled, active.span), response


def _active(given: Values, function: str, target: Target | None, threads: int | None) -> Values:
    span = span_of(function, given.span)
    if function == "identity" or (function in ("relu", "abs") and given.span.low >= 0):
        return given
    smooth = function in ("sigmoid", "tanh")
    type_ = given.type if given.type.startswith("float") else wide_type(given.type, span, divided=smooth, last=False)
    if target is not None and target.type == "float64" and smooth:
        type_ = "float64"
    result = np.empty(given.pixels.shape, type_)
    row = given.pixels.shape[1] * given.pixels.shape[2]
    arguments = {"source": given.pixels, "row": row, "result": result, "last": given.pixels.shape[0]}

    def worker() -> Any:
        return jit.bind(LOOP, {"function": function, "src": given.type, "out": type_}, arguments)

    run_bands(given.pixels.shape[0], (40 if smooth else 1) * row, worker, threads)
    return Values(result, span)


def span_of(function: str, given: Span) -> Span:
    """What is known of an activation's results."""
    if function == "identity":
        return given
    if function == "relu":
        return Span(max(given.low, 0), max(given.high, 0), given.whole)
    if function == "abs":
        return Span(0, given.magnitude, given.whole)
    return Span(0 if function == "sigmoid" else -1, 1, False)

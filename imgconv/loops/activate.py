"""Activations: one function of each value. A new one is one row of FUNCTIONS and, in `operations`, its bounds."""

from __future__ import annotations

from typing import Any

import numpy as np

from imgconv.loops import Body, Loop, helper


@helper
def _relu(value: Any) -> Any:
    return value if value > 0 or value != value else 0


@helper
def _abs(value: Any) -> Any:
    return abs(value)


@helper
def _identity(value: Any) -> Any:
    return value


@helper
def _sigmoid(value: Any) -> Any:
    return 1.0 / (1.0 + np.exp(-np.float64(value)))


@helper
def _tanh(value: Any) -> Any:
    return np.tanh(np.float64(value))


FUNCTIONS = {"relu": _relu, "abs": _abs, "sigmoid": _sigmoid, "tanh": _tanh, "identity": _identity}


def make(function: str, src: str, out: str) -> Body:
    """The body for one function on values `src`, into `out`; a whole result type must hold every magnitude of `src`."""
    apply, final, wide = (
        FUNCTIONS[function],
        np.dtype(out).type,
        np.dtype(out if not out.startswith("float") else "float64").type,
    )

    def activate(source, row, result, first, last):
        for x in range(first * row, last * row):
            result[x] = final(apply(wide(source[x])))

    return activate


LOOP = Loop("activate", make, ("source:src[last * row] row result:=out[last * row]",))

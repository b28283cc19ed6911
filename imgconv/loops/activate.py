"""Activations: one function of each value. A new one is one row of FUNCTIONS and, in `operations`, of its FUNCTIONS."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from imgconv.loops import Body, Loop, Numbers, helper


@helper
def _relu(value: Any, numbers: Any) -> Any:
    return value if value > 0 or value != value else 0


@helper
def _abs(value: Any, numbers: Any) -> Any:
    return abs(value)


@helper
def _identity(value: Any, numbers: Any) -> Any:
    return value


@helper
def _sigmoid(value: Any, numbers: Any) -> Any:
    return 1.0 / (1.0 + np.exp(-np.float64(value)))


@helper
def _tanh(value: Any, numbers: Any) -> Any:
    return np.tanh(np.float64(value))


@helper
def _leaky_relu(value: Any, numbers: Any) -> Any:
    return np.float64(value) if value > 0 else numbers.first * np.float64(value)


@helper
def _elu(value: Any, numbers: Any) -> Any:
    return np.float64(value) if value > 0 else numbers.first * np.expm1(np.float64(value))


@helper
def _silu(value: Any, numbers: Any) -> Any:
    return np.float64(value) / (1.0 + np.exp(-np.float64(value)))


@helper
def _gelu(value: Any, numbers: Any) -> Any:
    return 0.5 * np.float64(value) * (1.0 + math.erf(np.float64(value) * 0.7071067811865476))


@helper
def _softplus(value: Any, numbers: Any) -> Any:
    return (np.float64(value) if value > 0 else 0.0) + np.log1p(np.exp(-abs(np.float64(value))))


@helper
def _hard_sigmoid(value: Any, numbers: Any) -> Any:
    part = np.float64(value) / 6 + 0.5
    return part if part != part else min(max(part, 0.0), 1.0)


@helper
def _hard_swish(value: Any, numbers: Any) -> Any:
    part = np.float64(value) / 6 + 0.5
    return np.float64(value) * (part if part != part else min(max(part, 0.0), 1.0))


@helper
def _hard_tanh(value: Any, numbers: Any) -> Any:
    wide = np.float64(value)
    return wide if wide != wide else min(max(wide, -1.0), 1.0)


@helper
def _threshold(value: Any, numbers: Any) -> Any:
    return 0 if value <= numbers.first else value


@helper
def _clip(value: Any, numbers: Any) -> Any:
    return value if value != value else min(max(value, numbers.first), numbers.second)


FUNCTIONS = {
    "relu": _relu,
    "abs": _abs,
    "sigmoid": _sigmoid,
    "tanh": _tanh,
    "identity": _identity,
    "leaky-relu": _leaky_relu,
    "elu": _elu,
    "silu": _silu,
    "gelu": _gelu,
    "softplus": _softplus,
    "hard-sigmoid": _hard_sigmoid,
    "hard-swish": _hard_swish,
    "hard-tanh": _hard_tanh,
    "threshold": _threshold,
    "clip": _clip,
}


def make(function: str, src: str, out: str) -> Body:
    """The body for one function on values `src`, into `out`; a whole result type must hold every magnitude of `src`."""
    apply, final, wide = (
        FUNCTIONS[function],
        np.dtype(out).type,
        np.dtype(out if not out.startswith("float") else "float64").type,
    )

    def activate(source, row, result, numbers, first, last):
        for x in range(first * row, last * row):
            result[x] = final(apply(wide(source[x]), numbers))

    return activate


LOOP = Loop(
    "activate",
    make,
    ("source:src[last * row] row result:=out[last * row]", Numbers("numbers", "float64", "first second")),
)

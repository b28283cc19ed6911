"""Activations by their formulas, in Python's own arithmetic."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

import imgconv
from imgconv import errors
from imgconv.operations.activate import FUNCTIONS
from tests.strategies import plain_python

FORMULAS: dict[str, Callable[[float, float], float]] = {
    "relu": lambda v, a: max(v, 0.0),
    "abs": lambda v, a: abs(v),
    "sigmoid": lambda v, a: 1 / (1 + math.exp(-v)),
    "tanh": lambda v, a: math.tanh(v),
    "identity": lambda v, a: v,
    "leaky-relu": lambda v, a: v if v > 0 else a * v,
    "elu": lambda v, a: v if v > 0 else a * math.expm1(v),
    "silu": lambda v, a: v / (1 + math.exp(-v)),
    "gelu": lambda v, a: v * 0.5 * math.erfc(-v / math.sqrt(2)),
    "softplus": lambda v, a: math.log1p(math.exp(v)) if v < 30 else v,
    "hard-sigmoid": lambda v, a: min(max(v / 6 + 0.5, 0), 1),
    "hard-swish": lambda v, a: v * min(max(v / 6 + 0.5, 0), 1),
    "hard-tanh": lambda v, a: min(max(v, -1), 1),
}
VALUES = np.array([[-100.0, -7, -3, -1.5, -1e-3, 0, 1e-3, 0.5, 1, 2.5, 3, 8, 90]])


def test_every_activation_has_its_formula() -> None:
    assert set(FORMULAS) == set(FUNCTIONS)


@pytest.mark.parametrize("slope", [None, 0.3])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_formulas(name: str, slope: float | None) -> None:
    own = FUNCTIONS[name].slope
    if slope is not None and own is None:
        with pytest.raises(errors.UsageError, match="has no slope"):
            imgconv.activate(VALUES, name, slope=slope)
        return
    used = float(own or 0) if slope is None else slope
    expected = [FORMULAS[name](value, used) for value in VALUES[0].tolist()]
    got = imgconv.activate(VALUES, name, slope=slope)
    np.testing.assert_allclose(got[0], expected, rtol=1e-12, atol=1e-15)
    with plain_python():
        np.testing.assert_allclose(imgconv.activate(VALUES, name, slope=slope)[0], expected, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_nan_stays(name: str) -> None:
    assert np.isnan(imgconv.activate(np.array([[np.nan]]), name)).all()


def test_negative_bytes_are_clamped_and_said() -> None:
    image = np.array([[0, 100, 200]], "uint8")
    got = imgconv.run(image, "filter identity bias=-100 | leaky-relu 0.5", dtype="int16")
    assert got.tolist() == [[-50, 0, 100]]

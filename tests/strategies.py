"""Hypothesis strategies for images, kernels and windows, and what a comparison of float results needs."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext
from fractions import Fraction
from typing import Any, TypeVar
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from tests import oracle

TYPES = ("uint8", "uint16", "int16", "int32", "float32", "float64")
INTEGERS = TYPES[:4]
WIDE_INTEGERS = ("uint32", "int64", "uint64")
"""Integers that are widened to float64, and stay whole numbers."""
T = TypeVar("T")
RANGES = ("clamp", "abs", "shift", "stretch")
HALF_UNIT = {"float32": 2.0**-24, "float64": 2.0**-53}


SEARCHES = int(os.environ.get("IMGCONV_TEST_SEARCHES", "0"))
"""How many times as many examples `make laws` draws, at random; 0 in `make test`, where they are the same each time, so
that a test that fails has failed for the change at hand."""


def law(examples: int = 80) -> settings:
    """Settings of a property: no deadline, for a first example may compile a loop."""
    return settings(
        derandomize=not SEARCHES,
        deadline=None,
        max_examples=examples * max(1, SEARCHES),
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )


def plain_python() -> AbstractContextManager[Any]:
    """Loops run uncompiled: every combination of types without the price of compiling it."""
    return patch.dict("os.environ", IMGCONV_NO_JIT="1")


def compiled(wanted: bool) -> AbstractContextManager[Any]:
    """Loops run compiled if that is wanted, else as plain Python."""
    return nullcontext() if wanted else plain_python()


EVERYTHING = pytest.mark.parametrize(
    "everything", [False, pytest.param(True, marks=pytest.mark.slow)], ids=["everyday", "everything"]
)
"""A law over many types of loops: every day some of its cases are compiled and the rest run as plain Python; `make
slow` compiles all."""


def all_but(values: Iterable[T], *everyday: T) -> list[Any]:
    """Parameters of a test: those named run every day, the others in `make slow`."""
    return [value if value in everyday else pytest.param(value, marks=pytest.mark.slow) for value in values]


# ---------------------------------------------------------------- images


def values(dtype: str) -> st.SearchStrategy[Any]:
    """Values of a pixel type, its extremes often among them; floats are finite and of modest size."""
    if dtype.startswith("float"):
        return st.one_of(st.integers(-300, 300).map(float), st.floats(-1e4, 1e4, width=32, allow_subnormal=False))
    low, high = oracle.limits(dtype)
    if dtype.endswith("64"):
        low, high = max(low, -(2**53)), min(high, 2**53)
    return st.one_of(st.sampled_from((low, high, 0, 1)), st.integers(low, high))


def shapes(most: int = 8, least: int = 1) -> st.SearchStrategy[tuple[int, ...]]:
    """(H, W) or (H, W, C): 1x1, 1xN and Nx1 often, 1…5 channels."""
    side = st.one_of(st.just(least), st.integers(least, most))
    return st.one_of(st.tuples(side, side), st.tuples(side, side, st.integers(1, 5)))


@st.composite
def images(
    draw: st.DrawFn, dtype: str = "uint8", shape: st.SearchStrategy[tuple[int, ...]] | None = None
) -> oracle.Array:
    """Noise from a drawn seed, or drawn value by value where that is not long (it shrinks better)."""
    size = draw(shapes() if shape is None else shape)
    count = int(np.prod(size))
    if count <= 12:
        return np.array(draw(st.lists(values(dtype), min_size=count, max_size=count)), dtype).reshape(size)
    few = draw(st.lists(values(dtype), min_size=1, max_size=12))
    order = np.random.default_rng(draw(st.integers(0, 2**16)))
    return order.choice(np.array(few, dtype), size)


# ---------------------------------------------------------------- windows


def pair(most: int) -> st.SearchStrategy[Any]:
    one = st.integers(1, most)
    return st.one_of(one, st.tuples(one, one))


def pad_values(most: int = 5) -> st.SearchStrategy[Any]:
    one = st.integers(0, most)
    return st.one_of(st.just("same"), st.just("valid"), one, st.tuples(one, one), st.tuples(one, one, one, one))


def rows_of(cells: st.SearchStrategy[Any], most: int = 5) -> st.SearchStrategy[list[list[Any]]]:
    side = st.integers(1, most)
    return st.tuples(side, side).flatmap(
        lambda k: st.lists(st.lists(cells, min_size=k[1], max_size=k[1]), min_size=k[0], max_size=k[0])
    )


FRACTIONS = st.builds(Fraction, st.integers(-12, 12), st.sampled_from((1, 2, 3, 4, 5, 10)))
BORDERS = st.one_of(
    st.sampled_from((("edge", 0), ("reflect", 0), ("reflect101", 0), ("wrap", 0), ("constant", 0))),
    st.tuples(st.just("constant"), st.integers(-40, 300)),
)


@st.composite
def placements(draw: st.DrawFn, weights: list[list[Any]]) -> dict[str, Any]:
    """Where windows lie, as keyword arguments of the oracle: border, value, pad, stride, dilation, anchor."""
    border, value = draw(BORDERS)
    anchor = st.tuples(st.integers(0, len(weights) - 1), st.integers(0, len(weights[0]) - 1))
    return {
        "border": border,
        "value": value,
        "pad": draw(pad_values()),
        "stride": draw(pair(4)),
        "dilation": draw(pair(3)),
        "anchor": draw(st.one_of(st.none(), anchor)),
    }


def border_text(border: str, value: Any) -> str:
    return f"constant:{value}" if border == "constant" else border


# ---------------------------------------------------------------- comparing


def assert_within(
    got: oracle.Array, wide: oracle.Array, dtype: str, error: oracle.Array | float, range_: str = "clamp"
) -> None:
    """`got` is `wide` settled, where `wide` may be off by `error`: an integer then lies between what the ends settle
    to."""
    assert got.dtype == dtype
    got = got.reshape(wide.shape)
    moved = oracle.ranged(wide, dtype, range_)
    if dtype.startswith("float"):
        exact = moved.astype("float64")
        rounding = 4 * HALF_UNIT[dtype] * np.abs(exact)
        assert (np.abs(got.astype("float64") - exact) <= error + rounding).all()
    else:
        slack = np.vectorize(Fraction, otypes=[object])(np.broadcast_to(np.asarray(error, "float64"), moved.shape))
        assert (oracle.settle(moved - slack, dtype) <= got).all()
        assert (got <= oracle.settle(moved + slack, dtype)).all()

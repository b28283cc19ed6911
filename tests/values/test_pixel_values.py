"""What numbers mean: types in and out, settling, activations, and values that stay wide between steps."""

from __future__ import annotations

import math
from contextlib import nullcontext
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import imgconv
from imgconv import errors
from tests import oracle
from tests.strategies import (
    EVERYTHING,
    HALF_UNIT,
    RANGES,
    TYPES,
    assert_within,
    compiled,
    images,
    law,
    plain_python,
    values,
)

INF, NAN = math.inf, math.nan


def row(*cells: float, dtype: str = "float64") -> Any:
    return np.array([cells], dtype)


# ---------------------------------------------------------------- settling

SETTLED = [  # values, result type, range, result
    ((-0.5, -1.5, -2.5, 0.5, 1.5, 2.5), "int16", "clamp", [0, -1, -2, 1, 2, 3]),
    ((-0.5, -0.51, 0.49, 255.4, 255.5, 256), "uint8", "clamp", [0, 0, 0, 255, 255, 255]),
    ((0.49999999999999994, -0.5000000000000001, 4503599627370495.5), "int32", "clamp", [0, -1, 2**31 - 1]),
    ((NAN, INF, -INF, 1e300, -1e300, -0.0), "uint8", "clamp", [0, 255, 0, 255, 0, 0]),
    ((NAN, INF, -INF, 1e300, -1e300), "int32", "clamp", [0, 2**31 - 1, -(2**31), 2**31 - 1, -(2**31)]),
    (
        (2147483646.5, 2147483647.4, -2147483648.5, -2147483648.6),
        "int32",
        "clamp",
        [2**31 - 1, 2**31 - 1, -(2**31), -(2**31)],
    ),
    ((-0.5, -1.5, 1.5, -300, -INF, NAN), "uint8", "abs", [1, 2, 2, 255, 255, 0]),
    ((-128, -0.5, -128.5, 127, 128, NAN), "uint8", "shift", [0, 128, 0, 255, 255, 0]),
    ((-32768, 0, 32767, -1.5), "uint16", "shift", [0, 32768, 65535, 32767]),
    ((-5, 1.5), "int16", "shift", [-5, 2]),
    ((-5, 2.5), "int32", "shift", [-5, 3]),
    ((-5, 2.5), "float64", "shift", [-5, 2.5]),
    ((0, 1, 2, 4), "uint8", "stretch", [0, 64, 128, 255]),
    ((-7, 3, 13), "float32", "stretch", [0, 0.5, 1]),
    ((-10, 0, 10), "int16", "stretch", [-32768, 0, 32767]),
    ((5, 5), "uint8", "stretch", [0, 0]),
    ((-1.7e308, 0, 1.7e308), "int32", "stretch", [-(2**31), 0, 2**31 - 1]),
    ((0, 1e300, 4e299), "uint8", "stretch", [0, 255, 102]),
    ((5, 5), "int16", "stretch", [-32768, -32768]),
    ((-INF, 2.5, NAN), "float32", "abs", [INF, 2.5, NAN]),
    ((-INF, 1e-3, 300.25), "float32", "clamp", [-INF, np.float32(1e-3), 300.25]),
]


def holds(values: tuple[float, ...], dtype: str) -> bool:
    """Whether a float type has exactly these values."""
    with np.errstate(over="ignore"):
        return np.array_equal(row(*values, dtype=dtype), row(*values), equal_nan=True)


@pytest.mark.parametrize(
    ("pixels", "given_", "dtype", "range_", "expected"),
    [(pixels, *case) for pixels in ("float64", "float32") for case in SETTLED if holds(case[0], pixels)],
)
def test_settling(pixels: str, given_: tuple[float, ...], dtype: str, range_: str, expected: list[float]) -> None:
    """The same through every verb; compiled where integers are clamped, and uncompiled everywhere, which costs no
    compilation."""
    image = row(*given_, dtype=pixels)
    compiled = (pixels, range_) == ("float64", "clamp") and dtype in ("uint8", "int32")
    with nullcontext() if compiled else plain_python():
        answers = [
            imgconv.activate(image, "identity", dtype=dtype, range=range_),
            imgconv.correlate(image, [[1]], dtype=dtype, range=range_),
            imgconv.pool(image, "max", size=1, dtype=dtype, range=range_),
            imgconv.run(image, "maxpool 1 | identity", dtype=dtype, range=range_),
        ]
    for got in answers:
        assert got.dtype == dtype
        assert np.array_equal(got, np.array([expected], dtype), equal_nan=dtype.startswith("float"))


@law(150)
@given(st.data(), st.sampled_from(TYPES), st.sampled_from(TYPES), st.sampled_from(RANGES))
def test_every_pair_of_types(data: st.DataObject, pixels: str, dtype: str, range_: str) -> None:
    """A dtype never rescales; ranges do as they say."""
    image = data.draw(images(pixels))
    wide = oracle.with_channels(image)
    error = 0.0 if range_ != "stretch" else 8 * HALF_UNIT["float64"] * (1 if dtype.startswith("float") else 2.0**32)
    with plain_python():
        for got in (
            imgconv.activate(image, "identity", dtype=dtype, range=range_),
            imgconv.pool(image, size=1, dtype=dtype, range=range_),
        ):
            assert_within(got, wide, dtype, 0.0 if pixels in TYPES[:3] and dtype in TYPES[:3] else error, range_)


def test_stretch_looks_at_all_channels_together() -> None:
    image = np.zeros((1, 2, 3), "uint8")
    image[0, :, 1], image[0, 1, 2] = 10, 20
    assert imgconv.activate(image, "identity", range="stretch").tolist() == [[[0, 128, 0], [0, 128, 255]]]
    flat = np.full((2, 2), 9, "float32")
    with plain_python():
        assert imgconv.correlate(flat, "laplacian", range="stretch").tolist() == [[0, 0], [0, 0]]


# ---------------------------------------------------------------- types


@pytest.mark.parametrize(("dtype", "widened"), [*((name, name) for name in TYPES), *oracle.WIDENED.items()])
@EVERYTHING
def test_the_result_keeps_the_widened_type(dtype: str, widened: str, everything: bool) -> None:
    image = np.ones((3, 3), dtype)
    with compiled(everything or dtype == "uint8"):
        answers = [
            imgconv.correlate(image, "box:3"),
            imgconv.convolve(image, [[0.1]]),
            imgconv.pool(image, "avg"),
            imgconv.activate(image, "tanh"),
        ]
        answers.append(imgconv.run(image, "relu | maxpool 2"))
    assert [answer.dtype.name for answer in answers] == [widened] * 5


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((2, 2), "complex64"),
        np.zeros((2, 2), object),
        np.zeros((2, 2), "U3"),
        np.zeros((2, 2), "datetime64[s]"),
        np.zeros((2, 2), [("r", "u1")]),
        np.zeros((0, 3), "uint8"),
        np.zeros((3, 0), "uint8"),
        np.zeros((3, 3, 0), "uint8"),
        np.zeros(5, "uint8"),
        np.zeros((2, 2, 2, 2), "uint8"),
        np.float64(3),
        7,
        None,
        "text",
        row(2**53 + 1, dtype="int64"),
        row(-(2**53) - 1, dtype="int64"),
        row(2**64 - 1, dtype="uint64"),
        row(-(2**63), dtype="int64"),
        [[2**70]],
        [],
    ],
)
def test_arrays_that_cannot_be_computed_with_are_refused(image: Any) -> None:
    for verb, argument in (
        (imgconv.correlate, "vertical"),
        (imgconv.pool, "max"),
        (imgconv.activate, "relu"),
        (imgconv.run, "relu | maxpool 1"),
    ):
        with pytest.raises(errors.PixelError):
            verb(image, argument)


@pytest.mark.parametrize(
    "dtype",
    ["complex64", "int8", "bool", "int64", "float16", "object", "longdouble", "uint", "nonsense", 3, [("a", "u1")]],
)
def test_types_that_no_result_has_are_refused(dtype: Any) -> None:
    with pytest.raises(errors.UsageError):
        imgconv.activate(np.ones((2, 2), "uint8"), "relu", dtype=dtype)


@law(60)
@given(st.lists(st.integers(-(2**53), 2**53), min_size=1, max_size=6))
def test_64_bit_integers_lose_nothing(cells: list[int]) -> None:
    image = np.array([cells], "int64")
    assert imgconv.activate(image, "identity").tolist() == [cells]
    assert imgconv.correlate(image, [[1]]).astype("int64").tolist() == [cells]


# ---------------------------------------------------------------- activations

CURVES = {
    "relu": lambda v: max(v, 0.0),
    "abs": abs,
    "identity": lambda v: v,
    "tanh": math.tanh,
    "sigmoid": lambda v: 1 / (1 + math.exp(-v)) if v > 0 else math.exp(v) / (1 + math.exp(v)),
}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("function", CURVES)
@law(60)
@given(st.data())
def test_activations(function: str, dtype: str, data: st.DataObject) -> None:
    real = st.one_of(
        values(dtype), st.floats(-30, 30, width=32), st.sampled_from((0.0, 1e30, -1e30, 1e-30, 88.5, -745.0))
    )
    cells = data.draw(st.lists(real, min_size=1, max_size=20))
    got = imgconv.activate(row(*cells, dtype=dtype), function)
    assert got.dtype == dtype
    expected = [CURVES[function](float(v)) for v in row(*cells, dtype=dtype)[0]]
    assert got[0].tolist() == pytest.approx(
        expected, rel=8 * HALF_UNIT[dtype], abs=1e-45 if dtype == "float32" else 5e-324
    )


@pytest.mark.parametrize("function", ["relu", "abs", "identity"])
@law(60)
@given(st.data(), st.sampled_from(TYPES), st.sampled_from(TYPES))
def test_activations_of_every_type(function: str, data: st.DataObject, pixels: str, dtype: str) -> None:
    image = data.draw(images(pixels))
    wide = oracle.each(
        oracle.with_channels(image), lambda v: max(v, 0) if function == "relu" else abs(v) if function == "abs" else v
    )
    with plain_python():
        assert_within(imgconv.activate(image, function, dtype=dtype), wide, dtype, 0.0)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    ("function", "expected"),
    [
        ("relu", [0, INF, NAN]),
        ("abs", [INF, INF, NAN]),
        ("identity", [-INF, INF, NAN]),
        ("sigmoid", [0, 1, NAN]),
        ("tanh", [-1, 1, NAN]),
    ],
)
def test_activations_of_values_that_are_not_finite(function: str, expected: list[float], dtype: str) -> None:
    assert np.array_equal(imgconv.activate(row(-INF, INF, NAN, dtype=dtype), function), [expected], equal_nan=True)


@EVERYTHING
def test_bounded_activations_of_integers(everything: bool) -> None:
    image = row(0, 1, 5, 200, dtype="uint8")
    assert imgconv.activate(image, "sigmoid").tolist() == [[1, 1, 1, 1]]  # 0.5 rounds up
    assert imgconv.activate(image, "sigmoid", dtype="float64")[0].tolist() == pytest.approx(
        [0.5, 0.7310585786300049, 0.9933071490757153, 1], rel=1e-15
    )
    with compiled(everything):
        assert imgconv.activate(row(-3, 0, 3, dtype="int16"), "tanh").tolist() == [[-1, 0, 1]]
        assert imgconv.activate(row(-3, 0, 3, dtype="int16"), "sigmoid").tolist() == [[0, 1, 1]]
        assert imgconv.activate(row(-(2**31), 2**31 - 1, dtype="int32"), "tanh", dtype="float32").tolist() == [[-1, 1]]
        assert imgconv.activate(row(-2, 0, 2, dtype="int16"), "tanh", dtype="uint8", range="stretch").tolist() == [
            [0, 128, 255]
        ]


@pytest.mark.parametrize("function", ["", "softmax", "relu6", None])
def test_unknown_activations_are_refused(function: Any) -> None:
    with pytest.raises(errors.UsageError):
        imgconv.activate(row(1), function)


# ---------------------------------------------------------------- wide between steps

STEPS = {  # text, and the same on the oracle's exact numbers
    'filter "-1 0 1;-2 0 2;-1 0 1"': lambda v: oracle.responses(v, [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]),
    'filter "3 -5" stride=2 border=wrap': lambda v: oracle.responses(v, [[3, -5]], stride=2, border="wrap"),
    "filter laplacian convolve bias=-7 border=constant:9": lambda v: oracle.responses(
        v, [[0, 1, 0], [1, -4, 1], [0, 1, 0]], 1, -7, border="constant", value=9
    ),
    'filter "1000 -900;7 1" pad=1 border=reflect': lambda v: oracle.responses(
        v, [[1000, -900], [7, 1]], pad=1, border="reflect"
    ),
    "maxpool 2 pad=same": lambda v: oracle.pooled(v, "max", 2, pad="same"),
    "minpool 3 stride=1 pad=1": lambda v: oracle.pooled(v, "min", 3, 1, pad=1),
    "relu": lambda v: oracle.each(v, lambda x: max(x, 0)),
    "abs": lambda v: oracle.each(v, abs),
    "identity": lambda v: v,
}


@pytest.mark.parametrize("pixels", ["uint8", "int16", "int32"])
@law(60)
@given(st.data())
def test_whole_numbers_stay_exact_between_steps(pixels: str, data: st.DataObject) -> None:
    image = data.draw(images(pixels))
    steps = data.draw(st.lists(st.sampled_from(sorted(STEPS)), min_size=2, max_size=4))
    wide = oracle.with_channels(image)
    for step in steps:
        wide = STEPS[step](wide)
        if max(map(abs, wide.ravel())) > 2**53:
            return  # wider than any number kept between steps
    dtype, range_ = data.draw(st.sampled_from(TYPES)), data.draw(st.sampled_from(("clamp", "abs", "shift")))
    with plain_python():
        got = imgconv.run(image, " | ".join(steps), dtype=dtype, range=range_)
    assert_within(got, wide, dtype, 0.0, range_)


STEP = st.sampled_from(sorted(STEPS))


@law(80)
@given(images("uint8"), st.lists(STEP, max_size=2), st.sampled_from(("avgpool 2 pad=same", "filter box:3")), STEP)
def test_quotients_stay_unrounded_between_steps(image: Any, before: list[str], divided: str, after: str) -> None:
    """A quotient is kept in the computation's float: 8 half units of float32 of the greatest magnitude on the way."""
    wide, greatest = oracle.with_channels(image), Fraction(255)
    steps = STEPS | {
        "avgpool 2 pad=same": lambda v: oracle.pooled(v, "avg", 2, pad="same"),
        "filter box:3": lambda v: oracle.responses(v, [[1] * 3] * 3, 9),
    }
    for step in (*before, divided, after):
        wide = steps[step](wide)
        greatest = max(greatest, *map(abs, wide.ravel()))
    with plain_python():
        got = imgconv.run(image, " | ".join((*before, divided, after)), dtype="int32")
    assert_within(got, wide, "int32", float(greatest) * 2000 * 8 * HALF_UNIT["float32"])


@EVERYTHING
def test_nothing_is_clamped_or_rounded_between_steps(everything: bool) -> None:
    pixels = np.array([[0, 100, 255]], "uint8")
    with compiled(everything):
        assert imgconv.run(pixels, 'filter "10" | filter "1/10"').tolist() == [[0, 100, 255]]
        assert imgconv.run(pixels, 'filter "-1" | abs').tolist() == [[0, 100, 255]]
        assert imgconv.run(pixels, 'filter "-1" | relu | filter "-1"').tolist() == [[0, 0, 0]]
        assert imgconv.run(pixels, 'filter "-1" | filter "-1"').tolist() == [[0, 100, 255]]
        assert imgconv.run(pixels, 'filter "1/4" | filter "4"').tolist() == [[0, 100, 255]]
        assert imgconv.run(pixels, 'filter "1" bias=0.5 | filter "2"').tolist() == [[1, 201, 255]]
        assert imgconv.run(np.array([[1, 2]], "uint8"), 'avgpool 1x2 | filter "2"').tolist() == [[3]]
        assert imgconv.run(pixels, 'filter "1 -1" pad=valid | abs', dtype="int16").tolist() == [[100, 155]]


def test_int32_overflows_nowhere() -> None:
    low, high = -(2**31), 2**31 - 1
    image = row(low, high, dtype="int32")
    assert imgconv.activate(image, "abs").tolist() == [[high, high]]
    assert imgconv.activate(image, "abs", dtype="float64").tolist() == [[2**31, high]]
    assert imgconv.activate(image, "identity", range="abs", dtype="float64").tolist() == [[2**31, high]]
    assert imgconv.activate(image, "identity", range="abs").tolist() == [[high, high]]
    assert imgconv.correlate(image, [[-1]]).tolist() == [[high, -high]]
    assert imgconv.correlate(image, [[2]], dtype="float64").tolist() == [[2 * low, 2 * high]]
    assert imgconv.correlate(image, [[1, 1]], pad="valid").tolist() == [[-1]]
    assert imgconv.correlate(image, [[-1, 1]], pad="valid", dtype="float64").tolist() == [[2**32 - 1]]
    assert imgconv.correlate(image, imgconv.Kernel([[-1, 1]], 2), pad="valid").tolist() == [
        [high]
    ]  # 2**31 - 1/2, rounded up, clamped
    assert imgconv.correlate(image, imgconv.Kernel([[1]], 1, -1)).tolist() == [[low, high - 1]]


@EVERYTHING
def test_int32_overflows_nowhere_between_steps(everything: bool) -> None:
    low, high = -(2**31), 2**31 - 1
    image = row(low, high, dtype="int32")
    with compiled(everything):
        assert imgconv.run(image, 'filter "1" bias=-1 | filter "1" bias=1').tolist() == [[low, high]]
        assert imgconv.run(image, 'abs | filter "-1"').tolist() == [[low, -high]]
        assert imgconv.run(image, 'filter "1 -1" pad=valid | filter "1/2"').tolist() == [
            [1 - 2**31]
        ]  # -(2**32 - 1)/2 = -2**31 + 1/2, rounded up
        assert imgconv.run(image, 'filter "4" | filter "1/4"').tolist() == [[low, high]]
        assert imgconv.run(image, 'filter "3" | maxpool 1x2', dtype="float64").tolist() == [[3 * high]]
        assert imgconv.run(image, 'filter "3" | avgpool 1x2', dtype="float64").tolist() == [[-1.5]]
        assert imgconv.activate(image, "identity", range="stretch", dtype="uint8").tolist() == [[0, 255]]


@pytest.mark.parametrize("range_", RANGES)
def test_a_pipeline_of_one_step_is_the_verb(range_: str) -> None:
    with compiled(range_ == "clamp"):
        check_a_pipeline_of_one_step(range_)


def check_a_pipeline_of_one_step(range_: str) -> None:
    image = np.random.default_rng(8).integers(0, 256, (7, 6, 3), "uint8")
    for text, got in (
        ("filter vertical stride=2", imgconv.correlate(image, "vertical", stride=2, range=range_)),
        ("filter vertical convolve", imgconv.convolve(image, "vertical", range=range_)),
        ("avgpool 3 pad=1 ceil", imgconv.pool(image, "avg", size=3, pad=1, ceil=True, range=range_)),
        ("relu", imgconv.activate(image, "relu", range=range_)),
    ):
        assert imgconv.run(image, text, range=range_).tolist() == got.tolist()
        assert imgconv.run(image, imgconv.Pipeline.parse(text), range=range_).tolist() == got.tolist()
        assert imgconv.Pipeline.parse(text).shape(7, 6) == got.shape[:2]

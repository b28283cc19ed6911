"""imgconv.correlate and convolve: against the oracle, against SciPy, and by laws."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import scipy.ndimage
from hypothesis import given
from hypothesis import strategies as st

import imgconv
from imgconv import errors
from tests import oracle
from tests.strategies import (
    BORDERS,
    EVERYTHING,
    FRACTIONS,
    HALF_UNIT,
    INTEGERS,
    RANGES,
    TYPES,
    WIDE_INTEGERS,
    all_but,
    assert_within,
    border_text,
    compiled,
    images,
    law,
    placements,
    plain_python,
    rows_of,
    shapes,
    values,
)

Case = dict[str, Any]


def slide(
    pixels: Any, kernel: Any, *, border: str = "edge", value: Any = 0, convolve: bool = False, **options: Any
) -> Any:
    """imgconv called with the oracle's words."""
    verb = imgconv.convolve if convolve else imgconv.correlate
    return verb(pixels, kernel, border=border_text(border, value), **options)


@st.composite
def cases(
    draw: st.DrawFn,
    dtype: str,
    cells: st.SearchStrategy[Any],
    divisors: st.SearchStrategy[Any],
    biases: st.SearchStrategy[Any],
    most: int = 5,
) -> tuple[Any, list[Any], Case]:
    """An image, (weights, divisor, bias, anchor), and the keyword arguments of the oracle. Placed so that a window
    fits."""
    weights = draw(rows_of(cells, most))
    place = draw(placements(weights))
    kernel = [weights, draw(divisors), draw(biases), place.pop("anchor")]
    place["convolve"] = draw(st.booleans())
    needed = max(
        d * (k - 1) + 1 for d, k in zip(oracle.both(place["dilation"]), (len(weights), len(weights[0])), strict=True)
    )
    tight = place["pad"] != "same"  # then the image must be large enough, or the pads
    image = draw(images(dtype, shapes(max(8, needed), needed) if tight and draw(st.booleans()) else shapes()))
    return image, kernel, place


def both_answers(case: tuple[Any, list[Any], Case], dtype: str | None, range_: str = "clamp") -> tuple[Any, Any] | None:
    """(imgconv's, the oracle's) answer, or None where both refuse."""
    image, kernel, place = case
    before = image.copy()
    try:
        expected = oracle.correlate(image, *kernel, dtype=dtype, range=range_, **place)
    except oracle.RefusedError:
        with pytest.raises(errors.WindowError):
            slide(image, imgconv.Kernel(*kernel), dtype=dtype, range=range_, **place)
        return None
    got = slide(image, imgconv.Kernel(*kernel), dtype=dtype, range=range_, **place)
    assert np.array_equal(image, before, equal_nan=image.dtype.kind == "f")
    return got, expected


def assert_same(got: Any, expected: Any) -> None:
    assert got.dtype == expected.dtype
    assert got.shape == expected.shape
    assert got.tolist() == expected.tolist()


# ---------------------------------------------------------------- against the oracle


SMALL = st.integers(-3, 3)


@law(300)
@given(cases("uint8", SMALL, st.just(1), st.integers(-20, 20)))
def test_geometry_of_integers(case: tuple[Any, list[Any], Case]) -> None:
    answers = both_answers(case, "int16")
    if answers:
        assert_same(*answers)


@law(150)
@given(cases("int32", SMALL, st.just(1), st.just(0)))
def test_geometry_of_float64(case: tuple[Any, list[Any], Case]) -> None:
    """Whole numbers in float64: every sum is exact."""
    image, kernel, place = case
    answers = both_answers((image.astype("float64"), kernel, place), None)
    if answers:
        assert_same(*answers)


FAMILIES: dict[str, tuple[Any, Any, Any]] = {  # weights, divisors, biases: each family meets one accumulator
    "narrow": (st.integers(-1, 1), st.just(1), st.integers(-20, 20)),
    "divided": (
        st.integers(-1, 1),
        st.sampled_from((2, 3, -4, 9)),
        st.sampled_from((0, Fraction(1, 2), Fraction(-3, 2))),
    ),
    "wide": (st.integers(900, 1000), st.just(1), st.integers(-100000, 100000)),
    "fractions": (FRACTIONS, FRACTIONS.filter(bool), FRACTIONS),
    "dyadic": (st.integers(-(2**18), 2**18).map(lambda i: i / 2**16), st.sampled_from((1, 0.75, 16)), st.just(0.25)),
    "huge": (st.integers(-(10**8), 10**8), st.sampled_from((1, 7 * 10**8)), st.integers(-(10**6), 10**6)),
    "auto": (st.integers(-5, 5), st.just("auto"), st.just(0)),
}
COMPILED = [
    ("uint8", "uint8", "narrow"),
    ("uint8", "uint8", "divided"),
    ("int16", "int16", "narrow"),
    ("int32", "int32", "divided"),
    *[
        pytest.param(*case, marks=pytest.mark.slow)
        for case in (
            ("uint8", "uint8", "wide"),
            ("uint16", "uint16", "divided"),
            ("uint8", "uint8", "fractions"),
            ("uint8", "float32", "divided"),
            ("int32", "uint8", "huge"),
        )
    ],
]
"""Every pair of types runs uncompiled below; these compiled too, some of them only in `make slow`."""


def check_exact(
    data: st.DataObject, pixels: str, out: str, family: str, ranges: tuple[str, ...] = ("clamp", "abs", "shift")
) -> None:
    case = data.draw(cases(pixels, *FAMILIES[family], most=3))
    range_ = data.draw(st.sampled_from(ranges))
    answers = both_answers(case, out, range_)
    if answers is None:
        return
    if out in INTEGERS:
        assert_same(*answers)
    else:
        image, kernel, place = case
        assert_within(
            answers[0],
            oracle.responses(image, *kernel, **place),
            out,
            1e-300 if range_ != "stretch" else HALF_UNIT[out] * 8,
            range_,
        )


@pytest.mark.parametrize(("pixels", "out", "family"), COMPILED)
@law(20)
@given(st.data())
def test_integers_are_exact(pixels: str, out: str, family: str, data: st.DataObject) -> None:
    check_exact(data, pixels, out, family)


@pytest.mark.parametrize(
    ("weight", "divisor"),
    [(1, 3), (-7, 6), (257, 1542), (999, 1000), (-1001, 1024), (16383, 16384), (99991, 99989), (2**30 + 1, 2**31)],
)
@pytest.mark.parametrize("pixels", ["uint8", "uint16", pytest.param("int16", marks=pytest.mark.slow)])
@EVERYTHING
def test_every_quotient_of_16_bit_pixels(pixels: str, weight: int, divisor: int, everything: bool) -> None:
    """All values of a type: a division in a float too narrow for the sum would round a near half up."""
    low, high = oracle.limits(pixels)
    image = np.arange(low, high + 1).reshape(16, -1)
    with compiled(everything or pixels == "uint16"):
        got = imgconv.correlate(image.astype(pixels), imgconv.Kernel([[weight]], divisor), dtype="int32")
    assert_same(got, ((2 * image * weight + divisor) // (2 * divisor)).astype("int32"))


@pytest.mark.parametrize(
    ("weight", "divisor"), [(1, 3), (-5, 7), (2**22 - 1, 2**22), (2**31 - 1, 2**31), (10**9 + 7, 10**9 + 9)]
)
def test_quotients_of_32_bit_pixels(weight: int, divisor: int) -> None:
    """Noise, and the pixels whose quotients lie at a half and as near to it as can be."""
    image = np.random.default_rng(9).integers(-(2**31), 2**31, (100, 100), "int32")
    near = [(divisor // 2 + i) * pow(weight, -1, divisor) % divisor for i in (-1, 0, 1)]
    image[0, :6] = [*near, *(v - divisor for v in near)]
    expected = [
        [min(max((2 * int(v) * weight + divisor) // (2 * divisor), -(2**31)), 2**31 - 1) for v in row] for row in image
    ]
    assert_same(imgconv.correlate(image, imgconv.Kernel([[weight]], divisor)), np.array(expected, "int32"))


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("pixels", INTEGERS)
@law(25)
@given(st.data(), st.sampled_from(TYPES))
def test_integers_are_exact_in_every_type(pixels: str, family: str, data: st.DataObject, out: str) -> None:
    with plain_python():
        check_exact(data, pixels, out, family, RANGES if family in ("narrow", "wide") else RANGES[:3])


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("pixels", WIDE_INTEGERS)
@law(25)
@given(st.data(), st.sampled_from((None, "uint8", "int32", "float64")), st.sampled_from(RANGES[:3]))
def test_wide_integers_are_exact(pixels: str, family: str, data: st.DataObject, out: str | None, range_: str) -> None:
    """NumPy's own integers are float64 in the end, and whole numbers until then: each result is rounded once."""
    with plain_python():
        answers = both_answers(data.draw(cases(pixels, *FAMILIES[family], most=3)), out, range_)
        if answers:
            assert_same(*answers)


@pytest.mark.parametrize("out", ["uint8", "float64"])
@pytest.mark.parametrize("size", all_but([3, 31], 3))
def test_integers_of_numpy_s_own_type_round_as_narrow_ones_do(size: int, out: str) -> None:
    image = np.random.default_rng(12).integers(0, 256, (200, 150))
    kernel = imgconv.Kernel(np.random.default_rng(size).integers(-9, 10, (size, size)), 10 * size)
    got = imgconv.correlate(image, kernel, dtype=out, range="abs")
    assert_same(got, imgconv.correlate(image.astype("int32"), kernel, dtype=out, range="abs"))
    wide = imgconv.correlate(image << 40, kernel, dtype="float64")
    assert_same(wide, imgconv.correlate(image.astype("int32"), kernel, dtype="float64") * 2**40)


@pytest.mark.parametrize("pixels", ["uint8", "int16"])
@EVERYTHING
@law(40)
@given(st.data())
def test_stretch_is_exact(pixels: str, everything: bool, data: st.DataObject) -> None:
    with compiled(everything or pixels == "uint8"):
        check_exact(data, pixels, pixels, "narrow", ("stretch",))


@pytest.mark.parametrize(
    ("cells", "divisor", "bias"),
    [([4, 23, 194], 9, 0), ([90, 173, 3], 23, 2), ([170, 218, 255, 33, 212], 26, 2), ([0, 1, 2, 6], 3, 1)],
)
def test_stretch_is_exact_behind_a_divisor(cells: list[int], divisor: int, bias: int) -> None:
    """A stretch does not see a positive divisor or a bias, so halves still round up."""
    image = np.array([cells], "uint8")
    expected = imgconv.activate(image, "identity", range="stretch")
    assert_same(expected, oracle.correlate(image, [[1]], divisor, bias, range="stretch"))
    assert_same(imgconv.correlate(image, imgconv.Kernel([[1]], divisor, bias), range="stretch"), expected)


FLOATING = [
    ("uint8", "uint8", "float32"),
    ("float32", "float32", "float32"),
    ("float64", "float64", "float64"),
    *[
        pytest.param(*case, marks=pytest.mark.slow)
        for case in (
            ("uint8", "float32", "float32"),
            ("uint16", "uint16", "float32"),
            ("int32", "int32", "float64"),
        )
    ],
]
REALS = st.integers(-4000, 4000).map(lambda i: i / 1000)


def check_floats(data: st.DataObject, pixels: str, out: str, computed: str, range_: str) -> None:
    """Within (taps + 6) half units of the magnitudes summed: a rounding for each weight, product and sum, the bias and
    the shift.

    Fixed-point weights of 8-bit pixels are off by as much of the largest sum that any pixels could make
    (`planner.fixed.fixed_point`).
    """
    case = data.draw(cases(pixels, REALS, st.sampled_from((1, 0.3, -2.7, 16)), st.sampled_from((0, 0.1, -33)), most=4))
    answers = both_answers(case, out, range_)
    if answers is None:
        return
    image, (weights, divisor, bias, anchor), place = case
    wide = oracle.responses(image, weights, divisor, bias, anchor, **place)
    magnitudes = [[abs(weight) for weight in row] for row in weights]
    shift = (oracle.limits(out)[1] + 1) // 2 if range_ == "shift" and out.startswith("uint") else 0
    sums = oracle.responses(
        np.abs(image.astype("float64")),
        magnitudes,
        abs(divisor),
        abs(bias) + shift,
        anchor,
        **(place | {"value": abs(place["value"])}),
    )
    taps = len(weights) * len(weights[0])
    error = (taps + 6) * HALF_UNIT[computed] * sums.astype("float64")
    if pixels == "uint8" and computed == "float32":
        error += taps * 2.0**-22.99 * 255 * sum(map(sum, magnitudes)) / abs(divisor)
    assert_within(answers[0], wide, out, error, range_)


@pytest.mark.parametrize(("pixels", "out", "computed"), FLOATING)
@law(30)
@given(st.data(), st.sampled_from(("clamp", "abs", "shift")))
def test_floats_are_within_their_bound(pixels: str, out: str, computed: str, data: st.DataObject, range_: str) -> None:
    check_floats(data, pixels, out, computed, range_)


@law(150)
@given(st.data(), st.sampled_from(TYPES), st.sampled_from(TYPES), st.sampled_from(("clamp", "abs", "shift")))
def test_floats_are_within_their_bound_in_every_type(data: st.DataObject, pixels: str, out: str, range_: str) -> None:
    wide = pixels in ("int32", "float64") or out == "float64"
    with plain_python():
        check_floats(data, pixels, out, "float64" if wide else "float32", range_)


def test_textbook() -> None:
    pixels = np.array([[0, 64, 128], [48, 192, 144], [142, 226, 168]], "uint8")
    kernel = [[-1, 0, -2], [0.5, 4.5, -1.5], [1.5, 2, -3]]
    assert imgconv.correlate(pixels, kernel, dtype="int16")[1, 1] == 577
    assert imgconv.correlate(pixels, kernel)[1, 1] == 255
    assert imgconv.convolve(pixels, kernel, dtype="float32")[1, 1] == 732


@law()
@given(images("uint8"), st.sampled_from(("0.1 0.1 0.1", "1/3 1/6;.5 -1e-1", "1/7,2/7,4/7", "-0.05;1.05")))
def test_decimals_and_fractions_are_what_is_typed(image: Any, text: str) -> None:
    weights = [[Fraction(cell) for cell in row.replace(",", " ").split()] for row in text.split(";")]
    assert_same(imgconv.correlate(image, text), oracle.correlate(image, weights))


@pytest.mark.parametrize(
    ("row", "weights"),
    [
        ([2**31 - 1, 1, -(2**31) + 1], [[2**40, 1, 2**40]]),  # the sum passes 2**63 on its way, and needs 72 bits
        ([2**31 - 1, 3, -(2**31) + 1], [[10**18, Fraction(1, 3), 10**18]]),
    ],
)
def test_exact_beyond_64_bits(row: list[int], weights: list[list[Any]]) -> None:
    image = np.array([row], "int32")
    assert_same(
        imgconv.correlate(image, imgconv.Kernel(weights), pad="valid"), oracle.correlate(image, weights, pad="valid")
    )


def test_exact_with_awkward_denominators() -> None:
    """Weights that are fractions are integral whatever their common denominator: 1/2 exactly rounds up."""
    primes = (99991, 99989, 99971, 99961)
    weights = [[Fraction(1, p) for p in primes] + [Fraction(1, 2) - sum(Fraction(1, p) for p in primes)]]
    image = np.ones((1, 5), "uint8")
    assert oracle.correlate(image, weights, pad="valid").tolist() == [[1]]
    below = [[*weights[0][:-1], weights[0][-1] - Fraction(1, 10**15)]]
    assert oracle.correlate(image, below, pad="valid").tolist() == [[0]]
    assert_same(imgconv.correlate(image, imgconv.Kernel(weights), pad="valid"), np.array([[1]], "uint8"))
    assert_same(imgconv.correlate(image, imgconv.Kernel(below), pad="valid"), np.array([[0]], "uint8"))


@pytest.mark.parametrize("dilation", [1, 3])
@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (7, 1), (2, 3)])
@pytest.mark.parametrize("border", ["edge", "reflect", "reflect101", "wrap", "constant"])
def test_windows_far_larger_than_the_image(shape: tuple[int, int], border: str, dilation: int) -> None:
    noise = np.random.default_rng(5)
    image, weights = noise.integers(0, 256, shape, "uint8"), noise.integers(-3, 4, (9, 12)).tolist()
    options: Case = {"border": border, "value": 9, "dilation": dilation}
    assert_same(
        slide(image, weights, dtype="int32", **options), oracle.correlate(image, weights, dtype="int32", **options)
    )
    options["pad"] = (30, 1, 0, 40)
    assert_same(
        slide(image, weights, dtype="int32", **options), oracle.correlate(image, weights, dtype="int32", **options)
    )


@pytest.mark.parametrize("given_as", [3, "3", (3, 3), "3x3", (3, 3, 3, 3), "3,3,3,3", [3, 3]])
def test_pad_has_several_spellings(given_as: Any) -> None:
    image = np.arange(12, dtype="uint8").reshape(3, 4)
    assert_same(imgconv.correlate(image, [[1, 2]], pad=given_as), oracle.correlate(image, [[1, 2]], pad=3))


@pytest.mark.parametrize(
    ("alias", "name"),
    [
        ("replicate", "edge"),
        ("nearest", "edge"),
        ("symmetric", "reflect"),
        ("circular", "wrap"),
        ("tile", "wrap"),
        ("zero", "constant:0"),
    ],
)
def test_border_aliases(alias: str, name: str) -> None:
    image = np.arange(12, dtype="uint8").reshape(3, 4)
    assert_same(
        imgconv.correlate(image, [[1, 2, 3, 4, 5]], border=alias),
        imgconv.correlate(image, [[1, 2, 3, 4, 5]], border=name),
    )


@pytest.mark.parametrize("value", [0.5, -7.25, 65000, -(10**6), 10**12])
@pytest.mark.parametrize("pixels", ["uint8", "float64"])
@EVERYTHING
def test_a_border_may_have_any_finite_value(pixels: str, value: float, everything: bool) -> None:
    image = np.array([[1, 2, 3]], pixels)
    with compiled(everything):
        got = imgconv.correlate(image, [[1, 0, -1], [0, 1, 0], [0, 0, 0]], border=f"constant:{value}", dtype="int32")
    assert_same(
        got, oracle.correlate(image, [[1, 0, -1], [0, 1, 0], [0, 0, 0]], border="constant", value=value, dtype="int32")
    )


# ---------------------------------------------------------------- inputs of every kind


@pytest.mark.parametrize(
    ("dtype", "cells"),
    [
        ("bool", [0, 1]),
        ("int8", [-128, 127, 5]),
        ("float16", [0.5, -2, 65504]),
        ("uint32", [0, 2**32 - 1]),
        ("int64", [-(2**53), 2**53, 1]),
        ("uint64", [2**53, 7]),
        (">u2", [1, 258, 65535]),
        (">i4", [-2, 2**31 - 1]),
        (">f4", [1.5, -2]),
        (">f8", [0.1, 3]),
        (">i8", [1, 2**40]),
        (">f2", [1.5, -2]),
    ],
)
def test_other_types_are_widened_exactly(dtype: str, cells: list[Any]) -> None:
    image = np.resize(np.array(cells, dtype), (2, 5))
    with plain_python():
        for weights in ([[1]], [[1, -1]]):
            assert_same(imgconv.correlate(image, weights), oracle.correlate(image, weights))


LAYOUTS = {
    "reversed": lambda a: a[::-1, ::-1],
    "every second": lambda a: np.repeat(np.repeat(a, 2, 0), 3, 1)[::2, ::3],
    "Fortran order": np.asfortranarray,
    "transposed": lambda a: np.ascontiguousarray(a.transpose(2, 1, 0)).transpose(2, 1, 0),
    "read-only": lambda a: np.frombuffer(a.tobytes(), a.dtype).reshape(a.shape),
    "unaligned": lambda a: np.frombuffer(b"?" + a.tobytes(), "u1")[1:].view(a.dtype).reshape(a.shape),
    "broadcast": lambda a: np.broadcast_to(a[:, :1], a.shape),
    "channels of more": lambda a: np.concatenate([a, a], 2)[:, :, 1 : 1 + a.shape[2]],
    "nested lists": lambda a: a.tolist(),
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", ["int32", "float64"])
@EVERYTHING
def test_layout_does_not_matter(layout: str, dtype: str, everything: bool) -> None:
    image = LAYOUTS[layout](np.random.default_rng(1).integers(-9, 10, (5, 4, 3)).astype(dtype))
    plain = np.array(image).astype(image.dtype if hasattr(image, "dtype") else dtype).copy()
    with compiled(everything or dtype == "int32"):
        for result in (
            imgconv.correlate(image, [[1, 2], [3, -4]]),
            imgconv.pool(image, "avg"),
            imgconv.activate(image, "relu"),
        ):
            assert result.flags.c_contiguous
        assert_same(imgconv.correlate(image, [[1, 2], [3, -4]]), oracle.correlate(plain, [[1, 2], [3, -4]]))
        assert_same(imgconv.pool(image, "max"), oracle.pool(plain, "max"))
        assert_same(imgconv.activate(image, "relu"), np.maximum(plain, 0))


@pytest.mark.parametrize("dtype", TYPES)
def test_none_keeps_the_type(dtype: str) -> None:
    image = np.array([[0, 3], [5, 7]], dtype)
    with compiled(dtype == "uint16"):
        for none in (None, "same", dtype, np.dtype(dtype), np.dtype(dtype).type):
            assert imgconv.correlate(image, [[1]], dtype=none).dtype == dtype


# ---------------------------------------------------------------- SciPy, a second oracle


SCIPY_MODES = {
    "edge": "nearest",
    "reflect": "reflect",
    "reflect101": "mirror",
    "wrap": "wrap",
    "constant:7": "constant",
}


def by_scipy(image: Any, weights: Any, border: str) -> Any:
    """Channel by channel; SciPy's centre of an even kernel is size//2, ours one before it."""
    origin = [-1 if side % 2 == 0 else 0 for side in np.shape(weights)]
    planes = [
        scipy.ndimage.correlate(image[:, :, c], np.asarray(weights), mode=SCIPY_MODES[border], cval=7, origin=origin)
        for c in range(image.shape[2])
    ]
    return np.stack(planes, 2)


@pytest.mark.parametrize("border", SCIPY_MODES)
@law(60)
@given(
    st.integers(0, 2**32 - 1),
    st.tuples(st.integers(1, 30), st.integers(1, 30), st.integers(1, 4)),
    st.tuples(st.integers(1, 6), st.integers(1, 6)),
)
def test_scipy_agrees(border: str, seed: int, shape: tuple[int, int, int], size: tuple[int, int]) -> None:
    noise = np.random.default_rng(seed)
    weights = noise.integers(-9, 10, size)
    whole = noise.integers(-1000, 1000, shape)
    assert_same(
        imgconv.correlate(whole.astype("int16"), weights, border=border),
        by_scipy(whole, weights, border).clip(-(2**15), 2**15 - 1).astype("int16"),
    )
    real, floats = noise.normal(size=shape), noise.normal(size=size)
    assert imgconv.correlate(real, floats, border=border) == pytest.approx(
        by_scipy(real, floats, border), rel=0, abs=1e-12
    )


@pytest.mark.parametrize("sigma", [0.4, 1, 1.5, 3.3])
@pytest.mark.parametrize("border", ["edge", "reflect", "reflect101", "wrap"])
@EVERYTHING
def test_gaussian_is_scipys(sigma: float, border: str, everything: bool) -> None:
    image = np.random.default_rng(2).normal(100, 50, (40, 33))
    expected = scipy.ndimage.gaussian_filter(image, sigma, mode=SCIPY_MODES[border], truncate=4)
    with compiled(everything or sigma == 1):
        assert imgconv.correlate(image, f"gaussian:{sigma}", border=border) == pytest.approx(
            expected, rel=1e-13, abs=1e-11
        )


@pytest.mark.parametrize("side", [1, 3, 5, 11])
def test_box_is_scipys(side: int) -> None:
    image = np.random.default_rng(3).normal(100, 50, (40, 33))
    expected = scipy.ndimage.uniform_filter(image, side, mode="nearest")
    assert imgconv.correlate(image, f"box:{side}") == pytest.approx(expected, rel=1e-12)


NAMED = {
    "vertical": [[-1, 0, 1]] * 3,
    "sobel-x": [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]],
    "prewitt-x": [[-1, 0, 1]] * 3,
    "scharr-x": [[-3, 0, 3], [-10, 0, 10], [-3, 0, 3]],
    "laplacian": [[0, 1, 0], [1, -4, 1], [0, 1, 0]],
    "sharpen": [[0, -1, 0], [-1, 5, -1], [0, -1, 0]],
    "outline": [[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]],
    "emboss": [[-2, -1, 0], [-1, 1, 1], [0, 1, 2]],
}
NAMED |= {
    turned: np.transpose(NAMED[name]).tolist()
    for name, turned in (
        ("vertical", "horizontal"),
        ("sobel-x", "sobel-y"),
        ("prewitt-x", "prewitt-y"),
        ("scharr-x", "scharr-y"),
    )
}


@pytest.mark.parametrize("name", NAMED)
def test_named_kernels_are_the_printed_ones(name: str) -> None:
    image = np.random.default_rng(4).integers(0, 256, (9, 8, 3), "uint8")
    for range_ in ("clamp", "abs", "shift"):
        assert_same(imgconv.correlate(image, name, range=range_), oracle.correlate(image, NAMED[name], range=range_))


# ---------------------------------------------------------------- laws


@law()
@given(rows_of(st.integers(-9, 9)))
def test_an_impulse_shows_the_kernel(weights: list[list[int]]) -> None:
    """Correlation shows it turned, convolution as it is printed, its centre cell (size-1)//2 on the impulse."""
    image = np.zeros((15, 15), "int16")
    image[7, 7] = 1
    rows, columns = np.shape(weights)
    turned = np.zeros((15, 15), "int16")
    top, left = 7 - (rows - 1 - (rows - 1) // 2), 7 - (columns - 1 - (columns - 1) // 2)
    turned[top : top + rows, left : left + columns] = np.array(weights)[::-1, ::-1]
    assert_same(imgconv.correlate(image, weights), turned)
    printed = np.zeros((15, 15), "int16")
    printed[top : top + rows, left : left + columns] = weights
    assert_same(imgconv.convolve(image, weights), printed)
    assert_same(imgconv.convolve(image, np.array(weights)[::-1, ::-1]), turned)


def test_the_centre_of_an_even_kernel() -> None:
    row = np.array([[0, 0, 1, 0, 0]], "uint8")
    assert imgconv.correlate(row, [[1, 2]]).tolist() == [[0, 2, 1, 0, 0]]
    assert imgconv.convolve(row, [[1, 2]]).tolist() == [[0, 1, 2, 0, 0]]
    assert imgconv.correlate(row.T, [[1], [2]]).ravel().tolist() == [0, 2, 1, 0, 0]
    assert imgconv.correlate(row, [[1, 2, 3, 4]]).tolist() == [[4, 3, 2, 1, 0]]
    assert imgconv.correlate(row, imgconv.Kernel([[1, 2]], anchor=(0, 1))).tolist() == [[0, 0, 2, 1, 0]]
    assert imgconv.convolve(row, imgconv.Kernel([[1, 2]], anchor=(0, 0))).tolist() == [[0, 0, 1, 2, 0]]


@law()
@given(
    shapes(),
    st.integers(0, 255),
    rows_of(st.integers(-5, 5)),
    st.sampled_from(("edge", "reflect", "reflect101", "wrap")),
    st.integers(-9, 9),
)
def test_a_constant_image(shape: tuple[int, ...], level: int, weights: list[list[int]], border: str, bias: int) -> None:
    got = imgconv.correlate(
        np.full(shape, level, "uint8"), imgconv.Kernel(weights, 1, bias), border=border, dtype="int32"
    )
    assert (got == level * sum(map(sum, weights)) + bias).all()


@law()
@given(
    st.data(), st.integers(-9, 9), st.integers(-9, 9), rows_of(st.integers(-9, 9)), BORDERS.filter(lambda b: b[1] == 0)
)
def test_linearity(data: st.DataObject, a: int, b: int, weights: list[list[int]], border: tuple[str, int]) -> None:
    shape = data.draw(shapes(20))
    x, y = (
        np.random.default_rng(data.draw(st.integers(0, 99))).integers(-1000, 1000, shape).astype("int32") for _ in "xy"
    )
    answer = [slide(image, weights, border=border[0]) for image in (a * x + b * y, x, y)]
    assert_same(answer[0], a * answer[1] + b * answer[2])


@law()
@given(st.data(), st.sampled_from(("uint8", "int32", "float32", "float64")))
def test_identity(data: st.DataObject, dtype: str) -> None:
    image = data.draw(images(dtype))
    for kernel in (
        [[1]],
        "identity",
        [[0, 0, 0], [0, 1, 0], [0, 0, 0]],
        imgconv.Kernel([[0, 3]], divisor=3, anchor=(0, 1)),
    ):
        assert_same(imgconv.correlate(image, kernel), image)
        assert_same(imgconv.convolve(image, kernel), image)


@law()
@given(
    images("uint8", shapes(20)),
    st.lists(st.integers(-5, 5), min_size=1, max_size=5),
    st.lists(st.integers(-5, 5), min_size=1, max_size=5),
    BORDERS.filter(lambda b: b[1] == 0),
)
def test_a_separable_kernel_is_two_filters(
    image: Any, column: list[int], row: list[int], border: tuple[str, int]
) -> None:
    whole = slide(image, np.outer(column, row), border=border[0], dtype="int32")
    parts = slide(slide(image, [row], border=border[0], dtype="int32"), [[cell] for cell in column], border=border[0])
    assert_same(whole, parts)


@law()
@given(images("uint8", shapes(20)), rows_of(SMALL), st.integers(-30, 30), st.integers(-30, 30))
def test_under_wrap_a_shift_shifts(image: Any, weights: list[list[int]], down: int, right: int) -> None:
    moved = imgconv.correlate(np.roll(image, (down, right), (0, 1)), weights, border="wrap", dtype="int16")
    assert_same(moved, np.roll(imgconv.correlate(image, weights, border="wrap", dtype="int16"), (down, right), (0, 1)))


@law()
@given(images("uint8", shapes(20)), st.data())
def test_turning_the_image_and_the_kernel(image: Any, data: st.DataObject) -> None:
    weights = np.array(data.draw(rows_of(SMALL)))
    border, value = data.draw(BORDERS)
    options: Case = {
        "border": border,
        "value": value,
        "dtype": "int16",
        "pad": tuple(data.draw(st.lists(st.integers(4, 9), min_size=4, max_size=4))),
    }
    result = slide(image, weights, **options)
    top, bottom, left, right = options["pad"]
    transposed = slide(image.swapaxes(0, 1), weights.T, **(options | {"pad": (left, right, top, bottom)}))
    assert_same(transposed.swapaxes(0, 1), result)
    flipped = slide(image[::-1], weights[::-1], **(options | {"pad": (bottom, top, left, right)}))
    assert_same(flipped[::-1], result)


@law()
@given(
    images("uint8", shapes(20)),
    rows_of(SMALL),
    st.integers(1, 5),
    st.integers(1, 5),
    st.integers(1, 3),
    st.integers(12, 15),
)
def test_strides_skip_and_dilation_spreads(
    image: Any, weights: list[list[int]], down: int, right: int, d: int, pad: int
) -> None:
    options: Case = {"pad": pad, "dtype": "int16", "border": "reflect"}
    dense = imgconv.correlate(image, weights, dilation=d, **options)
    assert_same(imgconv.correlate(image, weights, dilation=d, stride=(down, right), **options), dense[::down, ::right])
    spread = np.zeros((d * (len(weights) - 1) + 1, d * (len(weights[0]) - 1) + 1), int)
    spread[::d, ::d] = weights
    assert_same(imgconv.correlate(image, spread, **options), dense)


@law()
@given(
    images("uint8", st.tuples(st.integers(1, 9), st.integers(1, 9), st.integers(1, 5))),
    rows_of(SMALL),
    st.integers(1, 3),
)
def test_channels_are_alike_and_alone(image: Any, weights: list[list[int]], stride: int) -> None:
    whole = imgconv.correlate(image, weights, stride=stride, dtype="int16")
    for c in range(image.shape[2]):
        assert_same(whole[:, :, c], imgconv.correlate(image[:, :, c], weights, stride=stride, dtype="int16"))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("spoilt", [np.nan, np.inf, -np.inf])
def test_a_zero_weight_does_not_look(dtype: str, spoilt: float) -> None:
    image = np.arange(35, dtype=dtype).reshape(5, 7)
    image[2, 3] = spoilt
    for weights in (
        [[1, 0, 2], [0, 0, 0], [3, 0, -4]],
        [[0, 0.1, 0], [0.3, 0, 0], [0, 0, 0]],
        [[0, 0], [0, 1]],
        [[0]],
        [[0, 0, 0]] * 3,
    ):
        got, expected = imgconv.correlate(image, weights), oracle.correlate(image, weights)
        assert (np.isfinite(got) == np.isfinite(expected)).all()
        assert got[np.isfinite(got)] == pytest.approx(expected[np.isfinite(expected)])
        assert np.array_equal(np.isnan(got), np.isnan(expected))
    assert_same(imgconv.correlate(image, [[0, 0, 0]] * 3, dtype="uint8"), np.zeros((5, 7), "uint8"))


# ---------------------------------------------------------------- bands and threads


BIG = np.random.default_rng(6).integers(0, 256, (700, 500, 3), "uint8")


@pytest.mark.parametrize(
    ("dtype", "kernel", "options"),
    [
        ("uint8", "outline", {}),
        ("uint8", "gaussian:2", {}),
        ("uint8", "box:9", {"range": "stretch"}),
        ("float32", "gaussian:1", {}),
        ("float64", [[0.1, 0.7], [-3, 2]], {"stride": (2, 3), "dilation": (7, 2), "border": "wrap"}),
    ],
)
def test_any_number_of_threads_gives_the_same_bytes(dtype: str, kernel: Any, options: Case) -> None:
    image = BIG.astype(dtype)
    alone = imgconv.correlate(image, kernel, threads=1, **options)
    for threads in (2, 3, 7, 64, None):
        assert imgconv.correlate(image, kernel, threads=threads, **options).tobytes() == alone.tobytes()


@pytest.mark.parametrize("size", [(3, 3), (1, 31), (40, 1), (12, 9)])
def test_a_large_image_is_scipys_too(size: tuple[int, int]) -> None:
    """Many bands, and rows longer than any piece of a row."""
    weights = np.random.default_rng(7).integers(-4, 5, size)
    for image in (BIG, BIG.reshape(70, 5000, 3)):
        assert (
            imgconv.correlate(image, weights, border="reflect", dtype="int32")
            == by_scipy(image.astype("int64"), weights, "reflect")
        ).all()


# ---------------------------------------------------------------- out= and what is refused


@pytest.mark.parametrize("range_", ["clamp", "abs", "stretch"])
@pytest.mark.parametrize(
    "make",
    [
        lambda s: np.empty(s, "int16"),
        lambda s: np.empty((2 * s[0], *s[1:]), "int16")[::2],
        lambda s: np.empty(s[::-1], "int16").T,
    ],
)
@EVERYTHING
def test_out_is_filled_and_returned(range_: str, make: Any, everything: bool) -> None:
    image = np.arange(24, dtype="uint8").reshape(4, 3, 2)
    for verb, argument in (
        (imgconv.correlate, "vertical"),
        (imgconv.pool, "avg"),
        (imgconv.activate, "relu"),
        (imgconv.run, "filter 'vertical' | maxpool 2"),
    ):
        with compiled(everything or (range_ == "clamp" and verb is imgconv.correlate)):
            expected = verb(image, argument, dtype="int16", range=range_)
            out = make(expected.shape)
            out[...] = -77
            assert verb(image, argument, dtype="int16", range=range_, out=out) is out
        assert_same(out, expected)


def test_out_is_checked() -> None:
    image = np.arange(24, dtype="uint8").reshape(4, 6)
    frozen = np.empty((4, 6), "uint8")
    frozen.flags.writeable = False
    for wrong in (
        np.empty((4, 6), "int16"),
        np.empty((4, 6, 1), "uint8"),
        np.empty((6, 4), "uint8"),
        image,
        image[:, :],
        image[::-1],
        frozen,
        [[0] * 6] * 4,
    ):
        with pytest.raises(errors.PixelError):
            imgconv.correlate(image, "vertical", out=wrong)
        with pytest.raises(errors.PixelError):
            imgconv.activate(image, "identity", out=wrong)
    assert image.tolist() == np.arange(24).reshape(4, 6).tolist()


def test_an_interleaved_out_does_not_overlap() -> None:
    both = np.arange(48, dtype="uint8").reshape(4, 12)
    expected = imgconv.correlate(both[:, ::2].copy(), "vertical")
    assert_same(imgconv.correlate(both[:, ::2], "vertical", out=both[:, 1::2]), expected)


@pytest.mark.parametrize(
    "options",
    [
        {"kernel": [[1, 2], [3]]},
        {"kernel": []},
        {"kernel": [[]]},
        {"kernel": [["a"]]},
        {"kernel": [[float("nan")]]},
        {"kernel": [[float("inf")]]},
        {"kernel": [1, 2]},
        {"kernel": [[1j]]},
        {"kernel": "sobelx"},
        {"kernel": 3},
        {"border": "mirror"},
        {"border": "constant"},
        {"border": "constant:nan"},
        {"border": "edge:3"},
        {"pad": -1},
        {"pad": (1, 2, 3)},
        {"pad": 1.5},
        {"pad": "full"},
        {"stride": 0},
        {"stride": (1, 2, 3)},
        {"stride": 1.0},
        {"dilation": 0},
        {"dtype": "int8"},
        {"dtype": "complex64"},
        {"dtype": "uint9"},
        {"range": "wrap"},
        {"threads": 0},
    ],
)
def test_what_cannot_be_meant_is_refused(options: Case) -> None:
    with pytest.raises(errors.UsageError):
        imgconv.correlate(np.zeros((3, 3), "uint8"), options.pop("kernel", "vertical"), **options)


@pytest.mark.parametrize(
    "arguments",
    [
        {"divisor": 0},
        {"divisor": float("nan")},
        {"divisor": float("inf")},
        {"bias": float("nan")},
        {"anchor": (0, 3)},
        {"anchor": (-1, 0)},
        {"anchor": (1,)},
    ],
)
def test_what_no_kernel_can_have_is_refused(arguments: Case) -> None:
    with pytest.raises(errors.UsageError):
        imgconv.Kernel([[1, 2, 3]], **arguments)


def test_a_window_that_does_not_fit_names_window_and_image() -> None:
    with pytest.raises(errors.WindowError, match=r"5 rows x 3 columns .* 3 rows x 4 columns"):
        imgconv.correlate(np.zeros((1, 2), "uint8"), [[1, 2]] * 3, pad=1, dilation=2)


@pytest.mark.parametrize(
    ("pixels", "weights", "options"),
    [
        ("float32", [[1e300]], {}),
        ("float32", [[1e-300, 1]], {}),
        ("float32", [[1, 1]], {"border": "constant:1e300"}),
        ("uint8", [[1e300]], {}),
        ("uint8", [[10**400]], {}),
        ("float64", [[10**400]], {}),
        ("uint8", [[1, 1]], {"border": "constant:1e300"}),
        ("uint8", [[0.1, 0.1]], {"border": "constant:1e300"}),
    ],
)
@EVERYTHING
def test_enormous_numbers_clamp_or_are_refused(
    pixels: str, weights: list[list[Any]], options: Case, everything: bool
) -> None:
    """No warning, no foreign exception, no wrong pixel."""
    image = np.array([[1, 1]], pixels)
    value = Fraction(options["border"].partition(":")[2]) if options else 0
    try:
        with compiled(everything):
            got = imgconv.correlate(image, weights, dtype="uint8", **options)
    except errors.UsageError:
        return
    assert_same(
        got, oracle.correlate(image, weights, border="constant" if options else "edge", value=value, dtype="uint8")
    )


@pytest.mark.parametrize(
    ("weights", "divisor"),
    [
        ([[1, 2, 1]], 4),
        ([[1, 0, -1]], 1),
        ([[1, -3]], -2),
        ([[0, 0]], 1),
        ([[0.1, 0.2]], 0.1 + 0.2),
        ([[10**9, -(10**9), 1]], 1),
        ([[10**8, 1 - 10**8]], 1),
        ([[Fraction(1, 3)] * 3], 1),
        ([["bad"]], None),
    ],
)
def test_auto_divisor(weights: list[list[Any]], divisor: Any) -> None:
    if divisor is None:
        with pytest.raises(errors.UsageError):
            imgconv.Kernel(weights, "auto")
        return
    assert float(imgconv.Kernel(weights, "auto").divisor) == pytest.approx(divisor, rel=1e-15)


@law()
@given(values("int32"), values("uint8"))
def test_one_pixel(number: int, other: int) -> None:
    assert imgconv.correlate(np.array([[number]], "int32"), [[1] * 3] * 3, dtype="float64").tolist() == [[9 * number]]
    assert imgconv.correlate(
        np.array([[number]], "int32"), [[1, 2, 3]], border=f"constant:{other}", dtype="float64"
    ).tolist() == [[4 * other + 2 * number]]

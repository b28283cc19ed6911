"""imgconv.pool: golden numbers, the oracle, and laws."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import scipy.ndimage
from hypothesis import given
from hypothesis import strategies as st

import imgconv
from imgconv import errors
from imgconv.values.image import Frame
from tests import oracle
from tests.strategies import (
    EVERYTHING,
    INTEGERS,
    TYPES,
    WIDE_INTEGERS,
    assert_within,
    compiled,
    images,
    law,
    pad_values,
    pair,
    plain_python,
    shapes,
)

Options = dict[str, Any]
KINDS = ("max", "avg", "min")
ONE_TO_SIXTEEN = np.arange(1, 17).reshape(4, 4)


# ---------------------------------------------------------------- golden numbers


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        # pytorch 183528: the divisor is the window's area clipped to the padded image
        (
            {"kind": "avg", "size": 3, "stride": 2, "pad": 1, "ceil": True, "count_padding": True},
            [[14 / 9, 10 / 3, 2], [19 / 3, 11, 6], [4.5, 7.5, 4]],
        ),
        # onnxscript PR 754
        ({"kind": "avg", "size": 3, "stride": 2, "ceil": True}, [[6, 7.5], [12, 13.5]]),
        ({"kind": "avg", "size": 3, "stride": 2, "pad": 1, "ceil": True}, [[3.5, 5, 6], [9.5, 11, 12], [13.5, 15, 16]]),
        ({"kind": "avg", "size": 2, "pad": 1}, [[1, 2.5, 4], [7, 8.5, 10], [13, 14.5, 16]]),
        (
            {"kind": "avg", "size": 2, "pad": 1, "count_padding": True},
            [[0.25, 1.25, 1], [3.5, 8.5, 5], [3.25, 7.25, 4]],
        ),
        ({"kind": "max", "size": 3, "stride": 2, "pad": "same"}, [[11, 12], [15, 16]]),
        ({"kind": "min", "size": 2}, [[1, 3], [9, 11]]),
        ({"kind": "max", "size": 2, "dilation": 3}, [[16]]),
        ({}, [[6, 8], [14, 16]]),
        ({"kind": "mean", "size": (1, 4)}, [[2.5], [6.5], [10.5], [14.5]]),
    ],
)
def test_golden_numbers(options: Options, expected: list[list[float]]) -> None:
    assert imgconv.pool(ONE_TO_SIXTEEN.astype("uint8"), dtype="float64", **options) == pytest.approx(
        np.array(expected), rel=1e-15
    )
    with plain_python():
        assert imgconv.pool(ONE_TO_SIXTEEN.astype("float64"), **options) == pytest.approx(np.array(expected), rel=1e-15)


def test_the_size_trap_of_ceil() -> None:
    """pytorch 116420: 3, though the plain formula gives 4, for the last window would start in the padding."""
    assert imgconv.pool(np.ones((9, 9), "uint8"), "avg", size=4, stride=4, pad=2, ceil=True).tolist() == [[1] * 3] * 3


@pytest.mark.parametrize(
    ("n", "size", "stride", "pad", "out"),
    [
        (4, 3, 2, 0, 2),
        (2, 3, 2, 0, 1),
        (3, 1, 2, 0, 2),
        (4, 2, 3, 1, 2),
        (5, 2, 4, 0, 2),
        (5, 2, 5, 0, 1),
        (6, 2, 5, 0, 2),
    ],
)
def test_ceil(n: int, size: int, stride: int, pad: int, out: int) -> None:
    image = np.arange(1, n + 1, dtype="uint8")[np.newaxis]
    got = imgconv.pool(image, size=(1, size), stride=(1, stride), pad=(0, pad), ceil=True)
    assert got.shape == (1, out)
    assert got.tolist() == oracle.pool(image, size=(1, size), stride=(1, stride), pad=(0, pad), ceil=True).tolist()


# ---------------------------------------------------------------- against the oracle


@st.composite
def windows(draw: st.DrawFn) -> Options:
    return {
        "kind": draw(st.sampled_from(KINDS)),
        "size": draw(pair(5)),
        "stride": draw(st.one_of(st.none(), pair(4))),
        "dilation": draw(pair(3)),
        "pad": draw(st.one_of(st.just(0), pad_values(3))),
        "ceil": draw(st.booleans()),
        "count_padding": draw(st.booleans()),
    }


def check(image: Any, options: Options, dtype: str | None, range_: str = "clamp") -> None:
    before = image.copy()
    try:
        wide = oracle.pooled(image, **options)
    except oracle.RefusedError:
        with pytest.raises(errors.WindowError):
            imgconv.pool(image, dtype=dtype, range=range_, **options)
        return
    got = imgconv.pool(image, dtype=dtype, range=range_, **options)
    assert np.array_equal(image, before)
    assert got.shape == (*wide.shape[:2], *image.shape[2:])
    result = oracle.type_of(image, dtype)
    if image.dtype.kind != "f" and result in INTEGERS:
        assert got.dtype == result
        assert got.tolist() == oracle.pool(image, dtype=dtype, range=range_, **options).tolist()
    else:  # one rounding of the quotient, and those of at most 25 float64 sums
        assert_within(got, wide, result, 30 * 2.0**-53 * float(np.abs(image.astype("float64")).max()), range_)


@law(300)
@given(images("uint8"), windows())
def test_geometry(image: Any, options: Options) -> None:
    check(image, options, None)


@pytest.mark.parametrize(
    ("pixels", "dtype"),
    [
        ("uint16", "uint16"),
        ("int16", "int16"),
        ("int32", "int32"),
        ("float32", "float32"),
        ("float64", "float64"),
        ("uint8", "float64"),
        ("int32", "uint8"),
        ("float32", "int16"),
    ],
)
@EVERYTHING
@law(40)
@given(st.data())
def test_types(pixels: str, dtype: str, everything: bool, data: st.DataObject) -> None:
    with compiled(everything or (pixels, dtype) in (("int16", "int16"), ("float32", "float32"))):
        check(data.draw(images(pixels)), data.draw(windows()), dtype)


@law(250)
@given(st.data(), st.sampled_from(TYPES), st.sampled_from(TYPES), st.sampled_from(("clamp", "abs", "shift")))
def test_every_type(data: st.DataObject, pixels: str, dtype: str, range_: str) -> None:
    with plain_python():
        check(data.draw(images(pixels)), data.draw(windows()), dtype, range_)


@pytest.mark.parametrize("pixels", WIDE_INTEGERS)
@law(60)
@given(st.data(), st.sampled_from((None, "uint8", "int32")), windows())
def test_wide_integers_are_exact(pixels: str, data: st.DataObject, dtype: str | None, options: Options) -> None:
    image = data.draw(images(pixels))
    try:
        expected = oracle.pool(image, dtype=dtype, **options)
    except oracle.RefusedError:
        return
    with plain_python():
        got = imgconv.pool(image, dtype=dtype, **options)
    assert got.dtype == expected.dtype
    assert got.tolist() == expected.tolist()


@pytest.mark.parametrize("count_padding", [False, True])
def test_averages_beyond_64_bits_are_exact(count_padding: bool) -> None:
    """The sum of a large window of numbers as large as can be."""
    image = np.random.default_rng(4).integers(-(2**53), 2**53, (40, 31), endpoint=True)
    image[:30] = 2**53 - np.arange(31)
    options: Options = {"size": (27, 25), "stride": (5, 3), "pad": (9, 4, 0, 12), "count_padding": count_padding}
    assert imgconv.pool(image, "avg", **options).tolist() == oracle.pool(image, "avg", **options).tolist()


@law(60)
@given(st.data(), st.sampled_from(INTEGERS), windows().filter(lambda options: options["kind"] != "avg"))
def test_stretch(data: st.DataObject, pixels: str, options: Options) -> None:
    with plain_python():
        check(data.draw(images(pixels)), options, pixels, "stretch")


# ---------------------------------------------------------------- existing pixels only


@pytest.mark.parametrize("dtype", ["int16", "int32", "float32", "float64"])
@pytest.mark.parametrize("kind", KINDS)
@EVERYTHING
def test_padding_has_no_value(kind: str, dtype: str, everything: bool) -> None:
    """Never 0: not above negative numbers, not below positive ones, not in an average."""
    for sign in (-1, 1):
        with compiled(everything or dtype in ("int16", "float32")):
            got = imgconv.pool(np.full((5, 4), sign * 7, dtype), kind, size=3, stride=2, pad=1, ceil=True)
        assert (got == sign * 7).all()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dtype", TYPES)
@EVERYTHING
def test_the_least_and_greatest_values_are_not_mistaken_for_nothing(kind: str, dtype: str, everything: bool) -> None:
    for level in oracle.limits(dtype) if dtype in INTEGERS else (-np.inf, np.inf):
        with compiled(everything or dtype in ("uint8", "int16", "float32")):
            got = imgconv.pool(np.full((3, 3), level, dtype), kind, size=3, stride=1, pad=1)
        assert (got == level).all()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("at", [(0, 0), (2, 3), (5, 6)])
@EVERYTHING
def test_nan_propagates(kind: str, dtype: str, at: tuple[int, int], everything: bool) -> None:
    image = np.random.default_rng(1).normal(size=(6, 7)).astype(dtype)
    image[at] = np.nan
    for options in ({"size": 2}, {"size": 3, "stride": 1, "pad": 1}, {"size": (2, 3), "stride": (1, 2), "dilation": 2}):
        with compiled(everything or dtype == "float32"):
            got, expected = imgconv.pool(image, kind, **options), oracle.pool(image, kind, **options)
        assert np.array_equal(np.isnan(got), np.isnan(expected))
        assert got[~np.isnan(got)] == pytest.approx(expected[~np.isnan(expected)], rel=1e-6)
    with compiled(everything):
        assert imgconv.pool(image, kind, size=(6, 7), dtype="int16").tolist() == [[0]]


@pytest.mark.parametrize(
    ("shape", "options"),
    [
        ((4, 4), {"size": 2, "pad": 2}),  # the first window lies in the padding
        ((4, 4), {"size": 2, "pad": (0, 2, 0, 0)}),
        ((4, 4), {"size": (1, 2), "stride": 1, "pad": (0, 0, 0, 3)}),
        ((1, 1), {"size": 2, "stride": 1, "pad": 1, "dilation": 2}),  # two taps, one pixel between them
        ((1, 3), {"size": 2}),
        ((3, 3), {"size": 3, "dilation": 2}),
        ((1, 1), {"size": 4, "stride": 2, "ceil": True}),
    ],
)
@pytest.mark.parametrize("kind", KINDS)
def test_windows_that_see_nothing_or_do_not_fit_are_refused(
    shape: tuple[int, int], options: Options, kind: str
) -> None:
    with pytest.raises(oracle.RefusedError):
        oracle.pool(np.zeros(shape, "uint8"), kind, **options)
    with pytest.raises(errors.WindowError, match=errors.extent(*shape)):
        imgconv.pool(np.zeros(shape, "uint8"), kind, **options)


@pytest.mark.parametrize(
    "options",
    [
        {"kind": "mode"},
        {"size": 0},
        {"size": (2, 2, 2)},
        {"size": None},
        {"size": 2.0},
        {"stride": 0},
        {"dilation": 0},
        {"pad": -1},
        {"ceil": "yes"},
        {"count_padding": 2},
        {"dtype": "int64"},
        {"range": "x"},
    ],
)
def test_what_cannot_be_meant_is_refused(options: Options) -> None:
    with pytest.raises(errors.UsageError):
        imgconv.pool(np.zeros((4, 4), "uint8"), **options)


# ---------------------------------------------------------------- averages


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ([0, 1], 1),
        ([0, -1], 0),
        ([-1, -2], -1),
        ([1, 2], 2),
        ([0, 0, 1], 0),
        ([0, 1, 1], 1),
        ([0, -1, -1], -1),
        ([0, 0, -1], 0),
        ([-3, 0], -1),
        ([-5, 0], -2),
        ([2**31 - 1] * 3, 2**31 - 1),
        ([-(2**31)] * 5, -(2**31)),
        ([2**31 - 1, 2**31 - 2], 2**31 - 1),
        ([-(2**31), 2**31 - 1], 0),
        ([-(2**31), -(2**31) + 1], -(2**31) + 1),
    ],
)
@EVERYTHING
def test_averages_of_integers_are_rounded_half_up(cells: list[int], expected: int, everything: bool) -> None:
    row = np.array([cells], "int32")
    with compiled(everything):
        assert imgconv.pool(row, "avg", size=(1, len(cells))).tolist() == [[expected]]
        if max(map(abs, cells)) < 100:
            assert imgconv.pool(row.astype("int16"), "avg", size=(1, len(cells))).tolist() == [[expected]]


@EVERYTHING
@law(60)
@given(st.sampled_from(INTEGERS), st.integers(1, 40), st.integers(1, 40), st.integers(0, 2**32 - 1))
def test_averages_of_many_cells_are_exact(everything: bool, dtype: str, height: int, width: int, seed: int) -> None:
    """Sums near a half, where a float quotient would round to it."""
    noise = np.random.default_rng(seed)
    low, high = oracle.limits(dtype)
    image = noise.integers(low, high, (height, width), dtype, endpoint=True)
    cells = height * width
    total = int(image.astype(object).sum())
    image[0, 0] = min(max(int(image[0, 0]) + (cells // 2 - total % cells) - noise.integers(0, 2), low), high)
    expected = (2 * int(image.astype(object).sum()) + cells) // (2 * cells)
    with compiled(everything or dtype in ("uint8", "int32")):
        assert imgconv.pool(image, "avg", size=(height, width)).tolist() == [[expected]]


# ---------------------------------------------------------------- laws, threads, SciPy


@law()
@given(images("int16"), windows())
def test_stride_none_is_the_size(image: Any, options: Options) -> None:
    with plain_python():
        try:
            expected = imgconv.pool(image, **(options | {"stride": options["size"]}))
        except errors.WindowError:
            return
        assert imgconv.pool(image, **(options | {"stride": None})).tolist() == expected.tolist()


@law()
@given(images("int16"), windows().filter(lambda options: options["kind"] == "max"))
def test_min_is_max_of_the_negative(image: Any, options: Options) -> None:
    image = np.maximum(image, -(2**15) + 1)
    with plain_python():
        try:
            expected = -imgconv.pool(-image, **options)
        except errors.WindowError:
            return
        assert imgconv.pool(image, **(options | {"kind": "min"})).tolist() == expected.tolist()


@law()
@given(
    images("uint8", st.tuples(st.integers(4, 9), st.integers(4, 9), st.integers(1, 5))),
    st.sampled_from(KINDS),
    st.integers(1, 4),
    st.integers(1, 3),
)
def test_channels_are_alike_and_alone(image: Any, kind: str, size: int, stride: int) -> None:
    with plain_python():
        whole = imgconv.pool(image, kind, size=size, stride=stride)
        for c in range(image.shape[2]):
            assert whole[:, :, c].tolist() == imgconv.pool(image[:, :, c], kind, size=size, stride=stride).tolist()


@law()
@given(images("uint8", shapes(12)), st.sampled_from(("max", "min")), st.integers(1, 4), st.integers(1, 4))
def test_extremes_may_be_taken_axis_by_axis(image: Any, kind: str, rows: int, columns: int) -> None:
    whole = imgconv.pool(image, kind, size=(rows, columns), stride=1, pad="same")
    down = imgconv.pool(image, kind, size=(rows, 1), stride=1, pad="same")
    assert whole.tolist() == imgconv.pool(down, kind, size=(1, columns), stride=1, pad="same").tolist()


@law()
@given(images("uint8", shapes(12)), st.sampled_from(KINDS))
def test_a_window_of_one_pixel_changes_nothing(image: Any, kind: str) -> None:
    assert imgconv.pool(image, kind, size=1).tolist() == image.tolist()


BIG = np.random.default_rng(6).integers(0, 256, (700, 500, 3), "uint8")


@pytest.mark.parametrize(
    ("kind", "dtype"),
    [(kind, "uint8") for kind in KINDS]
    + [pytest.param(kind, "float32", marks=[pytest.mark.slow] * (kind == "min")) for kind in KINDS],
)
def test_any_number_of_threads_gives_the_same_bytes(kind: str, dtype: str) -> None:
    image = BIG.astype(dtype)
    for options in ({"size": 2}, {"size": (31, 2), "stride": (1, 3), "pad": "same"}):
        alone = imgconv.pool(image, kind, threads=1, **options)
        for threads in (2, 3, 7, None):
            assert imgconv.pool(image, kind, threads=threads, **options).tobytes() == alone.tobytes()


@pytest.mark.parametrize("size", [(2, 2), (3, 5), (40, 1), (1, 33), (17, 16)])
def test_a_large_image_is_scipys_too(size: tuple[int, int]) -> None:
    origin = [-1 if side % 2 == 0 else 0 for side in size]
    for kind, expected in (("max", scipy.ndimage.maximum_filter), ("min", scipy.ndimage.minimum_filter)):
        planes = [expected(BIG[:, :, c], size, mode="nearest", origin=origin) for c in range(3)]
        assert (imgconv.pool(BIG, kind, size=size, stride=1, pad="same") == np.stack(planes, 2)).all()
    windows = np.lib.stride_tricks.sliding_window_view(BIG.astype("int64"), size, (0, 1))[:: size[0], :: size[1]].sum(
        (-2, -1)
    )
    cells = size[0] * size[1]
    assert (imgconv.pool(BIG, "avg", size=size) == (2 * windows + cells) // (2 * cells)).all()


# ---------------------------------------------------------------- to a stated size


def reduced(pixels: Any, kind: str, to: tuple[int, int]) -> list[list[Any]]:
    """The rule of adaptive pooling, as PyTorch states it, by Fractions."""
    height, width = pixels.shape[:2]
    result = []
    for y in range(to[0]):
        rows = pixels[y * height // to[0] : -(-(y + 1) * height // to[0])]
        cells = [rows[:, x * width // to[1] : -(-(x + 1) * width // to[1])] for x in range(to[1])]
        reduce = {"max": max, "min": min, "avg": lambda values: Fraction(sum(values), len(values))}[kind]
        result.append([reduce([int(value) for value in cell.ravel()]) for cell in cells])
    return result


@pytest.mark.parametrize("kind", KINDS)
@law(40)
@given(st.data())
def test_pooling_to_a_size(kind: str, data: st.DataObject) -> None:
    pixels = data.draw(images("uint8", st.tuples(st.integers(1, 12), st.integers(1, 12))))
    to = tuple(data.draw(st.integers(1, length)) for length in pixels.shape)
    expected = reduced(pixels, kind, to)
    with plain_python():
        got = imgconv.pool(pixels, kind, to=to)
        wide = imgconv.pool(pixels, kind, to=to, dtype="float64")
    assert got.tolist() == [[math.floor(value + Fraction(1, 2)) for value in row] for row in expected]
    assert wide == pytest.approx(np.array(expected, float), rel=1e-15)


def test_pooling_to_a_size_fills_out_and_stretches_over_all() -> None:
    pixels = np.arange(35, dtype="uint8").reshape(5, 7)
    out = np.empty((2, 3), "uint8")
    assert imgconv.pool(pixels, to=(2, 3), out=out) is out
    assert out.tolist() == reduced(pixels, "max", (2, 3))
    stretched = imgconv.pool(pixels, "avg", to=(2, 3), range="stretch")
    assert (stretched.min(), stretched.max()) == (0, 255)


def test_alpha_is_pooled_to_a_size_too() -> None:
    pixels, alpha = np.full((5, 7), 80, "uint8"), np.zeros((5, 7), "uint8")
    alpha[:, 3:] = 255
    image = imgconv.Image((Frame(pixels, alpha),)).through(imgconv.Pipeline.parse("avgpool to=1x3"))
    assert image.pixels.tolist() == [[0, 80, 80]]
    assert image.alpha is not None
    assert image.alpha.tolist() == [[0, 170, 255]]


@pytest.mark.parametrize(
    ("options", "error", "sentence"),
    [
        ({"to": (6, 1)}, errors.WindowError, "cannot be pooled to 6 rows x 1 column, which is larger"),
        ({"to": 2, "stride": 1}, errors.UsageError, "leave out all but the kind"),
        ({"to": 2, "size": 3}, errors.UsageError, "leave out all but the kind"),
        ({"size": "all", "pad": 1}, errors.UsageError, "has no stride, dilation, pad or ceil"),
    ],
)
def test_what_contradicts_a_stated_size_is_refused(options: Options, error: type, sentence: str) -> None:
    with pytest.raises(error, match=sentence):
        imgconv.pool(np.zeros((5, 5), "uint8"), **options)


def test_the_whole_image() -> None:
    pixels = np.arange(35, dtype="uint8").reshape(5, 7)
    assert imgconv.pool(pixels, size="all").tolist() == [[34]]
    assert imgconv.run(pixels, "globalavgpool").tolist() == [[17]]

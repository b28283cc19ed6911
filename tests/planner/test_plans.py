"""Every algorithm of the planner, forced, gives what the naive definition gives; and the planner takes the one that it
should."""

import numpy as np
import pytest

import imgconv
from imgconv.kernels.factoring import float_factors, whole_factors
from imgconv.loops import taps
from imgconv.planner import ALGORITHMS, PASS, POOLINGS, Task, line_length, plan, plan_pool
from imgconv.values.numbers import Number
from imgconv.values.span import Span
from imgconv.values.windows import Window
from tests import oracle
from tests.strategies import EVERYTHING, all_but, compiled

BORDERS = ["edge", "reflect", "reflect101", "wrap", "constant:9"]
BOXES = [[[2] * 5] * 3, [[1] * 4] * 7, [[-3] * 1] * 6, [[1] * 31]]
PRODUCTS = [
    np.outer([1, 4, 6, 4, 1], [-1, 0, 1]).tolist(),
    np.outer([0, 2, -3, 0], [5, 0, 0, 1, 1]).tolist(),
    np.outer([1, 2], [3, 0]).tolist(),
]
NAMES = [row.name for row in ALGORITHMS]
SMALL = 10
"""Values in images that are small enough to run as plain Python."""


def task(pixels: str = "uint8", **changed: object) -> Task:
    span = Span(0, 255, True) if pixels == "uint8" else Span(float("-inf"), float("inf"), False)
    return Task(**{"pixels": pixels, "span": span, "border_value": None, "result": pixels} | changed)  # type: ignore[arg-type]


def images(
    seed: int, type_: str, shapes: tuple[tuple[int, ...], ...] = ((16, 11), (6, 33, 3), (1, 7), (5, 1, 2))
) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [rng.integers(0, 256, shape).astype(type_) for shape in shapes]


@pytest.mark.parametrize("border", BORDERS)
@pytest.mark.parametrize("algorithm", NAMES)
@EVERYTHING
def test_whole_numbers_are_exact_by_every_algorithm(algorithm, border, everything, monkeypatch):
    """Every day colours under a box and a product of two lines are compiled; under the others small images, as plain
    Python."""
    monkeypatch.setenv("IMGCONV_ALGORITHM", algorithm)
    name, _, value = border.partition(":")
    for weights in BOXES + PRODUCTS:
        for image in images(1, "uint8"):
            common = everything or (image.shape == (6, 33, 3) and weights in (BOXES[0], PRODUCTS[0]))
            if image.size > SMALL and not common:
                continue
            for options in ({"pad": 3}, {"stride": (2, 3), "dilation": 2}, {"stride": (3, 1), "dilation": (1, 2)}):
                try:
                    expected = oracle.correlate(
                        image,
                        weights,
                        5,
                        1,
                        border=name,
                        value=int(value or 0),
                        dtype="int16",
                        **({"pad": "same"} | options),
                    )
                except oracle.RefusedError:
                    continue
                with compiled(common):
                    got = imgconv.correlate(
                        image, imgconv.Kernel(weights, 5, 1), border=border, dtype="int16", **options
                    )
                assert got.tolist() == expected.tolist(), (weights, image.shape, options)


@pytest.mark.parametrize(("weight", "lane"), [(14, "int16"), (-14, "int16"), (15, "int32")])
def test_narrow_lanes_are_taken_only_where_no_pass_can_leave_them(weight, lane, monkeypatch):
    """Nine taps of 14 on white reach 32130, of 15 they would reach 34425: beyond 16 bits."""
    monkeypatch.setenv("IMGCONV_ALGORITHM", "direct")
    kernel = imgconv.Kernel([[weight] * 7] * 5)
    assert plan(kernel, task()).accumulator == "int32"
    assert plan(kernel, task(), "direct").lane == lane
    assert PASS == taps.PASS
    for value in (0, 255):
        white = np.full((9, 40), value, np.uint8)
        assert np.all(imgconv.correlate(white, kernel, dtype="int32") == 35 * weight * value)
    alternating = imgconv.Kernel([[weight * (-1) ** column for column in range(7)] for row in range(5)])
    stripes = np.tile(np.array([255, 0], np.uint8), (9, 20))
    expected = oracle.correlate(stripes, alternating.weights, 1, 0, dtype="int32", pad="same", border="wrap")
    assert imgconv.correlate(stripes, alternating, dtype="int32", border="wrap").tolist() == expected.tolist()


@pytest.mark.parametrize("shape", [(97, 50, 3), (5, 3)])
@pytest.mark.parametrize(
    "type_", ["uint8", pytest.param("uint16", marks=pytest.mark.slow), pytest.param("int32", marks=pytest.mark.slow)]
)
@pytest.mark.parametrize("dtype", all_but(["same", "float64"], "same"))
def test_fourier_transforms_give_whole_sums_exactly(type_, shape, dtype, monkeypatch):
    """Lines longer than the image, groups of rows that are not full, rings that wrap, rows of zeros in the kernel."""
    rng = np.random.default_rng(5)
    image = rng.integers(0, np.iinfo(type_).max, shape, endpoint=True).astype(type_)
    for rows, columns in ((1, 40), (23, 17), (40, 3)):
        weights = rng.integers(-9, 10, (rows, columns))
        weights[rows // 2] = 0 if rows > 1 else 1
        kernel = imgconv.Kernel(weights.tolist(), divisor=7, bias=-3)
        results = []
        for algorithm in ("direct", "fourier"):
            monkeypatch.setenv("IMGCONV_ALGORITHM", algorithm)
            results.append(imgconv.correlate(image, kernel, border="wrap", dtype=dtype, threads=3))
        assert np.array_equal(*results)


def test_fourier_transforms_are_left_where_they_could_be_wrong():
    """Values and weights so large that the proven error reaches a quarter; and lines too long to be transformed at
    once."""
    dense = imgconv.Kernel([[(7 * row + 3 * column) % 11 - 4 for column in range(31)] for row in range(31)])
    assert plan(dense, task(line=9000)).algorithm == "fourier"
    assert plan(dense, task(line=9000)).whole
    assert plan(dense, task(line=2**21)).algorithm == "direct"
    assert plan(dense, task(line=9000, stride=(1, 2))).algorithm == "direct"
    large = imgconv.Kernel([[10**9 * cell for cell in row] for row in dense.weights])
    assert plan(large, task(line=9000)).algorithm == "direct"
    assert plan(large, task("float32", line=9000)).algorithm == "fourier"


@pytest.mark.parametrize("bias", [2**50 - 3, 2**51 + 1, 2**52 + 1])
@EVERYTHING
def test_large_numbers_beside_a_sum_keep_their_digits(bias, everything, monkeypatch):
    """What a transform's float64 could not hold beside its sums is not added to them."""
    rows = np.arange(81).reshape(9, 9) % 13 - 6
    pixels = (np.arange(12 * 11).reshape(12, 11) * 7 % 256).astype("uint8")
    exact = oracle.responses(pixels, rows.tolist(), bias=bias)
    monkeypatch.setenv("IMGCONV_ALGORITHM", "fourier")
    sevenths = imgconv.Kernel(rows.tolist(), divisor=7, bias=bias)  # 7 times the bias is added to the sums
    with compiled(everything):
        made = imgconv.correlate(pixels, imgconv.Kernel(rows.tolist(), bias=bias), dtype="float64")
        assert made.ravel().tolist() == exact.ravel().tolist()
        made = imgconv.correlate(pixels, sevenths, dtype="float64")
        monkeypatch.setenv("IMGCONV_ALGORITHM", "direct")
        np.testing.assert_array_equal(made, imgconv.correlate(pixels, sevenths, dtype="float64"))


@pytest.mark.parametrize(
    ("weight", "divisor"),
    [(1, 3), (31, 7), (63, 2), (63, 255), (63, 65535), (64, 3), (65, 61), (2**14, 77), (-(2**14), 2**14 + 1)],
)
def test_quotients_are_exact_on_both_sides_of_each_types_limit(weight, divisor):
    """Every 16-bit pixel, times a weight that brings the dividend close to 2**22 (where float32 ends) or beyond it."""
    pixels = np.arange(2**16, dtype="uint16").reshape(256, 256)
    made = imgconv.correlate(pixels, imgconv.Kernel([[weight]], divisor=divisor), dtype="int32")
    np.testing.assert_array_equal(made, (2 * weight * pixels.astype("int64") + divisor) // (2 * divisor))


@pytest.mark.parametrize("type_", all_but(["uint8", "uint16", "int32"], "uint8", "int32"))
@pytest.mark.parametrize("size", [2, 3])
def test_averages_of_blocks_are_exact(type_, size):
    limits = np.iinfo(type_)
    pixels = np.random.default_rng(size).integers(limits.min, limits.max, (60, 60, 3), type_, endpoint=True)
    pixels[:, :, 0] = limits.max - np.arange(60) % 5
    blocks = pixels.astype("int64").reshape(60 // size, size, 60 // size, size, 3).sum(axis=(1, 3))
    np.testing.assert_array_equal(
        imgconv.pool(pixels, "avg", size=size), (2 * blocks + size * size) // (2 * size * size)
    )


@pytest.mark.parametrize("elements", [1, 2, 3, 9, 1000, 1025, 9001, 2**20 - 1])
def test_lines_are_long_enough_even_and_smooth(elements):
    length = line_length(elements)
    assert elements <= length <= max(2, 2 * elements)
    assert length % 2 == 0
    for prime in (2, 3, 5):
        while length % prime == 0:
            length //= prime
    assert length == 1


@pytest.mark.parametrize("type_", ["uint8", "float32", "float64"])
@pytest.mark.parametrize("algorithm", NAMES)
@EVERYTHING
def test_floats_are_within_rounding_by_every_algorithm(algorithm, type_, everything, monkeypatch):
    rng = np.random.default_rng(2)
    low_rank = np.outer(rng.normal(size=9), rng.normal(size=7)) + np.outer(rng.normal(size=9), rng.normal(size=7))
    kernels = [
        np.outer(rng.normal(size=5), rng.normal(size=8)),
        low_rank,
        np.full((6, 5), 0.1),
        rng.normal(size=(4, 4)),
        rng.normal(size=(21, 19)),
    ]
    for weights in kernels:
        for image in images(3, type_):
            if image.size > SMALL and not (everything or type_ == "float32"):
                continue
            monkeypatch.setenv("IMGCONV_ALGORITHM", algorithm)
            with compiled(everything or type_ == "float32"):
                got = imgconv.correlate(
                    image, weights, dtype="float64" if type_ == "float64" else "float32", border="reflect"
                )
            monkeypatch.setenv("IMGCONV_ALGORITHM", "direct")
            expected = imgconv.correlate(image.astype("float64"), weights, border="reflect")
            bound = 255 * np.abs(weights).sum() * np.finfo(got.dtype).eps * (weights.size + 6)
            assert np.abs(got - expected).max() <= bound, (weights.shape, image.shape)


@pytest.mark.parametrize("algorithm", NAMES)
def test_what_is_not_finite_stays_where_it_is(algorithm, monkeypatch):
    image = np.zeros((30, 30), "float32")
    image[10, 10], image[20, 25] = np.nan, np.inf
    expected = imgconv.correlate(image, np.outer([1, 2, 1], [1, 1, 1]))
    monkeypatch.setenv("IMGCONV_ALGORITHM", algorithm)
    np.testing.assert_array_equal(imgconv.correlate(image, np.outer([1, 2, 1], [1, 1, 1])), expected)
    assert np.isnan(expected).sum() == np.isinf(expected).sum() == 9


@pytest.mark.parametrize("way", POOLINGS)
@pytest.mark.parametrize("kind", ["max", pytest.param("min", marks=pytest.mark.slow), "avg"])
@EVERYTHING
def test_pooling_is_the_same_in_every_way(kind, way, everything, monkeypatch):
    """Compiled every day: colours, for which blocks of each size have a loop of their own, and one window of floats."""
    monkeypatch.setenv("IMGCONV_ALGORITHM", way)
    for type_ in ("uint8", "float32"):
        for image in images(
            4,
            type_,
            ((16, 11), (6, 33, 3), (1, 7), (13, 12, 3), (20, 33, 4)) if type_ == "uint8" else ((16, 11), (1, 7)),
        ):
            if type_ != "uint8":
                image = image - 100  # noqa: PLW2901
            for options in (
                {"size": 2},
                {"size": 3, "stride": 2},
                {"size": 3},
                {"size": (7, 2), "stride": (1, 2)},
                {"size": (5, 9), "stride": 1, "pad": "same"},
                {"size": (4, 31), "stride": (3, 2), "pad": (1, 2, 15, 14)},
                {"size": 17, "stride": 2, "pad": 8, "ceil": True},
                {"size": 8, "stride": 1},
            ):
                try:
                    expected = oracle.pool(image, kind, **options)
                except oracle.RefusedError:
                    continue
                with compiled(everything or (image.shape[2:] == (3,) if type_ == "uint8" else options == {"size": 2})):
                    got = imgconv.pool(image, kind, **options)
                if type_ == "float32":
                    np.testing.assert_allclose(got, expected.astype("float64"), rtol=1e-6, atol=1e-4)
                else:
                    assert got.tolist() == expected.tolist(), (image.shape, options)


@pytest.mark.parametrize("kind", ["max", "avg"])
@pytest.mark.parametrize("type_", ["uint8", "uint16", "float32"])
def test_pooling_of_whole_images_is_shared_and_exact(kind, type_):
    """Windows as high as the image, in parts of 32 rows with a rest, with and without pads; threads do not show, not
    even in floats."""
    images_ = [np.random.default_rng(6).integers(0, 256, shape).astype(type_) for shape in ((131, 7, 3), (640, 3))]
    images_[0][130, 6] = 9999 if type_ != "uint8" else 255
    for image in images_:
        high, wide = image.shape[:2]
        for options in (
            {"size": (high, wide)},
            {"size": (high, 2)},
            {"size": (high + 9, 3), "pad": (5, 4, 1, 1)},
            {"size": (high - 1, wide), "stride": 9},
        ):
            expected = oracle.pool(image, kind, **options)
            for padding in (False, True) if kind == "avg" else (False,):
                more = {"count_padding": True} if padding else {}
                expected = oracle.pool(image, kind, **options, **more)
                got = [imgconv.pool(image, kind, **options, **more, threads=threads) for threads in (1, 3)]
                np.testing.assert_array_equal(got[0], got[1])
                np.testing.assert_allclose(got[0], expected.astype("float64"), rtol=1e-6 if type_ == "float32" else 0)


def test_sums_beyond_float64_are_not_shared():
    pixels = np.full((2000, 3), 2**31 - 1, "int32")
    pixels[0, 0] = 5
    rows, columns = Window((2000, 3)).over(2000, 3)
    assert plan_pool("avg", rows, columns, 1, whole=True, exact=False) != "global"
    assert plan_pool("avg", rows, columns, 1, whole=True, exact=True) == "global"
    total = int(pixels.astype("int64").sum())
    assert imgconv.pool(pixels, "avg", size=(2000, 3)).tolist() == [[(2 * total + 6000) // 12000]]


def test_nan_wins_in_every_way(monkeypatch):
    image = np.ones((20, 20), "float32")
    image[7, 9] = np.nan
    for way in POOLINGS:
        monkeypatch.setenv("IMGCONV_ALGORITHM", way)
        for options in ({"size": 2}, {"size": 9, "stride": 1}):
            got = imgconv.pool(image, "max", **options)
            assert np.isnan(got).sum() == (1 if options["size"] == 2 else 8 * 9)


@pytest.mark.parametrize(
    ("kernel", "given", "expected"),
    [
        ("vertical", task(), "direct"),
        ("sobel-x", task(), "direct"),
        ("gaussian:2", task(), "separable"),
        ("box:31", task(), "running"),
        ("box:3", task(), "direct"),
        ("box:31", task(stride=(2, 2)), "separable"),
        ("gaussian:2", task("float32", finite=False), "direct"),
        ([[2**62, 2**62]], task(), "big"),
    ],
)
def test_the_planner_takes_the_cheapest(kernel, given, expected):
    made = plan(imgconv.kernel(kernel), given)
    assert made.algorithm == expected
    assert made.reason.startswith(expected)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"size": (2, 2), "stride": (2, 2)}, "blocks"),
        ({"size": (3, 3), "stride": (2, 2)}, "blocks"),
        ({"size": (31, 31)}, "sliding"),
        ({"size": (2, 2), "stride": (2, 2), "pad": (1, 1, 1, 1)}, "windows"),
        ({"size": (8, 8), "stride": (8, 8)}, "windows"),
        ({"size": (31, 31), "dilation": (2, 2)}, "windows"),
    ],
)
def test_the_planner_pools_the_cheapest_way(options, expected):
    rows, columns = Window(**options).over(100, 100)
    assert plan_pool("max", rows, columns, 3, whole=True) == expected


@pytest.mark.parametrize(
    ("size", "stride", "whole", "expected"),
    [(31, 1, True, "means"), (31, 1, False, "windows"), (9, 1, True, "windows"), (31, 31, True, "windows")],
)
def test_the_planner_averages_the_cheapest_way(size, stride, whole, expected):
    rows, columns = Window((size, size), (stride, stride)).over(200, 300)
    assert plan_pool("avg", rows, columns, 3, whole=whole) == expected


@pytest.mark.parametrize("side", [3, 5, 31])
def test_factors_multiply_back(side):
    rng = np.random.default_rng(side)
    column, row = rng.integers(-9, 10, side), rng.integers(-9, 10, side + 1)
    weights = tuple(tuple(int(cell) for cell in line) for line in np.outer(column, row))
    ((got_column, got_row),) = whole_factors(weights)
    assert tuple(tuple(a * b for b in got_row) for a in got_column) == weights
    broken = ((weights[0][0] + 1, *weights[0][1:]), *weights[1:])
    assert whole_factors(broken) == ()
    for rank in (1, 2):
        made = sum(np.outer(rng.normal(size=side), rng.normal(size=side)) for _ in range(rank))
        factors = float_factors(tuple(map(tuple, made.tolist())), "float64")
        assert len(factors) == rank
        np.testing.assert_allclose(
            sum(np.outer(c, r) for c, r in factors), made, rtol=0, atol=1e-12 * np.abs(made).max()
        )
    assert float_factors(tuple(map(tuple, rng.normal(size=(40, 40)).tolist())), "float64") == ()


def test_a_kernel_of_zeros_has_no_factors():
    zeros: tuple[tuple[Number, ...], ...] = ((0, 0), (0, 0))
    assert whole_factors(zeros) == ()
    assert float_factors(zeros, "float32") == ()
    assert imgconv.correlate(np.ones((3, 3), "uint8"), imgconv.Kernel(zeros, bias=7)).tolist() == [[7] * 3] * 3

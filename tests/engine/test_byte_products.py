"""Bytes times weights four at a time: exact where weights are whole, within a proven bound where they are not, and only
where the machine can."""

import math
import tempfile
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

import imgconv
from imgconv import jit
from imgconv.engine import bands
from imgconv.engine.filter.correlate import task_of
from imgconv.engine.filter.tile_recipes import byte_products as recipe_of
from imgconv.engine.index_tables import position_table
from imgconv.jit import machine, store
from imgconv.loops import byte_products, extents, tiles
from imgconv.planner import FARTHEST, Task, digits_of, plan
from imgconv.planner.fixed import DIGITS, FOUR, fixed_line, fixed_point
from imgconv.values.borders import Border
from imgconv.values.span import Span
from imgconv.values.windows import Window
from tests import oracle
from tests.strategies import compiled

NATIVE = machine.multiplies_bytes()
"""Whether this machine runs the loop compiled; elsewhere its body runs as plain Python."""


def task(**changed: object) -> Task:
    return Task(
        **{"pixels": "uint8", "span": Span(0, 255, True), "border_value": None, "result": "uint8", "spacing": 3}
        | changed
    )  # type: ignore[arg-type]


def by_byte_products(
    monkeypatch: pytest.MonkeyPatch,
    pixels: np.ndarray,
    kernel: object,
    algorithm: str = "byte-products",
    **options: object,
) -> np.ndarray:
    """The result by byte products, or by another algorithm; on machines that cannot, by the body as plain Python."""
    monkeypatch.setenv("IMGCONV_ALGORITHM", algorithm)
    monkeypatch.setattr(machine, "multiplies_bytes", lambda: True)
    monkeypatch.setattr(jit, "_tiles_can_be_kept", lambda: True)
    with compiled(NATIVE):
        return imgconv.correlate(pixels, kernel, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("border", ["edge", "reflect", "reflect101", "wrap", "constant:200"])
@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (9, 1), (5, 43, 3), (6, 22, 4), (7, 129), (2, 16, 10)])
def test_whole_sums_are_those_of_the_definition(border, shape, monkeypatch):
    """Tiles of 128 sums that are full, just begun and not full; one row and two; windows larger than the image."""
    rng = np.random.default_rng(7)
    pixels = rng.integers(0, 256, shape).astype("uint8")
    name, _, value = border.partition(":")
    for rows, columns, most in ((3, 3, 1), (1, 5, 127), (4, 2, 128), (2, 9, 32000), (5, 7, 10**5)):
        weights = rng.integers(-most, most + 1, (rows, columns))
        weights[rng.random(weights.shape) < 0.3] = 0
        expected = oracle.correlate(
            pixels, weights.tolist(), 1, -5, border=name, value=int(value or 0), pad="same", dtype="int32"
        )
        got = by_byte_products(
            monkeypatch, pixels, imgconv.Kernel(weights.tolist(), bias=-5), border=border, dtype="int32"
        )
        assert got.tolist() == expected.tolist(), (rows, columns, most)


@pytest.mark.parametrize(
    "options",
    [
        {"pad": "valid"},
        {"pad": (0, 5, 2, 9)},
        {"dilation": (1, 3)},
        {"dilation": (1, 10)},
        {"pad": 4, "dilation": (1, 2)},
    ],
)
def test_windows_of_every_place_and_dilated_columns(options, monkeypatch):
    pixels = np.random.default_rng(8).integers(0, 256, (9, 61)).astype("uint8")
    weights = [[3, -2, 0, 7, 1, -9], [0, 0, 0, 0, 0, 0], [1, 2, 3, 4, 5, 6]]
    expected = oracle.correlate(pixels, weights, 4, 0, border="reflect", dtype="int16", **({"pad": "same"} | options))
    assert (
        by_byte_products(
            monkeypatch, pixels, imgconv.Kernel(weights, 4), border="reflect", dtype="int16", **options
        ).tolist()
        == expected.tolist()
    )


@pytest.mark.parametrize(
    "weight", [127, 128, -128, -129, 32639, 32640, -32896, -32897, 8355711, 8355712, -8421504 + 200]
)
def test_digits_hold_weights_on_both_sides_of_their_limits(weight, monkeypatch):
    count = digits_of(((weight,),))
    low, high = (end * (256**count - 1) // 255 for end in (-128, 127))
    assert low <= weight <= high
    assert count == 1 or not all(
        end * (256 ** (count - 1) - 1) // 255 <= weight <= other
        for end, other in ((-128, 127 * (256 ** (count - 1) - 1) // 255),)
    )
    pixels = np.arange(256, dtype="uint8").reshape(2, 128)
    got = by_byte_products(monkeypatch, pixels, imgconv.Kernel([[weight]]), dtype="int32")
    assert got.tolist() == (pixels.astype("int64") * weight).tolist()


@pytest.mark.parametrize("seed", range(4))
def test_fixed_point_numbers_are_fine_and_keep_their_sum(seed):
    rng = np.random.default_rng(seed)
    for side in (1, 2, 3, 7, 15):
        cells = (
            (0.1 + rng.random(side * side)) * rng.choice([-1, 1], side * side) * 10.0 ** rng.integers(-1, 4)
        ).tolist()
        exact = [Fraction(cell) for cell in cells]
        total = sum(map(abs, exact))
        bias = float(rng.choice([-1, 1]) * (0.5 + rng.random()) * total)
        found = fixed_point(tuple(tuple(cells[start : start + side]) for start in range(0, side * side, side)), bias)
        assert found is not None
        rows, offset, denominator = found
        made = [cell for row in rows for cell in row]
        assert 255 * sum(map(abs, made)) + abs(offset) + denominator // 2 < 2**31
        assert abs(sum(made) - denominator * sum(exact)) <= Fraction(1, 2)
        assert (
            sum(abs(Fraction(one, denominator) - other) for one, other in zip(made, exact, strict=True))
            <= side * side * 2.0**-22.99 * total
        )
        assert digits_of(rows) <= 3


def test_fixed_point_numbers_are_left_where_they_would_be_coarse():
    assert fixed_point(((1e-9, 2e-9),), 0) is None  # finer than a power of two that 32 bits hold
    assert fixed_point(((0.1, 0.2),), 1e6) is None  # beside the bias nothing would be left of the weights
    assert fixed_point(((3e6, 9e6),), 0.5) is None
    assert fixed_point(((0.1, 0.2),), 1000) is None


def test_a_small_bias_is_left_to_floats():
    """A dark pixel's response is the bias alone: a multiple of the weights' unit would be coarser than float32."""
    assert fixed_point(((0.001, 0.997),), 0.1) is None
    assert fixed_point(((0.001, 0.997),), 0.5) is not None
    dark = np.zeros((1, 1), "uint8")
    assert imgconv.correlate(dark, imgconv.Kernel([[0.001, 0.997]], bias=0.1), dtype="float32")[0, 0] == np.float32(0.1)
    for bias, expected in ((1e9, "separable-byte-products"), (1, "byte-products")):
        assert plan(imgconv.Kernel([[math.pi, 1.0, 2.0, 0.3]] * 3, bias=bias), task()).algorithm == expected


@pytest.mark.parametrize("side", [3, 5, 11])
@pytest.mark.parametrize("algorithm", ["byte-products", "separable-byte-products"])
def test_floats_are_within_the_stated_bound_and_flat_images_stay_flat(algorithm, side, monkeypatch):
    rng = np.random.default_rng(side)
    pixels = rng.integers(0, 256, (40, 83, 3)).astype("uint8")
    weights = np.outer(rng.random(side) + 0.01, rng.random(side) + 0.01)
    weights /= weights.sum()
    exact = imgconv.correlate(pixels.astype("float64"), weights, border="reflect")
    got = by_byte_products(monkeypatch, pixels, weights, algorithm, border="reflect", dtype="float32")
    assert np.abs(got - exact).max() <= side * side * 2.0**-22.99 * 255 + 2.0**-17
    for level in (0, 1, 128, 255):
        flat = np.full((8, 40), level, "uint8")
        assert np.all(by_byte_products(monkeypatch, flat, weights, algorithm) == level)
    biased = imgconv.Kernel(weights.tolist(), bias=-31.7)
    wide = by_byte_products(monkeypatch, pixels, biased, algorithm, dtype="float32")
    np.testing.assert_allclose(wide, imgconv.correlate(pixels.astype("float64"), biased), rtol=0, atol=1e-3)


@pytest.mark.parametrize("scale", [1e-20, 1.0, 1e8])
@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (9, 1), (5, 43, 3), (38, 22, 4), (7, 65), (33, 16, 10)])
def test_lines_of_any_size_and_rank_are_within_rounding(shape, scale, monkeypatch):
    """Rows that fill a group of 32 and that do not, tiles that are just begun, components beside each other, weights
    far from 1, rows of zeros."""
    rng = np.random.default_rng(9)
    pixels = rng.integers(0, 256, shape).astype("uint8")
    for rows, columns, rank in ((2, 2, 1), (7, 5, 1), (5, 9, 2), (11, 4, 3)):
        weights = sum(np.outer(rng.normal(size=rows), rng.normal(size=columns)) for _ in range(rank)) * scale
        weights[rows // 2] *= rank == 1 and rows < 7
        exact = imgconv.correlate(pixels.astype("float64"), weights, border="constant:77", pad=6)
        assert (
            plan(imgconv.Kernel(weights.tolist()), task(border_value=77), "separable-byte-products").algorithm
            == "separable-byte-products"
        )
        got = by_byte_products(
            monkeypatch, pixels, weights, "separable-byte-products", border="constant:77", pad=6, dtype="float32"
        )
        assert np.abs(got - exact).max() <= 255 * np.abs(weights).sum() * 2.0**-21, (rows, columns, rank)


@pytest.mark.parametrize("amplitude", [0.25, 1, 4])
@pytest.mark.parametrize("share", [0.001, 0.002, 0.003, 0.0039, 0.0041])
def test_a_weight_that_is_nearly_all_has_three_digits_too(amplitude, share, monkeypatch):
    """Nearly a power of two: as many units as the sums allow would take a fourth digit."""
    ninth = np.full(9, 1 / 9)
    weights = share * np.outer(ninth, ninth)
    weights[4, 4] += 1 - share
    rng = np.random.default_rng(1)
    pixels = rng.integers(0, 256, (12, 40), "uint8")
    exact = imgconv.correlate(pixels.astype("float64"), amplitude * weights)
    for algorithm in ("byte-products", "separable-byte-products"):
        got = by_byte_products(monkeypatch, pixels, amplitude * weights, algorithm, dtype="float32")
        assert np.abs(got - exact).max() <= amplitude * 81 * 255 * 2.0**-22
        assert (
            by_byte_products(monkeypatch, np.full((9, 9), 100, "uint8"), weights, algorithm).tolist() == [[100] * 9] * 9
        )
    for near in (0.9959, 0.9961, 0.998, 1 - 2.0**-20, 1 - 2.0**-30, 1.0000001):
        found = fixed_point(((amplitude * near,),), 0)
        assert found is not None
        assert digits_of(found[0]) <= 3


def test_lines_that_cannot_be_are_left_to_others():
    assert fixed_line((0.0, 0.0)) is None
    assert fixed_line((1e35, 1e35)) is None  # 255 times that is more than float32 holds
    assert fixed_line((1e-30,)) is None
    long = tuple(0.9985 * (1 + 0.1 * math.sin(i)) / 30000 for i in range(30000))
    assert fixed_line(long) is None or digits_of((fixed_line(long)[0],)) <= 3  # type: ignore[index]


def test_rounding_never_takes_sums_beyond_32_bits():
    """Weights that are all rounded away from zero, half a unit each, where the sum of magnitudes all but fills the
    room."""
    cells = [
        (-1) ** i * 2102.6 * 2.0**-22 for i in range(4001)
    ]  # 255 * 4001 * 2102.6 leaves room in 2**31 - 2**21, and 255 * 4001 * 2103 none
    rows, offset, denominator = fixed_point((tuple(cells),), 0.0)  # type: ignore[misc]
    assert 255 * sum(map(abs, rows[0])) + abs(offset) + denominator // 2 < 2**31


@pytest.mark.parametrize("channels", [1, 3, 4, 10])
@pytest.mark.parametrize("width", [1, 17, 127, 128, 129, 300])
def test_no_step_reads_beyond_its_ring(channels, width):
    """The last vector of the last tile in the last row of the ring, by what recipes and loops say of places."""
    for rows, columns, most in ((1, 1, 1), (3, 3, 9), (5, 11, 300), (2, 63, 10**5)):
        weights = tuple(tuple((-1) ** (r + c) * most for c in range(columns)) for r in range(rows))
        made = plan(imgconv.Kernel(weights), task(spacing=channels), "byte-products")
        axes = Window((rows, columns), pad=(rows, rows, columns, columns)).over(9, width)
        tables = (position_table(Border("edge"), axis) for axis in axes)
        work = recipe_of((9, width, channels), made, *axes, *tables)
        arguments, wide = work.arguments, tiles.DIGIT_COLUMNS if work.types["tile"] == "triples" else tiles.COLUMNS
        row = axes[1].out * channels
        last_tile = (row - 1) // wide * wide
        end = (
            (arguments["ring_rows"] - 1) * arguments["ring_row"]
            + arguments["steps_at"].max(initial=0)
            + last_tile
            + 32 * (wide // 32 - 1)
            + 64
        )
        sizes = extents(byte_products.LOOP, arguments | {"last": 1, "source_rows": 1, "source_row": 1, "result_row": 1})
        assert end <= sizes["ring_lines"], (rows, columns, most)


@pytest.mark.parametrize("algorithm", ["byte-products", "separable-byte-products"])
def test_bands_and_threads_never_show(algorithm, monkeypatch):
    """Bands of odd heights end in a tile of fewer rows."""
    rng = np.random.default_rng(3)
    pixels = rng.integers(0, 256, (57, 200)).astype("uint8")
    kernel = imgconv.Kernel(np.outer(rng.normal(size=5), rng.normal(size=6)).tolist())
    expected = by_byte_products(monkeypatch, pixels, kernel, algorithm, dtype="float32", threads=1)
    for work in (3_000, 20_000):
        monkeypatch.setattr(bands, "_BAND_WORK", work)
        for threads in (1, 2, 3):
            np.testing.assert_array_equal(
                by_byte_products(monkeypatch, pixels, kernel, algorithm, dtype="float32", threads=threads), expected
            )


@pytest.mark.parametrize(
    "changed",
    [
        {"spacing": 0},
        {"spacing": FARTHEST + 1},
        {"stride": (2, 1)},
        {"stride": (1, 2)},
        {"dilation": (2, 1)},
        {"border_value": 256},
        {"border_value": -1},
        {"border_value": 0.5},
        {"pixels": "uint16", "span": Span(0, 65535, True)},
        {"pixels": "int16", "span": Span(-9, 9, True)},
    ],
)
def test_what_does_not_fit_is_planned_otherwise(changed):
    for kernel in ("vertical", imgconv.Kernel([[0.3, 0.123456789, 5.0], [1.0, 2.0, math.pi]])):
        assert plan(imgconv.kernel(kernel), task()).algorithm == "byte-products"
        assert plan(imgconv.kernel(kernel), task(**changed)).algorithm != "byte-products"
        for wanted in ("byte-products", "separable-byte-products"):
            assert plan(imgconv.kernel(kernel), task(**changed), wanted).algorithm != wanted
    assert plan(imgconv.Kernel([[0.3, math.pi]]), task(result="float64")).algorithm == "direct"
    assert plan(imgconv.Kernel([[10**7, 1]]), task()).algorithm == "direct"  # beyond 32 bits


def test_the_farthest_taps_lie_in_one_vector():
    assert tiles.spread(FARTHEST).max() <= 63
    assert tiles.spread(FARTHEST + 1).max() > 63
    assert tiles.FOUR == FOUR
    assert tiles.DIGITS == DIGITS


def test_machines_that_cannot_do_without(monkeypatch):
    """What a processor is said to be able to do decides, and code for a baseline uses nothing beyond it."""
    able = "+avx512bw,+avx512vbmi,+avx512vnni,-avx"
    for features, expected in ((able, True), (able.replace("+avx512vnni", "-avx512vnni"), False), ("", False)):
        monkeypatch.setattr(jit, "_tiles_can_be_kept", lambda: True)
        monkeypatch.setattr(machine, "target", lambda features=features: machine.Machine("some", features))
        assert machine.multiplies_bytes() is expected
        assert jit.multiplies_bytes() is expected
        rows, columns = Window((3, 3), dilation=(1, 2)).over(9, 9)
        assert task_of("uint8", Span(0, 255, True), rows, columns, 3, Border("edge"), "uint8").spacing == (
            6 if expected else 0
        )
        assert task_of("uint16", Span(0, 9, True), rows, columns, 3, Border("edge"), "uint8").spacing == 0


def test_loops_compiled_ahead_for_a_baseline_are_enough(tmp_path, monkeypatch):
    """Else each container that has them would compile what it can do without; and so would each run where nothing can
    be kept."""
    monkeypatch.setattr(machine, "multiplies_bytes", lambda: True)
    kept, tiled, ahead = (f"correlate-{'0' * 32}", f"byte_products-{'0' * 32}", "made-for-x86-64-v3")
    for writable, there, expected in (
        (True, [], True),
        (True, [kept], True),
        (False, [], True),
        (False, [kept], False),
        (False, [kept, tiled], True),
        (True, [kept, ahead], False),
        (False, [kept, ahead], False),
        (True, [kept, tiled, ahead], True),
    ):
        with tempfile.TemporaryDirectory(dir=tmp_path) as folder:
            monkeypatch.setenv("IMGCONV_CACHE_DIR", folder)
            for name in there:
                Path(folder, name).touch()
            monkeypatch.setattr(
                store, "writable_folder", lambda writable=writable, folder=folder: folder if writable else None
            )
            jit._tiles_can_be_kept.cache_clear()
            try:
                assert jit.multiplies_bytes() is expected, (writable, there)
            finally:
                jit._tiles_can_be_kept.cache_clear()

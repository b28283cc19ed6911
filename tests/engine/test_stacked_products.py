"""Pixels in stacks times weights, by every kind of instruction: the sums of the definition, whatever the processor."""

from functools import cache

import numpy as np
import pytest

import imgconv
from imgconv import jit
from imgconv.engine.filter.correlate import correlate
from imgconv.engine.filter.stack_recipes import stacked_products as recipe_of
from imgconv.engine.index_tables import position_table
from imgconv.jit import machine, store
from imgconv.loops import extents, stacked_products
from imgconv.loops.instructions import INSTRUCTIONS, named, within
from imgconv.loops.stacks import factor_of
from imgconv.planner import Task, digits_of, plan
from imgconv.values.borders import Border
from imgconv.values.pixel_values import Target, Values
from imgconv.values.span import Span
from imgconv.values.windows import Window
from tests import oracle
from tests.strategies import compiled

NAMES = [row.name for row in INSTRUCTIONS]
NATIVE = machine.instructions(machine.target())
"""What this machine runs compiled; the rest runs as plain Python."""
EACH = pytest.mark.parametrize("name", NAMES)


def spans(dtype: str) -> Span:
    limits = np.iinfo(dtype)
    return Span(int(limits.min), int(limits.max), True)


def task(name: str, **changed: object) -> Task:
    found = {"pixels": "uint8", "border_value": None, "result": "uint8", "instructions": (name,)} | changed
    found.setdefault("span", Span(0, 255, True))
    return Task(**found)  # type: ignore[arg-type]


@pytest.fixture
def by(monkeypatch):
    """Sets the instructions that plans may use, and has their row of the planner taken."""

    def use(name: str, algorithm: str = "stacked-products") -> None:
        monkeypatch.setenv("IMGCONV_ALGORITHM", algorithm)
        monkeypatch.setattr(jit, "instructions", lambda: (name,))
        monkeypatch.setattr(machine, "multiplies_bytes", lambda: False)

    return use


def chosen(name: str, weights: list[list[int]], **changed: object) -> str:
    return plan(imgconv.Kernel(weights), task(name, **changed), "stacked-products").instructions


def drawn(dtype: str, shape: tuple[int, ...], seed: int = 7) -> np.ndarray:
    """Noise with many of the least and greatest values."""
    rng, limits = np.random.default_rng(seed), np.iinfo(dtype)
    pixels = rng.integers(limits.min, limits.max + 1, shape).astype(dtype)
    pixels.flat[::3], pixels.flat[1::5] = limits.max, limits.min
    return pixels


CASES = ((3, 3, 1), (1, 5, 15), (4, 2, 127), (2, 9, 3000), (5, 7, 10**5))


@EACH
@pytest.mark.parametrize("border", ["edge", "wrap", "constant:200"])
@pytest.mark.parametrize("shape", [(1, 1), (9, 1), (5, 43, 3), (7, 33)])
def test_whole_sums_are_those_of_the_definition(name, border, shape, by):
    """Rows that fill a stack and that do not, tiles that are full and just begun, windows larger than the image."""
    rng, (rule, _, value) = np.random.default_rng(7), border.partition(":")
    by(name)
    for rows, columns, most in CASES:
        if named(name).wide == 16 and most > 15:
            continue
        weights = rng.integers(-most, most + 1, (rows, columns))
        weights[rng.random(weights.shape) < 0.3] = 0
        weights.flat[0], weights.flat[-1] = -most, most
        kernel = imgconv.Kernel(weights.tolist(), bias=-5)
        for dtype in ("uint8", "uint16", "int16") if named(name).bits == 16 and most <= 127 else ("uint8",):
            pixels = drawn(dtype, shape)
            expected = oracle.correlate(
                pixels, weights.tolist(), 1, -5, border=rule, value=int(value or 0), pad="same", dtype="int32"
            )
            with compiled(False):
                got = imgconv.correlate(pixels, kernel, border=border, dtype="int32")
            assert got.tolist() == expected.tolist(), (rows, columns, most, dtype)


@EACH
@pytest.mark.parametrize("options", [{"pad": "valid"}, {"pad": (0, 5, 2, 9)}, {"dilation": (1, 3), "pad": 4}])
def test_windows_of_every_place_and_dilated_columns(name, options, by):
    pixels, weights = drawn("uint8", (9, 61)), [[3, -2, 0, 7, 1, -9], [0, 0, 0, 0, 0, 0], [1, 2, 3, 4, 5, 6]]
    by(name)
    expected = oracle.correlate(pixels, weights, 4, 0, border="reflect", dtype="int16", **({"pad": "same"} | options))
    with compiled(False):
        got = imgconv.correlate(pixels, imgconv.Kernel(weights, 4), border="reflect", dtype="int16", **options)
    assert got.tolist() == expected.tolist()


def seen(pixels: np.ndarray, kernel: imgconv.Kernel, target: Target) -> tuple[object, ...]:
    window = Window((3, 3), pad=(1, 1, 1, 1))
    values, response = correlate(
        Values(pixels, spans(pixels.dtype.name)), kernel, window, Border("reflect"), target=target
    )
    return values.pixels.tolist(), response


NARROW = {"pairs256": 5}
"""The weights with which a row of INSTRUCTIONS is compiled, if not with large ones."""
RESULTS = (
    ("uint8", "uint8", 4, 5),
    ("uint8", "uint8", 7, 5),
    ("uint8", "uint8", 7, 900),
    ("uint8", "uint8", 1024, 10**5),
    ("uint8", "int16", 4, 5),
    ("uint8", "uint16", 9, 5),
    ("uint16", "uint16", 7, 9),
    ("int16", "int16", 1, 9),
)


@EACH
@pytest.mark.parametrize(("dtype", "out", "divisor", "most"), RESULTS)
def test_tiles_divide_round_clamp_and_count_as_all_do(name, dtype, out, divisor, most, by):
    """Results, extremes and counts are those of direct sums: where tiles are quantised in registers, and of magnitudes,
    where they are not."""
    if named(name).bits < np.dtype(dtype).itemsize * 8 or (named(name).wide == 16 and most > 15):
        pytest.skip("not for these instructions")
    rng = np.random.default_rng(most)
    kernel = imgconv.Kernel(rng.integers(-most, most + 1, (3, 3)).tolist(), divisor, bias=3)
    pixels = drawn(dtype, (5, 100, 3))
    for range_ in ("clamp", "abs"):
        with compiled(name in NATIVE and (dtype, out, divisor) == ("uint8", "uint8", 7)):
            by(name, "direct")
            expected = seen(pixels, kernel, Target(out, range=range_))
            by(name)
            assert seen(pixels, kernel, Target(out, range=range_)) == expected


@EACH
def test_floats_are_within_the_stated_bound_and_flat_images_stay_flat(name, by):
    if named(name).wide == 16:
        pytest.skip("for whole weights")
    rng = np.random.default_rng(5)
    pixels = rng.integers(0, 256, (12, 30, 3)).astype("uint8")
    weights = rng.random((5, 5)) - 0.2
    weights /= weights.sum()
    exact = imgconv.correlate(pixels.astype("float64"), weights)
    by(name)
    with compiled(False):
        got = imgconv.correlate(pixels, weights, dtype="float32")
        bound = 25 * 2.0**-22.99 * 255 * np.abs(weights).sum()
        assert np.abs(got - exact).max() <= bound + 2.0**-17
        for level in (1, 128, 255):
            assert np.all(imgconv.correlate(np.full((8, 20), level, "uint8"), weights) == level)


@EACH
@pytest.mark.parametrize("shape", [(1, 1), (5, 13, 3), (7, 70)])
def test_lines_are_within_rounding_of_any_rank(name, shape, by):
    """Tiles that are just begun and that are full, components beside each other, rows of zeros."""
    if named(name).wide == 16:
        pytest.skip("for weights that are not whole")
    rng = np.random.default_rng(9)
    pixels = drawn("uint8", shape)
    for rows, columns, rank in ((2, 2, 1), (7, 5, 1), (5, 9, 2)):
        weights = sum(np.outer(rng.normal(size=rows), rng.normal(size=columns)) for _ in range(rank))
        weights[rows // 2] *= rank
        exact = imgconv.correlate(pixels.astype("float64"), weights, border="constant:77", pad=4)
        by(name, "separable-stacked-products")
        kernel = imgconv.Kernel(weights.tolist())
        assert plan(kernel, task(name, border_value=77), "separable-stacked-products").instructions == name
        with compiled(False):
            got = imgconv.correlate(pixels, kernel, border="constant:77", pad=4, dtype="float32")
            assert np.abs(got - exact).max() <= 255 * np.abs(weights).sum() * 2.0**-21, (rows, columns, rank)


@pytest.mark.parametrize("name", [name for name in NAMES if name in ("words256", *NATIVE[:2]) and name != "pairs256"])
def test_lines_are_rounded_clamped_and_counted_as_all_are(name, by):
    """In registers, and where a strip ends; as their own sums in float32 say."""
    rng = np.random.default_rng(2)
    line = rng.normal(size=5)
    kernel = imgconv.Kernel((np.outer(line, line) / np.abs(line).sum() ** 2 * 3).tolist(), bias=100.25)
    pixels = drawn("uint8", (9, 50, 3))
    by(name, "separable-stacked-products")
    window, values = Window((5, 5), pad=(2, 2, 2, 2)), Values(pixels, spans("uint8"))
    with compiled(name in NATIVE):
        result, response = correlate(values, kernel, window, Border("edge"), target=Target("uint8"))
        sums, wide = correlate(values, kernel, window, Border("edge"), target=Target("float32"))
    rounded = np.floor(sums.pixels.astype("float64") + 0.5)
    assert result.pixels.tolist() == np.clip(rounded, 0, 255).tolist()
    assert (response.low, response.high) == (wide.low, wide.high)
    assert (response.below, response.above) == ((rounded < 0).sum(), (rounded > 255).sum())
    assert response.below > 9 < response.above


def test_pairs_take_only_weights_that_cannot_saturate():
    """Two products of bytes fit 16 bits; whether they are those of neighbouring rows, or of one row and none."""
    assert chosen("pairs256", [[64], [64]]) == "pairs256"
    for weights in ([[65], [64]], [[-65], [-64]], [[0], [65], [64]], [[128]], [[-129]]):
        assert chosen("pairs256", weights) == ""
    assert chosen("pairs256", [[100], [-100]]) == "pairs256"  # of opposite signs
    assert chosen("pairs256", [[100] * 3]) == ""  # sums beyond 16 bits


@EACH
def test_the_greatest_sums_of_pairs_do_not_saturate(name, by):
    by(name)
    for weights in ([[64], [64]], [[-64], [-64]], [[127], [-127]]):
        for level in (0, 255):
            with compiled(False):
                got = imgconv.correlate(np.full((6, 3), level, "uint8"), imgconv.Kernel(weights), dtype="int32")
            assert np.all(got == level * sum(map(sum, weights)))


@pytest.mark.parametrize("denominator", [3, 5, 7, 9, 25, 255, 257, 1023, 16383, 16385, 32767])
def test_products_divide_all_numbers_of_15_bits(denominator):
    """And no more than that: the factor has 16 bits."""
    shift, numbers = denominator.bit_length() - 1, np.arange(2**15)
    factor = factor_of(denominator, shift)
    assert factor < 2**16
    assert np.array_equal(numbers * factor >> (16 + shift), numbers // denominator)


@EACH
@pytest.mark.parametrize(
    "changed",
    [
        {"stride": (2, 1)},
        {"stride": (1, 2)},
        {"dilation": (2, 1)},
        {"border_value": 256},
        {"border_value": 0.5},
        {"pixels": "int32", "span": Span(-9, 9, True)},
        {"pixels": "float32", "span": Span(0, 1, False)},
        {"instructions": ()},
    ],
)
def test_what_does_not_fit_is_planned_otherwise(name, changed):
    assert chosen(name, [[1, 2, 1]] * 3) == name
    assert chosen(name, [[1, 2, 1]] * 3, **changed) == ""
    assert plan(imgconv.Kernel([[10**7, 1]]), task(name), "stacked-products").algorithm == "direct"  # beyond 32 bits


@EACH
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("width", [1, 31, 32, 257])
def test_no_step_reads_beyond_its_ring(name, channels, width):
    for rows, columns, most in ((1, 1, 1), (3, 3, 9), (5, 11, 300), (2, 63, 10**4)):
        weights = tuple(tuple((-1) ** (r + c) * most for c in range(columns)) for r in range(rows))
        made = plan(imgconv.Kernel(weights), task(name), "stacked-products")
        if not made.instructions:
            continue
        axes = Window((rows, columns), pad=(rows, rows, columns, columns)).over(9, width)
        work = recipe_of((9, width, channels), made, *axes, *(position_table(Border("edge"), axis) for axis in axes))
        given, row, digits = work.arguments, named(name), int(work.types["digits"])
        wide = row.columns(row.output_rows(digits) * digits)
        last_tile = (axes[1].out * channels - 1) // wide * wide
        end = (given["ring_rows"] - 1) * given["ring_row"] + given["steps_at"].max() + row.stack * (last_tile + wide)
        sizes = extents(stacked_products.LOOP, given | {"last": 1, "source_rows": 1, "source_row": 1, "result_row": 1})
        assert end <= sizes["ring_lines"], (rows, columns, most)
        assert given["ring_piece"] % wide == 0


def test_what_processors_have():
    @cache
    def names(name: str, features: str = "") -> tuple[str, ...]:
        return machine.instructions(machine.Machine(name, features))

    assert within(set()) == ()
    assert names("znver3", "+avx2,-avx512bw") == ("pairs256", "words256")
    assert names("apple-m1", "+dotprod,+neon") == ("sdot",)
    assert names("neoverse-v1", "+dotprod,+i8mm")[0] == "usdot"
    if "x86-64-v3" in machine.levels():
        assert names("x86-64-v3") == ("pairs256", "words256")
        assert names("x86-64-v3", "-avx2") == names("x86-64-v2") == ()
        assert "words512" in names("x86-64-v4")


@pytest.mark.skipif("x86-64-v3" not in machine.levels(), reason="baselines of x86-64")
def test_loops_compiled_ahead_for_a_baseline_are_enough(monkeypatch):
    """A run that finds them compiles nothing for what else its machine can do; and nothing where it cannot be kept."""
    target = machine.Machine("x86-64-v4", "+avx512vnni")
    for ahead, held, folder, expected in (
        ([], (), "here", machine.instructions(target)),
        (["x86-64-v3"], ("correlate",), "here", ("pairs256", "words256")),
        (["x86-64-v2"], ("correlate",), "here", ()),
        ([], ("correlate",), None, ()),
        ([], ("correlate", "stacked_products"), None, machine.instructions(target)),
    ):
        monkeypatch.setattr(store, "made_ahead", lambda ahead=ahead: ahead)
        monkeypatch.setattr(store, "holds", lambda loop="", held=held: loop in held if loop else bool(held))
        monkeypatch.setattr(store, "writable_folder", lambda folder=folder: folder)
        assert jit._instructions.__wrapped__(target) == expected


def test_weights_have_as_many_digits_as_they_need():
    for bits in (8, 16):
        half = 2 ** (bits - 1)
        assert digits_of(((half - 1, -half),), bits) == 1
        assert digits_of(((half,),), bits) == digits_of(((-half - 1,),), bits) == 2

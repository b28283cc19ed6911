"""Where numbers, types, bands and caches end: results stay exact, the same for any bands, and the same whatever was
computed before."""

import os
import subprocess
import sys
from fractions import Fraction

import numpy as np
import pytest

import imgconv
from imgconv.engine import bands
from imgconv.engine.filter import recipes
from imgconv.planner import ALGORITHMS
from imgconv.values.caches import cached_by_size
from tests import oracle
from tests.strategies import plain_python

KERNELS = ["box:9", np.full((6, 5), 0.1), np.outer([1, 2.5, 1e-3], [0.1, 0.7, 3.0, 0.2])]


@pytest.mark.parametrize("type_", ["float32", pytest.param("float64", marks=pytest.mark.slow)])
@pytest.mark.parametrize("algorithm", ["", *(row.name for row in ALGORITHMS)])
def test_bands_and_threads_never_show_in_floats(algorithm, type_, monkeypatch):
    """Also where pixels differ by ten powers of ten, and what is in a window once must be gone without a trace
    later."""
    rng = np.random.default_rng(1)
    pixels = (rng.random((160, 41)) * 10.0 ** rng.integers(-4, 7, (160, 41))).astype(type_)
    monkeypatch.setenv("IMGCONV_ALGORITHM", algorithm)
    for kernel in KERNELS:
        expected = imgconv.correlate(pixels, kernel, threads=1)
        for work in (50_000, 3_000):
            monkeypatch.setattr(bands, "_BAND_WORK", work)
            for threads in (1, 2, 3):
                np.testing.assert_array_equal(imgconv.correlate(pixels, kernel, threads=threads), expected)
        monkeypatch.undo()
        monkeypatch.setenv("IMGCONV_ALGORITHM", algorithm)


def test_one_large_pixel_is_seen_under_its_windows_only():
    pixels = np.ones((160, 60), "float32")
    pixels[10, 10] = 1e9
    made = imgconv.correlate(pixels, "box:9")
    far = np.ones_like(pixels, bool)
    far[6:15, 6:15] = False
    np.testing.assert_allclose(made[far], 1, rtol=1e-5)
    pixels[:] = 3e38
    assert np.isfinite(imgconv.correlate(pixels, np.full((9, 9), 1 / 81))).all()


@pytest.mark.parametrize("first", ["exact", "not"])
def test_a_kernel_is_planned_for_what_it_is_whatever_was_planned_before(first):
    """A fraction and a float of the same value are equal, but only one of them is exact."""
    pixels = np.random.default_rng(2).integers(0, 65536, (30, 31), "uint16")
    cells = [
        3 * i - (7 if first == "exact" else 8) for i in range(25)
    ]  # kernels of its own, for nothing is to be kept from the other order
    exact = imgconv.Kernel([[Fraction(cells[5 * y + x], 2**20) for x in range(5)] for y in range(5)])
    floats = imgconv.Kernel([[cells[5 * y + x] * 2.0**-20 for x in range(5)] for y in range(5)])
    assert exact == floats
    for kernel in (exact, floats) if first == "exact" else (floats, exact):
        with plain_python():
            made = imgconv.correlate(pixels, kernel, dtype="float32")
        if kernel is exact:
            assert made.ravel().tolist() == [
                float(np.float32(float(one))) for one in oracle.responses(pixels, exact.weights).ravel()
            ]


def test_padded_cells_count_for_the_divisions_type():
    """With 4 million cells in the padded window, twice the sum and the cells leave float32."""
    cells = 2049 * 2049
    pixels = np.full((181, 181), 192, "uint8")
    pixels[0, 0] = 191
    total = int(pixels.astype("int64").sum())
    made = imgconv.pool(pixels, "avg", size=2049, stride=2049, pad=934, count_padding=True)
    assert made.tolist() == [[(2 * total + cells) // (2 * cells)]]


def test_whole_numbers_that_float64_rounded_up_overflow_nothing():
    heavy = imgconv.operations.Filter(imgconv.Kernel([[(2**63 - 200) // 255]]))
    same = imgconv.operations.Filter(imgconv.Kernel([[1]]))
    with plain_python():
        assert imgconv.run(np.full((1, 1), 255, "uint8"), [heavy, same], dtype="int32").tolist() == [[2**31 - 1]]


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ("filter 1e308 | filter 1", np.inf),
        ('filter "1e200,0.1"', 2.55e202),
        ("filter 0.1 divisor=1e-300", 2.55e301),
        (f"filter {10**160} with={10**160}", np.inf),
        ("filter sobel-x with=sobel-y border=constant:1e200", np.inf),
    ],
)
def test_enormous_and_tiny_numbers_are_computed_or_infinite(steps, expected):
    with plain_python():
        made = imgconv.run(np.full((3, 3), 255, "uint8"), steps, dtype="float64")
    np.testing.assert_allclose(made.ravel()[:1], expected, rtol=1e-6)


def test_weights_that_float32_does_not_hold_are_computed_in_float64():
    with plain_python():
        made = imgconv.correlate(np.full((3, 3), 1e38, "float32"), [[1.234567e-46]])
    np.testing.assert_allclose(made, 1.234567e-8, rtol=1e-6)


def test_too_much_for_float32_is_infinite_without_a_warning():
    assert np.isinf(imgconv.correlate(np.full((1, 1), 255, "uint8"), [[10**40]], dtype="float32")).all()


def test_a_kernel_of_zeros_has_no_transform(monkeypatch):
    monkeypatch.setenv("IMGCONV_ALGORITHM", "fourier")
    assert not imgconv.correlate(np.ones((9, 9), "uint8"), np.zeros((5, 5), int)).any()


def test_few_large_kernels_are_kept_and_none_of_the_largest():
    calls = []
    ask = cached_by_size(9, lambda rows: rows)(lambda rows: calls.append(len(rows)))
    for side in (3, 3, 65, 65, 257, 257, 66, 67, 68, 69, 65, 3):  # 65 x 65 is pushed out by four others
        ask(((0,) * side,) * side)
    assert calls == [3, 65, 257, 257, 66, 67, 68, 69, 65]


def test_a_folder_in_the_place_of_a_loop_is_no_loop(tmp_path):
    folder = tmp_path / "loops"
    script = "import numpy, imgconv; print(imgconv.activate(numpy.full((2, 2), -3, 'int16'), 'relu').tolist())"
    for spoilt in (False, True):
        if spoilt:
            (loop,) = folder.glob("activate-????????????????????????????????")
            loop.unlink()
            loop.mkdir()
        env = os.environ | {"IMGCONV_CACHE_DIR": str(folder)}
        done = subprocess.run(
            [sys.executable, "-c", script], capture_output=True, text=True, env=env, timeout=120, check=False
        )
        assert (done.returncode, done.stdout, done.stderr) == (0, "[[0, 0], [0, 0]]\n", "")


def test_far_positions_are_found_at_once():
    """Millions of positions beyond the edge: one by one they took seconds."""
    pixels = np.arange(4, dtype="int32").reshape(1, 4)
    made = imgconv.correlate(pixels, [[1, 0, 10]], dilation=(1, 3_000_000), border="wrap")
    assert made.tolist() == oracle.correlate(pixels, [[1, 0, 10]], dilation=(1, 3_000_000), border="wrap").tolist()


def test_a_step_that_is_kept_is_for_the_same_call_only():
    """What is equal to Python (1 and True, 3/4 and 0.75, the same weights under another border) is another call, and
    what is refused stays refused."""
    pixels = np.random.default_rng(1).integers(0, 256, (9, 8), "uint8")
    kernel = imgconv.Kernel([[1, 2], [3, 4]])
    plain = imgconv.correlate(pixels, kernel, dtype="int32")
    for _ in range(2):
        for wrong in ({"stride": True}, {"stride": 1.0}, {"pad": False}, {"pad": (0, True)}, {"dilation": (1.0, 1)}):
            imgconv.correlate(pixels, kernel, stride=1, dilation=(1, 1), pad=0)
            with pytest.raises(imgconv.errors.UsageError):
                imgconv.correlate(pixels, kernel, **wrong)
        assert imgconv.correlate(pixels, kernel, border="wrap", dtype="int32").tolist() != plain.tolist()
        assert imgconv.convolve(pixels, kernel, dtype="int32").tolist() != plain.tolist()
        assert imgconv.correlate(pixels, kernel, dtype="int32").tolist() == plain.tolist()


def test_kernels_that_are_named_beside_the_first_are_read_anew(tmp_path):
    other, pixels = tmp_path / "other.txt", np.arange(400, dtype="uint8").reshape(20, 20)
    made = []
    for text in ("1 0 -1\n", "100 0 -100\n"):
        other.write_text(text)
        made.append(imgconv.correlate(pixels, "vertical", with_=str(other), dtype="int32"))
    assert made[0].tolist() != made[1].tolist()


@pytest.mark.parametrize(("dilation", "times"), [(3, 1), (2 * recipes._LONG, 2)])
def test_recipes_are_kept_unless_their_tables_are_large(dilation, times, monkeypatch):
    """A thousand calls with windows a million columns wide held a gigabyte."""
    made = []
    real = recipes.RECIPES["direct"]
    monkeypatch.setitem(recipes.RECIPES, "direct", lambda *given: (made.append(1), real(*given))[1])
    pixels, kernel = np.arange(4, dtype="int32").reshape(1, 4), imgconv.Kernel([[1, 0, 10 + dilation % 7]])
    with plain_python():
        results = [imgconv.correlate(pixels, kernel, dilation=(1, dilation), border="wrap") for _ in range(2)]
    np.testing.assert_array_equal(*results)
    assert len(made) == times

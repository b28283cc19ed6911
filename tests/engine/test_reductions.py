"""Pooling by median, percentiles, sum, range and lp, against definitions, NumPy and SciPy."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

import imgconv
from imgconv import Frame, Image
from tests import oracle
from tests.command import imgconv as command
from tests.strategies import TYPES, assert_within, images, law, plain_python, shapes

KINDS = ("median", "percentile:0", "percentile:33.3", "percentile:90", "percentile:100", "sum", "range", "lp:1", "lp:2")
RNG = np.random.default_rng(8)


def noise(*shape: int, dtype: str = "uint8") -> Any:
    return RNG.integers(0, 256, shape).astype(dtype)


@pytest.fixture
def uncompiled() -> Iterator[None]:
    with plain_python():
        yield


@st.composite
def placements(draw: st.DrawFn) -> dict[str, Any]:
    size = draw(st.integers(1, 4))
    return {
        "size": size,
        "stride": draw(st.integers(1, 3)),
        "pad": draw(st.integers(0, size - 1)),
        "ceil": draw(st.booleans()),
    }


@pytest.mark.parametrize("kind", KINDS)
@law(40)
@given(st.data(), st.sampled_from(TYPES), st.sampled_from(TYPES), placements())
def test_definitions(kind: str, data: st.DataObject, pixels: str, dtype: str, window: dict[str, Any]) -> None:
    image = data.draw(images(pixels, shapes(6)))
    try:
        wide = oracle.pooled(image, kind, **window)
    except oracle.RefusedError:
        with pytest.raises(imgconv.WindowError):
            imgconv.pool(image, kind, **window)
        return
    magnitude = float(abs(wide).max())
    exact = oracle.type_of(image).startswith(("u", "i")) and not kind.startswith("lp")
    single = image.dtype == "float32" or dtype == "float32"
    with plain_python():
        got = imgconv.pool(image, kind, dtype=dtype, **window)
    assert_within(got, wide, dtype, 0.0 if exact else magnitude * 16 * 2.0 ** (-24 if single else -52))


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_medians_are_scipy_s(dtype: str) -> None:
    image = noise(23, 31, dtype=dtype)
    expected = ndimage.median_filter(image, 5)[2:-2, 2:-2]
    for threads in (1, 2):
        np.testing.assert_array_equal(imgconv.pool(image, "median", size=5, stride=1, threads=threads), expected)


@pytest.mark.parametrize("percent", ["0", "12.5", "33.3", "50", "99.9", "100"])
def test_percentiles_are_numpy_s(percent: str) -> None:
    image = noise(11, 13, dtype="float64") / 7
    windows = np.lib.stride_tricks.sliding_window_view(image, (3, 4)).reshape(9, 10, 12)
    got = imgconv.pool(image, f"percentile:{percent}", size=(3, 4), stride=1)
    np.testing.assert_allclose(got, np.percentile(windows, float(percent), axis=-1), rtol=1e-13)


@pytest.mark.usefixtures("uncompiled")
def test_percentiles_between_equal_infinities_and_far_values() -> None:
    infinities, far = np.full((1, 2), np.inf), np.array([[-1.7e308, 1.7e308]])
    assert imgconv.pool(infinities, "percentile:30", size=(1, 2)).tolist() == [[np.inf]]
    assert imgconv.pool(-infinities, "median", size=(1, 2)).tolist() == [[-np.inf]]
    assert imgconv.pool(far, "median", size=(1, 2)).tolist() == [[0.0]]


@pytest.mark.usefixtures("uncompiled")
def test_an_even_median_is_the_mean_of_two() -> None:
    assert imgconv.pool([[1, 2], [4, 100]], "median", dtype="float64").tolist() == [[3.0]]
    assert imgconv.pool(np.array([[1, 2], [3, 100]], "uint8"), "median").tolist() == [[3]]  # 2.5 rounds up
    largest = np.array([[2**31 - 1, 2**31 - 2]], "int32")
    assert imgconv.pool(largest, "median", size=(1, 2)).tolist() == [[2**31 - 1]]


@pytest.mark.usefixtures("uncompiled")
def test_sums_count_existing_pixels() -> None:
    image = np.ones((3, 3), "uint8")
    assert imgconv.pool(image, "sum", size=3, stride=1, pad=1).tolist() == [[4, 6, 4], [6, 9, 6], [4, 6, 4]]
    large = np.full((4, 4), 2**31 - 1, "int32")
    assert imgconv.pool(large, "sum", size=4, dtype="float64").tolist() == [[16.0 * (2**31 - 1)]]
    assert imgconv.run(noise(4, 4), "sumpool 4 | filter identity", dtype="int32").dtype == "int32"


@pytest.mark.usefixtures("uncompiled")
@pytest.mark.parametrize("kind", KINDS)
def test_nan_propagates(kind: str) -> None:
    image = np.ones((4, 4))
    image[0, 1] = np.nan
    assert np.isnan(imgconv.pool(image, kind)).tolist() == [[True, False], [False, False]]


@pytest.mark.parametrize("kind", ["median", "sum", "range", "lp:3"])
def test_threads_do_not_matter(kind: str) -> None:
    image = noise(300, 211, 3, dtype="float32")
    one, two = (imgconv.pool(image, kind, size=7, stride=2, pad=3, threads=threads) for threads in (1, 2))
    np.testing.assert_array_equal(one, two)


@pytest.mark.usefixtures("uncompiled")
@pytest.mark.parametrize("kind", KINDS)
def test_transparent_pixels_do_not_count(kind: str) -> None:
    """Hidden colours leave no trace, opaque images are as without alpha, and alpha is averaged."""
    pixels, alpha = noise(6, 6, 3), RNG.choice([0, 255], (6, 6)).astype("uint8")
    hidden = np.where(alpha[..., None] > 0, pixels, 99)
    one, two = (Image((Frame(colours, alpha),)).through(f"pool kind={kind} size=3") for colours in (pixels, hidden))
    np.testing.assert_array_equal(np.asarray(one), np.asarray(two))
    np.testing.assert_array_equal(one.alpha, imgconv.pool(alpha, "avg", size=3))
    block, seen = pixels[:3, :3, 0][alpha[:3, :3] > 0], oracle.reduced
    assert abs(int(one.pixels[0, 0, 0]) - min(float(seen(kind, [int(v) for v in block])), 255)) <= 0.5
    opaque = Image((Frame(pixels, np.full((6, 6), 255, "uint8")),)).through(f"pool kind={kind} size=3")
    np.testing.assert_array_equal(opaque.pixels, imgconv.pool(pixels, kind, size=3))
    nothing = Image((Frame(pixels, np.zeros((6, 6), "uint8")),)).through(f"pool kind={kind} size=3")
    assert not nothing.pixels.any()


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        ("percentile", "is written percentile:P"),
        ("percentile:101", r"lies in 0\.\.\.100"),
        ("lp:0", "above 0"),
        ("lp:-1", "above 0"),
        ("sum:3", "is written sum"),
        ("medan", "did you mean median"),
    ],
)
def test_strange_kinds_are_refused(kind: str, sentence: str) -> None:
    with pytest.raises(imgconv.UsageError, match=sentence):
        imgconv.pool(noise(4, 4), kind)


def test_the_command_names_results_by_the_kind(tmp_path: Path) -> None:
    imgconv.save(noise(6, 6), tmp_path / "in.png")
    done = command("pool", "--kind", "percentile:50", "--size", "3", "--plan", "in.png", cwd=tmp_path)
    assert done.code == 0, done.err
    assert done.out.decode().startswith("medianpool 3: ")
    assert imgconv.Pipeline.parse("pool kind=percentile:90 size=3").label == "percentile90pool-3x3"


@pytest.mark.usefixtures("uncompiled")
def test_blur_is_a_gaussian() -> None:
    image = noise(12, 9)
    np.testing.assert_array_equal(imgconv.correlate(image, "blur"), imgconv.correlate(image, "gaussian:1"))

"""Where the maxima of windows are, and back: against definitions, and through the command."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import imgconv
from tests import oracle
from tests.command import imgconv as command
from tests.strategies import TYPES, images, law, plain_python

RNG = np.random.default_rng(9)


def noise(*shape: int, most: int = 256) -> Any:
    return RNG.integers(0, most, shape).astype("uint8")


def naive(image: Any, size: int, stride: int, pad: int) -> Any:
    """The first maximum of each window, in reading order; NaN is the greatest."""
    height, width = image.shape[:2]
    rows, columns = (oracle.windows(n, size, stride, 1, pad, pad) for n in (height, width))
    planes = image.reshape(height, width, -1)
    result = np.empty((len(rows), len(columns), planes.shape[2]), int)
    for i, j, c in np.ndindex(result.shape):
        seen = [(y, x) for y in rows[i] for x in columns[j] if 0 <= y < height and 0 <= x < width]
        values = [np.inf if np.isnan(value) else value for value in (float(planes[y, x, c]) for y, x in seen)]
        y, x = seen[int(np.argmax(values))]
        result[i, j, c] = y * width + x
    return result.reshape(*result.shape[:2], *image.shape[2:])


@law(60)
@given(st.data(), st.sampled_from(TYPES), st.integers(1, 3), st.integers(1, 3))
def test_indices_are_those_of_the_first_maxima(data: st.DataObject, dtype: str, size: int, stride: int) -> None:
    image = data.draw(images(dtype))
    pad = data.draw(st.integers(0, size - 1))
    with plain_python():
        try:
            pooled = imgconv.pool(image, "max", size=size, stride=stride, pad=pad)
        except imgconv.WindowError:
            return
        indices = imgconv.max_indices(image, size=size, stride=stride, pad=pad)
    assert indices.dtype == "int32"
    np.testing.assert_array_equal(indices, naive(image, size, stride, pad))
    planes, places = (array.reshape(-1, *image.shape[2:]) for array in (image, indices))
    np.testing.assert_array_equal(np.take_along_axis(planes, places, 0).ravel(), pooled.ravel())


def test_compiled_indices_are_those_of_plain_python() -> None:
    image = noise(61, 47, 3, most=20)
    compiled = imgconv.max_indices(image, size=3, stride=2, pad=1)
    np.testing.assert_array_equal(compiled, naive(image, 3, 2, 1))


def test_nan_is_the_maximum() -> None:
    with plain_python():
        assert imgconv.max_indices(np.array([[np.inf, np.nan, np.nan, 1.0]]), size=(1, 4)).tolist() == [[1]]


@pytest.mark.parametrize("shape", [(6, 8), (6, 8, 3)])
def test_unpooling_puts_values_back(shape: tuple[int, ...]) -> None:
    image = noise(*shape)
    with plain_python():
        pooled, indices = imgconv.pool(image, "max"), imgconv.max_indices(image)
        back = imgconv.unpool(pooled, indices, shape[:2])
        assert back.dtype == image.dtype
        np.testing.assert_array_equal(back[back > 0], image[back > 0])
        np.testing.assert_array_equal(imgconv.pool(back, "max"), pooled)
        assert np.count_nonzero(back) <= pooled.size


@pytest.mark.parametrize(
    ("indices", "to", "sentence"),
    [
        ([[4]], (2, 2), "index 4 lies outside of 2x2"),
        ([[-1]], (2, 2), "index -1 lies outside"),
        ([[1, 2]], (2, 2), "do not go with pixels"),
        ([[1.5]], (2, 2), "are integers, not float64"),
    ],
)
def test_other_indices_are_refused(indices: Any, to: Any, sentence: str) -> None:
    with pytest.raises(imgconv.PixelError, match=sentence):
        imgconv.unpool(np.ones((1, 1)), indices, to)


def test_the_command_goes_there_and_back(tmp_path: Path) -> None:
    image = noise(8, 6, 3)
    imgconv.save(image, tmp_path / "in.png")
    done = command("pool", "--indices", "places.npy", "in.png", "-o", "small.png", cwd=tmp_path)
    assert done.code == 0, done.err
    np.testing.assert_array_equal(np.load(tmp_path / "places.npy"), imgconv.max_indices(image))
    done = command("unpool", "--indices", "places.npy", "--to", "8x6", "small.png", "-o", "back.png", cwd=tmp_path)
    assert done.code == 0, done.err
    expected = imgconv.unpool(imgconv.pool(image, "max"), imgconv.max_indices(image), (8, 6))
    np.testing.assert_array_equal(np.asarray(imgconv.load(tmp_path / "back.png")), expected)
    done = command("pool", "--kind", "avg", "--indices", "x.npy", "in.png", "-o", "y.png", cwd=tmp_path)
    assert done.code == 2
    assert "--indices is for max pooling" in done.err
    assert not (tmp_path / "y.png").exists()


def test_the_command_says_losses_and_keeps_its_inputs(tmp_path: Path) -> None:
    np.save(tmp_path / "small.npy", RNG.integers(0, 2**16, (4, 3)).astype("uint16"))
    np.save(tmp_path / "places.npy", imgconv.max_indices(noise(8, 6)))
    words = ("unpool", "--indices", "places.npy", "--to", "8x6", "small.npy", "-o")
    done = command(*words, "back.jpg", cwd=tmp_path)
    assert (done.code, "16 bits per sample became 8" in done.err) == (0, True), done.err
    for target in ("small.npy", "places.npy"):
        before = (tmp_path / target).read_bytes()
        done = command(*words, target, cwd=tmp_path)
        assert (done.code, "is also an input" in done.err) == (2, True)
        assert (tmp_path / target).read_bytes() == before
    assert command(*words, "small.npy", "--overwrite", cwd=tmp_path).code == 0

"""Batches, and channels first: what each image alone gives."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import imgconv
from tests.strategies import plain_python

RNG = np.random.default_rng(6)
VERBS: dict[str, Any] = {
    "correlate": lambda pixels, **options: imgconv.correlate(pixels, "gaussian:1", **options),
    "convolve": lambda pixels, **options: imgconv.convolve(pixels, "sobel-x", dtype="int16", **options),
    "pool": lambda pixels, **options: imgconv.pool(pixels, "avg", size=2, **options),
    "activate": lambda pixels, **options: imgconv.activate(pixels, "threshold:99", **options),
    "edges": lambda pixels, **options: imgconv.edges(pixels, "sobel", **options),
    "bank": lambda pixels, **options: imgconv.bank(pixels, "gaussian:1:3", **options),
    "run": lambda pixels, **options: imgconv.run(pixels, "filter vertical | maxpool 2", range="stretch", **options),
}


@pytest.fixture(autouse=True)
def uncompiled() -> Iterator[None]:
    with plain_python():
        yield


def noise(*shape: int) -> Any:
    return RNG.integers(0, 256, shape).astype("uint8")


@pytest.mark.parametrize("shape", [(1, 5, 6), (4, 5, 6), (3, 5, 6, 1), (4, 5, 6, 3)])
@pytest.mark.parametrize("verb", VERBS)
def test_a_batch_is_each_of_its_images(verb: str, shape: tuple[int, ...]) -> None:
    batch = noise(*shape)
    expected = np.stack([VERBS[verb](image) for image in batch])
    got = VERBS[verb](batch, batched=True)
    assert got.dtype == expected.dtype
    np.testing.assert_array_equal(got, expected)
    out = np.empty_like(expected)
    assert VERBS[verb](batch, batched=True, out=out) is out
    np.testing.assert_array_equal(out, expected)


@pytest.mark.parametrize("verb", VERBS)
def test_channels_first(verb: str) -> None:
    image, batch = noise(5, 6, 3), noise(4, 5, 6, 3)
    expected = VERBS[verb](image).transpose(2, 0, 1)
    got = VERBS[verb](image.transpose(2, 0, 1), channels="first")
    np.testing.assert_array_equal(got, expected)
    assert got.flags.c_contiguous
    got = VERBS[verb](batch.transpose(0, 3, 1, 2), batched=True, channels="first")
    np.testing.assert_array_equal(got, VERBS[verb](batch, batched=True).transpose(0, 3, 1, 2))
    np.testing.assert_array_equal(VERBS[verb](batch[..., 0], batched=True, channels="last"), got_of_planes(verb, batch))


def got_of_planes(verb: str, batch: Any) -> Any:
    return np.stack([VERBS[verb](image[..., 0]) for image in batch])


def test_a_plane_has_no_channels_to_turn() -> None:
    plane = noise(5, 6)
    np.testing.assert_array_equal(
        imgconv.correlate(plane, "box:3", channels="first"), imgconv.correlate(plane, "box:3")
    )
    assert imgconv.bank(plane, "gaussian:1:3", channels="first").shape == (2, 5, 6)


@pytest.mark.parametrize(
    ("shape", "options", "sentence"),
    [
        ((2, 5, 6, 3), {}, "with batched=True"),
        ((5, 6), {"batched": True}, r"not a batch; expected \(number, height, width\) or"),
        ((1, 2, 5, 6, 3), {"batched": True}, "not a batch"),
        ((2, 3, 5, 6), {"channels": "first"}, r"not an image; expected \(height, width\) or \(channels, height"),
        ((0, 5, 6), {"batched": True}, "has no pixels"),
    ],
)
def test_other_axes_are_refused(shape: tuple[int, ...], options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(imgconv.PixelError, match=sentence):
        imgconv.correlate(np.zeros(shape, "uint8"), "box:3", **options)


def test_strange_options_are_refused() -> None:
    with pytest.raises(imgconv.UsageError, match="place of channels"):
        imgconv.correlate(noise(5, 6), "box:3", channels="luma")
    with pytest.raises(imgconv.UsageError, match="flag"):
        imgconv.correlate(noise(5, 6), "box:3", batched="yes")
    with pytest.raises(imgconv.PixelError, match="out has shape"):
        imgconv.correlate(noise(2, 5, 6), "box:3", batched=True, out=np.empty((5, 6), "uint8"))

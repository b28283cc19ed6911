"""Pictures made to fit a network: what is done, and that it is said."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PIL import Image

from imgconv import errors
from imgconv.networks.inputs import IMAGENET, Fitting, fitted, own_scale
from imgconv.operations.pipeline import Pipeline
from imgconv.values.image import Frame
from tests.command import noise

GRAY, COLOUR = noise(6, 8), noise(6, 8, 3)


def fit(pixels: Any, shape: Any, alpha: Any = None, own: bool = False, **fitting: Any) -> tuple[Any, list[str]]:
    return fitted(Frame(pixels, alpha), "", shape, Fitting(**fitting), own)


def test_pixels_become_shares() -> None:
    got, done = fit(GRAY, (6, 8, 1))
    np.testing.assert_allclose(got[..., 0], GRAY / 255, rtol=1e-6)
    assert done == ["scaled (unit)"]
    deep = GRAY.astype("uint16") * 257
    np.testing.assert_array_equal(fit(deep, (6, 8, 1))[0], got)


@pytest.mark.parametrize("scale", ["raw", "signed", "imagenet"])
def test_scales(scale: str) -> None:
    expected = {
        "raw": COLOUR.astype(float),
        "signed": COLOUR / 127.5 - 1,
        "imagenet": (COLOUR / 255 - IMAGENET[0]) / IMAGENET[1],
    }
    np.testing.assert_allclose(fit(COLOUR, (6, 8, 3), scale=scale)[0], expected[scale], rtol=1e-5, atol=1e-5)


def test_a_normalize_of_its_own_gets_levels_and_floats_stay() -> None:
    got, done = fit(GRAY, (6, 8, 1), own=True)
    assert np.array_equal(got[..., 0], GRAY)
    assert done == []
    floats = GRAY.astype("float32") / 10
    assert np.array_equal(fit(floats, (6, 8, 1))[0][..., 0], floats)
    assert own_scale(Pipeline.parse("normalize scale=1/255 | conv 3@3x3").steps)
    assert not own_scale(Pipeline.parse("conv 3@3x3 | normalize").steps)


def test_colour_becomes_gray_as_pillow_makes_it_and_gray_is_repeated() -> None:
    got, done = fit(COLOUR, (6, 8, 1), own=True)
    assert np.array_equal(got[..., 0], np.asarray(Image.fromarray(COLOUR).convert("L")))
    assert done == ["to gray"]
    assert np.array_equal(fit(GRAY, (6, 8, 3), own=True)[0], np.stack([GRAY] * 3, axis=2))
    with pytest.raises(errors.PixelError, match="takes 4 channels"):
        fit(GRAY, (6, 8, 4))


def test_inverting_swaps_black_and_white() -> None:
    assert np.array_equal(fit(GRAY, (6, 8, 1), own=True, invert=True)[0][..., 0], 255 - GRAY.astype(int))


@pytest.mark.parametrize(("colour", "below"), [((0, 0, 0), 0), ((255, 255, 255), 255)])
def test_transparent_pixels_lie_over_a_colour(colour: Any, below: int) -> None:
    alpha = noise(6, 8, seed=3)
    got, done = fit(GRAY, (6, 8, 1), alpha, own=True, flatten=colour)
    share = alpha / 255
    np.testing.assert_array_equal(got[..., 0], np.rint(GRAY * share + below * (1 - share)))
    assert done[0].startswith("laid over #")
    assert fit(GRAY, (6, 8, 1), np.full((6, 8), 255, "uint8"), own=True)[1] == []


def test_another_size_is_refused_or_made_to_fit() -> None:
    with pytest.raises(errors.PixelError, match="--fit resize, crop or pad"):
        fit(GRAY, (4, 4, 1))
    flat = np.full((6, 8), 100, "uint8")
    for how in ("resize", "crop"):
        got, done = fit(flat, (4, 4, 1), own=True, size=how)
        assert got.shape == (4, 4, 1)
        np.testing.assert_allclose(got, 100, rtol=1e-6)
        assert done == [f"{how} 8x6 to 4x4"]
    got, _ = fit(flat, (8, 8, 1), own=True, size="pad")
    np.testing.assert_allclose(got[1:7, :, 0], 100, rtol=1e-6)
    assert not got[0].any()
    assert not got[7].any()


def test_cropping_takes_the_middle() -> None:
    ramp = np.arange(12, dtype="uint8")[None].repeat(4, axis=0)
    got, _ = fit(ramp, (4, 4, 1), own=True, size="crop")
    assert got[0, :, 0].tolist() == [4, 5, 6, 7]

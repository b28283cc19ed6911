"""Pixels laid over a colour, by the definition c·a + b·(1 − a)."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

import imgconv
from imgconv import errors
from imgconv.engine.colour.flatten import laid_over
from imgconv.values.colours import COLOUR
from imgconv.values.image import Frame
from tests.command import called, format_of, noise, pixels_of, save


def mixed(value, alpha, below, opaque):
    """By fractions, one value at a time."""
    return math.floor(Fraction(int(value) * int(alpha) + int(below) * (opaque - int(alpha)), opaque) + Fraction(1, 2))


@pytest.mark.parametrize(("dtype", "white"), [("uint8", 255), ("uint16", 65535)])
@pytest.mark.parametrize("channels", [(), (1,), (3,)])
def test_pixels_are_laid_over_a_colour(dtype, white, channels):
    rng = np.random.default_rng(5)
    pixels = rng.integers(0, white, (70, 4, *channels), dtype, endpoint=True)
    alpha = rng.integers(0, white, (70, 4), dtype, endpoint=True)
    below = np.array([255, 128, 0] if channels == (3,) else [(19595 * 255 + 38470 * 128 + 32768) >> 16]) * (
        white // 255
    )
    got = laid_over(pixels, alpha, (255, 128, 0))
    assert (got.dtype, got.shape) == (pixels.dtype, pixels.shape)
    expected = [
        [mixed(value, share, under, white) for value, under in zip(np.atleast_1d(pixel), below, strict=True)]
        for pixel, share in zip(pixels.reshape(280, *channels), alpha.reshape(-1), strict=True)
    ]
    np.testing.assert_array_equal(got.reshape(280, -1), expected)


def test_floats_are_mixed_without_rounding_and_hidden_ones_stay_hidden():
    pixels, alpha = np.float32([[0.25, np.nan]]), np.float32([[0.5, 0]])
    np.testing.assert_array_equal(laid_over(pixels, alpha, (255, 255, 255)), np.float32([[0.625, 1]]))


def test_opaque_pixels_are_themselves():
    pixels = noise(3, 4, 5)
    assert laid_over(pixels, np.full((3, 4), 255, "uint8"), (1, 2, 3)) is pixels
    with pytest.raises(errors.PixelError, match="5 channels"):
        laid_over(pixels, np.zeros((3, 4), "uint8"), (1, 2, 3))


@pytest.mark.parametrize(
    ("text", "colour"),
    [("white", (255, 255, 255)), ("#f80", (255, 136, 0)), ("#Ff8001", (255, 128, 1)), ((1, 2, 3), (1, 2, 3))],
)
def test_colours_by_name_and_number(text, colour):
    assert COLOUR.read(text) == colour
    assert COLOUR.read(COLOUR.text(colour)) == colour


@pytest.mark.parametrize("text", ["mauve", "#12", "#12345g", (1, 2), (1, 2, 256), 7])
def test_other_colours_are_refused(text):
    with pytest.raises(errors.UsageError, match="#RRGGBB"):
        COLOUR.read(text)


def test_the_command_lays_pictures_over_a_colour_first(tmp_path):
    """The refusal of a JPEG names the option; the result is that of the picture without alpha."""
    colour, alpha = noise(9, 8, 3), noise(9, 8, seed=1)
    save(tmp_path / "in.png", np.dstack([colour, alpha]))
    done = called("filter", "box:3", "in.png", "-o", "x.jpg", cwd=tmp_path)
    assert done.code == 1
    assert "(--flatten white lays it over white)" in done.err
    assert called("filter", "box:3", "in.png", "--flatten", "white", "-o", "x.jpg", "--strict", cwd=tmp_path).code == 0
    assert format_of(tmp_path / "x.jpg") == "JPEG"
    done = called("filter", "box:3", "in.png", "--flatten", "#102030", "-o", "x.png", cwd=tmp_path)
    flat = imgconv.Image((Frame(colour, alpha),)).flatten("#102030")
    assert flat.alpha is None
    np.testing.assert_array_equal(pixels_of(tmp_path / "x.png"), imgconv.correlate(flat.pixels, "box:3"))
    done = called("filter", "box:3", "in.png", "--flatten", "mauve", "-o", "y.png", cwd=tmp_path)
    assert (done.code, "#RRGGBB" in done.err) == (2, True)

"""What is sent is the picture: each protocol is decoded and compared."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from imgconv.terminals.blocks import RAMP, text
from imgconv.terminals.canvas import DARK, LIGHT, Room, arranged, on_squares
from imgconv.terminals.histogram import bins, counted, drawn
from imgconv.terminals.protocols import WRITERS, sent
from imgconv.terminals.screen import Screen
from imgconv.values.protocols import PROTOCOL
from tests.terminals.emulation import SHOWN, palette_colour


def noise(height: int, width: int, seed: int = 0, alpha: bool = False) -> Any:
    """Pixels whose alpha is 0 or 255."""
    random = np.random.default_rng(seed)
    pixels = random.integers(0, 256, (height, width, 4)).astype(np.uint8)
    pixels[..., 3] = 255 * (random.integers(0, 2, (height, width)) if alpha else 1)
    return pixels


def same(shown: Any, pixels: Any, within: int = 0) -> None:
    """The same pixels where they can be seen; blocks have an even number of rows."""
    assert shown.shape[1:] == pixels.shape[1:]
    assert shown.shape[0] - pixels.shape[0] in (0, 1)
    assert not shown[len(pixels) :, :, 3].any()
    shown, drawn_ = shown[: len(pixels)], pixels[..., 3] > 0
    assert np.array_equal(shown[..., 3] > 0, drawn_)
    assert np.abs(shown[drawn_].astype(int) - pixels[drawn_]).max(initial=0) <= within


def test_protocols_have_names() -> None:
    assert tuple(WRITERS) == PROTOCOL.choices


@pytest.mark.parametrize("protocol", PROTOCOL.choices)
@given(st.integers(1, 19), st.integers(1, 14), st.booleans(), st.integers(0, 9))
def test_what_is_sent_is_the_picture(protocol: str, height: int, width: int, alpha: bool, seed: int) -> None:
    """Sixels state colours in percent."""
    pixels = noise(height, width, seed, alpha)
    if protocol == "sixel":
        pixels[..., :3] = pixels[..., :3] // 64 * 64  # 64 colours
    same(SHOWN[protocol](sent(pixels, Screen(protocol))), pixels, 2 if protocol == "sixel" else 0)


def test_a_large_picture_comes_in_pieces() -> None:
    pixels = noise(70, 90)
    same(SHOWN["kitty"](sent(pixels, Screen("kitty"))), pixels)


@pytest.mark.parametrize("registers", [2, 16, 256])
def test_sixels_take_no_more_colours_than_there_are(registers: int) -> None:
    gradient = np.zeros((40, 64, 4), np.uint8)
    gradient[..., 0], gradient[..., 1] = np.arange(64) * 4, np.arange(40)[:, None] * 6
    gradient[..., 3] = 255
    shown = SHOWN["sixel"](sent(gradient, Screen("sixel", registers=registers)))
    assert len(np.unique(shown.reshape(-1, 4), axis=0)) <= registers
    error = np.abs(shown.astype(float) - gradient).mean()
    assert error < {2: 60, 16: 25, 256: 8}[registers]


def test_few_colours_are_the_nearest_of_the_palette() -> None:
    pixels = noise(6, 40)
    shown = SHOWN["blocks"](text(pixels, 256))[..., :3].astype(int)
    every = np.array([palette_colour(number) for number in range(16, 256)])
    best = ((pixels[..., None, :3].astype(int) - every) ** 2).sum(-1).min(-1)
    assert np.array_equal(((shown - pixels[..., :3]) ** 2).sum(-1), best)


def test_letters_go_from_dark_to_light() -> None:
    ramp = np.zeros((2, len(RAMP), 4), np.uint8)
    ramp[..., :3] = (np.arange(len(RAMP)) * 255 / (len(RAMP) - 1)).round()[:, None]
    ramp[..., 3] = 255
    assert text(ramp, 0) == RAMP + "\n"
    ramp[..., 3] = 0
    assert text(ramp, 0) == "\n"


def test_pictures_go_side_by_side_at_one_scale() -> None:
    left, right = noise(4, 6), noise(2, 3, 1)
    canvas = arranged([left, right], Room(100, 62, 4), 2)
    assert canvas.shape == (12, 18 + 4 + 9, 4)  # three times as large: up to half of the room
    assert np.array_equal(canvas[:, :18], left.repeat(3, 0).repeat(3, 1))
    assert np.array_equal(canvas[:6, 22:], right.repeat(3, 0).repeat(3, 1))
    assert not canvas[:, 18:22, 3].any()
    assert not canvas[6:, 22:, 3].any()
    assert arranged([left], Room(100, 60, 4, filled=True), 1).shape == (40, 60, 4)


@given(
    st.lists(st.tuples(st.integers(1, 300), st.integers(1, 300)), min_size=1, max_size=5),
    st.integers(8, 90),
    st.integers(20, 90),
    st.booleans(),
)
@example([(1, 1), (1, 1), (1, 30)], 8, 20, False)
def test_pictures_fit_the_room(sizes: list[tuple[int, int]], height: int, width: int, filled: bool) -> None:
    pictures = [np.full((*size, 4), 255, np.uint8) for size in sizes]
    canvas = arranged(pictures, Room(height, width, 2, filled), len(pictures))
    assert canvas.shape[0] <= height
    assert canvas.shape[1] <= max(width, 3 * len(sizes))  # a column for each at least


def test_large_pictures_are_averaged() -> None:
    pixels = noise(40, 40)
    canvas = arranged([pixels], Room(10, 10, 0), 1)
    means = pixels.reshape(10, 4, 10, 4, 4).mean((1, 3))
    assert np.abs(canvas - means).max() <= 1


def test_frames_make_a_strip_of_rows() -> None:
    frames = [noise(10, 10, seed) for seed in range(8)]
    canvas = arranged(frames, Room(100, 70, 2), 6)
    assert canvas.shape == (22, 70, 4)
    assert np.array_equal(canvas[:10, 12:22], frames[1])
    assert np.array_equal(canvas[12:, 12:22], frames[7])
    assert not canvas[12:, 22:, 3].any()


def test_transparent_pixels_stand_on_squares() -> None:
    pixels = np.zeros((4, 4, 4), np.uint8)
    pixels[..., 0] = 200
    pixels[0, 0, 3], pixels[3, 3, 3] = 255, 51
    shown = on_squares(pixels, 2)
    assert (shown[..., 3] == 255).all()
    assert shown[0, 0].tolist() == [200, 0, 0, 255]
    assert shown[0, 1].tolist() == [DARK] * 3 + [255]
    assert shown[0, 2].tolist() == [LIGHT] * 3 + [255]
    assert shown[3, 3].tolist() == [round(200 * 0.2 + DARK * 0.8), *[round(DARK * 0.8)] * 2, 255]


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16", "float32", "float64"])
def test_histograms_count_every_finite_value(dtype: str) -> None:
    values = np.random.default_rng(0).normal(100, 30, 5000).clip(0, 255).astype(dtype)
    counts, low, high = counted(values, 64)
    wide = values.astype(float)
    ends = (0, 256) if dtype == "uint8" else (wide.min(), wide.max())
    assert counts.sum() == 5000
    assert (low, high) == ((0, 255) if dtype == "uint8" else ends)
    expected = np.histogram(wide, 64, ends)[0]
    assert np.abs(counts - expected).sum() <= 4, "but for values on the edge of a bin"


def test_histograms_of_odd_values() -> None:
    counts, low, high = counted(np.array([np.nan, np.inf, 3.0, 3.0]), 8)
    assert (counts.sum(), low, high) == (2, 3, 3)
    assert counted(np.array([np.nan]), 8)[0].sum() == 0
    most = float(np.finfo(np.float64).max)
    assert counted(np.array([-most, most]), 8)[0].tolist() == [1, 0, 0, 0, 0, 0, 0, 1]


def test_bars_are_in_proportion() -> None:
    screen = Screen("blocks", columns=10)
    assert bins(screen) == 8
    bars = drawn(np.array([0, 1, 4, 8, 1000, 500, 250, 0]), (1, 2, 3), screen)
    assert bars.shape == (8, 8, 4)
    assert (bars[..., 0] == 1).sum(0).tolist() == [0, 1, 1, 1, 8, 4, 2, 0]

"""Films of a window that slides: what each frame shows, and what is refused."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import imgconv
from imgconv import errors
from imgconv.api.pixel.explanation import explainer
from imgconv.figures import film as films
from imgconv.figures.layout import SIGNAL
from imgconv.figures.sliding import EMPTY, default_crop, film, places
from imgconv.values.crops import Crop
from imgconv.values.image import Frame
from tests.command import Pixels, called, save
from tests.strategies import plain_python

RAMP = (np.arange(36).reshape(6, 6) * 5 + 20).astype("uint8")
CELL = 44


def frames(pixels: Pixels, steps: str, crop: Crop) -> tuple[Pixels, ...]:
    """The frames of a film."""
    with plain_python():
        made = explainer(imgconv.Image((Frame(pixels),)), imgconv.Pipeline.parse(steps))
        return film(made, crop, "ramp.png").frames


def area(frame: Pixels, colour: tuple[int, ...]) -> int:
    """How many pixels of a frame have a colour."""
    return int((frame == colour).all(axis=2).sum())


def marks(frame: Pixels) -> tuple[float, float]:
    """The middle of the window's frame, the leftmost of the two."""
    rows, columns = np.nonzero((frame == SIGNAL).all(axis=2))
    left = columns < columns.min() + 4 * CELL
    return float(rows[left].min() + rows[left].max()) / 2, float(columns[left].min() + columns[left].max()) / 2


def test_the_output_fills_while_the_window_slides() -> None:
    shown = frames(RAMP, "filter box:3 border=zero", Crop(1, 1, 2, 3))
    assert len(shown) == 2 * 3 + 1
    left = [area(frame, EMPTY) for frame in shown]
    inner = (CELL - 2) ** 2
    assert [round((before - after) / inner) for before, after in pairwise(left[:-1])] == [1] * 5
    assert left[-1] == 0
    at = [marks(frame) for frame in shown[:-1]]
    assert [(round((y - at[0][0]) / CELL), round((x - at[0][1]) / CELL)) for y, x in at] == [
        (row, column) for row in range(2) for column in range(3)
    ]
    assert area(shown[-1], SIGNAL) == 0


def test_cells_of_the_output_have_the_tones_of_the_result() -> None:
    last = frames(RAMP, "maxpool 2", Crop(0, 0, 3, 3))[-1]
    for level in imgconv.pool(RAMP, "max", size=2).ravel().tolist():
        assert area(last, (level,) * 3) > CELL * CELL  # in what the windows see, and in the result
    colours = np.stack([RAMP, RAMP // 2, 255 - RAMP], axis=2)
    last = frames(colours, "filter 1", Crop(2, 2, 1, 2))[-1]
    assert area(last, tuple(colours[2, 2])) > 2 * (CELL - 2) ** 2 - CELL


def test_strides_and_pipelines_move_the_receptive_field() -> None:
    shown = frames(RAMP, "filter vertical | relu | maxpool 2", Crop(0, 0, 1, 3))
    at = [marks(frame) for frame in shown[:-1]]
    assert round((at[2][1] - at[1][1]) / CELL, 1) in (1.5, 2)  # the first and last field end at the border
    with plain_python():
        made = explainer(imgconv.Image((Frame(RAMP),)), imgconv.Pipeline.parse("filter vertical dilation=2 stride=2"))
        assert places(made.pixel((1, 0)))[:3] == [(1, -1), (1, 1), (1, 3)]


def test_the_default_piece_is_around_the_pixel() -> None:
    assert default_crop((100, 50), None) == Crop(0, 0, 8, 8)
    assert default_crop((100, 50), (99, 20)) == Crop(92, 16, 8, 8)
    assert default_crop((3, 50), (1, 1)) == Crop(0, 0, 3, 8)


@pytest.mark.parametrize(
    ("steps", "crop", "sentence"),
    [
        ("relu", Crop(0, 0, 17, 16), "at most 256 pixels"),
        ("globalavgpool", Crop(0, 0, 1, 1), "take a smaller --crop"),
    ],
)
def test_what_is_too_much_is_refused(steps: str, crop: Crop, sentence: str) -> None:
    with pytest.raises(errors.UsageError, match=sentence):
        frames(np.zeros((100, 100), "uint8"), steps, crop)
    with pytest.raises(errors.WindowError, match="beyond the result"):
        frames(RAMP, "relu", Crop(5, 5, 2, 2))


def test_the_command_writes_an_animation(tmp_path: Path) -> None:
    save(tmp_path / "in.png", RAMP)

    def steps(*words: str) -> Any:
        return called("explain", "pool", "2", "in.png", *words, cwd=tmp_path)

    for name in ("steps.gif", "steps.apng", "steps.webp"):
        done = steps("--crop", "0,0,2x2", "--steps", name)
        assert (done.code, done.out) == (0, b""), done.err
        with Image.open(tmp_path / name) as animation:
            assert (animation.n_frames, animation.info["loop"]) == (5, 0)  # type: ignore[attr-defined]
    assert "steps.jpg: --steps is an animation" in steps("--steps", "steps.jpg", "--at", "0,0").err
    assert "--crop is of --steps" in steps("--at", "0,0", "--crop", "0,0,1x1").err
    assert steps("--at", "0,0", "--steps", "in.png").code == 2
    assert steps("--at", "0,0", "-o", "figure.png", "--steps", "a.gif", "--crop", "2,2,2x2").code == 1
    assert not (tmp_path / "figure.png").exists()


def test_an_animation_of_too_many_bytes_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(films, "MOST_BYTES", 100)
    with pytest.raises(errors.FileError, match="smaller --crop"):
        films.write(films.Film((np.zeros((50, 50, 3), "uint8"),) * 2, (100.0, 100.0)), str(tmp_path / "a.gif"))
    assert not (tmp_path / "a.gif").exists()

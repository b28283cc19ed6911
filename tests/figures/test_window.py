"""The figure of an explained pixel: what is drawn, where, in which colours."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

import imgconv
from imgconv import errors
from imgconv.api.pixel.explanation import explain
from imgconv.cli.main import group
from imgconv.figures.layout import SIGNAL
from imgconv.figures.photo import runs
from imgconv.figures.shades import ink_on, scale, signed, tone
from imgconv.figures.window import figure
from imgconv.kernels.lab.draw import ABOVE, BELOW, INK, PAPER
from imgconv.values.image import Frame
from tests.command import Pixels, called, pixels_of, png, save
from tests.command import imgconv as imgconv_command
from tests.strategies import plain_python

TEXTBOOK = np.array([[0, 64, 128], [48, 192, 144], [142, 226, 168]], "uint8")


def drawn(pixels: Pixels, steps: str, at: tuple[int, int], **how: Any) -> Pixels:
    """The figure of a pixel."""
    image, pipeline = imgconv.Image((Frame(pixels),)), imgconv.Pipeline.parse(steps)
    with plain_python():
        return np.asarray(figure(explain(image, pipeline, at, **how), image, "window.png"))


def signals(picture: Pixels) -> Pixels:
    """Where frames are."""
    found: Pixels = (picture == SIGNAL).all(axis=2)
    return found


def areas(figure: Pixels) -> dict[tuple[int, ...], int]:
    """How many pixels there are of each colour."""
    colours, counts = np.unique(figure.reshape(-1, 3), axis=0, return_counts=True)
    return {tuple(colour): int(count) for colour, count in zip(colours.tolist(), counts, strict=True)}


def test_each_pixel_has_a_cell_of_its_own_tone() -> None:
    found = areas(drawn(TEXTBOOK, "filter vertical", (1, 1)))
    for level in TEXTBOOK.ravel().tolist():
        assert found[level, level, level] > 500
    assert found[ABOVE] > 3 * 500  # three weights and the greatest product
    assert found[BELOW] > 3 * 500


def test_the_window_is_framed_in_the_picture() -> None:
    large = np.full((40, 60), 90, "uint8")
    picture = drawn(large, "filter box:3", (20, 30), dtype="float32")[:320, :450]
    rows, columns = np.nonzero(signals(picture))
    top, left = next(zip(*np.nonzero((picture == 90).all(axis=2)), strict=True))
    assert abs((rows.mean() - top) - 20.5 * 7) < 3  # seven units a pixel
    assert abs((columns.mean() - left) - 30.5 * 7) < 3
    assert not signals(drawn(large, "filter box:1 pad=9 border=zero", (0, 0))).any()


def test_winners_and_receptive_fields_are_framed() -> None:
    pooled = drawn(TEXTBOOK, "maxpool 2", (0, 0))
    assert signals(pooled[200:]).any()
    assert not signals(drawn(TEXTBOOK, "avgpool 2", (0, 0))[200:]).any()
    assert len(drawn(TEXTBOOK, "filter vertical | relu | maxpool 2", (0, 0))) > len(pooled)


def test_large_windows_are_drawn_as_colours() -> None:
    large = np.arange(60 * 60).reshape(60, 60).astype("uint8")
    assert drawn(large, "filter box:41", (30, 30)).shape[1] < 1500


@pytest.mark.parametrize("name", ["figure.webp", "figure.jpg", "-"])
def test_the_suffix_is_the_format(name: str, tmp_path: Path) -> None:
    save(tmp_path / "window.png", TEXTBOOK)
    done = called("explain", "pool", "2", "window.png", "--at", "0,0", "-o", name, cwd=tmp_path)
    assert (done.code, bool(done.out)) == (0, name == "-"), done.err
    assert pixels_of(done.out if name == "-" else tmp_path / name).shape[2] == 3


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("-o", "figure.xyz"), "choose from"),
        (("-o", "window.png"), "also an input"),
        (("-o", "-", "--json"), "standard output"),
        (("-o", "nowhere/figure.png"), "nowhere"),
    ],
)
def test_a_figure_that_cannot_be_written_is_refused(
    words: tuple[str, ...], sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    save(Path("window.png"), TEXTBOOK)
    error = CliRunner().invoke(group(), ["explain", "pool", "2", "window.png", "--at", "0,0", *words]).exception
    assert isinstance(error, errors.ImgconvError)
    assert sentence in str(error)


def test_tones_are_those_of_the_pixels() -> None:
    assert scale([3, 250], "uint8") == (0, 255)
    assert scale([-3, 250], "uint8") == (-3, 250)
    assert scale([7, None, float("nan")], "int32") == (7, 8)
    assert tone(51, (0, 255), "green") == (0, 51, 0)
    assert tone(None, (0, 1)) is tone(float("nan"), (0, 1)) is None
    assert (signed(-2, 2), signed(0, 2), signed(float("inf"), 2)) == (BELOW, PAPER, ABOVE)
    assert (ink_on((255, 255, 255)), ink_on((0, 0, 90)), ink_on(None)) == (INK, PAPER, INK)


def test_neighbours_are_one_run() -> None:
    assert runs((3, 4, 5, 9)) == [(3, 6), (9, 10)]
    assert runs((3, 9), scale=1) == runs(range(3, 10)) == [(3, 10)]


def test_an_image_and_its_figure_go_through_pipes(tmp_path: Path) -> None:
    done = imgconv_command("explain", "pool", "2", "--at", "0,0", "-o", "-", cwd=tmp_path, stdin=png(TEXTBOOK))
    assert (done.code, pixels_of(done.out).shape[2]) == (0, 3), done.err

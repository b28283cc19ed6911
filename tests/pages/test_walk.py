"""The page of a pipeline or a network as a file: the maps that it carries are the engine's."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import imgconv
from imgconv import errors
from imgconv.networks.network import Network
from imgconv.pages.carried import MOST_EXACT, Carried, carried
from imgconv.pages.walk import network_walk
from tests.pages.test_lesson import ended_well, read, write
from tests.strategies import plain_python

SAMPLES = Path(__file__).parent.parent.parent / "samples"
PIPELINE = "filter gaussian:1 border=wrap | filter sobel-x pad=valid with=sobel-y | relu | pool avg 2 | pool max to=2x3"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def values_of(one: dict[str, Any]) -> Any:
    data = np.frombuffer(base64.b64decode(one["data"]), np.dtype(one["type"]).newbyteorder("<"))
    return data.reshape(one["height"], one["width"], one["channels"])


def test_a_page_carries_what_every_step_gives(folder: Path) -> None:
    pixels = np.random.default_rng(5).integers(0, 256, (9, 12, 3), "uint8")
    np.save("in.npy", pixels)
    said = write("run", PIPELINE, "in.npy", "--range", "stretch", "--html", "page.html")
    assert said.stderr == "imgconv: page.html: a page for a browser\n"
    _, data = read(folder / "page.html")
    maps, steps = data["maps"], PIPELINE.split(" | ")
    assert [one["title"] for one in maps] == [
        "the picture",
        "1  filter gaussian:1 border=wrap",
        "2  filter sobel-x pad=valid with=sobel-y",
        "3  relu",
        "4  avgpool 2",
        "5  maxpool to=2x3",
        "as uint8, range stretch",
    ]
    np.testing.assert_array_equal(values_of(maps[0]), pixels)
    with plain_python():
        for count, one in enumerate(maps[1:-1], 1):
            wide = imgconv.run(pixels, " | ".join(steps[:count]), dtype="float32")
            np.testing.assert_allclose(values_of(one), wide, rtol=1e-6)
        np.testing.assert_array_equal(values_of(maps[-1]), imgconv.run(pixels, PIPELINE, range="stretch"))
    assert [step["kind"] for step in data["steps"]] == ["filter", "filter", "each", "pool", "pool", "each"]


def test_a_page_of_a_network_carries_its_maps_and_weights(folder: Path) -> None:
    network, digit = SAMPLES / "lenet5.safetensors", SAMPLES / "digits" / "7.png"
    assert ended_well(write("run", str(network), str(digit), "--html", "page.html"))
    assert Path("page.html").stat().st_size < 512 * 1024
    _, data = read(folder / "page.html")
    with plain_python():
        maps = list(Network.load(network).maps(imgconv.load(digit).pixels).values())
    for one, wanted in zip(data["maps"][1:], maps, strict=True):
        np.testing.assert_allclose(values_of(one), wanted, rtol=1e-6)
    assert data["start"] == {"at": [0, 0], "channel": 7}
    assert [step["kind"] for step in data["steps"] if "weight" in step] == ["conv", "conv", "dense", "dense", "dense"]


def test_what_is_too_large_is_shown_as_pictures_and_it_is_said() -> None:
    network = Network.random("conv 64@3x3 pad=1 | relu | maxpool 2 | conv 8@1x1", "40x40x3", seed=1)
    with plain_python():
        page = network_walk(network, np.random.default_rng(1).normal(size=(40, 40, 3)), "in.png", "")
    assert page.words.endswith("2 of 5 maps are pictures alone, since their numbers are too many for a page")
    assert len(page.content) < 700 * 1024


def test_numbers_take_the_smallest_type_that_holds_them() -> None:
    kinds = {"uint8": [0, 255], "int16": [-1, 300], "int32": [0, 70_000], "float32": [0.5, 3], "float64": [0.1, np.nan]}
    for name, values in kinds.items():
        (found,) = carried([Carried("", np.array(values, "float64").reshape(1, 2, 1))])
        assert found["type"] == name
        np.testing.assert_array_equal(values_of(found).ravel(), values)


def test_previews_show_the_range_of_each_map() -> None:
    maps = np.random.default_rng(2).normal(size=(300, 400, 2)) * 1000
    assert maps.nbytes > MOST_EXACT
    (found,) = carried([Carried("", maps)])
    rows, columns, count = found["preview"]
    levels = np.frombuffer(base64.b64decode(found["data"]), "uint8").reshape(rows, columns, count)
    assert count == 2
    assert levels.min() == 0
    assert levels.max() == 255


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("relu", "--at", "9,0"), "there is no pixel 9,0"),
        (("conv 3@3x3",), "weights"),
        ((str(SAMPLES / "lenet5.safetensors"), "--class", "7"), "leave out --class and --patch"),
    ],
)
def test_what_a_page_cannot_be_is_refused(words: tuple[str, ...], said: str, folder: Path) -> None:
    np.save("in.npy", np.zeros((3, 3), "uint8"))
    error = write("run", words[0], "in.npy", *words[1:], "--html", "page.html").exception
    assert isinstance(error, errors.UsageError)
    assert said in str(error)
    assert not Path("page.html").exists()


def test_at_shows_the_piece_from_which_a_pixel_comes(folder: Path) -> None:
    pixels = np.random.default_rng(6).integers(0, 256, (200, 300), "uint8")
    np.save("in.npy", pixels)
    text = "filter vertical pad=1 | maxpool 3 | avgpool 2"
    assert ended_well(write("run", text, "in.npy", "--at", "20,40", "--html", "page.html"))
    _, data = read(folder / "page.html")
    piece = values_of(data["maps"][0])
    assert piece.shape[0] < 200
    with plain_python():
        around = imgconv.run(pixels[114:132, 234:252], text, dtype="float32")
    row, column = data["start"]["at"]
    assert values_of(data["maps"][-2])[row, column, 0] == around[1, 1]

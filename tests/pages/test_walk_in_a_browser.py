"""The page of a pipeline or a network in a browser: every pixel is made of what the page says."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from imgconv.networks.network import Network
from imgconv.pages.walk import network_walk
from tests.pages.browser import opened
from tests.pages.test_lesson import ended_well, write
from tests.strategies import plain_python

SAMPLES = Path(__file__).parent.parent.parent / "samples"
PIPELINES = (
    "filter gaussian:1 border=wrap | filter sobel-x with=sobel-y pad=valid | relu | pool avg 2 | pool max to=2x3",
    "filter '1 2;3 -4' border=constant:7 dilation=2 stride=2 | pool median 3 pad=1"
    " | pool avg 2 ceil count-padding pad=1",
    "filter 'vertical' with='horizontal' combine=max border=reflect101 | tanh | pool min 2 stride=1",
)
EXPLAIN = """places => places.map(([number, channel, row, column]) => {
    walk.look(number, { channel, at: [row, column] });
    return [walk.origin.computed, walk.value, walk.origin.lines.length];
})"""


def page_of(folder: Path, *words: str) -> Path:
    target = folder / "page.html"
    result = write("run", *words, "--html", str(target))
    assert ended_well(result), result.exception
    return target


@pytest.mark.parametrize("pipeline", PIPELINES)
def test_every_pixel_of_a_pipeline_is_made_of_what_is_said(pipeline: str, browser: Any, tmp_path: Path) -> None:
    np.save(tmp_path / "in.npy", np.random.default_rng(7).integers(0, 256, (9, 12, 3), "uint8"))
    target = page_of(tmp_path, pipeline, str(tmp_path / "in.npy"))
    assert checked(browser, target, random.Random(1)) >= 16


def test_every_pixel_of_a_network_is_made_of_what_is_said(browser: Any, lenet: Path) -> None:
    assert checked(browser, lenet, random.Random(2)) >= 20


def checked(browser: Any, target: Path, draw: random.Random) -> int:
    """Holds what the page computes for some pixels of every step to the engine's values; how many there were."""
    with opened(browser, target) as page:
        sizes = page.evaluate("() => walk.maps.map(map => [map.channels, map.height, map.width])")
        places = [[number, *map(draw.randrange, sizes[number])] for number in range(1, len(sizes)) for _ in range(8)]
        found = page.evaluate(EXPLAIN, places)
    for place, (computed, value, lines) in zip(places, found, strict=True):
        assert lines
        assert computed is None or computed == pytest.approx(value, rel=1e-4, abs=1e-4), place
    return sum(computed is not None for computed, _, _ in found)


@pytest.fixture(scope="module")
def lenet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lenet")
    return page_of(folder, str(SAMPLES / "lenet5.safetensors"), str(SAMPLES / "digits" / "7.png"))


def test_the_way_back_leads_from_a_class_to_the_picture(browser: Any, lenet: Path) -> None:
    with opened(browser, lenet) as page:
        assert page.inner_text("#title") == "14 softmax, value 7"
        assert page.locator(".outputs li").first.inner_text().split() == ["7", "0.9997"]
        for left in range(13, -1, -1):
            page.click("#back")
            assert page.input_value("#step") == str(left)
        assert page.locator("#back").is_disabled()
        assert page.inner_text("#remark") == "This is the picture itself."


def test_a_click_shows_where_a_pixel_came_from(browser: Any, lenet: Path) -> None:
    with opened(browser, lenet) as page:
        third = page.locator("section.step").nth(5).locator(".frame").nth(2)
        box = third.bounding_box()
        third.click(position={"x": box["width"] * 0.35, "y": box["height"] * 0.55})
        assert page.inner_text("#title").endswith("map 2, row 5, column 3")
        rows = page.locator("#inputs tbody tr").all_inner_texts()
        assert len(rows) == 6
        page.get_by_role("button", name="map 0").click()
        assert page.locator("#inputs [aria-pressed=true]").inner_text() == "map 0"
        assert page.locator("#equation table").count() == 3
        before = page.locator("section.step").nth(4)
        assert before.locator("rect.outline").count() == 6
        mark = before.locator("rect.outline").first
        assert [mark.get_attribute(name) for name in ("x", "y", "width", "height")] == ["3", "5", "5", "5"]
        page.keyboard.press("Tab")
        third.focus()
        page.keyboard.press("ArrowRight")
        page.keyboard.press("PageDown")
        assert page.inner_text("#title").endswith("map 3, row 5, column 4")
        page.keyboard.press("Backspace")
        assert page.input_value("#step") == "4"


def test_groups_borders_and_padding_are_followed(browser: Any, tmp_path: Path) -> None:
    """A convolution in groups behind a layer that pads; what lies beyond the edge is said."""
    text = "pad 1,0,2,0 border=edge | conv 4@3x3 groups=2 stride=2 pad=1 | prelu | flatten | dense 3 no-bias"
    network = Network.random(text, "5x6x2", seed=3)
    pixels = np.random.default_rng(8).normal(size=(5, 6, 2)).astype("float32")
    with plain_python():
        page = network_walk(network, pixels, "in.npy", "", None)
    target = tmp_path / "page.html"
    target.write_bytes(page.content)
    assert checked(browser, target, random.Random(3)) >= 10
    with opened(browser, target) as shown:
        shown.evaluate(EXPLAIN, [[1, 0, 0, 0]])
        assert "beyond the edge, border" in shown.inner_text("#sum")


def test_maps_without_numbers_are_still_walked(browser: Any, tmp_path: Path) -> None:
    network = Network.random("conv 64@3x3 pad=1 | relu | maxpool 2 | conv 8@1x1 | flatten | dense 5", "40x40x3", seed=1)
    with plain_python():
        page = network_walk(network, np.random.default_rng(1).normal(size=(40, 40, 3)).astype("float32"), "in.png", "")
    target = tmp_path / "page.html"
    target.write_bytes(page.content)
    with opened(browser, target) as shown:
        section = shown.locator("section.step").nth(2)
        assert "pictures alone" in section.locator("h2").inner_text()
        section.locator(".frame").nth(3).click()
        shown.fill("#row", "20")
        shown.fill("#column", "20")
        assert shown.inner_text("#title") == "2 relu, map 3, row 20, column 20"
        for typed, row in (("99", "39"), ("7.5", "7"), ("20", "20")):
            shown.fill("#row", typed)
            shown.press("#row", "Tab")
            assert shown.input_value("#row") == row
            assert shown.inner_text("#title") == f"2 relu, map 3, row {row}, column 20"
        assert lines_of(shown) == ["value not on this page"]
        mark = shown.locator("section.step").nth(0).locator("rect.outline").first
        assert [mark.get_attribute(name) for name in ("x", "y", "width", "height")] == ["19", "19", "3", "3"]


def lines_of(page: Any) -> list[str]:
    return [" ".join(line.split()) for line in page.locator("#sum > div").all_inner_texts()]


@pytest.mark.parametrize("width", [320, 390])
def test_a_phone_needs_no_scrolling_aside(width: int, browser: Any, lenet: Path) -> None:
    with opened(browser, lenet, width=width, touch=True) as page:
        assert page.evaluate("document.documentElement.scrollWidth") == width
        page.locator("section.step").nth(2).locator(".frame").nth(1).tap()
        assert page.input_value("#step") == "2"

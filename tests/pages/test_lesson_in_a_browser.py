"""The page of one step in a browser: its numbers are the command's, and it does what hands do to it."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

import imgconv
from imgconv.cli.main import group
from imgconv.cli.messages import Finished
from imgconv.kernels.named import MODULES
from tests.pages.browser import opened
from tests.strategies import plain_python

TEXTBOOK = np.array([[0, 64, 128], [48, 192, 144], [142, 226, 168]], "uint8")
KERNEL = "-1 0 -2; 0.5 4.5 -1.5; 1.5 2 -3"
KERNELS = (
    ([["-1", "0", "1"]], "1", "0"),
    ([["1", "2", "1"], ["2", "4", "2"], ["1", "2", "1"]], "auto", "0"),
    ([["0.25", "-1/3"], ["2", "1e-1"]], "3", "-7.5"),
    ([["0", "-1", "0"], ["-1", "5", "-1"], ["0", "-1", "0"]], "1", "0"),
    ([["0.1234567890123", "0.7"], ["-0.3", "0"], ["1", "0.019"]], "1", "0"),
    ([["1", "-1"]], "auto", "1/2"),
    ([["-1", "-2"], ["-3", "0"]], "-2", "0"),
)
SHOW = """all => all.map(settings => {
    lesson.controls.put(settings);
    lesson.compute();
    return [lesson.written, lesson.pipeline, document.getElementById("problem").textContent];
})"""
Open = Callable[..., AbstractContextManager[Any]]


@pytest.fixture
def lesson(browser: Any, tmp_path: Path) -> Open:
    """Opens the page that the command writes for pixels."""

    @contextmanager
    def page_of(pixels: Any, *words: str, **how: Any) -> Iterator[Any]:
        source, target = tmp_path / "in.npy", tmp_path / "page.html"
        np.save(source, pixels)
        with plain_python():
            done = CliRunner().invoke(group(), ["explain", *words, str(source), "--html", str(target)])
        assert isinstance(done.exception, Finished), done.exception
        with opened(browser, target, **how) as page:
            yield page

    return page_of


def picture(dtype: str, shape: tuple[int, ...]) -> Any:
    generator = np.random.default_rng(len(dtype))
    if dtype.startswith("float"):
        return generator.normal(0, 9, shape).astype(dtype)
    low, high = {"uint8": (0, 256), "uint16": (0, 65536), "int16": (-999, 999)}[dtype]
    return generator.integers(low, high, shape).astype(dtype)


def some_settings(draw: random.Random) -> dict[str, Any]:
    """Settings of every kind, some of which do not fit."""
    rows, divisor, bias = draw.choice(KERNELS)
    anchor = [draw.randrange(len(rows)), draw.randrange(len(rows[0]))] if draw.random() < 0.3 else None
    kernel = {"name": "", "rows": rows, "divisor": divisor, "bias": bias, "anchor": anchor}
    pool = {
        "kind": draw.choice(["max", "avg", "min", "median", "sum", "range", "percentile:30", "lp:2"]),
        "size": draw.choice(["2", "3", "1x2", "4"]),
        "stride": draw.choice(["", "", "1", "2x1"]),
        "dilation": draw.choice(["1", "1", "2"]),
        "pad": draw.choice(["valid", "valid", "same", "1", "0,1,1,0"]),
        "ceil": draw.random() < 0.4,
        "countPadding": False,
    }
    pool["countPadding"] = pool["kind"] == "avg" and draw.random() < 0.5
    shape = draw.choice(["filter", "filter", "pool", "both"])
    border = draw.choice(["edge", "reflect", "reflect101", "reflect101-reflect", "wrap", "constant"])
    return {
        "kernel": None if shape == "pool" else kernel,
        "pool": None if shape == "filter" else pool,
        "border": border,
        "constant": draw.choice(["0", "12.5", "-3"]) if border == "constant" else "0",
        "stride": draw.choice(["1", "1", "2", "2x3"]),
        "dilation": draw.choice(["1", "1", "2", "1x3"]),
        "pad": draw.choice(["same", "same", "valid", "1", "2x1", "0,3,1,0"]),
        "activation": draw.choice(
            ["none", "none", "relu", "abs", "leaky-relu", "tanh", "gelu", "silu", "softplus", "elu"]
        ),
        "rounding": draw.choice(["half-up", "half-up", "half-even", "zero"]),
        "range": draw.choice(["clamp", "clamp", "abs", "shift", "stretch"]),
    }


@pytest.mark.parametrize(
    ("dtype", "shape"),
    [("uint8", (9, 11)), ("uint8", (7, 5, 3)), ("uint16", (6, 8)), ("int16", (8, 4)), ("float32", (5, 6))],
)
def test_the_page_computes_what_its_pipeline_gives(dtype: str, shape: tuple[int, ...], lesson: Open) -> None:
    pixels, draw, fitting = picture(dtype, shape), random.Random(shape[0]), 0
    cases = [some_settings(draw) for _ in range(30)]
    with lesson(pixels, "filter", "vertical") as page:
        shown = page.evaluate(SHOW, cases)
    for settings, (found, pipeline, problem) in zip(cases, shown, strict=True):
        with plain_python():
            if found is None:
                assert re.search("does not fit|would see no pixel", problem)
                with pytest.raises(imgconv.WindowError):
                    imgconv.run(pixels, pipeline)
                continue
            result = imgconv.run(pixels, pipeline, range=settings["range"], rounding=settings["rounding"])
        fitting += 1
        planes = np.array(found["planes"]).reshape(-1, found["height"], found["width"])
        wanted = np.moveaxis(result.reshape(*result.shape[:2], -1), 2, 0).astype("float64")
        assert planes.shape == wanted.shape, pipeline
        assert_same(planes, wanted, exact=settings, pipeline=pipeline, dtype=dtype)
    assert fitting >= 15


def assert_same(planes: Any, wanted: Any, *, exact: dict[str, Any], pipeline: str, dtype: str) -> None:
    """Equal in whole numbers; else one level at most, in a few pixels, for the engine rounds on the way."""
    if dtype.startswith("float"):
        scale = max(1.0, np.abs(wanted).max())
        np.testing.assert_allclose(planes, wanted, atol=2e-6 * scale, rtol=1e-5, err_msg=pipeline)
        return
    apart = np.abs(planes - wanted)
    rounding = exact["rounding"] == "half-up"  # the others go by the computation's own rounding at whole numbers
    whole = exact["activation"] in ("none", "relu", "abs") and not exact["pool"] and exact["range"] != "stretch"
    whole = whole and rounding
    assert apart.max() <= (0 if whole and "0.123" not in pipeline else 1), pipeline
    assert (apart > 0).mean() <= 0.1, pipeline


# ---------------------------------------------------------------- hands


def lines(page: Any) -> list[str]:
    """The lines of the arithmetic, as they are read."""
    return [re.sub(r"\s+", " ", line) for line in page.locator("#sum > div").all_inner_texts()]


def at(page: Any) -> tuple[str, str]:
    return page.input_value("#row"), page.input_value("#column")


def test_the_textbook_example(lesson: Open) -> None:
    with lesson(TEXTBOOK, "filter", KERNEL) as page:
        assert page.locator("#arithmetic-title").inner_text() == "The filter at row 1, column 1"
        assert lines(page) == ["sum 577", "clamped to uint8 255", "result 255 (uint8)"]
        cells = page.locator("#products td").all_inner_texts()
        assert cells == ["0", "0", "−256", "24", "864", "−216", "213", "452", "−504"]
        assert page.inner_text("#command") == f'imgconv filter "{KERNEL}" in.npy -o out.png'


def test_arrow_keys_move_the_window(lesson: Open) -> None:
    with lesson(np.arange(30, dtype="uint8").reshape(5, 6), "filter", "vertical", "--border", "zero") as page:
        page.focus("#before .frame")
        for key in ("ArrowDown", "ArrowRight", "ArrowRight", "ArrowUp"):
            page.keyboard.press(key)
        assert at(page) == ("2", "5")
        assert page.inner_text("#remark").endswith("VVV|abcd|VVV")
        assert page.locator("#window td.beyond").all_inner_texts() == ["[0]"] * 3
        page.keyboard.press("ArrowRight")
        assert at(page) == ("2", "5")
        page.keyboard.press("Home")
        assert at(page) == ("2", "0")
        page.keyboard.press("Shift+ArrowDown")
        assert at(page) == ("4", "0")
        assert page.inner_text("#said") == "Row 4, column 0: sum 44, result 44 (uint8)."


def test_the_window_follows_pointer_and_finger(lesson: Open) -> None:
    with lesson(np.zeros((10, 10), "uint8"), "filter", "vertical", "--pad", "0", touch=True) as page:
        box = page.locator("#after .frame").bounding_box()
        place = box["x"] + box["width"] * 0.9, box["y"] + box["height"] * 0.05
        page.mouse.move(*place)
        assert at(page) == ("0", "7")
        page.mouse.click(*place)
        page.mouse.move(box["x"] + 2, box["y"] + 2)
        assert at(page) == ("0", "7"), "a click holds it"
        page.touchscreen.tap(box["x"] + 2, box["y"] + box["height"] - 2)
        assert at(page) == ("7", "0")


def test_cells_presets_and_settings_change_the_result(lesson: Open) -> None:
    with lesson(TEXTBOOK, "filter", KERNEL, width=700) as page:
        page.get_by_label("Weight in row 2, column 2", exact=True).fill("1/2")
        assert lines(page)[0] == "sum −191"
        page.get_by_label("Weight in row 2, column 2", exact=True).fill("x")
        assert "numbers" in page.inner_text("#problem")
        assert page.locator("#kernel [aria-invalid=true]").count() == 1
        page.select_option("#preset", "box:3")
        assert page.locator("#problem").is_hidden()
        assert lines(page) == ["sum 1112", "/ divisor 9 123.5555556", "rounded 124", "result 124 (uint8)"]
        assert page.inner_text("#command") == "imgconv filter box:3 in.npy -o out.png"
        page.select_option("#pad", "valid")
        assert "⌊(3 + 0 + 0 − 3) / 1⌋ + 1 = 1" in page.inner_text("#size")
        page.fill("#rows", "2")
        page.fill("#divisor", "auto")
        assert lines(page)[1] == "/ divisor 6 96"
        page.select_option("#dilation", "2")
        assert "does not fit" in page.inner_text("#problem")
        page.get_by_role("button", name="As at the start").click()
        assert page.locator("#problem").is_hidden()
        page.fill("#row", "1")
        page.fill("#column", "1")
        assert lines(page)[0] == "sum 577"
        page.get_by_role("button", name="Turn by 180").click()
        assert page.get_by_label("Weight in row 1, column 1", exact=True).input_value() == "−3"


def test_presets_are_the_named_kernels_by_family(lesson: Open) -> None:
    with lesson(TEXTBOOK, "filter", "gaussian:3") as page:
        labels = [one.get_attribute("label") for one in page.locator("#preset optgroup").all()]
        assert labels == [*(family for family in MODULES if family in labels), "Of the command"]
        assert len(labels) >= 6
        assert page.input_value("#preset") == "gaussian:3"
        page.select_option("#preset", "sobel-y")
        weights = [page.locator("#kernel input").nth(cell).input_value() for cell in range(9)]
        assert weights == ["−1", "−2", "−1", "0", "0", "0", "1", "2", "1"]
        page.select_option("#preset", "gaussian:3")
        assert (page.input_value("#rows"), page.input_value("#columns")) == ("25", "25")


def test_places_that_are_not_there_become_the_nearest(lesson: Open) -> None:
    with lesson(TEXTBOOK, "filter", KERNEL) as page:
        for typed, place in (("99", "2"), ("-4", "0"), ("1.6", "1"), ("", "0")):
            page.fill("#row", typed)
            page.press("#row", "Tab")
            assert at(page) == (place, "1")
            assert page.inner_text("#arithmetic-title") == f"The filter at row {place}, column 1"


def test_pooling_stands_behind_the_filter(lesson: Open) -> None:
    with lesson(TEXTBOOK, "filter", "1") as page:
        page.select_option("#pool-kind", "max")
        assert page.inner_text("#behind figcaption") == "Pooled 1 × 1"
        page.focus("#behind .frame")
        assert page.inner_text("#arithmetic-title") == "Pooling at row 0, column 0"
        assert page.locator("#window td.winner").inner_text() == "192"
        assert lines(page) == ["max of 4 cells 192", "result 192 (uint8)"]
        assert page.inner_text("#command") == "imgconv run \"filter '1' | pool size=2\" in.npy -o out.png"
        page.focus("#after .frame")
        assert lines(page)[-1] == "handed on unrounded 0"


def test_play_fills_the_result(lesson: Open) -> None:
    with lesson(TEXTBOOK, "filter", KERNEL, "--at", "2,1") as page:
        page.clock.install(time=0)
        page.clock.pause_at(1000)
        page.select_option("#speed", "slow")
        page.click("#play")
        assert page.get_attribute("#play", "aria-pressed") == "true"
        page.clock.run_for(4 * 350)
        assert [text for text in page.locator("#products td").all_inner_texts() if text] == ["−48", "0", "−288", "71"]
        assert lines(page) == ["sum so far −265"]
        assert page.evaluate("lesson.shown") == 7
        page.clock.run_for(60_000)
        assert page.inner_text("#play") == "Play"
        assert at(page) == ("2", "2")
        assert page.evaluate("lesson.shown === Infinity")


@pytest.mark.parametrize("width", [320, 390])
def test_a_phone_needs_no_scrolling_aside(width: int, lesson: Open) -> None:
    with lesson(np.zeros((20, 30, 3), "uint16"), "filter", "gaussian:1", width=width) as page:
        page.select_option("#pool-kind", "avg")
        assert page.evaluate("document.documentElement.scrollWidth") == width


def test_everything_has_a_name_and_can_be_reached(lesson: Open) -> None:
    with lesson(np.zeros((4, 5, 3), "uint8"), "filter", "vertical") as page:
        controls = page.locator("input, select, button, [tabindex='0']")
        reached = set()
        for _ in range(controls.count() + 2):
            page.keyboard.press("Tab")
            reached.add(page.evaluate("document.activeElement.id || document.activeElement.outerHTML.slice(0, 80)"))
        enabled = page.locator("input:enabled, select:enabled, button:enabled, [tabindex='0']")
        seen = [one for one in enabled.all() if one.is_visible()]
        assert len(reached - {""}) >= len(seen) - 9 + 1, "the cells of the kernel look alike"
        tree = page.locator("body").aria_snapshot()
        assert not re.search(r"- (textbox|combobox|button|checkbox|spinbutton)(:|$)", tree, re.M), tree
        assert '"Before, 4 rows, 5 columns"' in tree


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_letters_stand_out_on_screen_and_paper(scheme: str, lesson: Open) -> None:
    colours = "(() => { const at = getComputedStyle(document.body); return [at.color, at.backgroundColor]; })()"
    with lesson(np.zeros((4, 5), "uint8"), "filter", "vertical", scheme=scheme) as page:
        ink, paper = page.evaluate(colours)
        levels = [sum(map(int, re.findall(r"\d+", colour)[:3])) for colour in (ink, paper)]
        assert (levels[0] > levels[1]) == (scheme == "dark")
        assert abs(levels[0] - levels[1]) > 500
        page.emulate_media(media="print")
        assert page.evaluate(colours) == ["rgb(0, 0, 0)", "rgb(255, 255, 255)"]
        assert page.locator("#play").is_hidden()
        assert page.pdf().startswith(b"%PDF")

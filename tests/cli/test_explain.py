"""`imgconv explain`: what it prints, in each form."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from imgconv import errors
from imgconv.cli.main import group
from imgconv.cli.terminal import colour_shown, true_colour_shown
from tests.command import imgconv, on_terminal
from tests.strategies import plain_python

TEXTBOOK = np.array([[0, 64, 128], [48, 192, 144], [142, 226, 168]], "uint8")
KERNEL = "-1 0 -2; 0.5 4.5 -1.5; 1.5 2 -3"


@pytest.fixture
def window(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    np.save("window.npy", TEXTBOOK)
    return "window.npy"


def explain(*words: str) -> Any:
    """What the command says, in this process."""
    with plain_python():
        return CliRunner().invoke(group(), ["explain", *words], prog_name="imgconv")


def test_a_filter_as_textbooks_print_it(window: str) -> None:
    said = explain("filter", KERNEL, window, "--at", "1,1").stdout
    assert said.splitlines()[1:] == [
        "",
        "rows 0…2, columns 0…2   kernel           products",
        "  0   64  128            -1    0    -2     0    0  -256",
        " 48  192  144           0.5  4.5  -1.5    24  864  -216",
        "142  226  168           1.5    2    -3   213  452  -504",
        "",
        "sum               577",
        "clamped to uint8  255",
        "result            255  (uint8)",
    ]


def test_each_step_to_the_result_has_its_line(window: str) -> None:
    words = ("filter", KERNEL, window, "--at", "0,0", "--border", "reflect", "--divisor", "2", "--bias", "0.25")
    lines = explain(*words, "--range", "shift").stdout.splitlines()
    assert lines[3].split()[:3] == ["[0]", "[0]", "[64]"]
    assert [line.split()[0] for line in lines[7:]] == ["sum", "/", "+", "range", "rounded", "clamped", "result", "["]
    assert lines[-1] == "[ ] lies beyond the edge, where border reflect puts these values: cba|abcd|dcb"


def test_pooling_marks_the_winner_and_divides_the_sum(window: str) -> None:
    lines = explain("pool", "3", "--stride", "1", "--pad", "1", window, "--at", "0,2").stdout.splitlines()
    assert lines[3:6] == ["   -    -  -", "  64  128  -", "*192  144  -"]
    assert lines[7] == "max     192  (* at row 1, column 1)"
    lines = explain("pool", "avg", "2", window, "--at", "0,0").stdout.splitlines()
    assert lines[6:8] == ["sum        304", "/ 4 cells  76"]


def test_several_kernels_and_channels(window: str) -> None:
    np.save("colour.npy", np.stack([TEXTBOOK, TEXTBOOK // 2, TEXTBOOK // 3], axis=2))
    said = explain("filter", "sobel-x", "--with", "sobel-y", "colour.npy", "--at", "1,1", "--dtype", "int32").stdout
    assert [line for line in said.splitlines() if line.startswith("channel")] == [
        f"channel {name}, kernel {number} of 2:" for name in ("red", "green", "blue") for number in (1, 2)
    ]
    assert said.count("\nl2 ") == said.count("\nresult ") == 3


def test_alpha_has_a_table_and_divides(window: str) -> None:
    alpha = np.uint8([[255, 0, 255], [0, 51, 0], [0, 0, 0]])
    Image.fromarray(np.stack([TEXTBOOK, alpha], axis=2)).save("clear.png")
    lines = explain("filter", "box:3", "clear.png", "--at", "1,1").stdout.splitlines()
    assert lines[2].split()[-4:] == ["alpha", "kernel", "times", "alpha"]
    assert lines[3].split()[3:6] == ["1", "0", "1"]
    labels = [line.split("  ")[0] for line in lines[7:]]
    assert labels == ["sum", "sum of weights times alpha", "sum / that", "rounded", "result"]
    lines = explain("filter", "1,0,0", "--pad", "valid", "clear.png", "--at", "2,0").stdout.splitlines()
    assert "nothing visible: the colour under the centre  226" in lines


def test_json_has_every_number(window: str) -> None:
    found = json.loads(explain("filter", KERNEL, window, "--at", "1,1", "--json").stdout)
    [channel] = found["channels"]
    [part] = channel["parts"]
    assert [[cell["value"] for cell in row] for row in part["cells"]] == TEXTBOOK.tolist()
    assert part["products"] == [[0, 0, -256], [24, 864, -216], [213, 452, -504]]
    assert (part["sum"], channel["clamped"], channel["result"], found["dtype"]) == (577, 255, 255, "uint8")
    large = explain("filter", "box:35", window, "--at", "1,1")
    assert "larger than 33x33" in large.stdout
    [part] = json.loads(explain("filter", "box:35", window, "--at", "1,1", "--json").stdout)["channels"][0]["parts"]
    assert len(part["cells"]) == 35


def test_markdown_is_a_table_for_each_matrix(window: str) -> None:
    said = explain("filter", KERNEL, window, "--at", "1,1", "--markdown").stdout
    assert "| 0.5 | 4.5 | -1.5 |" in said
    assert "| result | 255  (uint8) |" in said
    lines = [line for line in said.splitlines() if line.startswith("|")]
    assert {line.count("|") for line in lines} == {4, 3}


def test_a_pipeline_is_walked_back_to_its_receptive_field(window: str) -> None:
    np.save("large.npy", np.arange(144, dtype="uint8").reshape(12, 12))
    steps = "filter vertical border=zero | relu | maxpool 2"
    lines = explain("run", steps, "large.npy", "--at", "0,1").stdout.splitlines()
    assert lines[0] == f"large.npy: {steps}, row 0, column 1 of a result of 6x6"
    assert "step 2, relu, reads what step 1 gives:" in lines
    at = lines.index("step 1, filter vertical border=zero, reads the image:")
    assert lines[at + 1] == "rows 0…2, columns 1…4"
    assert lines[at + 2].split() == ["1", "2", "3", "4"]
    assert "and the constant of its border" in lines
    assert lines[-12:-8] == [".####......."] * 3 + ["............"]
    found = json.loads(explain("run", steps, "large.npy", "--at", "0,1", "--json").stdout)
    assert [patch["rows"] for patch in found["patches"]] == [[0, 1], [0, 1], [0, 1, 2]]
    assert found["patches"][2]["values"][0][0] == [1, 2, 3, 4]
    assert "```text\n.####" in explain("run", steps, "large.npy", "--at", "0,1", "--markdown").stdout


def test_a_field_without_pixels_and_a_large_one(window: str) -> None:
    said = explain("run", "filter box:1 pad=3 border=zero | relu", window, "--at", "0,0").stdout
    assert said.splitlines()[-1] == "and the constant of its border alone"
    np.save("large.npy", np.zeros((90, 90), "uint8"))
    said = explain("run", "filter box:1 | globalavgpool", "large.npy", "--at", "0,0").stdout
    assert "rows 0…89, columns 0…89: larger than 33x33, so without its values" in said
    assert said.splitlines()[-1] == "#" * 32


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("filter", "vertical", "window.npy"), "which pixel"),
        (("filter", "vertical", "window.npy", "--at", "9,9"), "no pixel 9,9 in an output of 3x3"),
        (("filter", "vertical", "window.npy", "--at", "1"), "R,C"),
        (("filter", "vertical", "a.npy", "b.npy", "--at", "1,1"), "one image, not 2"),
        (("filter", "vertical", "window.npy", "--at", "1,1", "--json", "--markdown"), "two forms"),
        (("run", "filter vertical | edges canny", "window.npy", "--at", "0,0"), "canny is not explained"),
        (("run", "net.safetensors", "window.npy", "--at", "0,0"), "name a class"),
        (("run",), "which pipeline"),
        (("filter", "vertical", "window.npy", "--at", "1,1", "-o", "-", "--json"), "standard output"),
        (("edges", "canny", "window.npy"), "command of 'imgconv explain'"),
        (("pool", "max", "2", "window.npy", "--at", "0,0", "--size", "3"), "size is given twice"),
    ],
)
def test_errors_say_what_to_write(window: str, words: tuple[str, ...], sentence: str) -> None:
    error = explain(*words).exception
    assert isinstance(error, errors.UsageError)
    assert sentence in str(error)


def test_the_pixel_is_the_one_that_the_command_writes(tmp_path: Path) -> None:
    np.save(tmp_path / "window.npy", TEXTBOOK)
    words = ("gaussian:0.8", "--stride", "2", "--range", "stretch")
    written = imgconv("filter", *words, "window.npy", "-o", "out.npy", cwd=tmp_path)
    assert written.code == 0
    stdin = (tmp_path / "window.npy").read_bytes()
    said = imgconv("explain", "filter", *words, "--at", "1,0", "--json", cwd=tmp_path, stdin=stdin)
    assert json.loads(said.out)["channels"][0]["result"] == np.load(tmp_path / "out.npy")[1, 0]
    assert (said.code, said.err) == (0, "")


def test_light_stands_beside_the_pixels(window: str) -> None:
    lines = explain("filter", "box:3", window, "--at", "1,1", "--linear", "--json").stdout
    [channel] = json.loads(lines)["channels"]
    cell = channel["parts"][0]["cells"][1][1]
    assert (cell["pixel"], round(cell["value"], 2)) == (192, 134.41)
    assert channel["result"] == round(channel["encoded"])
    said = explain("filter", "box:3", window, "--at", "1,1", "--linear").stdout.splitlines()
    assert said[2].split()[4:8] == ["as", "light", "kernel", "products"]
    assert "encoded      144." in "\n".join(said)


def test_cells_are_swatches_on_a_terminal_of_true_colour(window: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "CLICOLOR", "CLICOLOR_FORCE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLORTERM", "truecolor")
    monkeypatch.setenv("TERM", "xterm-256color")
    screen = on_terminal("explain", "filter", "vertical", window, "--at", "1,1", cwd=Path.cwd()).screen.decode()
    assert "\x1b[48;2;192;192;192;38;2;30;33;40m 192 \x1b[0m" in screen
    assert "\x1b[48;2;0;0;0;38;2;255;255;255m   0 \x1b[0m" in screen
    assert "\x1b[48;2;178;24;43;" in screen  # the greatest product


@pytest.mark.parametrize(
    ("terminal", "names", "colours"),
    [
        (True, {"COLORTERM": "truecolor"}, 24),
        (True, {"TERM": "xterm-direct"}, 24),
        (True, {}, 4),
        (True, {"COLORTERM": "truecolor", "NO_COLOR": "1"}, 0),
        (True, {"COLORTERM": "truecolor", "TERM": "dumb"}, 0),
        (True, {"COLORTERM": "truecolor", "CLICOLOR": "0"}, 0),
        (False, {"COLORTERM": "truecolor"}, 0),
        (False, {"COLORTERM": "truecolor", "CLICOLOR_FORCE": "1"}, 24),
        (False, {"FORCE_COLOR": "3"}, 24),
        (False, {"FORCE_COLOR": "1"}, 4),
        (True, {"FORCE_COLOR": "0"}, 0),
        (False, {"FORCE_COLOR": "3", "NO_COLOR": "1"}, 0),
    ],
)
def test_the_environment_says_which_colours(
    monkeypatch: pytest.MonkeyPatch, terminal: bool, names: dict[str, str], colours: int
) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "COLORTERM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    for name, value in names.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("sys.stdout.isatty", lambda: terminal, raising=False)
    assert (24 if true_colour_shown() else 4 if colour_shown() else 0) == colours


def test_another_tools_way_is_explained(window: str) -> None:
    words = (KERNEL, window, "--at", "1,1", "--divisor", "2", "--dtype", "int16", "--like", "opencv")
    lines = explain("filter", *words).stdout.splitlines()
    assert [line.split("  ") for line in lines if line.startswith("rounded")] == [["rounded half to even", "288"]]
    found = json.loads(explain("filter", *words, "--rounding", "half-up", "--json").stdout)
    assert (found["rounding"], found["channels"][0]["result"]) == ("half-up", 289)


def test_alpha_divides_averages_and_hides_pixels_from_pools(window: str) -> None:
    alpha = np.uint8([[255, 0, 255], [0, 51, 0], [0, 0, 0]])
    Image.fromarray(np.stack([TEXTBOOK, alpha], axis=2)).save("clear.png")
    lines = explain("pool", "avg", "2", "--stride", "1", "clear.png", "--at", "0,0").stdout.splitlines()
    assert lines[2].split()[-3:] == ["alpha", "times", "alpha"]
    assert [line.split("  ")[0] for line in lines[6:]] == ["sum", "/ sum of alpha, 1.2", "result"]
    lines = explain("pool", "max", "2", "--stride", "1", "clear.png", "--at", "1,0").stdout.splitlines()
    assert "(* at row 1, column 1)" in lines[6]
    assert "- lies beyond the edge" in explain("pool", "max", "2", "clear.png", "--at", "0,0", "--pad", "1").stdout

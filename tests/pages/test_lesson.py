"""The page of one step as a file: what is in it, and what the command says of it."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shlex
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

import imgconv
from imgconv import errors
from imgconv.cli.main import group
from imgconv.cli.messages import Finished
from imgconv.operations.activate import FUNCTIONS
from imgconv.operations.pool import REDUCTIONS
from imgconv.pages import lesson, walk
from imgconv.pages.assembly import Plan, page, script_of
from imgconv.pages.picture import LONGEST_SIDE, MOST_BYTES
from imgconv.values.borders import RULES
from imgconv.values.parameters import DTYPES, ROUNDING
from tests.strategies import plain_python

EMPTY = {"meta", "link", "input", "img", "br", "hr"}


class Reader(HTMLParser):
    """Elements that are still open, ids, and the texts of scripts and styles."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.labelled: list[str] = []
        self.texts: dict[str, str] = {}
        self.policy = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        assert "style" not in found, "the policy forbids it"
        assert not any(name.startswith("on") for name in found), "the policy forbids it"
        assert not {"src", "href"} & found.keys(), "a page loads nothing"
        self.ids += [found["id"] or ""] if "id" in found else []
        self.labelled += (found.get("aria-labelledby") or "").split()
        if found.get("http-equiv") == "Content-Security-Policy":
            self.policy = found["content"] or ""
        if tag not in EMPTY:
            self.open.append("data" if found.get("id") == "data" else tag)

    def handle_endtag(self, tag: str) -> None:
        last = self.open.pop()
        assert tag == ("script" if last == "data" else last)

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] in ("script", "style", "data"):
            self.texts[self.open[-1]] = self.texts.get(self.open[-1], "") + data


def read(path: Path) -> tuple[Reader, Any]:
    """A page's reader and the data that it carries."""
    reader = Reader()
    reader.feed(path.read_text(encoding="utf-8"))
    reader.close()
    assert not reader.open
    return reader, json.loads(reader.texts["data"])


def write(*words: str, input: bytes | None = None) -> Any:
    """`imgconv explain`, in this process."""
    with plain_python():
        return CliRunner().invoke(group(), ["explain", *words], prog_name="imgconv", input=input)


def ended_well(result: Any) -> bool:
    return isinstance(result.exception, Finished) and result.exception.exit_code == 0


def pixels_of(image: dict[str, Any]) -> Any:
    data = np.frombuffer(base64.b64decode(image["data"]), np.dtype(image["type"]).newbyteorder("<"))
    return data.reshape(image["height"], image["width"], -1)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_page_is_one_file_that_loads_nothing(folder: Path) -> None:
    pixels = np.arange(3 * 5 * 3, dtype="uint8").reshape(5, 3, 3)
    Image.fromarray(pixels).save("in.png")
    said = write("filter", "sobel-x", "in.png", "--html", "page.html")
    assert ended_well(said)
    assert said.stderr == "imgconv: page.html: a page for a browser\n"
    reader, data = read(folder / "page.html")
    assert len(reader.ids) == len(set(reader.ids))
    assert set(reader.labelled) <= set(reader.ids)
    for what in ("script", "style"):
        digest = base64.b64encode(hashlib.sha256(reader.texts[what].encode()).digest()).decode()
        assert f"{what}-src 'sha256-{digest}'" in reader.policy
    assert reader.policy.startswith("default-src 'none'; ")
    np.testing.assert_array_equal(pixels_of(data["image"]), pixels)
    assert data["image"]["names"] == ["red", "green", "blue"]
    assert data["settings"]["kernel"]["rows"] == [["-1", "0", "1"], ["-2", "0", "2"], ["-1", "0", "1"]]
    assert data["at"] == [2, 1]


def test_every_file_of_scripts_and_styles_is_used_and_every_id_that_scripts_ask_for_is_there() -> None:
    plans = [lesson.PLAN, walk.PLAN]
    used = {"page.html", *(name for plan in plans for name in (plan.body, *plan.styles, *plan.scripts))}
    parts = Path(lesson.__file__).parent / "parts"
    assert used == {one.name for one in parts.iterdir()}
    for plan in plans:
        asked = {
            name for script in plan.scripts for name in re.findall(r'byId\("([\w-]+)"\)', (parts / script).read_text())
        }
        assert asked - {"data"} <= set(re.findall(r'id="([\w-]+)"', (parts / plan.body).read_text()))


@pytest.mark.parametrize("text", ["</script><b>", "{{style}}", "<!--", "a & b"])
def test_what_a_file_is_called_stays_text(text: str, folder: Path) -> None:
    plan = Plan("lesson.html", ("page.css",), ("numbers.js",))
    Path("page.html").write_bytes(page(plan, text, text, {"name": text}))
    _, data = read(folder / "page.html")
    assert data == {"name": text}


def test_large_pictures_are_reduced_and_it_is_said(folder: Path) -> None:
    pixels = np.random.default_rng(3).integers(0, 256, (180, 250, 3), "uint8")
    Image.fromarray(pixels).save("in.png")
    said = write("filter", "vertical", "in.png", "--html", "page.html")
    words = "reduced from 180 rows x 250 columns by averages of 2x2, as imgconv pool avg 2 does"
    assert said.stderr == f"imgconv: page.html: a page for a browser; {words}\n"
    text = Path("page.html").read_text()
    assert words in text
    _, data = read(folder / "page.html")
    with plain_python():
        np.testing.assert_array_equal(pixels_of(data["image"]), imgconv.pool(pixels, "avg", size=2))


def test_a_page_is_a_few_hundred_kilobytes_at_most(folder: Path) -> None:
    np.save("in.npy", np.random.default_rng(3).normal(size=(192, 192, 3)))
    write("filter", "gaussian:4", "in.npy", "--at", "90,90", "--html", "page.html")
    assert Path("page.html").stat().st_size < 400 * 1024


def test_at_shows_a_piece_of_a_large_picture_as_it_is(folder: Path) -> None:
    pixels = np.random.default_rng(4).integers(0, 65536, (401, 600), "uint16")
    np.save("in.npy", pixels)
    words = ("filter", "vertical", "in.npy", "--stride", "3", "--pad", "1", "--at", "100,120")
    assert ended_well(write(*words, "--html", "page.html"))
    _, data = read(folder / "page.html")
    piece = pixels_of(data["image"])[..., 0]
    assert max(piece.shape) <= LONGEST_SIDE
    assert piece.nbytes <= MOST_BYTES
    row, column = data["at"]
    whole = imgconv.correlate(pixels, "vertical", stride=3, pad=1)
    assert imgconv.correlate(piece, "vertical", stride=3, pad=1)[row, column] == whole[100, 120]


@pytest.mark.parametrize("shape", [(1, 70_000), (1000, 2)])
def test_narrow_pictures_show_a_piece(shape: tuple[int, int], folder: Path) -> None:
    np.save("in.npy", np.zeros(shape, "float64"))
    assert ended_well(write("filter", "vertical", "in.npy", "--html", "page.html"))
    _, data = read(folder / "page.html")
    assert pixels_of(data["image"]).nbytes <= MOST_BYTES


def test_options_become_settings(folder: Path) -> None:
    np.save("in.npy", np.zeros((9, 8), "int16"))
    words = [
        "--stride",
        "1x2",
        "--pad",
        "1,0,2,3",
        "--dilation",
        "2",
        "--border",
        "constant:-3",
        "--divisor",
        "4",
        "--bias",
        "0.5",
        "--range",
        "abs",
    ]
    assert ended_well(write("filter", "1 2;3 1/3", "in.npy", *words, "--html", "page.html"))
    settings = read(folder / "page.html")[1]["settings"]
    assert settings == {
        "kernel": {"name": "", "rows": [["1", "2"], ["3", "1/3"]], "divisor": "4", "bias": "0.5", "anchor": None},
        "border": "constant",
        "constant": "-3",
        "stride": "1x2",
        "dilation": "2",
        "pad": "1,0,2,3",
        "activation": "none",
        "pool": None,
        "range": "abs",
        "rounding": "half-up",
    }
    assert ended_well(write("pool", "avg", "3", "in.npy", "--ceil", "--html", "page.html"))
    settings = read(folder / "page.html")[1]["settings"]
    assert settings["kernel"] is None
    assert settings["pool"] == {
        "kind": "avg",
        "size": "3",
        "stride": "",
        "dilation": "1",
        "pad": "valid",
        "ceil": True,
        "countPadding": False,
    }


def test_partly_transparent_pictures_lie_over_white(folder: Path) -> None:
    Image.new("RGBA", (4, 4), (0, 0, 0, 128)).save("in.png")
    assert ended_well(write("filter", "vertical", "in.png", "--html", "page.html"))
    assert "laid over white" in Path("page.html").read_text()
    assert pixels_of(read(folder / "page.html")[1]["image"]).max() == 127
    assert ended_well(write("filter", "vertical", "in.png", "--alpha", "keep", "--html", "page.html"))
    assert pixels_of(read(folder / "page.html")[1]["image"]).max() == 0
    assert ended_well(write("filter", "vertical", "in.png", "--channels", "alpha", "--html", "page.html"))
    image = read(folder / "page.html")[1]["image"]
    assert (image["names"], pixels_of(image).max()) == (["alpha"], 128)


@pytest.mark.parametrize(
    ("pixels", "words", "image", "options", "output"),
    [
        ("uint8", ("in.npy",), "in.npy", "", "out.png"),
        ("float32", ("in.npy",), "in.npy", "", "out.npy"),
        ("uint8", ("in.npy", "--dtype", "int16", "--no-orient"), "in.npy", "--no-orient --dtype int16", "out.npy"),
        ("uint8", ("my in.npy", "--frame", "0"), "'my in.npy'", "--frames 0", "out.png"),
        ("uint8", ("text:1 2;3 4",), "'text:1 2;3 4'", "", "out.csv"),
        ("uint8", ("-",), "-", "", "out.png"),
        ("rgba", ("in.png",), "in.png", "--flatten white", "out.png"),
        ("rgba", ("in.png", "--dtype", "int16"), "in.png", "--flatten white --dtype int16", "out.tiff"),
        ("rgba", ("in.png", "--gray", "--flatten", "#102030"), "in.png", "--gray --flatten '#102030'", "out.png"),
        ("rgba", ("in.png", "--channels", "r,g", "--alpha", "keep"), "in.png", "--channels r,g --alpha keep", None),
    ],
)
def test_the_command_gives_what_the_page_shows(
    pixels: str, words: tuple[str, ...], image: str, options: str, output: str | None, folder: Path
) -> None:
    if pixels == "rgba":
        Image.new("RGBA", (4, 4), (9, 0, 0, 128)).save("in.png")
    else:
        for name in ("in.npy", "my in.npy"):
            np.save(name, np.zeros((3, 3), pixels))
    given = Path("in.npy").read_bytes() if words == ("-",) else b""
    assert ended_well(write("filter", "vertical", *words, "--html", "page.html", input=given))
    command = read(folder / "page.html")[1]["command"]
    assert (command["image"], command["options"]) == (image, options)
    typed = ["filter", "vertical", *shlex.split(options), *shlex.split(image), "-o", command["output"]]
    with plain_python():
        assert ended_well(CliRunner().invoke(group(), typed, input=given))
    assert output in (None, command["output"])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--html", "page.html", "--json"), "--html is a form of its own"),
        (("--html", "page.html", "--linear"), "leave out --linear"),
        (("--html", "in.npy"), "is also an input"),
        (("--html", "page.png"), "page.png: --html writes a page; name it page.html"),
        (("--html", "page.html", "--at", "9,9"), "there is no pixel 9,9"),
    ],
)
def test_what_a_page_cannot_be_is_refused(words: tuple[str, ...], said: str, folder: Path) -> None:
    np.save("in.npy", np.zeros((3, 3), "uint8"))
    error = write("filter", "vertical", "in.npy", *words).exception
    assert isinstance(error, errors.UsageError)
    assert said in str(error)
    assert not Path("page.html").exists()


def test_a_page_goes_to_standard_output(folder: Path) -> None:
    np.save("in.npy", np.zeros((3, 3), "uint8"))
    result = write("filter", "vertical", "--html", "-", input=Path("in.npy").read_bytes())
    assert result.stdout.startswith("<!DOCTYPE html>")
    assert result.stderr == "imgconv: standard output: a page for a browser\n"


@pytest.mark.skipif(shutil.which("node") is None, reason="needs node")
@pytest.mark.parametrize("plan", [lesson.PLAN, walk.PLAN], ids=["lesson", "walk"])
def test_scripts_are_well_formed_together(plan: Plan, tmp_path: Path) -> None:
    (tmp_path / "page.js").write_text(script_of(plan), encoding="utf-8")
    done = subprocess.run(["node", "--check", "page.js"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_scripts_know_every_border_reduction_and_type() -> None:
    parts = Path(lesson.__file__).parent / "parts"
    geometry, arithmetic = ((parts / name).read_text() for name in ("geometry.js", "arithmetic.js"))
    assert keys("EDGES", geometry) == [*RULES]
    assert {*keys("REDUCTIONS", arithmetic)} == {*REDUCTIONS}
    assert sorted(keys("ACTIVATIONS", arithmetic)) == sorted(name for name, row in FUNCTIONS.items() if not row.numbers)
    assert keys("LIMITS", arithmetic) == [*DTYPES]
    assert keys("ROUNDINGS", arithmetic) == [*ROUNDING.choices]


def keys(table: str, script: str) -> list[str]:
    """The keys of a table of a script, one in a line."""
    return re.findall(r'^  "?([\w-]+)"?:', script.split(f"const {table} = {{")[1].split("\n};", maxsplit=1)[0], re.M)

"""`imgconv.batch`, and what a run over many images says."""

from __future__ import annotations

import io
import json
import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import imgconv
from imgconv import errors
from imgconv.batches.options import KINDS, settings_of
from imgconv.batches.run_report import FIELDS
from imgconv.batches.settings import Settings
from imgconv.cli.progress import Progress, duration
from imgconv.files.options import Reading, Writing
from imgconv.values.frozen import fields
from tests.command import called, noise, pixels_of, save


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("a.png", "b.png", "sub/c.png"):
        save(tmp_path / "in" / name, noise(6, 8))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_it_does_what_the_command_does_and_gives_its_records(here: Path) -> None:
    (here / "in" / "broken.png").write_bytes(b"no picture")
    heard: list[dict[str, Any]] = []
    words = ("filter", "sobel-x", "in", "-r", "--range", "abs", "-q", "--report", "report", "-o")
    assert called(*words, "expected", cwd=here).code == 1
    for executor in (None, ThreadPoolExecutor(2)):
        heard.clear()
        records = imgconv.batch(
            "filter sobel-x", Path("in"), "out", recursive=True, range="abs", executor=executor, overwrite=True,
            on_record=heard.append,
        )  # fmt: skip
        assert records == heard
        for record, line in zip(records, (here / "report").read_text().splitlines(), strict=True):
            told = json.loads(line)
            assert list(record) == list(FIELDS)
            assert {**record, "seconds": 0, "output": 0, "outputs": 0} == {
                **told, "seconds": 0, "output": 0, "outputs": 0, "plan": None
            }  # fmt: skip
        for path in (here / "expected").rglob("*.png"):
            assert np.array_equal(pixels_of(here / "out" / path.relative_to(here / "expected")), pixels_of(path))
        if executor is not None:
            executor.shutdown()


def test_a_copy_of_the_tree_elsewhere_is_named_as_it_is(here: Path) -> None:
    """Its paths hold the whole paths of the inputs, which are not to be shortened there."""
    (here / "in" / "b.png").write_bytes(b"no picture")
    copy = f"{here}/copy{here}/in/"
    with ThreadPoolExecutor(1) as executor:
        good, bad = imgconv.batch("maxpool 2", ["in/a.png", "in/b.png"], copy, executor=executor)
    assert (good["input"], good["outputs"]) == ("in/a.png", [f"{copy}a.png"])
    assert bad["error"].startswith("in/b.png: ")


@pytest.mark.skipif(os.name == "nt", reason="Windows says it in its own words")
def test_a_file_in_the_way_of_a_folder_is_named(here: Path) -> None:
    (record,) = imgconv.batch("maxpool 2", ["in/a.png"], "in/b.png/out/")
    assert record["error"] == "in/b.png/out: cannot be written (b.png is a file and no folder)"


def test_files_folders_templates_and_derived_names(here: Path) -> None:
    assert imgconv.batch("maxpool 2", ["in/a.png"])[0]["output"] == "in/a-maxpool-2x2.png"
    assert imgconv.batch("maxpool 2", "in/a.png", "one.png")[0]["output"] == "one.png"
    assert imgconv.batch("maxpool 2", ["in/a.png"], "x.d")[0]["output"] == "x.d/a.png"
    records = imgconv.batch("maxpool 2", ["in/*.png"], "t/{stem}-{op}{ext}", format="bmp", manifest="m")
    assert [record["output"] for record in records] == [
        "t/a-maxpool-2x2-maxpool-2x2.bmp",
        "t/a-maxpool-2x2.bmp",
        "t/b-maxpool-2x2.bmp",
    ]
    again = imgconv.batch("maxpool 2", ["in/*.png"], "t/{stem}-{op}{ext}", format="bmp", manifest="m")
    assert [record["skipped"] for record in again] == ["up to date"] * 3
    assert imgconv.batch("maxpool 2", ["in/a.png", "none.png"], "t/", fail_fast=True)[1]["exit_code"] == 1


class Client:
    """One of Dask's, whose futures are of another kind."""

    def get_executor(self) -> None: ...


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        (("blurr", "in/a.png"), {}, "blur"),
        (("maxpool 2", "in/a.png", "o/"), {"rnage": "abs"}, "did you mean range"),
        (("maxpool 2", "in/a.png", "o/"), {"dtype": "int7"}, "int7"),
        (("maxpool 2", "in/a.png", "o/"), {"jobs": 0}, "jobs"),
        (("maxpool 2", "in/a.png", "o/"), {"operation": "x"}, "unknown option"),
        (("maxpool 2", []), {}, "expected files"),
        (("maxpool 2", "-"), {}, "expected files"),
        (("maxpool 2", "in/a.png", "-"), {}, "expected a folder"),
        (("maxpool 2", ["in/a.png", "in/b.png"], "x.png"), {}, "names one PNG file"),
        (("maxpool 2", 7), {}, "7"),
        (("maxpool 2", "in/a.png", "o/"), {"executor": 3}, r"executor 3 is not a concurrent\.futures\.Executor$"),
        (("maxpool 2", "in/a.png", "o/"), {"executor": Client()}, r"Executor; pass client\.get_executor\(\)"),
    ],
)
def test_what_makes_no_sense_is_refused(here: Path, arguments: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(errors.UsageError, match=message):
        imgconv.batch(*arguments, **options)
    assert not (here / "o").exists()


def test_every_setting_can_be_stated() -> None:
    own = {"reading", "writing", "plans", "operation"}
    assert set(KINDS) == {one.name for kind in (Settings, Reading, Writing) for one in fields(kind)} - own
    stated = settings_of({"dtype": np.int16, "max_memory": "2G", "channels": "r", "frames": "0:2", "quality": None})
    assert (stated.dtype, stated.reading.max_memory, stated.reading.frames) == ("int16", 2 * 10**9, (0, 2))
    assert stated.channels == ("r",)


# ---------------------------------------------------------------- what is said


def test_failures_are_listed_together_and_summed_up(here: Path) -> None:
    for number in range(9):
        save(here / "in" / f"{number}.png", noise(4, 4))
    (here / "in" / "1.png").write_bytes(b"no picture")
    done = called("pool", "in", "-o", "out/", cwd=here)
    *_, first, last = done.err.splitlines()
    assert (first.startswith("imgconv: failed: in/1.png: "), last) == (True, "imgconv: 10 written, 1 failed")
    fast = called("pool", "in", "-o", "fast/", "--fail-fast", cwd=here)
    assert (fast.code, fast.err.splitlines()[-1]) == (1, "imgconv: 1 written, 1 failed, 9 not begun")
    assert called("pool", "in", "-o", "quiet/", "-q", cwd=here).err.count("\n") == 1


def test_progress_is_shown_on_a_terminal_only(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = io.StringIO()
    monkeypatch.setattr("sys.stderr", screen)
    silent = Progress(3)
    silent.add(failed=False)
    assert screen.getvalue() == ""
    monkeypatch.setattr(screen, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    shown = Progress(3000)
    shown._start -= 10
    shown.done = 1199
    shown.add(failed=True)
    assert screen.getvalue() == "\r\x1b[K1,200/3,000, 120 per second, 15 s left, 1 failed"
    shown.add(failed=False)  # too soon
    shown.clear()
    assert screen.getvalue().endswith("failed\r\x1b[K")
    monkeypatch.setattr("imgconv.cli.terminal.width", lambda: 20)
    shown._drawn = 0
    shown.draw()
    assert screen.getvalue().endswith("\r\x1b[K1,201/3,000, 120 pe")
    shown._start = time.monotonic()
    assert shown.text() == "1,201/3,000, 1 failed"
    assert not Progress(1).shown
    monkeypatch.setenv("TERM", "dumb")
    assert not Progress(3).shown


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.2, "0 s"), (59.6, "1 min 0 s"), (185, "3 min 5 s"), (7800, "2 h 10 min")]
)
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text

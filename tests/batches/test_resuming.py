"""Runs that go on where an earlier one ended: --skip-existing, --update with its manifest, and --dry-run."""

from __future__ import annotations

import json
import os
import shutil
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from imgconv.batches import stamps
from imgconv.batches.job import Job
from imgconv.batches.manifest import Manifest
from imgconv.batches.settings import Settings
from imgconv.operations.pipeline import Pipeline
from tests.command import Ended, called, noise, save, started

POOL = ("pool", "in", "-r", "-o", "out/")
UPDATE = (*POOL, "--update", "--manifest", "run.jsonl")


@pytest.fixture
def here(tmp_path: Path) -> Path:
    for name in ("a", "b", "sub/c", "d"):
        save(tmp_path / "in" / f"{name}.png", noise(6, 8))
    return tmp_path


def sums(done: Ended) -> str:
    """The last line of a run."""
    return done.err.splitlines()[-1].removeprefix("imgconv: ")


def records(here: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (here / "run.jsonl").read_text().splitlines()]


def aged(path: Path, seconds: int = 100) -> None:
    """Makes a file older, as if it had been there before the run."""
    before = path.stat().st_mtime_ns - seconds * 10**9
    os.utime(path, ns=(before, before))


# ---------------------------------------------------------------- --skip-existing


def test_what_exists_is_left_as_it_is(here: Path) -> None:
    assert sums(called(*POOL, cwd=here)) == "4 written"
    (here / "out" / "b.png").write_bytes(b"old")
    (here / "out" / "d.png").unlink()
    refused = called(*POOL, cwd=here)
    assert (refused.code, sums(refused)) == (1, "1 written, 3 failed")
    (here / "out" / "d.png").unlink()
    done = called(*POOL, "--skip-existing", "--report", "report", cwd=here)
    assert (done.code, done.err.count("\n"), sums(done)) == (0, 2, "1 written, 3 there already")
    assert (here / "out" / "b.png").read_bytes() == b"old"
    lines = [json.loads(line) for line in (here / "report").read_text().splitlines()]
    assert [line["skipped"] for line in lines] == ["there already", "there already", None, "there already"]
    assert (lines[0]["output"], lines[0]["error"]) == ("out/a.png", None)


def test_frames_in_files_of_their_own_have_to_be_there_all(tmp_path: Path) -> None:
    first, *rest = [Image.fromarray(np.full((4, 5), value, np.uint8)) for value in (1, 2, 3)]
    first.save(tmp_path / "a.tif", save_all=True, append_images=rest)
    words = ("pool", "a.tif", "--format", "jpg", "-o", "out/", "--skip-existing", "--report", "-")
    assert called(*words, cwd=tmp_path).code == 0
    done = called(*words, cwd=tmp_path)
    assert done.code == 0
    assert json.loads(done.out)["outputs"] == [f"out/a-{number:03}.jpg" for number in range(3)]
    (tmp_path / "out" / "a-001.jpg").unlink()
    assert "out/a-000.jpg: exists already" in called(*words, cwd=tmp_path).err


def test_one_image_that_is_left_out_is_counted_too(here: Path) -> None:
    words = ("pool", "in/a.png", "-o", "out/", "--update", "--manifest", "run.jsonl")
    assert called(*words, cwd=here).code == 0
    assert called(*words, cwd=here).err == "imgconv: 0 written, 1 up to date\n"


def test_auxiliary_outputs_have_to_be_there_too(here: Path) -> None:
    words = ("edges", "sobel", "in/a.png", "-o", "x.png", "--angle", "angle.png", "--skip-existing")
    assert called(*words, cwd=here).code == 0
    before = (here / "x.png").stat().st_mtime_ns
    assert called(*words, cwd=here).code == 0
    assert (here / "x.png").stat().st_mtime_ns == before
    (here / "angle.png").unlink()
    assert called(*words, cwd=here).code == 0
    assert (here / "angle.png").exists()


# ---------------------------------------------------------------- --update


def test_what_is_up_to_date_is_left_out(here: Path) -> None:
    done = called(*UPDATE, cwd=here)
    assert (done.code, sums(done), len(records(here))) == (0, "4 written", 4)
    again = called(*UPDATE, cwd=here)
    assert (again.code, again.err, len(records(here))) == (0, "imgconv: 0 written, 4 up to date\n", 4)
    save(here / "in" / "b.png", noise(7, 9))
    os.utime(here / "in" / "d.png")  # touched, with the same content
    save(here / "in" / "e.png", noise(4, 4))
    changed = called(*UPDATE, "--jobs", "2", cwd=here)
    assert (changed.code, sums(changed), len(records(here))) == (0, "2 written, 3 up to date", 6)
    assert sums(called(*UPDATE, cwd=here)) == "0 written, 5 up to date"


@pytest.mark.parametrize("change", [("--kind", "min"), ("--gray",), ("--size", "3"), ("--compress-level", "9")])
def test_other_options_are_another_operation(here: Path, change: tuple[str, ...]) -> None:
    assert called(*UPDATE, cwd=here).code == 0
    assert sums(called(*UPDATE, "--threads", "2", "--strict", cwd=here)) == "0 written, 4 up to date"
    done = called(*UPDATE, *change, cwd=here)  # our own outputs are replaced
    assert (done.code, sums(done)) == (0, "4 written")


def test_only_our_own_unchanged_outputs_are_replaced(here: Path) -> None:
    assert called(*UPDATE, cwd=here).code == 0
    (here / "out" / "b.png").write_bytes(b"somebody's")
    (here / "out" / "d.png").unlink()
    save(here / "in" / "a.png", noise(9, 9))
    done = called(*UPDATE, cwd=here)
    assert (done.code, sums(done)) == (1, "2 written, 1 failed, 1 up to date")
    assert "out/b.png: exists already" in done.err
    assert (here / "out" / "b.png").read_bytes() == b"somebody's"
    assert sums(called(*UPDATE, "--overwrite", cwd=here)) == "1 written, 3 up to date"


def test_outputs_moved_with_their_times_changed_are_still_ours(here: Path) -> None:
    assert called(*UPDATE, cwd=here).code == 0
    for path in (here / "out").rglob("*.png"):
        os.utime(path)
    assert sums(called(*UPDATE, cwd=here)) == "0 written, 4 up to date"


@pytest.mark.parametrize("kept", range(5))
def test_a_run_that_was_killed_is_taken_up(here: Path, kept: int) -> None:
    """Whatever outputs are in place, and wherever the manifest ends, also within a line."""
    assert called(*UPDATE, cwd=here).code == 0
    whole, lines = (here / "run.jsonl").read_bytes(), (here / "run.jsonl").read_bytes().splitlines(keepends=True)
    (here / "run.jsonl").write_bytes(b"".join(lines[:kept]) + [*lines, b""][kept][:-50])
    done = called(*UPDATE, cwd=here)
    assert (done.code, sums(done)) == (0, ", ".join([f"{4 - kept} written", *[f"{kept} up to date"] * (kept > 0)]))
    assert len(records(here)) == len(whole.splitlines())
    assert sums(called(*UPDATE, cwd=here)) == "0 written, 4 up to date"


def test_a_run_that_dies_between_output_and_record_is_taken_up(here: Path, monkeypatch: Any) -> None:
    def killed(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Manifest, "add", killed)
        assert called(*UPDATE, cwd=here).code == 130
    assert [path.name for path in (here / "out").iterdir()] == ["a.png"]
    before = (here / "out" / "a.png").stat().st_ino
    assert sums(called(*UPDATE, cwd=here)) == "4 written"
    assert (here / "out" / "a.png").stat().st_ino == before  # the same content: taken over, not replaced


def test_a_source_that_changes_at_once_is_seen_by_its_content(here: Path) -> None:
    """Its time may be what it was, if it changed within the clock's grain; of an older one time and size are enough."""
    aged(here / "in" / "a.png")
    assert called(*UPDATE, cwd=here).code == 0
    assert [record["stamp"]["time"] is None for record in records(here)] == [False, True, True, True]
    path = here / "in" / "b.png"
    before, size = path.stat().st_mtime_ns, path.stat().st_size
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    os.utime(path, ns=(before, before))
    assert path.stat().st_size == size
    assert sums(called(*UPDATE, "--dry-run", cwd=here)).endswith("3 up to date")


def test_manifests_that_are_none_or_in_use(here: Path) -> None:
    for content in (b"\x89PNG\r\n\x1a\n" + bytes(99), b"{}\n", b"[1]\n", b"text"):
        (here / "run.jsonl").write_bytes(content)
        done = called(*UPDATE, cwd=here)
        assert (done.code, "is not a manifest" in done.err) == (2, True)
        assert (here / "run.jsonl").read_bytes() == content
    (here / "run.jsonl").unlink()
    os.mkfifo(here / "run.jsonl")
    assert "no regular file" in called(*UPDATE, cwd=here).err
    (here / "run.jsonl").unlink()
    other = Manifest(str(here / "run.jsonl"), "x")
    assert "another run is using" in called(*UPDATE, cwd=here).err
    other.close()
    for words in (["--update"], ["--manifest", "m"], ["--skip-existing", "--overwrite"]):
        assert called(*POOL, *words, cwd=here).code == 2
    assert called(*POOL, "--update", "--manifest", "in/a.png", cwd=here).code == 2
    assert not (here / "out").exists()


def test_operations_differ_where_results_may() -> None:
    def operation(text: str = "filter vertical", **options: Any) -> str:
        return stamps.operation(Pipeline.parse(text), Settings(**options))

    texts = ("filter vertical", "filter horizontal", "filter vertical | relu", "filter vertical border=wrap")
    assert len({operation(text) for text in texts}) == len(texts)
    assert operation() == operation(threads=3, strict=True, plans=True)
    assert len({operation(), operation(dtype="int16"), operation(range="abs"), operation(gray=True)}) == 4


def test_a_change_that_its_time_does_not_show_is_seen(tmp_path: Path) -> None:
    """Between the reading of a file that had just been written, and the end of its job."""
    source = tmp_path / "in.png"
    source.write_bytes(b"one")
    job = Job(str(source), str(tmp_path / "out.png"), None)
    time_ = source.stat().st_mtime_ns
    begun = stamps.begun(job, "pool")
    source.write_bytes(b"two")
    os.utime(source, ns=(time_, time_))
    stamp = begun.stamp([])
    assert stamp is None or not stamps.is_unchanged(str(source), stamp)


# ---------------------------------------------------------------- --dry-run


def test_a_dry_run_says_what_would_be_done_and_does_nothing(here: Path) -> None:
    (here / "in" / "b.png").write_bytes(b"no picture")
    (here / "out").mkdir()
    shutil.copy(here / "in" / "d.png", here / "out" / "d.png")
    before = sorted(str(path) for path in here.rglob("*"))
    done = called(*POOL, "--dry-run", cwd=here)
    assert done.out.decode().splitlines() == [
        "in/a.png -> out/a.png: 4x3 gray",
        "in/sub/c.png -> out/sub/c.png: 4x3 gray",
    ]
    assert (done.code, sums(done)) == (1, "2 would be written, 2 would fail")
    assert called(*UPDATE, "--dry-run", "--skip-existing", cwd=here).err.endswith("1 would fail, 1 there already\n")
    assert sorted(str(path) for path in here.rglob("*")) == before
    assert called(*POOL, "--dry-run", "--report", "-", cwd=here).code == 2


@pytest.mark.slow
def test_runs_that_are_killed_again_and_again_come_to_the_same_end(tmp_path: Path) -> None:
    """By SIGKILL, at any moment, with two workers: no half file, and nothing is refused as somebody else's."""
    for number in range(60):
        save(tmp_path / "in" / f"{number}.png", noise(150, 200 + number, 3))
    words = (*UPDATE, "--jobs", "2")
    assert called("pool", "in", "-q", "-o", "expected/", cwd=tmp_path).code == 0
    for turn in range(12):
        process = started(*words, cwd=tmp_path)
        time.sleep(0.3 + 0.05 * turn)
        process.kill()
        process.wait()
        process.communicate()
        for path in (tmp_path / "out").rglob("*.png"):
            assert path.read_bytes() == (tmp_path / "expected" / path.name).read_bytes()
    time.sleep(1)  # workers notice that they are alone
    done = called(*words, cwd=tmp_path)
    assert done.code == 0, done.err
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(os.listdir(tmp_path / "expected"))
    assert sums(called(*words, cwd=tmp_path)) == "0 written, 60 up to date"

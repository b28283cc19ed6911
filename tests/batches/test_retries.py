"""Jobs that are run a second time, since the process of their first try died: what that wrote is the result."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any

import pytest
from PIL import Image as pillow

import imgconv
from tests.command import noise, save


class Twice(Executor):
    """Runs everything twice, as if the first process had died before it could answer."""

    def submit(self, function: Any, /, *arguments: Any, **named: Any) -> Future[Any]:
        future: Future[Any] = Future()
        function(*arguments)
        future.set_result(function(*arguments))
        return future


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    for name in ("a.png", "b.png"):
        save(tmp_path / "in" / name, noise(9, 8))
    save(tmp_path / "in" / "c.jpg", noise(9, 8))
    (tmp_path / "in" / "c.jpg").rename(tmp_path / "in" / "wrong.png")
    frames = [pillow.fromarray(noise(6, 6 + 0 * number)) for number in range(3)]
    frames[0].save(tmp_path / "in" / "pages.tif", save_all=True, append_images=frames[1:])
    return tmp_path


def run(**options: Any) -> list[dict[str, Any]]:
    return imgconv.batch("maxpool 2", "in", "out/", executor=Twice(), jobs=1, **options)


@pytest.mark.parametrize("options", [{}, {"format": "bmp"}, {"skip_existing": True}, {"manifest": "run.jsonl"}])
def test_what_an_earlier_try_wrote_is_the_result(here: Path, options: dict[str, Any]) -> None:
    records = run(**options)
    assert [record["error"] or record["skipped"] for record in records] == [None] * 4
    written = sorted(path for record in records for path in record["outputs"])
    assert written == sorted(str(path.relative_to(here)) for path in (here / "out").iterdir())
    assert len(written) == (6 if options.get("format") else 4)


def test_what_was_there_before_is_somebody_elses_whatever_it_holds(here: Path) -> None:
    run()
    (here / "out" / "b.png").unlink()
    records = run()
    assert [bool(record["error"]) for record in records] == [True, False, True, True]
    assert "exists already" in records[0]["error"]
    assert [record["skipped"] for record in run(skip_existing=True)] == ["there already"] * 4


def test_auxiliary_outputs_are_taken_over_too(here: Path) -> None:
    from imgconv.batches.inputs import Source
    from imgconv.batches.jobs import Naming, plan_jobs
    from imgconv.batches.schedule import run_jobs
    from imgconv.batches.settings import Settings
    from imgconv.batches.task import Crew, Listener, Run
    from imgconv.operations.pipeline import Pipeline

    jobs = plan_jobs(
        [Source("in/a.png"), Source("in/b.png")],
        Naming("out/", several=True),
        stdin_is_terminal=True,
        stdout_is_terminal=True,
        auxiliary={"angle": "angles/"},
    )
    outcomes = run_jobs(jobs, Run(Pipeline.parse("edges sobel"), Settings()), Listener(), Crew(Twice(), 1, 1e9))
    assert (outcomes.written, outcomes.failures, len(list((here / "angles").iterdir()))) == (2, [], 2)


def test_a_result_in_the_place_of_its_input_is_not_taken_for_that(here: Path) -> None:
    before = imgconv.load("in/a.png").pixels
    (record,) = imgconv.batch("filter box:3", ["in/a.png"], "in/", executor=Twice(), jobs=1, overwrite=True)
    assert "has changed since the run began" in record["error"]
    assert (imgconv.load("in/a.png").pixels == imgconv.correlate(before, "box:3")).all()

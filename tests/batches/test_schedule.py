"""Many images side by side: the same results in the same order, in bounded memory, whoever runs them."""

from __future__ import annotations

import functools
import os
import pickle
import threading
import time
from concurrent.futures import BrokenExecutor, Executor, Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgconv import errors
from imgconv.batches import crews, side_by_side
from imgconv.batches.inputs import Inputs
from imgconv.batches.job import Job
from imgconv.batches.jobs import Naming, plan_jobs
from imgconv.batches.outcomes import Outcome, Outcomes
from imgconv.batches.schedule import run_jobs
from imgconv.batches.settings import Settings
from imgconv.batches.task import Crew, Listener, Run, Task
from imgconv.batches.workers import Workers
from imgconv.engine.processors import quota
from imgconv.operations.pipeline import Pipeline
from tests.command import called, noise, save, shell, started

PIPELINE = Pipeline.parse("filter sobel-x | maxpool 2")


class AtOnce(Executor):
    """Runs everything in `submit`."""

    def submit(self, function: Any, /, *arguments: Any, **named: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_result(function(*arguments))
        return future


def pictures(folder: Path, count: int = 12) -> list[Job]:
    for number in range(count):
        save(folder / "in" / f"{number:02}.png", noise(10 + number, 20))
    if count > 7:
        (folder / "in" / "05.png").write_bytes(b"no picture")
        save(folder / "in" / "07.png", noise(1, 1))
    naming = Naming("out/", several=True)
    return plan_jobs(Inputs(("in",)).sources(), naming, stdin_is_terminal=False, stdout_is_terminal=False)


def reported(jobs: list[Job], crew: Crew | None, **more: Any) -> tuple[list[str], Outcomes]:
    """What a run says of its images, and their sum."""
    said: list[str] = []
    listener = Listener(lambda job, outcome: said.append(f"{job.source} {outcome}"), **more)
    return said, run_jobs(jobs, Run(PIPELINE, Settings(threads=1)), listener, crew)


def taken(folder: Path) -> dict[str, bytes]:
    """The files of a folder, which is emptied."""
    contents = {path.name: path.read_bytes() for path in folder.iterdir()}
    for path in folder.iterdir():
        path.unlink()
    return contents


@pytest.mark.parametrize(
    "make",
    [AtOnce, functools.partial(ThreadPoolExecutor, 3), functools.partial(Workers, 2)],
    ids=["at once", "threads", "workers"],
)
def test_any_executor_gives_the_same_in_the_same_order(tmp_path: Path, monkeypatch: Any, make: Any) -> None:
    monkeypatch.chdir(tmp_path)
    jobs = pictures(tmp_path)
    alone, outcomes = reported(jobs, None)
    expected = taken(tmp_path / "out")
    assert (outcomes.written, len(outcomes.failures), len(expected)) == (10, 2, 10)
    with make() as executor:
        said, others = reported(jobs, Crew(executor, 2, 1e9))
    assert said == alone
    assert taken(tmp_path / "out") == expected
    assert (others.written, others.exit_code, others.advice) == (10, outcomes.exit_code, outcomes.advice)


# ---------------------------------------------------------------- memory


class Counted:
    """Tasks that need memory, which is watched while they run."""

    def __init__(self, needs: list[int]) -> None:
        self.needs, self.lock = needs, threading.Lock()
        self.now = self.most = 0.0

    def __call__(self, _: bytes, task: Task) -> Outcome | float:
        needed = self.needs[int(task.job.source)]
        assert task.memory is not None
        if needed > task.memory:
            return needed
        with self.lock:
            self.now += task.memory
            self.most = max(self.most, self.now)
        time.sleep(0.0005)
        with self.lock:
            self.now -= task.memory
        return Outcome(task.job.source)


@given(st.lists(st.one_of(st.integers(1, 10), st.integers(30, 100)), min_size=1, max_size=20), st.integers(1, 4))
def test_images_under_way_share_the_memory(needs: list[int], count: int) -> None:
    counted, order = Counted(needs), list[int]()
    jobs = [Job(str(number), f"out/{number}") for number in range(len(needs))]
    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor(count) as pool:
        patch.setattr(side_by_side, "perform", counted)
        run = Run(PIPELINE, Settings())
        run_jobs(jobs, run, Listener(lambda job, _: order.append(int(job.source))), Crew(pool, count, 100))
    assert order == list(range(len(needs)))
    assert counted.most <= 100 + 1e-9


def test_a_large_image_waits_and_one_that_is_too_large_is_refused(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    jobs = pictures(tmp_path, 3)
    save(tmp_path / "in" / "01.png", noise(1200, 900, 3))
    save(tmp_path / "in" / "02.png", noise(2400, 1800, 3))
    run = Run(PIPELINE, Settings())
    memory = dict[str, Any]()

    def perform(_: bytes, task: Task) -> Outcome | float:
        outcome = kept(_, task)
        memory.setdefault(task.job.source, []).append(outcome if isinstance(outcome, float | int) else "done")
        return outcome

    kept = side_by_side.perform
    with monkeypatch.context() as patch, ThreadPoolExecutor(2) as pool:
        patch.setattr(side_by_side, "perform", perform)
        outcomes = run_jobs(jobs, run, Listener(), Crew(pool, 2, 2.5e7))
    assert outcomes.exit_code == 0
    assert memory["in/00.png"] == ["done"]
    assert memory["in/01.png"][-1] == "done"
    assert len(memory["in/01.png"]) == 2
    done = called("pool", "in", "-q", "-o", "out2/", "--jobs", "2", "--max-memory", "25M", cwd=tmp_path)
    assert "in/02.png: would take about" in done.err


# ---------------------------------------------------------------- failures


def test_fail_fast_starts_nothing_more(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    jobs = pictures(tmp_path)
    said, outcomes = reported(jobs, None, fail_fast=True)
    assert "in/05.png" in said[-1]
    assert (len(said), outcomes.written, len(outcomes.failures)) == (6, 5, 1)
    taken(tmp_path / "out")
    said, outcomes = reported(jobs, Crew(AtOnce(), 1, 1e9), fail_fast=True)
    assert 6 <= len(said) < len(jobs)  # what was on its way is done, and said
    assert (outcomes.written + len(outcomes.failures), len(taken(tmp_path / "out"))) == (len(said), outcomes.written)


def test_an_executor_that_breaks_down_fails_what_it_did_not_do(tmp_path: Path) -> None:
    class Broken(AtOnce):
        def submit(self, function: Any, /, *arguments: Any, **named: Any) -> Future[Any]:
            raise BrokenExecutor("it is gone")

    jobs = [Job("a.png", "b.png"), Job("c.png", "d.png")]
    said, outcomes = reported(jobs, Crew(Broken(), 2, 1e9))
    assert said == ["a.png a.png: it is gone", "c.png c.png: it is gone"]
    assert outcomes.exit_code == 1


def dies(marker: str, times: int) -> str:
    """Ends its process so many times."""
    with open(marker, "a+") as file:
        file.seek(0)
        if len(file.read()) < times:
            file.write("x")
            file.flush()
            os._exit(9)
    return "done"


def fails() -> None:
    raise errors.FileError("x.png: broken", reason="broken", recoverable=True)


def test_a_worker_that_dies_is_started_again(tmp_path: Path) -> None:
    with Workers(1) as workers:
        once = workers.submit(dies, str(tmp_path / "once"), 1)
        twice = workers.submit(dies, str(tmp_path / "twice"), 2)
        error = workers.submit(fails).exception()
        assert once.result() == "done"
        assert isinstance(twice.exception(), BrokenExecutor)
        assert isinstance(error, errors.FileError)
        assert (str(error), error.reason, error.recoverable) == ("x.png: broken", "broken", True)
        assert workers.submit(os.getpid).result() != os.getpid()


def test_workers_end_with_the_command_that_is_killed(tmp_path: Path) -> None:
    for number in range(4):
        save(tmp_path / f"{number}.png", noise(1500, 2000, 3))
    process = started("filter", "box:9", *(f"{n}.png" for n in range(4)), "--jobs", "2", "-o", "out/", cwd=tmp_path)
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    ends = time.monotonic() + 60
    while len(workers := children.read_text().split()) < 2 and time.monotonic() < ends:
        time.sleep(0.02)
    process.kill()
    process.wait()
    process.communicate()
    while any(Path(f"/proc/{worker}").exists() for worker in workers) and time.monotonic() < ends:
        time.sleep(0.02)
    assert not [worker for worker in workers if Path(f"/proc/{worker}").exists()]
    assert all(path.suffix == ".png" for path in tmp_path.glob("out/*"))


def test_workers_do_without_standard_streams(tmp_path: Path) -> None:
    """Their own pipes get none of the numbers of streams that are closed."""
    for number in range(3):
        save(tmp_path / f"{number}.png", noise(5, 5))
    assert shell("imgconv pool ?.png -o out/ --jobs 2 <&- >&- 2>&-", tmp_path).code == 0
    assert len(list((tmp_path / "out").iterdir())) == 3


# ---------------------------------------------------------------- how many


@pytest.mark.parametrize(("processors", "count", "threads", "files", "expected"), [
    (8, 8, None, 100, (8, 1)), (8, 3, None, 100, (3, 2)), (8, 8, 4, 100, (2, 4)), (2, 8, None, 100, (2, 1)),
    (8, 8, None, 2, (2, 4)), (4, 4, 9, 100, (1, 9)), (1, 4, None, 100, (1, None)), (8, None, None, 100, (1, None)),
])  # fmt: skip
def test_jobs_times_threads_are_no_more_than_the_processors(
    monkeypatch: Any, processors: int, count: int, threads: int | None, files: int, expected: tuple[int, int | None]
) -> None:
    monkeypatch.setattr("imgconv.engine.processors.available", lambda: processors)
    jobs = [Job(f"absent{number}.png", f"out/{number}.png") for number in range(files)]
    assert crews.sizes(jobs, Settings(threads=threads), count) == expected


def test_much_work_is_done_side_by_side(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr("imgconv.engine.processors.available", lambda: 4)
    with open(tmp_path / "large.png", "wb") as file:
        file.truncate(50_000_000)
    assert crews.sizes([Job(str(tmp_path / "large.png"), "x"), Job("y.png", "y")], Settings(), None) == (2, 2)


@pytest.mark.parametrize(("files", "groups", "expected"), [
    ({"cpu.max": "max 100000"}, "0::/\n", 2**30),
    ({"a/cpu.max": "250000 100000", "a/b/cpu.max": "max 100000"}, "0::/a/b\n", 2),
    ({"cpu/a/cpu.cfs_quota_us": "300000", "cpu/a/cpu.cfs_period_us": "100000"}, "4:cpu,cpuacct:/a\n1:memory:/x\n", 3),
    ({"cpu.max": "50000 100000"}, "0::/../x\n", 0),
    ({"cpu.max": "broken"}, "0::/\n", 2**30),
])  # fmt: skip
def test_quotas_of_control_groups(tmp_path: Path, files: dict[str, str], groups: str, expected: int) -> None:
    for name, content in files.items():
        (tmp_path / "root" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "root" / name).write_text(content)
    (tmp_path / "groups").write_text(groups)
    assert quota(str(tmp_path / "root"), str(tmp_path / "groups")) == expected
    assert quota(str(tmp_path), str(tmp_path / "none")) == 2**30


def test_tasks_are_small_and_pickle() -> None:
    task = Task(Job("a.png", "b.png"), (("c-001.png", "c.png"),), 1e6)
    assert pickle.loads(pickle.dumps(task)) == task
    assert len(pickle.dumps(task)) < 1000
    run = Run(PIPELINE, Settings())
    assert pickle.loads(pickle.dumps(run)).pipeline == PIPELINE

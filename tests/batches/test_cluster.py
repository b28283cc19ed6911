"""Batches on a cluster: they give what one process gives, and images outlive their workers."""

from __future__ import annotations

import json
import os
import signal
import socket
from collections.abc import Iterator
from concurrent.futures import BrokenExecutor, Future
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import imgconv
from imgconv import errors
from imgconv.batches.elsewhere import Elsewhere
from imgconv.batches.inputs import STREAM
from imgconv.batches.job import Job
from imgconv.batches.outcomes import Outcome
from imgconv.batches.task import Task, perform
from imgconv.values.clusters import CLUSTER, host_and_port
from tests.command import called, noise, pixels_of, save
from tests.command import imgconv as command

distributed = pytest.importorskip("distributed", reason="the package distributed is not installed")
pytest.importorskip("cryptography", reason="the package cryptography is not installed")
from imgconv.batches import cluster as clusters  # noqa: E402


@pytest.fixture
def client(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Any]:
    """A client of two workers, in processes of their own or, for `False`, in threads of this one."""
    options = {"processes": True, "host": "127.0.0.1"} if request.param else {"processes": False, "protocol": "tcp://"}
    workers = distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None, local_directory=str(tmp_path / "workers"), **options
    )
    with workers, distributed.Client(workers) as client:
        yield client


def saved(folder: Path, count: int) -> None:
    for number in range(count):
        save(folder / f"{number:03}.png", noise(9 + number, 8))


# ---------------------------------------------------------------- the option


@pytest.mark.parametrize("text", ["local:4", "tcp://10.0.0.5:8786", "tls://[::1]:80", " tcp://host.name:8786/ "])
def test_addresses_are_read(text: str) -> None:
    assert CLUSTER.read(text) == text.strip().rstrip("/")


@pytest.mark.parametrize(
    "value", ["", "local", "local:0", "tcp://host", "http://host:80", "tcp://a b:1", "tcp://h:99999", 4]
)
def test_others_are_refused_with_what_is_expected(value: object) -> None:
    with pytest.raises(errors.UsageError, match=r"is not tcp://HOST:PORT.* or local:N"):
        CLUSTER.read(value)


def test_an_address_is_taken_apart() -> None:
    assert host_and_port("tls://[::1]:80") == ("::1", 80)


def test_a_scheduler_that_does_not_answer_is_an_error_before_any_work(tmp_path: Path) -> None:
    saved(tmp_path / "in", 2)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]  # where nobody listens
        done = called("pool", "in", "-o", "out/", "--cluster", f"tcp://127.0.0.1:{port}", cwd=tmp_path)
    assert (done.code, done.err.count("\n")) == (1, 1)
    assert f"127.0.0.1:{port}: no scheduler of Dask answers (Connection refused)" in done.err
    assert "dask scheduler" in done.err
    assert not (tmp_path / "out").exists()


def test_the_missing_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    saved(tmp_path / "in", 1)
    monkeypatch.setitem(__import__("sys").modules, "distributed", None)
    done = called("pool", "in", "-o", "out/", "--cluster", "local:2", cwd=tmp_path)
    assert (done.code, "pip install 'imgconv[dask]'" in done.err) == (2, True)


def test_an_executor_and_a_cluster_are_two_answers(tmp_path: Path) -> None:
    with pytest.raises(errors.UsageError, match="give one of them"):
        imgconv.batch("maxpool 2", tmp_path, executor=object(), cluster="local:2")  # type: ignore[call-overload]


class Versions:
    """A client whose one worker has other versions."""

    def __init__(self, **other: str | None) -> None:
        self.other = other

    def get_versions(self, packages: tuple[str, ...]) -> Any:
        own = {"python": "3.12.1.final.0", **dict.fromkeys(packages, "1.0")}
        return {"client": {"packages": own}, "workers": {"tcp://w:1": {"packages": own | self.other}}}


def test_other_versions_are_refused_by_name() -> None:
    clusters._check_versions(Versions(python="3.12.9.final.0"), "tcp://s:1")
    with pytest.raises(
        errors.ImgconvError, match=r"the worker tcp://w:1 has Python 3.11 \(here 3.12\), numpy 2 \(here 1"
    ):
        clusters._check_versions(Versions(python="3.11.2.final.0", numpy="2"), "tcp://s:1")
    with pytest.raises(errors.ImgconvError, match="has no imgconv; install the same versions"):
        clusters._check_versions(Versions(imgconv=None), "tcp://s:1")


def test_a_worker_that_came_later_with_another_version_does_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    import pickle

    from imgconv.batches import task
    from imgconv.batches.settings import Settings
    from imgconv.operations.pipeline import Pipeline

    run = pickle.dumps(task.Run(Pipeline.parse("relu"), Settings()))
    monkeypatch.setattr(task, "__version__", "9.9")
    with pytest.raises(BrokenExecutor, match=r"its worker has imgconv 9.9 \(here"):
        perform(run, Task(Job("a.png", "b.png")))


def test_the_memory_of_a_worker_is_shared_by_its_images() -> None:
    workers = {
        "a": {"memory_limit": 10**9, "host": "1"},
        "b": {"memory_limit": 0, "host": "2"},
        "c": {"memory_limit": 0, "host": "2"},
    }

    class Hosts:
        def run(self, function: Any, workers: list[str]) -> dict[str, float]:
            return dict.fromkeys(workers, 1.2e9)

    assert clusters._memory(Hosts(), workers, None) == 6e8
    assert clusters._memory(Hosts(), workers, 5) == 5
    assert clusters._memory(Hosts(), {"a": workers["a"]}, None) == 8e8


def test_what_a_cluster_says_becomes_a_sentence() -> None:
    KilledWorker = type("KilledWorker", (Exception,), {})  # noqa: N806
    for error, text in (
        (KilledWorker("long"), "the workers that tried it died"),
        (errors.FileError("as it is"), "as it is"),
    ):
        done, outer = Future[Any](), Future[Any]()
        done.set_exception(error)
        clusters._hand_on(done, outer)
        found = outer.exception()
        assert text in str(found)
        assert isinstance(found, (BrokenExecutor, errors.FileError))


# ---------------------------------------------------------------- paths


def test_tasks_have_whole_paths_and_outcomes_the_names_that_were_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    beside = Job("in/a.png", "/angles/a.png", role="angle")
    sent = Elsewhere(Task(Job("in/a.png", "out/a.gif", pages=("./b.png", STREAM), auxiliary=(beside,))))
    job = sent.task.job
    assert (job.source, job.target) == (f"{tmp_path}/in/a.png", f"{tmp_path}/out/a.gif")
    assert (job.pages, job.auxiliary[0].target) == ((f"{tmp_path}/./b.png", STREAM), "/angles/a.png")
    whole = f"{tmp_path}/out/a.png"
    error = errors.FileError(f"{tmp_path}/in/a.png: broken", reason="broken", recoverable=True)
    stamp = {"source": job.source}
    outcome = sent.named(Outcome(job.source, whole, (whole,), (), {"outputs": [whole], "stamp": stamp}, error))
    assert (outcome.source, outcome.target, outcome.summary) == ("in/a.png", "out/a.png", ("out/a.png",))
    assert outcome.facts == {"outputs": ["out/a.png"], "stamp": stamp}
    assert (str(outcome.error), outcome.error and outcome.error.exit_code) == ("in/a.png: broken", 1)


# ---------------------------------------------------------------- real clusters


@pytest.mark.parametrize("client", [False], indirect=True)
def test_a_cluster_gives_the_same_records_and_files(client: Any, tmp_path: Path) -> None:
    saved(tmp_path / "in", 5)
    (tmp_path / "in" / "broken.png").write_bytes(b"no picture")
    words = ("pool", "in", "--report", "-", "-o")
    expected = called(*words, "expected/", "--jobs", "1", cwd=tmp_path)
    address = client.scheduler_info()["address"]
    found = called(*words, "out/", "--cluster", address, "--update", "--manifest", "run.jsonl", cwd=tmp_path)
    assert (found.code, found.err) == (expected.code, expected.err.replace("expected/", "out/"))
    fields = ("input", "error", "shape_out", "outputs", "notes")
    for one, other in zip(
        found.out.splitlines(), expected.out.replace(b"expected/", b"out/").splitlines(), strict=True
    ):
        assert [json.loads(one)[name] for name in fields] == [json.loads(other)[name] for name in fields]
    for path in (tmp_path / "expected").iterdir():
        assert (tmp_path / "out" / path.name).read_bytes() == path.read_bytes()
    again = called(*words, "out/", "--update", "--manifest", "run.jsonl", cwd=tmp_path)
    assert again.err.endswith("imgconv: 0 written, 1 failed, 5 up to date\n")


def test_the_command_has_workers_of_its_own(tmp_path: Path) -> None:
    saved(tmp_path / "in", 3)
    done = command("pool", "in", "-o", "out/", "--cluster", "local:2", "--fail-fast", cwd=tmp_path)
    assert (done.code, done.err.splitlines()[-1]) == (0, "imgconv: 3 written")
    assert len(list((tmp_path / "out").iterdir())) == 3


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="processes cannot be killed so here")
@pytest.mark.parametrize("client", [True], indirect=True)
def test_a_worker_that_is_killed_costs_no_image(client: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    saved(tmp_path / "in", 300)
    monkeypatch.chdir(tmp_path)
    client.run(os.chdir, "/")  # workers are at home elsewhere
    victim = next(iter(client.run(os.getpid).values()))
    heard = list[dict[str, Any]]()

    def kill_once(record: dict[str, Any]) -> None:
        heard.append(record)
        if len(heard) == 20:
            os.kill(victim, signal.SIGKILL)

    address = client.scheduler_info()["address"]
    records = imgconv.batch("filter box:5", "in", "out", cluster=address, on_record=kill_once)
    assert records == heard
    assert [record["output"] for record in records] == [f"out/{number:03}.png" for number in range(300)]
    assert not any(one["error"] for one in records)
    for path in sorted((tmp_path / "in").iterdir())[::20]:
        expected = imgconv.correlate(pixels_of(path), "box:5")
        np.testing.assert_array_equal(pixels_of(tmp_path / "out" / path.name), expected)
    assert len(list((tmp_path / "out").iterdir())) == 300

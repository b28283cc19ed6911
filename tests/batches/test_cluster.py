"""Batches on a cluster: the client's executor gives what one process gives, and images outlive their workers."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import imgconv
from tests.command import noise, pixels_of, save

distributed = pytest.importorskip("distributed", reason="the package distributed is not installed")
pytestmark = pytest.mark.slow


@pytest.fixture
def cluster(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    """A client of two workers, in processes of their own or, for `False`, in threads of this one."""
    options = {"processes": True, "host": "127.0.0.1"} if request.param else {"processes": False}
    workers = distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None, local_directory=str(tmp_path / "workers"), **options
    )
    with workers, distributed.Client(workers) as client:
        yield client


def saved(folder: Path, count: int) -> None:
    for number in range(count):
        save(folder / f"{number:03}.png", noise(9 + number, 8))


@pytest.mark.parametrize("cluster", [False], indirect=True)
def test_a_cluster_gives_the_same_records_and_files(cluster: Any, tmp_path: Path) -> None:
    saved(tmp_path / "in", 5)
    (tmp_path / "in" / "broken.png").write_bytes(b"no picture")
    expected = imgconv.batch("maxpool 2", tmp_path / "in", tmp_path / "expected", jobs=1)
    with cluster.get_executor() as executor:
        found = imgconv.batch("maxpool 2", tmp_path / "in", tmp_path / "out", executor=executor, jobs=2)
    for one, other in zip(found, expected, strict=True):
        assert (one["input"], one["error"], one["shape_out"]) == (other["input"], other["error"], other["shape_out"])
        if one["output"]:
            np.testing.assert_array_equal(pixels_of(Path(one["output"])), pixels_of(Path(other["output"])))
    assert [bool(one["error"]) for one in found] == [False] * 5 + [True]


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="processes cannot be killed so here")
@pytest.mark.parametrize("cluster", [True], indirect=True)
def test_a_worker_that_is_killed_costs_no_image(cluster: Any, tmp_path: Path) -> None:
    saved(tmp_path / "in", 300)
    victim = next(iter(cluster.run(os.getpid).values()))
    heard = list[dict[str, Any]]()

    def kill_once(record: dict[str, Any]) -> None:
        heard.append(record)
        if len(heard) == 20:
            os.kill(victim, signal.SIGKILL)

    with cluster.get_executor() as executor:
        records = imgconv.batch(
            "filter box:5", tmp_path / "in", tmp_path / "out", executor=executor, jobs=2, on_record=kill_once
        )
    assert records == heard
    assert [Path(one["output"]).name for one in records] == [f"{number:03}.png" for number in range(300)]
    assert not any(one["error"] for one in records)
    for path in sorted((tmp_path / "in").iterdir())[::20]:
        expected = imgconv.correlate(pixels_of(path), "box:5")
        np.testing.assert_array_equal(pixels_of(tmp_path / "out" / path.name), expected)
    assert len(list((tmp_path / "out").iterdir())) == 300

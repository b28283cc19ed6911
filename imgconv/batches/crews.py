"""Crews: how many images are worked on at a time, by whom, and with how many threads each."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from imgconv.batches.job import Job
from imgconv.batches.settings import Manner, Settings
from imgconv.batches.task import Crew
from imgconv.files.urls import is_url
from imgconv.values.frozen import replace

if TYPE_CHECKING:
    from concurrent.futures import Executor

_IMAGE, _BYTE = 3e-3, 5e-8
"""Seconds that an image and a byte of its file take, roughly."""
_REMOTE = 0.05
"""The same of an image that comes through a network."""
_WORTH = 1.0
"""Seconds of work from which on processes of our own, which take 0.3 s to start, are worth it."""


def sizes(jobs: Sequence[Job], settings: Settings, count: int | None) -> tuple[int, int | None]:
    """How many of these jobs run at a time, and the threads of each (None: as many as are worth it).

    The product of both is never more than the processors. `count` is the number that is asked for; None leaves it to
    the work there is.
    """
    from imgconv.engine.processors import available

    processors, files = available(), [job for job in jobs if not job.stays_here]
    most = max(1, min(processors // (settings.threads or 1), len(files), count or processors))
    if most == 1 or (count is None and _seconds(files) < _WORTH):
        return 1, settings.threads
    return most, min(settings.threads or processors, processors // most)


@contextlib.contextmanager
def crew(jobs: Sequence[Job], settings: Settings, manner: Manner) -> Iterator[tuple[Crew | None, Settings]]:
    """The crew for these jobs, None if one after the other is best, and the settings of each job.

    A caller's executor is used as it is, and a cluster if one is named; else there are workers, which end with the
    context. Raises ImgconvError for a cluster that cannot be used.
    """
    if manner.cluster is not None and not all(job.stays_here for job in jobs):
        from imgconv.batches import cluster

        with cluster.crew(manner.cluster, settings, manner.jobs) as hands:
            yield hands
    else:
        with _crew_here(jobs, settings, manner.jobs, manner.executor) as crew_here:
            yield crew_here


@contextlib.contextmanager
def _crew_here(
    jobs: Sequence[Job], settings: Settings, count: int | None, executor: Executor | None
) -> Iterator[tuple[Crew | None, Settings]]:
    from imgconv.engine.memory import allowed_bytes
    from imgconv.engine.processors import available

    memory = allowed_bytes(settings.reading.max_memory)
    if executor is not None:
        width = count or getattr(executor, "_max_workers", None) or available()
        yield Crew(executor, width, memory, elsewhere=True), settings
        return
    width, threads = sizes(jobs, settings, count)
    if width == 1 or not sys.executable or getattr(sys, "frozen", False):
        yield None, settings
        return
    from imgconv.batches.workers import Workers

    workers = Workers(width)
    try:
        yield Crew(workers, width, memory), replace(settings, threads=threads)
    except BaseException:
        workers.shutdown(cancel_futures=True)
        raise
    workers.shutdown()


def _seconds(jobs: Sequence[Job]) -> float:
    """What these jobs take, roughly, judged by the sizes of their files; no more are looked at than it takes to see
    that it is much."""
    seconds = 0.0
    for job in jobs:
        if is_url(job.source_file):
            seconds += _REMOTE
            continue
        with contextlib.suppress(OSError):
            seconds += _IMAGE + _BYTE * os.stat(job.source_file).st_size
        if seconds >= _WORTH:
            break
    return seconds

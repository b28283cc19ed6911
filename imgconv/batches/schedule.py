"""Runs the jobs of a run, one after the other or side by side: in bounded memory, reported in a stable order."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence

from imgconv.batches.inputs import STREAM
from imgconv.batches.job import Job
from imgconv.batches.outcomes import Outcome, Outcomes
from imgconv.batches.preflight import refuse_derived_clashes
from imgconv.batches.task import Crew, Listener, Run, Task, perform_in
from imgconv.values.frozen import replace

_NUMBERED = re.compile(r"(.*)-\d{3,}", re.S)


def run_jobs(jobs: Sequence[Job], run: Run, listener: Listener, crew: Crew | None = None) -> Outcomes:
    """Runs the jobs, also after one that failed; without a crew one after the other in this thread.

    The results are the same for every crew.
    """
    refuse_derived_clashes(jobs, run.pipeline, run.settings)
    tasks = _tasks(jobs)
    outcomes = Outcomes(len(jobs))
    if crew is None:
        _one_by_one(tasks, run, listener, outcomes)
    else:
        from imgconv.batches.side_by_side import SideBySide

        SideBySide(tasks, run, listener, outcomes, crew).work()
    return outcomes


def _one_by_one(tasks: Iterable[Task], run: Run, listener: Listener, outcomes: Outcomes) -> None:
    for task in tasks:
        job = listener.prepare(task.job)
        outcome = perform_in(run, replace(task, job=job)) if isinstance(job, Job) else job
        assert isinstance(outcome, Outcome)
        listener.done(task.job, outcome)
        outcomes.add(outcome)
        listener.report(task.job, outcome)
        if outcome.error is not None and listener.fail_fast:
            return


def _tasks(jobs: Sequence[Job]) -> list[Task]:
    """Each job with the paths that its frames may not have if they go into files of their own: of inputs and results
    that are called like such."""
    taken: dict[str, list[tuple[str, str]]] = {}
    for path, owner in {_real(path): job.source_name for job in jobs for path in _paths(job)}.items():
        numbered = _NUMBERED.fullmatch(os.path.splitext(path)[0])
        if numbered:
            taken.setdefault(numbered[1], []).append((path, owner))
    if not taken:
        return [Task(job) for job in jobs]
    return [Task(job, tuple(one for stem in _stems(job) for one in taken.get(stem, ()))) for job in jobs]


def _stems(job: Job) -> set[str]:
    """What comes before the numbers in names of its frames; a suffix may turn out to be a part of the name."""
    path = _real(job.target)
    return {path, os.path.splitext(path)[0]}


def _paths(job: Job) -> tuple[str, ...]:
    return tuple(path for path in (job.source_file, job.target) if path != STREAM)


def _real(path: str) -> str:
    return path if path == STREAM else os.path.realpath(path)

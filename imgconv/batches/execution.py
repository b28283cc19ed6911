"""The execution of a run: its manifest and its crew, from the first job to the last outcome. The command and the
library take this way."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from imgconv.batches.crews import crew
from imgconv.batches.job import Job
from imgconv.batches.outcomes import Outcome, Outcomes
from imgconv.batches.schedule import run_jobs
from imgconv.batches.settings import Manner
from imgconv.batches.task import Hear, Listener, Run
from imgconv.values.frozen import replace

if TYPE_CHECKING:
    from imgconv.batches.manifest import Manifest


def execute(jobs: Sequence[Job], run: Run, manner: Manner, listener: Listener) -> Outcomes:
    """Runs the jobs.

    Raises
    ------
    UsageError
        Where two results would have one path, or the manifest is something else or in use.
    FileError
        If the manifest cannot be written.
    ImgconvError
        If the cluster cannot be used.
    """
    with (
        opened(manner.manifest, jobs, run) as (manifest, known),
        crew(jobs, known.settings, manner) as (hands, settings),
    ):
        listener = replace(listener, fail_fast=manner.fail_fast)
        if manifest is not None:
            listener = replace(listener, prepare=manifest.prepare, done=_both(manifest, listener))
        own_process = known.own_process and not (hands and hands.elsewhere)
        return run_jobs(jobs, replace(known, settings=settings, own_process=own_process), listener, hands)


def _both(manifest: Manifest, listener: Listener) -> Hear:
    def done(job: Job, outcome: Outcome) -> None:
        manifest.add(outcome)
        listener.done(job, outcome)

    return done


@contextlib.contextmanager
def opened(
    path: str | None, jobs: Sequence[Job], run: Run, *, writes: bool = True
) -> Iterator[tuple[Manifest | None, Run]]:
    """The open manifest, if there is one, and the run that makes stamps for it; it is left as it is unless
    the run `writes`."""
    if path is None:
        yield None, run
        return
    from imgconv.batches import run_report, stamps
    from imgconv.batches.manifest import Manifest

    run_report.refuse_clashes(path, jobs, "manifest")
    operation = stamps.operation(run.pipeline, run.settings)
    manifest = Manifest(path, operation, writes=writes)
    try:
        yield manifest, replace(run, settings=replace(run.settings, operation=operation))
    finally:
        manifest.close()

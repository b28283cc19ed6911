"""--plan and --dry-run: what a run would do, as far as names and headers show it."""

from __future__ import annotations

from collections.abc import Sequence

from imgconv.batches.execution import opened
from imgconv.batches.job import Job
from imgconv.batches.outcomes import Outcomes
from imgconv.batches.preflight import plan, refuse_derived_clashes
from imgconv.batches.run import JobRun
from imgconv.batches.settings import Settings
from imgconv.batches.task import Listener, Run
from imgconv.operations.pipeline import Pipeline


def foretell(jobs: Sequence[Job], run: Run, manifest: str | None, listener: Listener) -> Outcomes:
    """The outcomes that jobs would have, with no response and no notes; nothing is written, not even a manifest.

    Raises UsageError as the run would.
    """
    refuse_derived_clashes(jobs, run.pipeline, run.settings)
    outcomes = Outcomes(len(jobs))
    with opened(manifest, jobs, run, writes=False) as (known, own):
        for job in jobs:
            prepared = job if known is None else known.prepare(job)
            outcome = (
                JobRun(prepared, own.pipeline, own.settings, {}, own.own_process).foretold()
                if isinstance(prepared, Job)
                else prepared
            )
            outcomes.add(outcome)
            listener.report(job, outcome)
    return outcomes


def explain(job: Job, pipeline: Pipeline, settings: Settings) -> list[str]:
    """The plan of a job, step by step; only the header is read. Raises ImgconvError as running it would."""
    from imgconv.engine.memory import confined
    from imgconv.files import read

    with confined(settings.reading.max_memory), read.header(job.source, settings.reading) as header:
        return plan(job, header, pipeline, settings)

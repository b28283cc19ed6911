"""What every image command does with its parsed arguments: plan the jobs, run them, print their outcomes."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, NoReturn

import click

from imgconv import errors
from imgconv.batches.execution import execute
from imgconv.batches.inputs import is_literal
from imgconv.batches.job import Job
from imgconv.batches.jobs import Naming, plan_jobs
from imgconv.batches.outcomes import Outcome
from imgconv.batches.task import Listener, Run
from imgconv.cli.common import Common
from imgconv.cli.console import Console, sums
from imgconv.cli.messages import Finished, announce_compilation, complain, printable
from imgconv.files.formats import BY_SUFFIX
from imgconv.files.urls import is_url
from imgconv.operations import Operation
from imgconv.operations.pipeline import Pipeline
from imgconv.values.frozen import replace

if TYPE_CHECKING:
    from imgconv.cli.viewing import Viewer


def work(
    pipeline: Pipeline, common: Common, label: str = "", auxiliary: Mapping[str, str] = MappingProxyType({})
) -> NoReturn:
    """Runs a pipeline over the inputs or, with --plan, explains it; ends by raising Finished.

    `auxiliary` are the paths of auxiliary outputs, which only a pipeline of one step has.
    """
    _require_inputs(common)
    viewer = None
    if common.view or common.protocol is not None:
        from imgconv.cli.viewing import viewer_of

        viewer = viewer_of(common, label or str(pipeline))
    naming = Naming(
        common.output,
        common.format,
        label or pipeline.label,
        common.overwrite,
        common.inputs.several,
        common.pages,
        common.printed,
        common.view,
        () if common.settings.mask is None else (common.settings.mask,),
    )
    jobs = plan_jobs(
        common.inputs.sources(naming.folder),
        naming,
        stdin_is_terminal=sys.stdin is None or sys.stdin.isatty(),
        # with --plan and --dry-run nothing is written, so names are derived as on a terminal
        stdout_is_terminal=common.plan or common.dry_run or (sys.stdout is not None and sys.stdout.isatty()),
        auxiliary=auxiliary,
    )
    for remark in () if common.quiet else dict.fromkeys(text for step in pipeline.steps for text in step.remarks):
        complain(remark)
    if common.plan:
        _print_plans(jobs, pipeline, common)
    elif common.dry_run:
        _foretell(jobs, pipeline, common)
    else:
        _run(jobs, pipeline, common, viewer)


def _require_inputs(common: Common) -> None:
    """UsageError where the last input is not there and probably is to be the output: `in.png out.png`."""
    *before, last = common.inputs.words or ("",)
    is_picture = os.path.splitext(last)[1].lower() in BY_SUFFIX
    is_missing = is_literal(last) and not is_url(last) and not os.path.lexists(last)
    if before and common.output is None and is_picture and is_missing:
        raise errors.UsageError(f"{last}: there is no such file; to write it: -o {shlex.quote(last)}")


def _print_plans(jobs: Sequence[Job], pipeline: Pipeline, common: Common) -> NoReturn:
    if common.report is not None:
        raise errors.UsageError("--plan runs nothing, so there is nothing to report; leave out --plan or --report")
    from imgconv.batches.dry_run import explain

    for job in jobs:
        for line in explain(job, pipeline, common.settings):
            click.echo(f"{job.source_name}: {line}" if len(jobs) > 1 else line)
    raise Finished(errors.DONE)


def _run(jobs: Sequence[Job], pipeline: Pipeline, common: Common, viewer: Viewer | None) -> NoReturn:
    if not common.quiet and sys.stderr is not None and sys.stderr.isatty():
        announce_compilation()
    every = [each for job in jobs for each in (job, *job.auxiliary)]
    run_report, console = None, Console(len(jobs), quiet=common.quiet)
    if common.report is not None:
        from imgconv.batches.run_report import RunReport

        run_report = RunReport(common.report, every)

    def report(_: Job, outcome: Outcome) -> None:
        if run_report is not None:
            run_report.add(outcome)
        if viewer is not None:
            console.progress.clear()
            viewer.show(outcome)
        console.report(outcome)

    listener = Listener(report, lambda _, outcome: console.done(outcome))
    run, manner = Run(pipeline, common.settings, own_process=True), common.manner
    if viewer is not None:
        run, manner = replace(run, seen=viewer.see), replace(manner, jobs=1)
    outcomes = execute(jobs, run, manner, listener)
    if run_report is not None:
        run_report.close()
    console.end(outcomes)
    raise Finished(outcomes.exit_code)


def _foretell(jobs: Sequence[Job], pipeline: Pipeline, common: Common) -> NoReturn:
    """--dry-run: what would be done, as far as headers show it."""
    from imgconv.batches.dry_run import foretell

    if common.report is not None:
        raise errors.UsageError("--dry-run writes nothing, so there is nothing to report; leave out one of them")

    def report(_: Job, outcome: Outcome) -> None:
        if outcome.error is not None:
            complain(str(outcome))
        elif not outcome.skipped:
            click.echo(printable(str(outcome)))

    run = Run(pipeline, common.settings, own_process=True)
    outcomes = foretell(jobs, run, common.manner.manifest, Listener(report))
    if not common.quiet:
        complain(sums(outcomes, "would be written", "would fail"))
    raise Finished(outcomes.exit_code)


def work_step(step: Operation, common: Common, auxiliary: Mapping[str, str]) -> NoReturn:
    """`work` for one step and its auxiliary outputs."""
    work(Pipeline((step,)), common, auxiliary=auxiliary)

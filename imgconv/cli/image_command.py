"""What every image command does once its words are values: plan the jobs, run them, say what happened."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from types import MappingProxyType

import click

from imgconv import errors
from imgconv.batch.jobs import plan_jobs
from imgconv.batch.outcomes import Outcome
from imgconv.batch.run import explain, run_jobs
from imgconv.batch.run_report import Journal
from imgconv.cli.common import Common
from imgconv.operations.pipeline import Pipeline


class Finished(Exception):  # noqa: N818 (an ending, not an error)
    """The end of a command, with its exit code."""

    def __init__(self, exit_code: int) -> None:
        self.exit_code = exit_code
        super().__init__(exit_code)


def work(pipeline: Pipeline, common: Common, label: str = "", sides: Mapping[str, str] = MappingProxyType({})) -> None:
    """Runs a pipeline over the inputs (or, with --plan, explains it), its only step's `sides` written too; ends by
    raising Finished."""
    jobs = plan_jobs(
        common.inputs,
        common.output,
        common.format,
        label or pipeline.label,
        overwrite=common.overwrite,
        stdin_is_terminal=sys.stdin is None or sys.stdin.isatty(),
        stdout_is_terminal=common.plan
        or (sys.stdout is not None and sys.stdout.isatty()),  # a plan needs no place for results
        sides=sides,
    )
    if common.plan:
        if common.report is not None:
            raise errors.UsageError("--plan runs nothing, so there is nothing to report; leave out --plan or --report")
        for job in jobs:
            for line in explain(job, pipeline, common.settings):
                click.echo(f"{job.source_name}: {line}" if len(jobs) > 1 else line)
        raise Finished(errors.DONE)

    if not common.quiet and sys.stderr is not None and sys.stderr.isatty():
        announce_compilation()

    journal = (
        None if common.report is None else Journal(common.report, [one for job in jobs for one in (job, *job.sides)])
    )

    def say(outcome: Outcome) -> None:
        if journal is not None:
            journal.add(outcome)
        if outcome.error is not None or not common.quiet:
            complain(str(outcome))

    raise Finished(run_jobs(jobs, pipeline, common.settings, say).exit_code)


def announce_compilation() -> None:
    """Whoever watches is told, once, why the first run takes longer."""
    from imgconv.jit import build

    def announce(folder: str | None) -> None:
        complain(
            f"compiling for this machine, once (stored in {folder})"
            if folder
            else "compiling for this run only ('imgconv doctor' shows why)"
        )

    build.announce = announce


def complain(sentence: str) -> None:
    """One line on standard error, if there is one."""
    if sys.stderr is not None:
        print(f"imgconv: {printable(sentence)}", file=sys.stderr, flush=True)


def printable(sentence: str) -> str:
    """One line, whatever names are in it: what would end it, or steer a terminal, is shown as Python writes it."""
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in sentence)

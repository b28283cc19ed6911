"""Jobs to outcomes: one image, a stream and many files take the same road."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from imgconv import errors
from imgconv.files.formats import FORMATS, Format, format_named, format_of
from imgconv.pipeline import Pipeline
from imgconv.report import Outcome, Report, lost

if TYPE_CHECKING:
    from imgconv.files.read import Header
    from imgconv.image import Image

STREAM = "-"


@dataclass(frozen=True)
class Settings:
    """What belongs to the run, not to a step."""

    dtype: str = "same"
    range: str = "clamp"
    gray: bool = False
    threads: int | None = None


@dataclass(frozen=True)
class Job:
    """One image to make: `target` is a path or STREAM; `form` None means the input's own format.

    A `derived` name may change its suffix to that of a format that can hold the result.
    """

    source: str
    target: str
    form: Format | None = None
    replace: bool = False
    derived: bool = False

    @property
    def source_name(self) -> str:
        return "standard input" if self.source == STREAM else self.source


# ---------------------------------------------------------------- what goes where


def plan_jobs(
    inputs: Sequence[str], output: str | None, form: str | None, label: str, *, overwrite: bool, stdin_is_terminal: bool, stdout_is_terminal: bool
) -> list[Job]:
    """One job an input, by the rules of names; refuses two results on one path and results on inputs.

    Raises
    ------
    UsageError
    """
    sources = list(inputs) or [STREAM]
    if not inputs and stdin_is_terminal:
        raise errors.no_input()
    if sources.count(STREAM) > 1:
        raise errors.stdin_twice()
    named = format_named(form) if form else None
    jobs = _placed(sources, output, named, label, overwrite, stdout_is_terminal)
    _refuse_clashes(jobs, overwrite)
    return jobs


def _placed(sources: list[str], output: str | None, named: Format | None, label: str, overwrite: bool, stdout_is_terminal: bool) -> list[Job]:
    if output is None and stdout_is_terminal:
        return [Job(source, _derived(source, label, named), named, overwrite, derived=True) for source in sources]
    if output in (None, STREAM):
        if len(sources) > 1:
            raise errors.several_to_one_stream(len(sources))
        if stdout_is_terminal:
            raise errors.binary_to_terminal()
        return [Job(sources[0], STREAM, named or FORMATS["png"])]
    assert output is not None
    if len(sources) > 1 or os.path.isdir(output) or output.endswith((os.sep, os.altsep or os.sep)):
        if os.path.exists(output) and not os.path.isdir(output):
            raise errors.output_is_file(output, len(sources))
        return [Job(source, os.path.join(output, _kept(source, named)), named, overwrite) for source in sources]
    return [Job(sources[0], output, named or _form_of(output), replace=True)]


def _form_of(path: str) -> Format:
    """By the suffix; a FIFO or device has none and takes what a stream takes."""
    if os.path.exists(path) and not stat.S_ISREG(os.stat(path).st_mode):
        return FORMATS["png"]
    return format_of(path)


def _derived(source: str, label: str, named: Format | None) -> str:
    stem, suffix = os.path.splitext("stdin.png" if source == STREAM else os.path.basename(source))
    if named:
        suffix = named.suffixes[0]
    return f"{stem}-{label}{suffix or '.png'}"


def _kept(source: str, named: Format | None) -> str:
    name = "stdin.png" if source == STREAM else os.path.basename(source.rstrip("/\\"))
    return os.path.splitext(name)[0] + named.suffixes[0] if named else name


def _refuse_clashes(jobs: list[Job], overwrite: bool) -> None:
    read = {os.path.realpath(job.source) for job in jobs if job.source != STREAM}
    written: dict[str, str] = {}
    for job in jobs:
        if job.target == STREAM:
            continue
        where = os.path.realpath(job.target)
        if where in written:
            raise errors.outputs_collide(job.target, written[where], job.source_name)
        if where in read and not overwrite:
            raise errors.output_is_input(job.target)
        written[where] = job.source_name


# ---------------------------------------------------------------- one job after the other


def run_jobs(jobs: Sequence[Job], pipeline: Pipeline, settings: Settings, say: Callable[[Outcome], None]) -> Report:
    """Every job in turn; one that fails does not keep the others from their turn. `say` hears each outcome."""
    report = Report()
    for job in jobs:
        try:
            outcome = _run(job, pipeline, settings)
        except errors.ImgconvError as error:
            outcome = Outcome(job.source_name, error=error)
        except MemoryError:
            outcome = Outcome(job.source_name, error=errors.no_memory(job.source_name))
        report.add(outcome)
        say(outcome)
    return report


def _run(job: Job, pipeline: Pipeline, settings: Settings) -> Outcome:
    """Header, foretold shape, pixels, steps, bytes, file."""
    from imgconv.files import read, write
    from imgconv.numerics import target

    if not job.derived and not job.replace and job.target != STREAM and os.path.exists(job.target):
        raise errors.file_exists(job.target)
    header = read.header(job.source)
    pipeline.shape(header.height, header.width)
    goal = target(header.type, settings.dtype, settings.range)
    channels = 1 if settings.gray else header.channels
    able = write.able(goal.type, channels, header.alpha)
    form, path = _settled_place(job, header, able)
    write.check(form, goal.type, channels, header.alpha, path)
    image = header.load()
    result = (image.gray() if settings.gray else image).through(pipeline, dtype=goal.type, range=goal.range, threads=settings.threads)
    to_stream = path == STREAM
    content = write.encoded(result, form, "standard output" if to_stream else path, fast=_is_pipe(path))
    if to_stream:
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
    else:
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        write.write(path, content)
    return Outcome(job.source_name, "standard output" if to_stream else path, _said(image, result, goal.type))


def _settled_place(job: Job, header: Header, able: list[str]) -> tuple[Format, str]:
    """The format and path of a job whose input is known: a derived name falls back to PNG where the input's format cannot hold the result."""
    if job.form is not None:
        form = job.form
    else:
        own = FORMATS.get(header.format)
        if own is None or (job.derived and own.name not in able):
            own = FORMATS["png"] if job.derived or job.source == STREAM else own
        if own is None:
            raise errors.format_cannot_hold(job.target, header.format, "a result (imgconv does not write it)", able)
        form = own
    path = job.target
    if job.derived:
        stem, suffix = os.path.splitext(path)
        path = path if suffix.lower() in form.suffixes else stem + form.suffixes[0]
        if os.path.exists(path) and not job.replace:
            raise errors.file_exists(path)
    return form, path


def _is_pipe(path: str) -> bool:
    """Whether bytes go through a pipe, where speed counts and size does not."""
    try:
        mode = os.fstat(sys.stdout.fileno()).st_mode if path == STREAM else os.stat(path).st_mode
    except (OSError, ValueError):
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)


def _said(image: Image, result: Image, type_: str) -> tuple[str, ...]:
    from imgconv.numerics import limits

    height, width = result.pixels.shape[:2]
    said: list[Any] = [f"{width}x{height} {result.mode}"]
    if image.pixels.shape[:2] != (height, width):
        said[0] += f" (from {image.pixels.shape[1]}x{image.pixels.shape[0]})"
    if result.response is not None:
        seen = result.response
        said += lost(seen.low, seen.high, seen.below, seen.above, seen.missing, max(1, seen.count), limits(type_))
    return (*said, *result.notes)

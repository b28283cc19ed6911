"""Jobs to outcomes: one image, a stream and many files take the same road."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from imgconv import errors
from imgconv.batch.jobs import STREAM, Job
from imgconv.files.formats import FORMATS, Format
from imgconv.files.options import Reading, Writing
from imgconv.operations.base import Foretold
from imgconv.pipeline import Pipeline
from imgconv.report import Outcome, Report, lost

if TYPE_CHECKING:
    from imgconv.files.header import Header
    from imgconv.image import Image


@dataclass(frozen=True)
class Settings:
    """What belongs to the run, not to a step."""

    dtype: str = "same"
    range: str = "clamp"
    gray: bool = False
    threads: int | None = None
    reading: Reading = field(default_factory=Reading)
    writing: Writing = field(default_factory=Writing)


def run_jobs(jobs: Sequence[Job], pipeline: Pipeline, settings: Settings, say: Callable[[Outcome], None]) -> Report:
    """Every job in turn; one that fails does not keep the others from their turn. `say` hears each outcome."""
    report = Report()
    _refuse_derived_clashes(jobs, settings)
    for job in jobs:
        try:
            outcome = _run(job, pipeline, settings)
        except (errors.WindowError, errors.PixelError) as error:
            outcome = Outcome(job.source_name, error=error if str(error).startswith(job.source_name) else errors.named(job.source_name, error))
        except errors.ImgconvError as error:
            outcome = Outcome(job.source_name, error=error)
        except MemoryError:
            outcome = Outcome(job.source_name, error=errors.no_memory(job.source_name))
        report.add(outcome)
        say(outcome)
    return report


def explain(job: Job, pipeline: Pipeline, settings: Settings) -> list[str]:
    """The plan of a job, step by step; only the header is read. Raises ImgconvError as running it would."""
    from imgconv.files import read
    from imgconv.numerics import span, target

    with read.header(job.source, settings.reading) as header:
        goal = target(header.type, settings.dtype, settings.range)
        given = Foretold(header.height, header.width, 1 if settings.gray else header.channels, header.type, span(header.type))
        return pipeline.explain(given, goal.type)


def _refuse_derived_clashes(jobs: Sequence[Job], settings: Settings) -> None:
    """Two derived names may meet only once their formats are known, which is by content: those headers are read before any work."""
    from imgconv.files import read

    stems: dict[str, list[Job]] = {}
    for job in jobs:
        if job.derived and job.source != STREAM:
            stems.setdefault(os.path.splitext(job.target)[0], []).append(job)
    for group in stems.values():
        places: dict[str, str] = {}
        for job in group if len(group) > 1 else ():
            try:
                with read.header(job.source, settings.reading) as header:
                    place = _settled_place(job, header, _able(header, settings))[1]
            except errors.ImgconvError:
                continue  # said when its turn comes
            if place in places:
                raise errors.outputs_collide(place, places[place], job.source_name)
            places[place] = job.source_name


def _able(header: Header, settings: Settings) -> list[str]:
    """The formats that can hold the result of an image with this header."""
    from imgconv.files import write
    from imgconv.numerics import target

    return write.able(target(header.type, settings.dtype, settings.range).type, 1 if settings.gray else header.channels, header.alpha)


def _run(job: Job, pipeline: Pipeline, settings: Settings) -> Outcome:
    """Header, foretold shape, pixels, steps, bytes, file."""
    from imgconv.files import read, write
    from imgconv.numerics import target

    if not job.derived and not job.replace and job.target != STREAM and os.path.exists(job.target):
        raise errors.file_exists(job.target)
    header = read.header(job.source, settings.reading)
    pipeline.shape(header.height, header.width)
    goal = target(header.type, settings.dtype, settings.range)
    channels = 1 if settings.gray else header.channels
    form, path = _settled_place(job, header, _able(header, settings))
    if job.derived and os.path.exists(path) and not job.replace:
        raise errors.file_exists(path)
    write.check(form, goal.type, channels, header.alpha, path)
    image = header.load()
    result = (image.gray() if settings.gray else image).through(pipeline, dtype=goal.type, range=goal.range, threads=settings.threads)
    to_stream = path == STREAM
    shown = "standard output" if to_stream else path
    content = write.encoded(result, form, shown, fast=_is_pipe(path), writing=settings.writing, threads=settings.threads)
    if to_stream:
        write.write_stdout(content)
    else:
        if job.in_folder:
            write.make_folder(os.path.dirname(path))
        write.write(path, content)
    return Outcome(job.source_name, shown, _said(image, result, goal.type))


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
    return form, path


def _is_pipe(path: str) -> bool:
    """Whether bytes go through a pipe, where speed counts and size does not."""
    try:
        mode = os.fstat(sys.stdout.fileno()).st_mode if path == STREAM else os.stat(path).st_mode
    except (OSError, ValueError, AttributeError):
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
    return (*said, *map(str, result.notes))

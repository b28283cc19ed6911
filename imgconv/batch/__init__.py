"""Jobs to outcomes: one image, a stream and many files take the same road."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from imgconv import errors
from imgconv.batch.facts import described, losses, said, settled
from imgconv.batch.hush import hushed
from imgconv.batch.jobs import STREAM, Job
from imgconv.files.formats import FORMATS, Format
from imgconv.files.options import Reading, Writing
from imgconv.layouts import Layout
from imgconv.operations.base import Foretold
from imgconv.params import ALL_CHANNELS, LUMA, Channels
from imgconv.pipeline import Pipeline
from imgconv.records import field, record, replace
from imgconv.report import Note, Outcome, Report

if TYPE_CHECKING:
    from imgconv.files.header import Header
    from imgconv.image import Image


@record
class Settings:
    """What belongs to the run, not to a step."""

    dtype: str = "same"
    range: str = "clamp"
    gray: bool = False
    alpha: str = "auto"
    channels: Channels = ALL_CHANNELS
    linear: bool = False
    threads: int | None = None
    reading: Reading = field(default_factory=Reading)
    writing: Writing = field(default_factory=Writing)
    strict: bool = False
    plans: bool = False
    """Whether outcomes tell the plan: only a report shows it."""

    @property
    def wide(self) -> bool:
        """Whether steps see floats that are made of the pixels, and leave some that are pixels again only after them."""
        return self.linear or self.channels == LUMA


def run_jobs(jobs: Sequence[Job], pipeline: Pipeline, settings: Settings, say: Callable[[Outcome], None]) -> Report:
    """Every job in turn; one that fails does not keep the others from their turn. `say` hears each outcome."""
    report = Report()
    _refuse_derived_clashes(jobs, pipeline, settings)
    reserved = {os.path.realpath(path): job.source_name for job in jobs for path in (job.source, job.target) if path != STREAM}
    for job in jobs:
        outcome = _outcome(job, pipeline, settings, reserved)
        report.add(outcome)
        say(outcome)
    return report


def _outcome(job: Job, pipeline: Pipeline, settings: Settings, reserved: dict[str, str]) -> Outcome:
    """What becomes of one job; whatever is wrong with it is in its outcome, together with the facts that were known by then."""
    name, notes = job.source_name, list[Note]()
    facts: dict[str, Any] = {"input": job.source}
    begun = time.perf_counter()
    try:
        outcome = _run(job, pipeline, settings, reserved, facts, notes)
        facts["seconds"] = round(time.perf_counter() - begun, 6)
        return outcome
    except (errors.WindowError, errors.PixelError) as error:
        failure = error if str(error).startswith(name) else errors.named(name, error)
    except errors.ImgconvError as error:
        failure = error
    except MemoryError:
        failure = errors.no_memory(name)
    facts["seconds"] = round(time.perf_counter() - begun, 6)
    return Outcome(name, notes=tuple(notes), facts=facts, error=failure)


def explain(job: Job, pipeline: Pipeline, settings: Settings) -> list[str]:
    """The plan of a job, step by step; only the header is read. Raises ImgconvError as running it would."""
    from imgconv.files import read

    with read.header(job.source, settings.reading) as header:
        return _plan(header, pipeline, settings)


def _plan(header: Header, pipeline: Pipeline, settings: Settings) -> list[str]:
    from imgconv.numerics import target

    goal = target(header.layout.type, settings.dtype, settings.range)
    first, *rest = pipeline.explain(_given(header, settings), "wide" if settings.wide else goal.type)
    return [f"{first}; for each of {header.frames} frames" if header.frames > 1 else first, *rest]


def _given(header: Header, settings: Settings) -> Foretold:
    """What the first step will see of an image with this header."""
    from imgconv.colour.channels import chosen
    from imgconv.numerics import span

    layout = Layout(1, header.layout.alpha) if settings.gray else header.layout
    choice = chosen(settings.channels, layout.channels, layout.colour, layout.alpha and settings.alpha != "drop")
    channels = 1 if choice.luma else layout.channels if choice.numbers is None else max(1, len(choice.numbers))
    type_ = header.layout.type
    if settings.wide:
        type_ = "float64" if type_ in ("int32", "float64") else "float32"
    return Foretold(header.height, header.width, channels, type_, span(type_))


def _refuse_derived_clashes(jobs: Sequence[Job], pipeline: Pipeline, settings: Settings) -> None:
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
                    place = _settled_place(job, header, _able(header, pipeline, settings))[1]
            except errors.ImgconvError:
                continue  # said when its turn comes
            if place in places:
                raise errors.outputs_collide(place, places[place], job.source_name)
            places[place] = job.source_name


def _result_layout(header: Header, pipeline: Pipeline, settings: Settings) -> Layout:
    """What the pixels of the result of an image with this header will be."""
    from imgconv.numerics import target

    type_ = target(header.layout.type, settings.dtype, settings.range).type
    alpha = header.layout.alpha and settings.alpha != "drop"
    layout = replace(header.layout, type=type_, alpha=alpha) if not settings.gray else Layout(1, alpha, type_)
    channels = pipeline.channels(layout.channels)
    return layout if channels == layout.channels else Layout(channels, alpha, type_)


def _able(header: Header, pipeline: Pipeline, settings: Settings) -> list[str]:
    """The formats that can hold the result of an image with this header."""
    from imgconv.files import fit

    return fit.able(_result_layout(header, pipeline, settings))


def _run(job: Job, pipeline: Pipeline, settings: Settings, reserved: dict[str, str], facts: dict[str, Any], notes: list[Note]) -> Outcome:
    """Header, foretold shape, pixels, steps, bytes, file; `facts` and `notes` grow on the way."""
    from imgconv.batch import deliver, forecast, separate, sides
    from imgconv.files import fit, frames, read, write
    from imgconv.numerics import target

    for one in (job, *job.sides):
        if not one.derived and not one.replace and one.target != STREAM and os.path.exists(one.target):
            raise errors.file_exists(one.target)
    header = read.header(job.source, settings.reading)
    facts |= {
        "format_in": header.format,
        "mode_in": header.layout.words.removesuffix(f" {header.layout.type}"),
        "dtype_in": header.layout.type,
        "frames_in": header.frames,
        "shape_in": [header.height, header.width, header.layout.channels + header.layout.alpha],
    }
    sizes = [pipeline.shape(*size) for size in set(header.sizes) or {(header.height, header.width)}]
    if settings.plans:
        facts["plan"] = _plan(header, pipeline, settings)
    goal = target(header.layout.type, settings.dtype, settings.range)
    form, path = _settled_place(job, header, _able(header, pipeline, settings))
    if job.derived and os.path.exists(path) and not job.replace:
        raise errors.file_exists(path)
    fit.check(form, _result_layout(header, pipeline, settings), (max(h for h, _ in sizes), max(w for _, w in sizes)), settings.writing, path)
    may_separate = job.derived or job.in_folder
    if header.frames > 1 and not may_separate:
        frames.check_sizes(form, header)
    forecast.check(header, pipeline, goal, _result_layout(header, pipeline, settings).channels, settings.reading, wide=settings.wide)
    write.prepare(form)
    with hushed(header.format):
        image = header.load()
    numbers = header.numbers
    del header  # and with it what the decoder still holds of the pixels
    facts |= described(image, "in")
    given = _given_image(image, settings)
    alpha, channels, linear = settings.alpha, settings.channels, settings.linear
    result = given.through(pipeline, dtype=settings.dtype, range=goal.range, threads=settings.threads, alpha=alpha, channels=channels, linear=linear)
    type_ = result.pixels.dtype.name
    parts = deliver.parts(job, form, path, result, numbers, reserved, settings.writing)
    result = parts[0].image if len(parts) == 1 else write.fitted(result, form, path, settings.writing)
    words = said(image, result)
    facts |= described(result, "out") | settled(result) | {"format_out": form.name}
    beside = []
    for one in job.sides:
        picture = sides.made(one, pipeline, given, settings.alpha, settings.threads)
        beside.append(deliver.parts(one, sides.form_of(one), one.target, picture, numbers, reserved, settings.writing))
    del image, given  # large ones need not stay beside the encoded files
    every = [*parts, *(part for one in beside for part in one)]
    notes += losses(replace(result, notes=tuple(dict.fromkeys(note for part in every for note in part.image.notes))), type_)
    if settings.strict and any(note.loss for note in notes):
        raise errors.losses_forbidden(job.source_name, [note.text for note in notes if note.loss])
    deliver.put(every, settings)
    facts |= {"output": parts[0].where, "outputs": [part.where for part in every]}
    also = tuple(f"{one.what} in {separate.shown([part.where for part in made])}" for one, made in zip(job.sides, beside, strict=True))
    return Outcome(job.source_name, separate.shown([part.where for part in parts]), words + also, tuple(notes), facts)


def _given_image(image: Image, settings: Settings) -> Image:
    """The image that goes through the pipeline: gray if that is wanted."""
    from imgconv.colour.profile import is_srgb

    if settings.gray and settings.linear and not is_srgb(image.light()):
        raise errors.profile_left()
    return image.gray() if settings.gray else image


def _settled_place(job: Job, header: Header, able: list[str]) -> tuple[Format, str]:
    """The format and path of a job whose input is known: a derived name falls back to PNG where the input's format cannot hold the result."""
    if job.form is not None:
        form = job.form
    else:
        own = FORMATS.get(header.format)
        if own is None or (job.derived and own.name not in able):
            own = FORMATS["png" if "png" in able or not able else able[0]] if job.derived or job.source == STREAM else own
        if own is None:
            raise errors.format_cannot_hold(job.target, header.format, "a result (imgconv does not write it)", able)
        form = own
    path = job.target
    if job.derived:
        stem, suffix = os.path.splitext(path)
        path = path if suffix.lower() in form.suffixes else stem + form.suffixes[0]
    return form, path

"""Jobs to outcomes: one image, a stream and many files take the same road."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from imgconv import errors
from imgconv.batch.facts import described, header_facts, losses, said, settled
from imgconv.batch.jobs import STREAM, Job
from imgconv.batch.outcomes import Outcome, Outcomes
from imgconv.batch.preflight import plan, promised, refuse_derived_clashes
from imgconv.batch.quiet_stderr import hushed
from imgconv.batch.settings import Settings
from imgconv.operations.pipeline import Pipeline
from imgconv.values.frozen import replace
from imgconv.values.notes import Note

if TYPE_CHECKING:
    from imgconv.api.image import Image
    from imgconv.values.image import ImageData


def run_jobs(jobs: Sequence[Job], pipeline: Pipeline, settings: Settings, say: Callable[[Outcome], None]) -> Outcomes:
    """Every job in turn; one that fails does not keep the others from their turn. `say` hears each outcome."""
    outcomes = Outcomes()
    refuse_derived_clashes(jobs, pipeline, settings)
    reserved = {
        os.path.realpath(path): job.source_name
        for job in jobs
        for path in (job.source_file, job.target)
        if path != STREAM
    }
    for job in jobs:
        outcome = _outcome(job, pipeline, settings, reserved)
        outcomes.add(outcome)
        say(outcome)
    return outcomes


def _outcome(job: Job, pipeline: Pipeline, settings: Settings, reserved: dict[str, str]) -> Outcome:
    """What becomes of one job; whatever is wrong with it is in its outcome, together with the facts that were known by
    then."""
    name, notes = job.source_name, list[Note]()
    facts: dict[str, Any] = {"input": job.source}
    begun = time.perf_counter()
    try:
        outcome = _run(job, pipeline, settings, reserved, facts, notes)
        facts["seconds"] = round(time.perf_counter() - begun, 6)
        return outcome
    except (errors.WindowError, errors.PixelError) as error:
        failure = errors.named(name, error)
    except errors.ImgconvError as error:
        failure = error
    except MemoryError:
        failure = errors.no_memory(name)
    facts["seconds"] = round(time.perf_counter() - begun, 6)
    return Outcome(name, notes=tuple(notes), facts=facts, error=failure)


def explain(job: Job, pipeline: Pipeline, settings: Settings) -> list[str]:
    """The plan of a job, step by step; only the header is read. Raises ImgconvError as running it would."""
    from imgconv.engine.memory import confined
    from imgconv.files import read

    with confined(settings.reading.max_memory), read.header(job.source, settings.reading) as header:
        return plan(header, pipeline, settings)


def _run(
    job: Job, pipeline: Pipeline, settings: Settings, reserved: dict[str, str], facts: dict[str, Any], notes: list[Note]
) -> Outcome:
    """Header, promises, pixels, steps, bytes, files; `facts` and `notes` grow on the way."""
    from imgconv.api.image import Image
    from imgconv.batch import output
    from imgconv.batch.numbered_frames import shown
    from imgconv.engine.memory import confined
    from imgconv.files import limits, read, write

    for one in (job, *job.sides):
        if not one.derived and not one.replace and one.target != STREAM and os.path.exists(one.target):
            raise errors.file_exists(one.target)
    with confined(settings.reading.max_memory):
        header = read.header(job.source, settings.reading)
    try:
        facts |= header_facts(header)
        if settings.plans:
            facts["plan"] = plan(header, pipeline, settings)
        form, path = promised(job, header, pipeline, settings)
        write.prepare(form, limits.decoded_bytes(header))
    except BaseException:
        header.close()
        raise
    with hushed(header.format), confined(settings.reading.max_memory):
        image = Image.of(header.load())
    numbers = header.numbers
    del header  # and with it what the decoder still holds of the pixels
    facts |= described(image, "in")
    given = _given_image(image, settings)
    result: ImageData = _computed(given, pipeline, settings)
    type_ = result.pixels.dtype.name
    parts = output.parts(job, form, path, result, numbers, reserved, settings.writing)
    result = output.whole(parts)
    words = said(image, result)
    facts |= described(result, "out") | settled(result) | {"format_out": form.name}
    beside = [output.side(one, pipeline, given, numbers, reserved, settings) for one in job.sides]
    del image, given  # large ones need not stay beside the encoded files
    every = [*parts, *(part for side in beside for part in side)]
    notes += losses(replace(result, notes=output.whole(every).notes), type_)
    if settings.strict and any(note.loss for note in notes):
        raise _losses_forbidden(job.source_name, [note.text for note in notes if note.loss])
    output.put(every, settings, lambda note: _hear(note, job, settings, notes))
    facts |= {"output": parts[0].where, "outputs": [part.where for part in every]}
    also = tuple(
        f"{one.what} in {shown([part.where for part in made])}" for one, made in zip(job.sides, beside, strict=True)
    )
    return Outcome(job.source_name, shown([part.where for part in parts]), words + also, tuple(notes), facts)


def _hear(note: Note, job: Job, settings: Settings, notes: list[Note]) -> None:
    """Takes a note that came while a file was written, before it got its place."""
    if settings.strict and note.loss:
        raise _losses_forbidden(job.source_name, [note.text])
    if note not in notes:  # where one way of writing fails, another says it again
        notes.append(note)


def _losses_forbidden(name: str, losses: Sequence[str]) -> errors.LossError:
    return errors.LossError(f"{name}: not written, since --strict allows no loss: {'; '.join(losses)}")


def _computed(given: Image, pipeline: Pipeline, settings: Settings) -> Image:
    from imgconv.engine import memory

    how: dict[str, Any] = {"alpha": settings.alpha, "channels": settings.channels, "linear": settings.linear}
    with memory.limited(settings.reading.max_memory):
        return given.through(pipeline, dtype=settings.dtype, range=settings.range, threads=settings.threads, **how)


def _given_image(image: Image, settings: Settings) -> Image:
    """The image that goes through the pipeline: gray if that is wanted."""
    if not settings.gray:
        return image
    if settings.linear:
        from imgconv.engine.colour.profile import is_srgb

        if not is_srgb(image.light()):
            raise errors.PixelError(
                "its colour profile is not sRGB, and --gray leaves profiles behind, which --linear needs; convert the"
                " image to sRGB first"
            )
    return image.gray()

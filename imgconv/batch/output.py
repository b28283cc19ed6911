"""From results to files: numbered where a format holds one frame, all encoded before the first is written."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from imgconv.batch import numbered_frames
from imgconv.batch.jobs import STREAM, Job
from imgconv.files.formats import Format
from imgconv.files.options import Writing
from imgconv.values.frozen import record, replace
from imgconv.values.notes import Note

if TYPE_CHECKING:
    from imgconv.batch.settings import Settings
    from imgconv.operations.pipeline import Pipeline
    from imgconv.values.image import ImageData


@record
class Part:
    """One file or stream to be: where, of which format, what it holds, for which job."""

    where: str
    form: Format
    image: ImageData
    job: Job


def parts(
    job: Job,
    form: Format,
    path: str,
    result: ImageData,
    numbers: Sequence[int],
    reserved: dict[str, str],
    writing: Writing,
) -> list[Part]:
    """One part, or one for each frame where the format holds one and the name is ours to choose; each image is fitted
    to the format, which may leave notes."""
    from imgconv.files import frames, write

    if not (job.derived or job.in_folder) or len(result.frames) == 1 or frames.fit(form, result.frames):
        return [Part(path, form, write.fitted(result, form, _shown(path), writing), job)]
    paths = numbered_frames.paths(job, path, numbers)
    numbered_frames.reserve(paths, job, reserved)
    return [
        Part(where, form, write.fitted(image, form, where, writing), job)
        for where, image in zip(paths, numbered_frames.images(frames.untimed(result, form)), strict=True)
    ]


def whole(parts: Sequence[Part]) -> ImageData:
    """What was fitted, frames in files of their own as one image again, with the notes of all of them."""
    notes = tuple(dict.fromkeys(note for part in parts for note in part.image.notes))
    frames = tuple(frame for part in parts for frame in part.image.frames)
    return replace(parts[0].image, frames=frames, notes=notes)


def side(
    job: Job, pipeline: Pipeline, given: ImageData, numbers: Sequence[int], reserved: dict[str, str], settings: Settings
) -> list[Part]:
    """The parts of a picture that is made beside the result."""
    from imgconv.batch import auxiliary

    picture = auxiliary.made(job, pipeline, given, settings)
    return parts(job, auxiliary.form_of(job), job.target, picture, numbers, reserved, settings.writing)


def put(made: Sequence[Part], settings: Settings, hear: Callable[[Note], None]) -> None:
    """Encodes every part, then writes them; `hear` is told what of a replaced file cannot be kept, and may raise."""
    from imgconv.files import atomic, write

    contents = [
        write.encode_fitted(
            part.image,
            part.form,
            _shown(part.where),
            fast=_is_pipe(part.where),
            writing=settings.writing,
            threads=settings.threads,
        )
        for part in made
    ]
    for part, content in zip(made, contents, strict=True):
        if part.where == STREAM:
            atomic.write_stdout(content)
            continue
        if part.job.in_folder:
            atomic.make_folder(os.path.dirname(part.where))
        atomic.write(part.where, content, hear, replace=part.job.replace)


def _shown(path: str) -> str:
    return "standard output" if path == STREAM else path


def _is_pipe(path: str) -> bool:
    """Whether bytes go through a pipe, where speed counts and size does not."""
    try:
        mode = os.fstat(sys.stdout.fileno()).st_mode if path == STREAM else os.stat(path).st_mode
    except (OSError, ValueError, AttributeError):
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)

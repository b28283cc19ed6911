"""Outputs: results fitted to their formats, numbered where a format holds one frame, and all encoded before the first
is written."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from imgconv import errors
from imgconv.batches.inputs import STREAM
from imgconv.batches.job import Job
from imgconv.files.formats import Format
from imgconv.files.options import Writing
from imgconv.values.frozen import record, replace
from imgconv.values.notes import Note

if TYPE_CHECKING:
    from imgconv.batches.settings import Settings
    from imgconv.values.image import ImageData


@record
class Output:
    """One file or stream to be written for a job: its path, its format, and the image fitted to that format."""

    path: str
    form: Format
    image: ImageData
    job: Job


def outputs(
    job: Job,
    form: Format,
    path: str,
    result: ImageData,
    numbers: Sequence[int],
    reserved: dict[str, str],
    writing: Writing,
) -> list[Output]:
    """One output, or one for each frame where the format holds one and the name is not the user's; each image is fitted
    to the format, which may leave notes."""
    from imgconv.files import frames, write

    if not (job.derived or job.in_folder) or len(result.frames) == 1 or frames.holds(form, result.frames):
        return [Output(path, form, write.fitted(result, form, shown_path(path), writing), job)]
    from imgconv.batches import numbered_frames

    paths = numbered_frames.paths(job, path, numbers)
    numbered_frames.reserve(paths, job, reserved)
    from imgconv.batches.recipes import of_frame

    return [
        Output(each, form, write.fitted(of_frame(image, number), form, each, writing), job)
        for number, (each, image) in enumerate(
            zip(paths, numbered_frames.images(frames.untimed(result, form)), strict=True)
        )
    ]


def joined(fitted: Sequence[Output]) -> ImageData:
    """The fitted images as one: frames in files of their own together again, with the notes of all of them."""
    notes = tuple(dict.fromkeys(note for output in fitted for note in output.image.notes))
    frames = tuple(frame for output in fitted for frame in output.image.frames)
    return replace(fitted[0].image, frames=frames, notes=notes)


def write(fitted: Sequence[Output], settings: Settings, on_note: Callable[[Note], None]) -> None:
    """Encodes every output, then writes them. `on_note` gets what of a replaced file cannot be kept, and may raise."""
    from imgconv.files.write import encode_fitted

    contents = [
        encode_fitted(
            output.image,
            output.form,
            shown_path(output.path),
            fast=is_pipe(output.path),
            writing=settings.writing,
            threads=settings.threads,
        )
        for output in fitted
    ]
    for output, content in zip(fitted, contents, strict=True):
        write_pieces(output.job, output.form, output.path, content, on_note)


def write_pieces(job: Job, form: Format, path: str, content: Any, on_note: Callable[[Note], None]) -> None:
    """Writes the pieces of one file of a job, or the files of a folder, as `write` does; what is there with the same
    content is left."""
    from imgconv.files import atomic, folders, pieces, places, urls
    from imgconv.files.write import put

    if path == STREAM:
        atomic.write_stdout(content)
        return
    if not job.may_replace(path) and job.may_adopt(path) and places.exists(path):
        if not (folders.has(path, content) if form.folder else _has(path, pieces.spooled(content))):
            raise errors.file_exists(path)
        return
    if job.in_folder:
        atomic.make_folder(urls.folder_of(path))
    put(form, path, content, on_note, replace=job.may_replace(path))


def _has(path: str, content: Iterable[bytes | memoryview]) -> bool:
    """Whether a file has this content."""
    from imgconv.files import read

    try:
        with read.stream_of(path) as file:
            for part in content:
                view = memoryview(part)
                if file.read(view.nbytes) != view.tobytes():
                    return False
            return not file.read(1)
    except OSError:
        return False


def shown_paths(fitted: Sequence[Output]) -> str:
    """Where a result goes, in words: its path, or the first and the last."""
    first, last = fitted[0].path, fitted[-1].path
    return f"{first} … {os.path.basename(last)}" if len(fitted) > 1 else shown_path(first)


def shown_path(path: str) -> str:
    return "standard output" if path == STREAM else path


def is_pipe(path: str) -> bool:
    """Whether bytes go through a pipe, where speed counts and size does not."""
    try:
        mode = os.fstat(sys.stdout.fileno()).st_mode if path == STREAM else os.stat(path).st_mode
    except (OSError, ValueError, AttributeError):
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)

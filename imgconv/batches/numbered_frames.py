"""Numbered frames: each frame in a file of its own, where a format holds one and the name is not the user's."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from imgconv import errors
from imgconv.batches.job import Job
from imgconv.values.frozen import replace

if TYPE_CHECKING:
    from imgconv.values.image import ImageData


def named(path: str, numbers: Sequence[int]) -> list[str]:
    """`anim-000.png` and so on: each frame's number as --frames counts, in three digits or as many as the last one
    needs."""
    stem, suffix = os.path.splitext(path)
    digits = max(3, len(str(numbers[-1])))
    return [f"{stem}-{number:0{digits}}{suffix}" for number in numbers]


def paths(job: Job, path: str, numbers: Sequence[int]) -> list[str]:
    """The same. Raises FileError for a file that is there already."""
    numbered = named(path, numbers)
    for each in numbered:
        if job.is_refused(each):
            raise errors.file_exists(each)
    return numbered


def reserve(numbered: Sequence[str], job: Job, reserved: dict[str, str]) -> None:
    """Reserves paths for a job. Raises UsageError for one that an input or another result of the run has."""
    for path in numbered:
        owner = reserved.get(os.path.realpath(path))
        if owner is not None:
            raise errors.outputs_collide(path, owner, job.source_name)
    reserved |= {os.path.realpath(path): job.source_name for path in numbered}


def images(result: ImageData) -> list[ImageData]:
    """Each frame as an image of its own, without a duration."""
    metadata = {key: value for key, value in result.metadata.items() if key not in ("loop", "default_image")}
    return [replace(result, frames=(replace(frame, duration=None),), metadata=metadata) for frame in result.frames]

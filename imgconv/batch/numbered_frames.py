"""Frames in files of their own, where a format holds one and the name is ours to choose."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from imgconv import errors
from imgconv.batch.jobs import STREAM, Job
from imgconv.values.frozen import replace

if TYPE_CHECKING:
    from imgconv.values.image import ImageData


def paths(job: Job, path: str, numbers: Sequence[int]) -> list[str]:
    """`anim-000.png` and so on: each frame's number as --frames counts, in three digits or as many as the last one
    needs."""
    stem, suffix = os.path.splitext(path)
    digits = max(3, len(str(numbers[-1])))
    found = [f"{stem}-{number:0{digits}}{suffix}" for number in numbers]
    for place in found:
        if not job.replace and os.path.exists(place):
            raise errors.file_exists(place)
    return found


def reserve(found: Sequence[str], job: Job, reserved: dict[str, str]) -> None:
    """Refuses paths that inputs or other results of the run have; keeps them for this job."""
    for place in found:
        where = os.path.realpath(place)
        if where in reserved:
            raise errors.outputs_collide(place, reserved[where], job.source_name)
    reserved |= {os.path.realpath(place): job.source_name for place in found}


def images(result: ImageData) -> list[ImageData]:
    """Each frame as an image of its own, which is shown for no time."""
    said = {key: value for key, value in result.metadata.items() if key not in ("loop", "default_image")}
    return [replace(result, frames=(replace(frame, duration=None),), metadata=said) for frame in result.frames]


def shown(found: Sequence[str]) -> str:
    """Where a result went, as sentences say it."""
    if found[0] == STREAM:
        return "standard output"
    return f"{found[0]} … {os.path.basename(found[-1])}" if len(found) > 1 else found[0]

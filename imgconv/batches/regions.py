"""--roi and --mask: the part of each image that is replaced."""

from __future__ import annotations

import os
from functools import lru_cache
from typing import TYPE_CHECKING

from imgconv import errors
from imgconv.batches.inputs import STREAM
from imgconv.values.crops import Crop
from imgconv.values.frozen import replace

if TYPE_CHECKING:
    from imgconv.api.image import Image
    from imgconv.batches.job import Job
    from imgconv.batches.settings import Settings
    from imgconv.files.header import Header
    from imgconv.files.options import Reading
    from imgconv.operations.pipeline import Pipeline


def mask_of(settings: Settings) -> Image | None:
    """The picture that says what is inside. Raises FileError if it cannot be read."""
    if settings.mask is None:
        return None
    try:
        status = os.stat(settings.mask)
        seen = status.st_size, status.st_mtime_ns
    except OSError:
        seen = 0, 0
    return _read(settings.mask, replace(settings.reading, frames=None, strip=True), seen)


@lru_cache(maxsize=1)
def _read(path: str, reading: Reading, seen: tuple[int, int]) -> Image:
    """The picture at a path, which all images of a batch have in common."""
    from imgconv.api.image import Image
    from imgconv.files import read

    return Image.of(read.header(path, reading).load())


def check(job: Job, header: Header, pipeline: Pipeline, settings: Settings) -> None:
    """Raises ImgconvError for what the header shows to be impossible."""
    from imgconv.api import region_pipeline, regions
    from imgconv.values.parameters import ALL_CHANNELS

    if job.auxiliary:
        names = " and ".join(f"--{one.role}" for one in job.auxiliary)
        raise errors.UsageError(f"{names} shows the whole image; leave it out, or leave out --roi and --mask")
    if settings.mask == STREAM:
        raise errors.UsageError("--mask - : standard input is for images; name a file")
    channels, mask = 1 if settings.gray else header.layout.channels, mask_of(settings)
    for height, width in set(header.sizes) or {(header.height, header.width)}:
        if settings.roi is not None:
            settings.roi.check(height, width, "--roi", "image")
        if mask is not None and len(mask.frames) == 1:
            regions.require_mask_of(mask.pixels.shape[:2], (height, width))
        known = settings.channels == ALL_CHANNELS
        region_pipeline.require_same_shape(pipeline, (height, width, channels), channels=known)


def plan(job: Job, header: Header, pipeline: Pipeline, settings: Settings) -> str:
    """What is computed of an image, in a sentence."""
    from imgconv.api import region_pipeline
    from imgconv.values.parameters import ALL_CHANNELS

    check(job, header, pipeline, settings)
    shape = header.height, header.width, 1 if settings.gray else header.layout.channels
    plain = settings.channels == ALL_CHANNELS and not settings.linear
    why = region_pipeline.whole_image_needed(pipeline, shape, settings.range, plain=plain)
    if why:
        return f"the whole image is computed, and the region is taken from it: {why}"
    beside = " (the whole image if it is transparent)" if header.alpha else ""
    if settings.mask is not None:
        return f"the box around the mask is computed, with what its windows look at{beside}"
    box = settings.roi or Crop(0, 0, *shape[:2])
    _, rows, columns = region_pipeline.parts_needed(pipeline, shape, box)
    (top, bottom), (left, right) = rows[0], columns[0]
    return (
        f"--roi {box} is computed, of {errors.extent(bottom - top, right - left)} of the image from row {top}, column"
        f" {left}{beside}"
    )

"""Sides: other pictures that an operation makes of an image, each written as its result is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imgconv.batch.jobs import Job
from imgconv.files.formats import Format, format_of
from imgconv.layouts import Layout
from imgconv.pipeline import Pipeline

if TYPE_CHECKING:
    from imgconv.image import Image


def made(job: Job, pipeline: Pipeline, image: Image, threads: int | None) -> Image:
    """The picture of one side: of every frame, without alpha and without what the image's file said, which is said of other pixels."""
    from imgconv.files import write
    from imgconv.image import Frame, Image
    from imgconv.numerics import values

    floats = form_of(job).name in write.able(Layout(1, False, "float32"))
    step = pipeline.steps[0]
    frames = tuple(Frame(step.side(job.what, values(frame.pixels), threads, floats=floats), duration=frame.duration) for frame in image.frames)
    return Image(frames)


def form_of(job: Job) -> Format:
    """A side's format; that of the main result may depend on its input, a side's never does."""
    return job.form or format_of(job.target)

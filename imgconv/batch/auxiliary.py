"""Sides: other pictures that an operation makes of an image, each written as its result is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imgconv.batch.jobs import Job
from imgconv.files.formats import Format, format_of
from imgconv.operations.pipeline import Pipeline
from imgconv.values.frozen import replace
from imgconv.values.layout import Layout

if TYPE_CHECKING:
    from imgconv.batch.settings import Settings
    from imgconv.values.image import Frame, ImageData


def made(job: Job, pipeline: Pipeline, image: ImageData, settings: Settings) -> ImageData:
    """The picture of one side: of every frame, without alpha and without what the image's file said, which is said of
    other pixels.

    It is of what the step saw: the channels and the light that are wanted, and hidden colours as the result counts
    them: not, unless it keeps or drops alpha.
    """
    from imgconv.api.apply.pipeline import auxiliary
    from imgconv.api.colour_pipeline import first_input
    from imgconv.api.image import colour_pipeline
    from imgconv.files import conversions
    from imgconv.values.image import Frame, ImageData

    floats = form_of(job).name in conversions.able(Layout(1, False, "float32"))
    step, threads = pipeline.steps[0], settings.threads

    def picture(frame: Frame) -> Frame:
        alone = replace(image, frames=(frame,))
        colours = colour_pipeline(alone, settings.alpha, settings.channels, settings.linear)
        return Frame(
            auxiliary(step, job.what, first_input(colours, frame.pixels, frame.alpha, threads), threads, floats=floats),
            duration=frame.duration,
        )

    return ImageData(tuple(map(picture, image.frames)))


def form_of(job: Job) -> Format:
    """A side's format; that of the main result may depend on its input, a side's never does."""
    return job.form or format_of(job.target)

"""Auxiliary outputs: other pictures that an operation makes of an image, each written as its result is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imgconv.batches.jobs import Job
from imgconv.files.formats import Format, format_of
from imgconv.operations.pipeline import Pipeline
from imgconv.values.frozen import replace
from imgconv.values.layout import Layout

if TYPE_CHECKING:
    from imgconv.batches.settings import Settings
    from imgconv.values.image import Frame, ImageData


def image(job: Job, pipeline: Pipeline, source: ImageData, settings: Settings) -> ImageData:
    """The image of one auxiliary output: of every frame, without alpha, and without the file's metadata, which
    describes other pixels.

    It is made of what the step gets: the chosen channels, in linear light where that is wanted, and hidden colours only
    where alpha is kept or dropped.
    """
    from imgconv.api.apply.pipeline import auxiliary
    from imgconv.api.colour_pipeline import first_input
    from imgconv.api.image import colour_pipeline
    from imgconv.files import conversions
    from imgconv.values.image import Frame, ImageData

    floats = form_of(job).name in conversions.able(Layout(1, False, "float32"))
    step, threads = pipeline.steps[0], settings.threads

    def picture(frame: Frame) -> Frame:
        alone = replace(source, frames=(frame,))
        colours = colour_pipeline(alone, settings.alpha, settings.channels, settings.linear)
        return Frame(
            auxiliary(step, job.role, first_input(colours, frame.pixels, frame.alpha, threads), threads, floats=floats),
            duration=frame.duration,
        )

    return ImageData(tuple(map(picture, source.frames)))


def form_of(job: Job) -> Format:
    """The format of an auxiliary output; unlike that of a result it never depends on the input."""
    return job.form or format_of(job.target)

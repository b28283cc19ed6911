"""Auxiliary outputs: other pictures that an operation makes of an image, each written as its result is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imgconv.batches.job import Job
from imgconv.files.formats import Format, format_of
from imgconv.operations.pipeline import Pipeline
from imgconv.values.layout import Layout

if TYPE_CHECKING:
    from imgconv.batches.settings import Settings
    from imgconv.values.image import ImageData


def image(job: Job, pipeline: Pipeline, source: ImageData, settings: Settings) -> ImageData:
    """The image of one auxiliary output."""
    from imgconv.api.auxiliary import auxiliary_image
    from imgconv.files import conversions

    return auxiliary_image(
        source,
        pipeline.steps[0],
        job.role,
        alpha=settings.alpha,
        channels=settings.channels,
        linear=settings.linear,
        floats=form_of(job).name in conversions.able(Layout(1, False, "float32")),
        threads=settings.threads,
    )


def form_of(job: Job) -> Format:
    """The format of an auxiliary output; unlike that of a result it never depends on the input."""
    return job.form or format_of(job.target)

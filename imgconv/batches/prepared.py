"""Prepared jobs: what is known of a job once the header of its input has been read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imgconv.batches.job import Job
from imgconv.batches.settings import Settings
from imgconv.operations.pipeline import Pipeline
from imgconv.values.frozen import record, replace
from imgconv.values.layout import Layout

if TYPE_CHECKING:
    from imgconv.files.formats import Format
    from imgconv.files.header import Header
    from imgconv.values.pixel_values import Target


@record(eq=False)
class Prepared:
    """A job with the header of its input, and the format and path of its result."""

    job: Job
    header: Header
    form: Format
    path: str
    pipeline: Pipeline
    settings: Settings
    recipe: str = ""
    """What the result says of how it was made; empty if it says nothing."""

    @property
    def layout(self) -> Layout:
        """The layout of the result."""
        return result_layout(self.header, self.pipeline, self.settings)

    @property
    def goal(self) -> Target:
        """What the result is converted to."""
        return goal(self.header, self.pipeline, self.settings)


def goal(header: Header, pipeline: Pipeline, settings: Settings) -> Target:
    """What the result of an image with this header is converted to."""
    from imgconv.values.pixel_values import target

    return target(header.layout.type, pipeline.result_type(settings.dtype), settings.range)


def result_layout(header: Header, pipeline: Pipeline, settings: Settings) -> Layout:
    """The layout of the result of an image with this header."""
    type_ = goal(header, pipeline, settings).type
    alpha = keeps_alpha(header, settings)
    layout = replace(header.layout, type=type_, alpha=alpha) if not settings.gray else Layout(1, alpha, type_)
    channels = pipeline.result(header.height, header.width, layout.channels)[2]
    return layout if channels == layout.channels else Layout(channels, alpha, type_)


def keeps_alpha(header: Header, settings: Settings) -> bool:
    """Whether alpha goes through the pipeline."""
    return header.layout.alpha and settings.alpha != "drop" and settings.flatten is None

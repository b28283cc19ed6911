"""Sides: other pictures that an operation makes of an image, each written as its result is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imgconv.batch.jobs import Job
from imgconv.files.formats import Format, format_of
from imgconv.layouts import Layout
from imgconv.pipeline import Pipeline

if TYPE_CHECKING:
    from imgconv.image import Frame, Image
    from imgconv.numerics import Pixels


def made(job: Job, pipeline: Pipeline, image: Image, alpha: str, threads: int | None) -> Image:
    """The picture of one side: of every frame, without alpha and without what the image's file said, which is said of other pixels.

    By `alpha`, the policy, hidden colours count as the result counts them: not, unless it keeps or drops alpha.
    """
    from imgconv.files import fit
    from imgconv.image import Frame, Image
    from imgconv.numerics import values

    floats = form_of(job).name in fit.able(Layout(1, False, "float32"))
    step = pipeline.steps[0]

    def picture(frame: Frame) -> Frame:
        seen = frame.pixels if alpha in ("keep", "drop") else _covered(frame)
        return Frame(step.side(job.what, values(seen), threads, floats=floats), duration=frame.duration)

    return Image(tuple(map(picture, image.frames)))


def _covered(frame: Frame) -> Pixels:
    """Colour times alpha, where something shines through."""
    from imgconv.colour.alpha import is_opaque
    from imgconv.engine.alpha import opaque_of

    if frame.alpha is None or is_opaque(frame.alpha):
        return frame.pixels
    share = frame.alpha.astype("float64") / opaque_of(frame.alpha.dtype.name)
    covered: Pixels = frame.pixels * (share if frame.pixels.ndim == 2 else share[..., None])
    return covered


def form_of(job: Job) -> Format:
    """A side's format; that of the main result may depend on its input, a side's never does."""
    return job.form or format_of(job.target)

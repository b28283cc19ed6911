"""Auxiliary outputs of images: other pictures that an operation makes of each frame, beside its result."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from imgconv.api.apply.pipeline import auxiliary
from imgconv.api.colour_pipeline import first_input
from imgconv.api.image import Image, colour_pipeline
from imgconv.values.frozen import replace
from imgconv.values.image import Frame

if TYPE_CHECKING:
    from imgconv.operations import Operation
    from imgconv.values.image import ImageData


def auxiliary_image(
    source: ImageData,
    step: Operation,
    name: str,
    *,
    alpha: str = "auto",
    channels: str | Sequence[str | int] = "all",
    linear: bool = False,
    floats: bool = True,
    threads: int | None = None,
) -> Image:
    """The picture of that name of every frame, without alpha, and without the file's metadata, which describe other
    pixels.

    It is made of what the step gets: the chosen channels, in linear light where that is wanted, and hidden colours only
    where alpha is kept or dropped.
    """

    def picture(frame: Frame) -> Frame:
        colours = colour_pipeline(replace(source, frames=(frame,)), alpha, channels, linear)
        values = first_input(colours, frame.pixels, frame.alpha, threads)
        return Frame(auxiliary(step, name, values, threads, floats=floats), duration=frame.duration)

    return Image(tuple(map(picture, source.frames)))

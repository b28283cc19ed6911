"""Linear light and chosen channels: what the first step is applied to, and how a response becomes a pixel again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from imgconv import errors
from imgconv.api.pixel.arithmetic import nearest
from imgconv.api.pixel.cells import Cells, exact
from imgconv.values.frozen import replace
from imgconv.values.numbers import Number

if TYPE_CHECKING:
    from imgconv.api.colour_pipeline import ColourPipeline
    from imgconv.api.image import Image
    from imgconv.values.image import Frame
    from imgconv.values.pixel_values import Pixels, Values


def colours_of(image: Image, alpha: str, channels: Any, *, linear: bool) -> ColourPipeline:
    """The colours that take part; UsageError for luma beside chroma, whose result is no channel's."""
    from imgconv.api.image import colour_pipeline

    colours = colour_pipeline(image, alpha, channels, linear)
    if colours.chosen.luma:
        raise errors.UsageError("explain shows channels, and luma is none; --gray explains the luma alone")
    return colours


def encoded_input(colours: ColourPipeline, frame: Frame) -> Values:
    """The chosen channels (H, W, C) as the image holds them."""
    from imgconv.values.pixel_values import values

    if colours.chosen.numbers == () and frame.alpha is not None:
        return values(frame.alpha)
    return colours.chosen.taken(values(frame.pixels))


def first_input(colours: ColourPipeline, encoded: Values, goal: str, threads: int | None) -> Values:
    """What the first step is applied to: pixels, or their light for a result of the type `goal`."""
    from imgconv.engine.colour.linear_light import to_linear_light

    curves = None if colours.chosen.numbers == () else colours.chosen_curves
    return encoded if curves is None else to_linear_light(encoded, curves, threads, goal)


def with_pixels(cells: Cells, plane: Pixels) -> Cells:
    """Cells of light with the pixels (H, W) that they were decoded from."""
    return tuple(
        tuple(cell if cell.source is None else replace(cell, pixel=exact(plane[cell.source])) for cell in row)
        for row in cells
    )


def encoded_response(colours: ColourPipeline, number: int, light: Number, type_: str) -> Number:
    """A response of light as a pixel of a type, neither rounded nor clamped; `number` is its place among the chosen
    channels."""
    import numpy as np

    from imgconv.engine.colour.linear_light import white_of

    curves, white = colours.chosen_curves or (), white_of(type_)
    if white is None or not curves:
        return light
    with np.errstate(all="ignore"):
        value = curves[number % len(curves)].encoded(np.array([nearest(light) / white])) * white
    return exact(value[0])

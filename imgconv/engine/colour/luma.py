"""Luma by Rec. 601: taken from red, green and blue, and put back with the chroma that was there."""

from __future__ import annotations

from imgconv import errors
from imgconv.engine.memory import allocate
from imgconv.engine.run_loop import run_loop
from imgconv.loops.luma import LIFT, LUMA
from imgconv.values.pixel_values import Pixels, Values, values
from imgconv.values.span import Span


def luma(colours: Values, type_: str, threads: int | None = None) -> Values:
    """0.299 R + 0.587 G + 0.114 B of (H, W, 3), as (H, W, 1) of a type; whole types are rounded as Pillow rounds 8
    bits."""
    height, width, _ = colours.pixels.shape
    result = allocate((height, width, 1), type_, "luma")
    arguments = {"source": colours.pixels, "row": width, "result": result, "last": height}
    run_loop(LUMA, {"src": colours.type, "out": type_}, arguments, 4 * width, threads)
    return Values(
        result, colours.span if not type_.startswith("float") else Span(colours.span.low, colours.span.high, False)
    )


def gray_plane(pixels: Pixels, colour_model: str) -> Pixels:
    """The luma of pixels of a colour model, (H, W), in their own type.

    Raises
    ------
    PixelError
        For other than 1 or 3 channels, and for a colour model other than RGB.
    """
    if colour_model:
        raise errors.no_gray(colour_model)
    if pixels.ndim == 2 or pixels.shape[2] == 1:
        return pixels.reshape(pixels.shape[:2])
    if pixels.shape[2] != 3:
        raise errors.no_gray(f"{pixels.shape[2]} channels")
    colours = values(pixels)
    return luma(colours, colours.type).pixels[..., 0]


def lifted(colours: Values, before: Values, after: Values, threads: int | None = None) -> Values:
    """Colours (H, W, 3) with what their luma gained added to each: Cb and Cr, multiples of B - Y and R - Y, stay as
    they were."""
    height, width, _ = colours.pixels.shape
    type_ = "float64" if "float64" in (before.type, after.type) else "float32"
    result = allocate((height, width, 3), type_, "the result")
    arguments = {
        "source": colours.pixels,
        "old": before.pixels,
        "new": after.pixels,
        "row": width,
        "result": result,
        "last": height,
    }
    types = {"src": colours.type, "before": before.type, "after": after.type, "out": type_}
    run_loop(LIFT, types, arguments, 6 * width, threads)
    return Values(result, Span(float("-inf"), float("inf"), False), after.notes)

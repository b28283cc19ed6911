"""Verbs that take another tool's way, or round otherwise than half up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from imgconv import errors
from imgconv.api.arrays import EVERYWHERE, PLAIN, run_inside, run_steps
from imgconv.operations.pipeline import pipeline as as_pipeline
from imgconv.values.parameters import HALF_UP, RANGE, ROUNDING
from imgconv.values.tools import TOOL

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from imgconv.api.annotations import DtypeLike, Pixels
    from imgconv.operations import Operation


def like_tool(
    operation: type[Operation], tool: str | None, stated: dict[str, Any], rounding: str | None
) -> tuple[dict[str, Any], str]:
    """The fields of an operation, and the rounding, as a tool has them; what is stated wins, and None states
    nothing."""
    fields = {name: value for name, value in stated.items() if value is not None}
    if tool is None:
        return fields, HALF_UP if rounding is None else ROUNDING.read(rounding)
    from imgconv.operations.profiles import profile

    tool = TOOL.read(tool)
    return operation.like(tool, fields), ROUNDING.read(profile(tool).rounding if rounding is None else rounding)


def run_rounded(
    pixels: ArrayLike,
    steps: Any,
    conversion: tuple[DtypeLike, str, int | None],
    rounding: str | None,
    out: Pixels | None,
    axes: tuple[bool, str] = PLAIN,
    inside: tuple[Any, Any] = EVERYWHERE,
) -> Pixels:
    """`run_steps`, with results rounded as `rounding` says."""
    from imgconv.engine.memory import checked_out
    from imgconv.engine.rounding import rounds, unrounded, whole
    from imgconv.files.pictures import is_picture
    from imgconv.values import pixel_values
    from imgconv.values.frozen import replace

    (dtype, range_, threads), steps = conversion, as_pipeline(steps)
    rounding = HALF_UP if rounding is None else ROUNDING.read(rounding)
    if rounding == HALF_UP:
        return run_steps(pixels, steps, dtype, range_, threads, out, axes, inside)
    if inside[0] is not None or inside[1] is not None:
        return run_inside(pixels, steps, conversion, out, axes, inside, rounding)  # type: ignore[no-any-return]
    if is_picture(pixels):
        options = {"dtype": dtype, "range": range_, "rounding": rounding, "threads": threads}
        picture: Pixels = _of_picture(pixels, steps, options, out)
        return picture
    if type(pixels).__module__.startswith("dask.array"):
        raise errors.UsageError(f"rounding={rounding!r} is not for a Dask array; pass array.compute()")
    array = pixel_values.array_of(pixels)
    goal = pixel_values.target(pixel_values.widened_type(array.dtype), steps.result_type(dtype), RANGE.read(range_))
    goal = replace(goal, rounding=rounding)
    if not rounds(goal):
        return run_steps(pixels, steps, dtype, range_, threads, out, axes)
    wide = unrounded(goal)
    result, _ = whole(run_steps(array, steps, "float64", wide.range, threads, None, axes), goal)
    if out is None:
        return result
    checked_out(out, result.shape, goal.type, array)
    out[...] = result
    return out


def _of_picture(picture: Any, steps: Any, options: dict[str, Any], out: Pixels | None) -> Any:
    from imgconv.api.image import Image

    if out is not None:
        raise errors.UsageError("an image's result is a new Image; leave out= out, or pass an array: image.pixels")
    image = picture if isinstance(picture, Image) else Image(picture)
    return image.through(steps, **options)

"""Pipelines inside a region; what is outside passes unchanged.

Pixels of a region get what they would get without it: windows at its edges see their true neighbours. Where all steps
are made of pixels near them, only the box around the region is computed, with what its windows look at.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from imgconv import errors
from imgconv.api import local_steps
from imgconv.api.colour_pipeline import ColourPipeline, run_frames, wide_frame
from imgconv.api.regions import Inside, Region
from imgconv.engine import memory
from imgconv.engine.alpha.plane import is_opaque
from imgconv.engine.quantise import quantise
from imgconv.engine.rounding import rounds, settled, unrounded, whole
from imgconv.values.crops import Crop
from imgconv.values.frozen import replace
from imgconv.values.notes import Note, share_text
from imgconv.values.parameters import HALF_UP
from imgconv.values.pixel_values import Pixels, Response, Target, Values, array_of, target, values

if TYPE_CHECKING:
    from imgconv.api.alpha_policies import Result
    from imgconv.api.colour_pipeline import FrameValues
    from imgconv.operations.pipeline import Pipeline


def of_array(
    pixels: Any,
    pipeline: Pipeline,
    dtype: Any,
    range_: str,
    rounding: str,
    threads: int | None,
    region: Region,
    out: Pixels | None = None,
) -> Pixels:
    """A pipeline inside a region of an array (H, W) or (H, W, C), into `out` if there is one."""
    array = array_of(pixels)
    source = values(array)
    goal = replace(target(source.type, pipeline.result_type(dtype), range_), rounding=rounding)
    if out is not None:
        memory.checked_out(out, array.shape, goal.type, array)
    ((result, _, _),) = run(region, ColourPipeline(), pipeline, [(source, None)], goal, threads)
    converted: Pixels = result.pixels.reshape(array.shape)
    if out is None:
        return converted
    out[...] = converted
    return out


def run(
    region: Region,
    colours: ColourPipeline,
    pipeline: Pipeline,
    frames: FrameValues,
    goal: Target,
    threads: int | None,
) -> list[Result]:
    """What `run_rounded` gives inside a region, and outside the pixels as they are, in the result's type.

    Notes and the response are those of what is inside; pixels outside that the type cannot hold are noted.

    Raises
    ------
    WindowError, PixelError
        Where the region does not fit the image, or the pipeline changes the size or the number of channels.
    """
    computed = unrounded(goal) if rounds(goal) else goal
    places = [
        region.of_frame(number, len(frames)).within(*colour.pixels.shape[:2])
        for number, (colour, _) in enumerate(frames)
    ]
    for colour, _ in frames:
        require_same_shape(pipeline, colour.pixels.shape, channels=colours.chosen.everything)
    parts = _parts(places, colours, pipeline, frames, computed, threads)
    return [
        _joined(place, part, colour, alpha, goal, threads)
        for place, part, (colour, alpha) in zip(places, parts, frames, strict=True)
    ]


def require_same_shape(pipeline: Pipeline, shape: Sequence[int], *, channels: bool = True) -> None:
    """Raises PixelError if a pipeline gives an image (rows, columns, channels) another size or, where that is known,
    another number of `channels`."""
    height, width, count = shape
    if (after := pipeline.shape(height, width)) != (height, width):
        raise errors.PixelError(
            "--roi and --mask leave what is outside as it is, so the size must stay; this would make"
            f" {errors.extent(*after)} of {errors.extent(height, width)}; use --pad same and stride 1, or leave them"
            " out"
        )
    if channels and (after_ := pipeline.result(height, width, count)[2]) != count:
        raise errors.PixelError(
            "--roi and --mask leave what is outside as it is, so the number of channels must stay; this would make"
            f" {after_} of {count}; use --gray, or leave them out"
        )


def _parts(
    places: Sequence[Inside],
    colours: ColourPipeline,
    pipeline: Pipeline,
    frames: FrameValues,
    goal: Target,
    threads: int | None,
) -> list[Result | None]:
    """The results in the box of each frame; None where that is empty."""
    if all(place.box is None for place in places):
        return [None] * len(frames)
    opaque = all(alpha is None or colours.alpha == "drop" or _stays_opaque(colours, alpha) for _, alpha in frames)
    if opaque and not whole_image_needed(pipeline, frames[0][0].pixels.shape, goal.range, plain=_is_plain(colours)):
        return [_near(place, pipeline, *frame, goal, threads) for place, frame in zip(places, frames, strict=True)]
    whole = run_frames(colours, pipeline, frames, goal, threads)
    return [
        _cut(place, result, colours, pipeline, frame, goal, threads)
        for place, result, frame in zip(places, whole, frames, strict=True)
    ]


def _is_plain(colours: ColourPipeline) -> bool:
    return colours.chosen.everything and colours.curves is None


def _stays_opaque(colours: ColourPipeline, alpha: Pixels) -> bool:
    return colours.alpha in ("auto", "keep") and bool(is_opaque(alpha))


def whole_image_needed(pipeline: Pipeline, shape: Sequence[int], range_: str, *, plain: bool) -> str:
    """Why more than the box is computed; empty if it is not. `plain`: all channels are filtered, as encoded."""
    if not plain:
        return "--channels and --linear convert it"
    if range_ == "stretch":
        return "--range stretch needs its extremes"
    return local_steps.refusal(pipeline, shape[0], shape[1], shape[2])


def parts_needed(pipeline: Pipeline, shape: Sequence[int], box: Crop) -> tuple[list[Any], list[Any], list[Any]]:
    """The steps, and the rows and columns that each needs for a box of the result, and those of the box."""
    steps = local_steps.local_steps(pipeline, (shape[0], shape[1], shape[2]))
    rows = local_steps.row_parts(steps, (box.row, box.row + box.height))
    return steps, rows, local_steps.column_parts(steps, (box.column, box.column + box.width))


def _near(
    place: Inside, pipeline: Pipeline, colour: Values, alpha: Pixels | None, goal: Target, threads: int | None
) -> Result | None:
    """The box alone, made of the pixels that its windows look at."""
    if place.box is None:
        return None
    steps, rows, columns = parts_needed(pipeline, colour.pixels.shape, place.box)
    (top, bottom), (left, right) = rows[0], columns[0]
    pixels = np.ascontiguousarray(colour.pixels[top:bottom, left:right])
    source = Values(pixels, colour.span)
    result, response = local_steps.apply_all(steps, source, rows, columns, goal, threads)
    if place.mask is not None:
        wide, _ = local_steps.apply_all(steps, source, rows, columns, None, threads)
        response = _measured(place.chosen(wide.pixels), wide, goal)
    return result, None if alpha is None else place.box.of(alpha), response


def _cut(
    place: Inside,
    result: Result,
    colours: ColourPipeline,
    pipeline: Pipeline,
    frame: tuple[Values, Pixels | None],
    goal: Target,
    threads: int | None,
) -> Result | None:
    """The box of a whole result, with the response of what is inside."""
    colour, alpha, response = result
    if place.box is None:
        return None
    if goal.range != "stretch" and colours.chosen.numbers != ():
        wide, seen = wide_frame(colours, pipeline, *frame, goal.type, threads)
        chosen = place.chosen(place.box.of(wide.pixels))
        if seen is not None and colours.alpha != "keep":  # what cannot be seen may be any number
            chosen = chosen[place.chosen(place.box.of(seen)[..., None])[:, 0, 0] > 0]
        response = _measured(chosen, wide, goal)
    cut = Values(place.box.of(colour.pixels), colour.span, colour.notes)
    return cut, None if alpha is None else place.box.of(alpha), response


def _measured(pixels: Pixels, wide: Values, goal: Target) -> Response:
    """The response of some pixels of a wide result."""
    if not pixels.size:
        return Response(0, 0)
    return quantise(Values(np.ascontiguousarray(pixels), wide.span), goal)[1]


def _joined(
    place: Inside, part: Result | None, colour: Values, alpha: Pixels | None, goal: Target, threads: int | None
) -> Result:
    """A frame with the results inside, and what was there outside."""
    outside = _outside(colour, goal, threads)
    lost = _changed_outside(place, colour.pixels, outside)
    if part is None:
        return Values(outside, colour.span, (*colour.notes, *lost)), alpha, None
    result, alpha_inside, response = settled(*part, goal) if rounds(goal) else part
    if rounds(goal) and place.mask is not None:
        response = whole(place.chosen(part[0].pixels), goal)[1]
    place.put(outside, result.pixels)
    if alpha_inside is None:
        alpha = None
    elif alpha is not None:
        alpha = np.array(alpha)
        place.put(alpha, alpha_inside)
    return Values(outside, colour.span, (*result.notes, *lost)), alpha, response


def _outside(colour: Values, goal: Target, threads: int | None) -> Pixels:
    """A copy of pixels in the type of the result, clamped."""
    goal = replace(goal, range="clamp")
    if rounds(goal) and colour.type.startswith("float"):
        return whole(colour.pixels, goal)[0]
    return quantise(colour, replace(goal, rounding=HALF_UP), threads=threads)[0]


def _changed_outside(place: Inside, before: Pixels, after: Pixels) -> tuple[Note, ...]:
    """A note of pixels outside that the result's type does not hold."""
    if before.dtype == after.dtype:
        return ()
    changed = (before != after).any(axis=2)
    if place.box is not None:
        place.put(changed, np.zeros((place.box.height, place.box.width), bool))
    count = int(changed.sum())
    if not count:
        return ()
    share = share_text(count, changed.size)
    return (Note("outside-converted", f"{share} outside the region, rounded or clamped to {after.dtype.name}"),)

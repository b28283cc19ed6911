"""Floats within 1 that became integers, of which these keep two or three levels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from imgconv.api.colour_pipeline import ColourPipeline, run_frames
from imgconv.values.notes import Note
from imgconv.values.pixel_values import Pixels, Response, Target, values

if TYPE_CHECKING:
    from imgconv.operations.pipeline import Pipeline

_WHITE = {"uint8": 2**8 - 1, "uint16": 2**16 - 1, "int16": 2**15 - 1, "int32": 2**31 - 1}


def notes(
    colours: ColourPipeline, pipeline: Pipeline, pixels: Sequence[Pixels], goal: Target, response: Response | None
) -> tuple[Note, ...]:
    """A note if frames of floats were converted to integers, their response lies within 1 and is not whole.

    Masks of whole numbers may stay whole; they are run once more to see it.
    """
    if goal.type not in _WHITE or goal.range == "stretch" or any(each.dtype.kind != "f" for each in pixels):
        return ()
    if response is None or not -1 <= response.low <= response.high <= 1:
        return ()
    if all(map(_is_whole, pixels)):
        inputs = [(values(each), None) for each in pixels]
        if all(_is_whole(each.pixels) for each, _, _ in run_frames(colours, pipeline, inputs, Target("float64"), None)):
            return ()
    low, used = ("\N{MINUS SIGN}1", "three") if response.low <= -0.5 else ("0", "two")
    remedy = f"--range stretch, or values times {_WHITE[goal.type]}"
    return (Note("few-levels", f"values within {low}…1 rounded to {used} levels ({remedy})"),)


def _is_whole(pixels: Pixels) -> bool:
    return bool((pixels == np.floor(pixels)).all())

"""Floats within 1 that became integers, of which these keep two or three levels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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
    if not _within_1(response):
        return ()
    if all(map(_is_whole, pixels)):
        inputs = [(values(each), None) for each in pixels]
        if all(_is_whole(each.pixels) for each, _, _ in run_frames(colours, pipeline, inputs, Target("float64"), None)):
            return ()
    return _noted(goal, response)


class Watch:
    """Looks at the bands of one image for the same note."""

    def __init__(self, type_: str, goal: Target) -> None:
        self.goal, self._whole = goal, True
        self._looks = goal.type in _WHITE and goal.range != "stretch" and type_.startswith("float")

    def look(self, rows: Pixels, response: Response | None, wide: Callable[[], Pixels]) -> None:
        """Looks at the rows of a band, its response, and, where that is needed, its result in float64."""
        if self._looks and self._whole:
            self._looks = _within_1(response)
            self._whole = not self._looks or (_is_whole(rows) and _is_whole(wide()))

    def notes(self, response: Response | None) -> tuple[Note, ...]:
        """The note, once all bands were looked at."""
        return _noted(self.goal, response) if self._looks and not self._whole and _within_1(response) else ()


def _within_1(response: Response | None) -> bool:
    return response is not None and -1 <= response.low <= response.high <= 1


def _noted(goal: Target, response: Response | None) -> tuple[Note, ...]:
    assert response is not None
    low, used = ("\N{MINUS SIGN}1", "three") if response.low <= -0.5 else ("0", "two")
    remedy = f"--range stretch, or values times {_WHITE[goal.type]}"
    return (Note("few-levels", f"values within {low}…1 rounded to {used} levels ({remedy})"),)


def _is_whole(pixels: Pixels) -> bool:
    return bool((pixels == np.floor(pixels)).all())

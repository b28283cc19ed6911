"""Steps whose results are made of pixels near them, on parts of an image.

A part is computed as the whole image would be: by the plan for the whole image, with the true neighbours of its first
and last rows and columns. What windows of several steps share at the edges of parts is computed twice.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

from imgconv.operations.text import step_text
from imgconv.values.frozen import record, replace
from imgconv.values.windows import Axis, Window

if TYPE_CHECKING:
    from imgconv.operations.pipeline import Pipeline
    from imgconv.values.pixel_values import Response, Target, Values

    Result = tuple[Values, Response | None]
    Run = Callable[[Values, Window, Target | None, int | None], Result]

Part = tuple[int, int]
"""Of rows or columns: the first, and one behind the last."""


@record
class LocalStep:
    """A step on an image of some size: its windows down and along, whether its border mirrors the image, and what
    applies it to a part of it."""

    rows: Axis
    columns: Axis
    mirrors: bool
    run: Run

    def needed(self, axis: Axis, part: Part) -> Part:
        """The pixels along one of its axes that this part of the results is made of."""
        first, stop = part
        before, behind = first * axis.stride - axis.before, (stop - 1) * axis.stride + axis.effective - axis.before
        start, end = max(0, before), min(axis.length, behind)
        if self.mirrors:
            end = max(end, min(axis.length, 1 - before))
            start = min(start, max(0, 2 * axis.length - 1 - behind))
        start = min(start, axis.length - 1)
        return start, max(end, start + 1)

    def apply(
        self,
        values: Values,
        start: tuple[int, int],
        parts: tuple[Part, Part],
        target: Target | None,
        threads: int | None,
    ) -> Result:
        """These rows and columns of the results, from pixels that begin at row and column `start` of the step's
        image."""
        rows, columns = self.rows, self.columns
        height, width = values.pixels.shape[:2]
        pads = *_pads(rows, height, start[0], parts[0]), *_pads(columns, width, start[1], parts[1])
        window = Window(
            (rows.size, columns.size), (rows.stride, columns.stride), (rows.dilation, columns.dilation), pads
        )
        return self.run(values, window, target, threads)


def _pads(axis: Axis, length: int, start: int, part: Part) -> Part:
    """The pads of so many pixels from `start` on, under which exactly the windows of a part fit."""
    first, stop = part
    before = start - (first * axis.stride - axis.before)
    return before, (stop - first - 1) * axis.stride + axis.effective - length - before


def refusal(pipeline: Pipeline, height: int, width: int, channels: int) -> str:
    """Why a pipeline needs its whole image at once; empty if it does not."""
    shape = height, width, channels
    for step in pipeline.steps:
        if _local(step, shape) is None:
            return f"{step_text(step)} looks at the whole image"
        shape = step.result(shape)
    return ""


def local_steps(pipeline: Pipeline, shape: tuple[int, int, int]) -> list[LocalStep]:
    """The steps of a pipeline that `refusal` does not refuse, on an image of a shape."""
    steps = []
    for step in pipeline.steps:
        local = _local(step, shape)
        assert local is not None, "`refusal` has been asked"
        steps.append(local)
        shape = step.result(shape)
    return steps


def _local(step: Any, shape: tuple[int, int, int]) -> LocalStep | None:
    if step.word not in ("filter", "pool", "activate"):
        return None
    found: LocalStep | None = import_module(f"imgconv.api.apply.{step.word}").local(step, *shape[:2])
    return found


def row_parts(steps: Sequence[LocalStep], part: Part) -> list[Part]:
    """The rows that each step needs for a part of the last one's rows, and that."""
    parts = [part]
    for step in reversed(steps):
        parts.insert(0, step.needed(step.rows, parts[0]))
    return parts


def column_parts(steps: Sequence[LocalStep], part: Part) -> list[Part]:
    """The columns that each step needs for a part of the last one's columns, and that."""
    parts = [part]
    for step in reversed(steps):
        parts.insert(0, step.needed(step.columns, parts[0]))
    return parts


def apply_all(
    steps: Sequence[LocalStep],
    values: Values,
    rows: Sequence[Part],
    columns: Sequence[Part],
    target: Target | None,
    threads: int | None,
) -> Result:
    """A part of the last step's results, from the pixels that it needs: by `row_parts` and `column_parts`."""
    notes, response = values.notes, None
    for number, step in enumerate(steps):
        start = rows[number][0], columns[number][0]
        parts = rows[number + 1], columns[number + 1]
        values, response = step.apply(values, start, parts, target if number + 1 == len(steps) else None, threads)
        notes += values.notes
    return replace(values, notes=tuple(dict.fromkeys(notes))), response

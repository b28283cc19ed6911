"""Steps whose results are made of pixels near them, on parts of an image.

A part is computed as the whole image would be: by the plan for the whole image, with the true neighbours of its first
and last rows and columns. What windows of several steps share at the edges of parts is computed twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

from imgconv.operations.text import step_text
from imgconv.values.frozen import record, replace
from imgconv.values.windows import Axis, Window

if TYPE_CHECKING:
    from imgconv.engine.alpha.weighted import WeightedColours
    from imgconv.engine.filter.parts import Placed
    from imgconv.operations.pipeline import Pipeline
    from imgconv.values.pixel_values import Pixels, Response, Target, Values

    Result = tuple[Values, Response | None]
    Run = Callable[[Values, Sequence[Placed], Target | None, int | None], Result]
    WeightedResult = tuple[WeightedColours, Response | None]
    WeightedRun = Callable[[WeightedColours, Sequence[Placed], Target | None, int | None], WeightedResult]
    Kept = Callable[[Pixels, Sequence[Placed], int | None], Pixels]

Part = tuple[int, int]
"""Of rows or columns: the first, and one behind the last."""


@record
class WithAlpha:
    """A step on parts of an image with alpha; each gets the windows on its part, and the number of threads.

    Attributes
    ----------
    weighted : callable
        Applies it to colours weighted by alpha, and to alpha.
    kept : callable
        What becomes of alpha (H, W) where colours are treated as if there were none.
    shares : callable, optional
        Applies it to the alpha of colours that were multiplied by it; None where that alpha is `kept`.
    mean : bool
        Whether the extremes of its result depend on the mean of all colours.
    """

    weighted: WeightedRun
    kept: Kept
    shares: Run | None = None
    mean: bool = False


@record
class LocalStep:
    """A step on an image of some size.

    Attributes
    ----------
    placed : tuple of (Axis, Axis)
        Its windows down and along; of several kernels each has windows of its own, and all give results of one shape.
    run : callable
        Applies it to a part: gets the values, each of `placed` on them, the target and the number of threads.
    with_alpha : WithAlpha
        Applies it to a part of an image with alpha.
    mirrors : bool
        Whether its border mirrors the image.
    ceil : bool, optional
        For a step that counts its pads: whether the image's last windows may hang over them. None for others.
    """

    placed: tuple[tuple[Axis, Axis], ...]
    run: Run
    with_alpha: WithAlpha
    mirrors: bool = False
    ceil: bool | None = None

    @property
    def rows(self) -> Axis:
        return self.placed[0][0]

    @property
    def columns(self) -> Axis:
        return self.placed[0][1]

    def needed(self, along: int, part: Part) -> Part:
        """The pixels along rows (0) or columns (1) that this part of the results is made of."""
        parts = [self._seen(axes[along], part) for axes in self.placed]
        return min(start for start, _ in parts), max(end for _, end in parts)

    def _seen(self, axis: Axis, part: Part) -> Part:
        first, stop = part
        before, behind = first * axis.stride - axis.before, (stop - 1) * axis.stride + axis.effective - axis.before
        start, end = max(0, before), min(axis.length, behind)
        if self.mirrors:
            end = max(end, min(axis.length, 1 - before))
            start = min(start, max(0, 2 * axis.length - 1 - behind))
        start = min(start, axis.length - 1)
        return start, max(end, start + 1)

    def placed_on(self, size: tuple[int, ...], start: tuple[int, int], parts: tuple[Part, Part]) -> list[Placed]:
        """The windows for these rows and columns of the results, on so many pixels that begin at row and column `start`
        of the step's image."""
        return [self._on_part(axes, start, size, parts) for axes in self.placed]

    def _on_part(
        self, axes: tuple[Axis, Axis], start: tuple[int, int], size: tuple[int, ...], parts: tuple[Part, Part]
    ) -> Placed:
        """One of the windows on so many pixels from `start` on."""
        sides, pads = list[Part](), list[int]()
        for axis, before, length, part in zip(axes, start, size, parts, strict=True):
            first, end = self._seen(axis, part) if len(self.placed) > 1 else (before, before + length)
            pads += self._pads(axis, end - first, first, part)
            sides.append((first - before, end - before))
        from imgconv.engine.filter.parts import Placed

        rows, columns = axes
        steps = (rows.size, columns.size), (rows.stride, columns.stride), (rows.dilation, columns.dilation)
        window = Window(*steps, (pads[0], pads[1], pads[2], pads[3]), ceil=bool(self.ceil))
        return Placed(window, sides[0], sides[1], columns.reach)

    def _pads(self, axis: Axis, length: int, start: int, part: Part) -> Part:
        """The pads of so many pixels from `start` on, under which exactly the windows of a part fit; or the image's
        own at its end, where they count."""
        first, stop = part
        before = start - (first * axis.stride - axis.before)
        if self.ceil is not None and stop == axis.out:
            return before, axis.after
        return before, (stop - first - 1) * axis.stride + axis.effective - length - before


def refusal(pipeline: Pipeline, height: int, width: int, channels: int) -> str:
    """Why a pipeline needs its whole image at once; empty if it does not."""
    shape = height, width, channels
    for step in pipeline.steps:
        found = _local(step, shape)
        if isinstance(found, str):
            return f"{step_text(step)} is not computed by parts, since {found}"
        shape = step.result(shape)
    return ""


def local_steps(pipeline: Pipeline, shape: tuple[int, int, int]) -> list[LocalStep]:
    """The steps of a pipeline that `refusal` does not refuse, on an image of a shape; one that is repeated as often as
    it is."""
    steps: list[LocalStep] = []
    for step in pipeline.steps:
        found = _local(step, shape)
        assert not isinstance(found, str), "`refusal` has been asked"
        steps += found
        shape = step.result(shape)
    return steps


def _local(step: Any, shape: tuple[int, int, int]) -> Sequence[LocalStep] | str:
    """The step in parts, or why there are none."""
    if step.applied_in == "layers":
        return "layers of networks are computed as a whole"
    found: Sequence[LocalStep] | str = import_module(f"imgconv.api.apply.{step.word}").local(step, *shape[:2])
    return found


def row_parts(steps: Sequence[LocalStep], part: Part) -> list[Part]:
    """The rows that each step needs for a part of the last one's rows, and that."""
    parts = [part]
    for step in reversed(steps):
        parts.insert(0, step.needed(0, parts[0]))
    return parts


def column_parts(steps: Sequence[LocalStep], part: Part) -> list[Part]:
    """The columns that each step needs for a part of the last one's columns, and that."""
    parts = [part]
    for step in reversed(steps):
        parts.insert(0, step.needed(1, parts[0]))
    return parts


def placed_steps(
    steps: Sequence[LocalStep], rows: Sequence[Part], columns: Sequence[Part]
) -> Iterator[tuple[LocalStep, list[Placed], bool]]:
    """The steps with their windows on a part of an image, and whether each is the last."""
    for number, step in enumerate(steps):
        (top, bottom), (left, right) = rows[number], columns[number]
        parts = rows[number + 1], columns[number + 1]
        yield step, step.placed_on((bottom - top, right - left), (top, left), parts), number + 1 == len(steps)


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
    for step, placed, last in placed_steps(steps, rows, columns):
        values, response = step.run(values, placed, target if last else None, threads)
        notes += values.notes
    return replace(values, notes=tuple(dict.fromkeys(notes))), response

"""Pipelines: parsed, printed, foretold, applied."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from imgconv import errors
from imgconv.operations import Operation
from imgconv.operations.base import Foretold
from imgconv.operations.text import parse_steps, step_text
from imgconv.values.frozen import record, replace
from imgconv.values.notes import Note
from imgconv.values.parameters import whole

if TYPE_CHECKING:
    from imgconv.engine import Covered
    from imgconv.values.pixel_values import Pixels, Response, Target, Values


@record
class Pipeline:
    """Operations, one after the other; values stay wide between them.

    Parameters
    ----------
    steps : tuple of operations

    Notes
    -----
    ``str(pipeline)`` is its text, and ``Pipeline.parse(str(pipeline)) == pipeline``.

    Examples
    --------
    >>> import imgconv
    >>> pipeline = imgconv.Pipeline.parse("filter vertical pad=valid | relu | pool kind=max size=2")
    >>> str(pipeline)
    'filter vertical pad=valid | relu | maxpool 2'
    >>> pipeline.shape(28, 28)
    (13, 13)
    """

    steps: tuple[Operation, ...]

    def __post_init__(self) -> None:
        if (
            not isinstance(self.steps, (tuple, list))
            or not self.steps
            or not all(isinstance(step, Operation) for step in self.steps)
        ):
            raise errors.not_steps(self.steps)
        object.__setattr__(self, "steps", tuple(self.steps))

    @classmethod
    def parse(cls, text: str) -> Pipeline:
        """Read a pipeline from text.

        Parameters
        ----------
        text : str
            Such as ``"filter vertical | relu | maxpool 2"``.

        Returns
        -------
        Pipeline

        Raises
        ------
        UsageError
            Which names the step and what is wrong with it.
        """
        if not isinstance(text, str):
            raise errors.not_steps(text)
        return cls(parse_steps(text))

    def __str__(self) -> str:
        return " | ".join(step_text(step) for step in self.steps)

    @property
    def label(self) -> str:
        """What the pipeline adds to a derived file name."""
        return self.steps[0].label if len(self.steps) == 1 else "run"

    def shape(self, height: int, width: int) -> tuple[int, int]:
        """The height and width of the result for an image of that size.

        Raises
        ------
        WindowError
            Where a window does not fit.
        """
        height, width = whole(height, "height", least=1), whole(width, "width", least=1)
        for step in self.steps:
            height, width = step.shape(height, width)
        return height, width

    def channels(self, count: int) -> int:
        """The number of channels of the result for an image of that many."""
        for step in self.steps:
            count = step.channels(count)
        return count

    def apply(
        self, given: Values, target: Target | None, threads: int | None = None, out: Pixels | None = None
    ) -> tuple[Values, Response | None]:
        """All steps on values, wide between them, settled once at the end (or left wide where `target` is None); the
        result has the notes of all steps."""
        notes, left = given.notes, list(reversed(self.steps))
        response = None
        while left:
            step = left.pop()
            both = (
                step.apply_then(left[-1], given, *((None, threads) if len(left) > 1 else (target, threads, out)))
                if left
                else None
            )
            if both is not None:
                left.pop()
            given, response = both or step.apply(given, *((None, threads) if left else (target, threads, out)))
            notes += given.notes
        return replace(given, notes=tuple(dict.fromkeys(notes))), response

    def apply_covered(
        self, given: Covered, target: Target | None, threads: int | None = None
    ) -> tuple[Covered, Response | None]:
        """All steps on colours that alpha covers, both wide between them; the colours are settled at the end if there
        is a target."""
        notes = given.colour.notes
        for step in self.steps[:-1]:
            given, _ = step.apply_covered(given, None, threads)
            notes += given.colour.notes
        result, response = self.steps[-1].apply_covered(given, target, threads)
        return (
            replace(result, colour=replace(result.colour, notes=tuple(dict.fromkeys(notes + result.colour.notes)))),
            response,
        )

    def explain(self, given: Foretold, result: str) -> list[str]:
        """One line a step: how it would be computed, what would come out and how much memory that takes; nothing is
        run."""
        lines = []
        for step in self.steps:
            how, made = step.explain(given, "wide" if step is not self.steps[-1] else result)
            size = made.height * made.width * made.channels * int(made.type.lstrip("uintfloa")) / 8 / 2**20
            lines.append(
                f"{step_text(step)}: {given.width}x{given.height} {given.type} -> {made.width}x{made.height}"
                f" {made.type} ({size:.1f} MiB); {how}"
            )
            given = made
        return lines

    def apply_alpha(self, alpha: Pixels, threads: int | None = None) -> Pixels:
        for step in self.steps:
            alpha = step.apply_alpha(alpha, threads)
        return alpha

    def notes(self, target: str, range_: str) -> tuple[Note, ...]:
        """What must be said of the result whatever the pixels are."""
        tail = list(self.steps)
        while tail[-1].keeps_bounds and len(tail) > 1 and not tail[-1].bounds:
            tail.pop()
        bounds = tail[-1].bounds
        if not bounds or target.startswith("float") or range_ == "stretch":
            return ()
        used = "two" if bounds.startswith("0") or target.startswith("uint") else "three"
        text = (
            f"{tail[-1].label} gives {bounds}: {used} of {_levels(target)} levels used (--range stretch or --dtype"
            " float32)"
        )
        return (Note("few-levels", text),)

    def dropped(self, height: int, width: int) -> tuple[Note, ...]:
        """What is said of rows and columns that no window of a step sees."""
        notes = []
        for step in self.steps:
            rows, columns = step.unseen(height, width)
            if rows or columns:
                which = " and ".join(
                    f"{n} {what}{'s' * (n > 1)}" for n, what in ((rows, "row"), (columns, "column")) if n
                )
                notes.append(
                    Note(
                        "ragged",
                        f"last {which} of {width}x{height} seen by no window of {step.label} ({step.sees_all})",
                    )
                )
            height, width = step.shape(height, width)
        return tuple(notes)


def pipeline(value: Any) -> Pipeline:
    """A Pipeline from text, an operation, a sequence of operations, or as it is; UsageError for anything else."""
    if isinstance(value, Pipeline):
        return value
    if isinstance(value, str):
        return Pipeline.parse(value)
    if isinstance(value, Operation):
        return Pipeline((value,))
    return Pipeline(value)


def _levels(type_: str) -> str:
    return {"uint8": "256", "uint16": "65536", "int16": "65536"}.get(type_, "2**32")

"""Pipelines: parsed, printed, their result's shape and channels predicted. `imgconv.api` applies them."""

from __future__ import annotations

from typing import Any

from imgconv import errors
from imgconv.operations.base import Operation, Shape
from imgconv.values.frozen import record
from imgconv.values.notes import Note
from imgconv.values.parameters import whole


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
        from imgconv.operations.text import parse_steps

        return cls(parse_steps(text))

    def __str__(self) -> str:
        from imgconv.operations.text import step_text

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
        """The number of channels of the result for an image of that many; `result` tells it behind `flatten`, too."""
        for step in self.steps:
            count = step.channels(count)
        return count

    def result(self, height: int, width: int, channels: int) -> Shape:
        """The height, width and channels of the result for an image of such.

        Raises
        ------
        WindowError
            Where a window does not fit.
        UsageError
            Where a layer does not take such values.
        """
        shape = height, width, channels
        for step in self.steps:
            shape = step.result(shape)
        return shape

    def result_type(self, dtype: Any) -> Any:
        """The pixel type of the result: what is asked for, else what a step gives, else (None) the input's own."""
        if dtype is None or (isinstance(dtype, str) and dtype == "same"):
            return next((step.result_type for step in self.steps if step.result_type), dtype)
        return dtype

    def require_no_weights(self) -> None:
        """UsageError where a step is a layer of a network that needs weights."""
        for step in self.steps:
            if step.roles:
                raise errors.UsageError(f"{Pipeline((step,))} needs weights; name their file: --weights FILE")

    def step_result(self, number: int, shape: Shape) -> Shape:
        """The shape of the result of step `number`, from 1, for values of a shape; errors name the step."""
        step = self.steps[number - 1]
        try:
            return step.result(shape)
        except errors.WindowError as error:
            raise errors.WindowError(f"step {number} ({Pipeline((step,))}): {error}") from None
        except errors.UsageError as error:
            raise errors.UsageError(f"step {number} ({Pipeline((step,))}): {error}") from None

    def notes(self, target: str, range_: str) -> tuple[Note, ...]:
        """Remarks on the result that hold whatever the pixels are."""
        tail = list(self.steps)
        while tail[-1].keeps_bounds and len(tail) > 1 and not tail[-1].bounds:
            tail.pop()
        bounds = tail[-1].bounds
        if not bounds or target.startswith("float") or range_ == "stretch":
            return ()
        used = "two" if bounds.startswith("0") or target.startswith("uint") else "three"
        step = Pipeline((tail[-1],))
        remedy = "(--range stretch or --dtype float32)"
        text = f"{step} gives {bounds}: {used} of {_levels(target)} levels used {remedy}"
        return (Note("few-levels", text),)

    def dropped(self, height: int, width: int) -> tuple[Note, ...]:
        """A note of each step that leaves rows and columns at the end out of its windows."""
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

"""Summaries: what a course asks of a network, from its declaration alone."""

from __future__ import annotations

import math

from imgconv import errors
from imgconv.networks.naming import layer_names
from imgconv.operations import Filter, Operation, Pool
from imgconv.operations.base import Shape
from imgconv.operations.layers import Conv, Dense, Layer
from imgconv.operations.layers.base import shape_text
from imgconv.operations.pipeline import Pipeline
from imgconv.operations.text import step_text
from imgconv.values.frozen import record
from imgconv.values.windows import Window


@record
class Row:
    """One step: its text and name, the shape of its result, its parameters and multiply-adds, and, of each value that
    comes out, how many rows and columns of the input it depends on (receptive field) and how far apart two neighbours
    look (jump)."""

    step: str
    name: str
    shape: Shape
    parameters: int
    multiply_adds: int
    field: tuple[int, int]
    jump: tuple[int, int]
    warnings: tuple[str, ...]

    @property
    def memory(self) -> int:
        """Bytes of the result in float32."""
        return 4 * self.shape[0] * self.shape[1] * self.shape[2]


@record
class Summary:
    """All rows, and their totals."""

    input: Shape
    rows: tuple[Row, ...]

    @property
    def parameters(self) -> int:
        return sum(row.parameters for row in self.rows)

    @property
    def multiply_adds(self) -> int:
        return sum(row.multiply_adds for row in self.rows)

    @property
    def memory(self) -> int:
        """Bytes of all results in float32."""
        return sum(row.memory for row in self.rows)

    def as_dict(self) -> dict[str, object]:
        """The same as JSON has it."""
        layers = [
            {
                "layer": row.step,
                "name": row.name,
                "shape": list(row.shape),
                "parameters": row.parameters,
                "multiply_adds": row.multiply_adds,
                "receptive_field": list(row.field),
                "jump": list(row.jump),
                "memory": row.memory,
                "warnings": list(row.warnings),
            }
            for row in self.rows
        ]
        return {
            "input": list(self.input),
            "layers": layers,
            "parameters": self.parameters,
            "multiply_adds": self.multiply_adds,
            "memory": self.memory,
        }

    def __str__(self) -> str:
        """An aligned table."""
        head = ("layer", "output", "parameters", "multiply-adds", "receptive field", "jump", "memory")
        cells = [
            (
                row.step,
                shape_text(row.shape),
                f"{row.parameters:,}",
                f"{row.multiply_adds:,}",
                _pair(row.field),
                _pair(row.jump),
                errors.amount(row.memory),
            )
            for row in self.rows
        ]
        total = ("total", "", f"{self.parameters:,}", f"{self.multiply_adds:,}", "", "", errors.amount(self.memory))
        lines = [head, ("input", shape_text(self.input), "", "", "", "", ""), *cells, total]
        widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
        table = [
            "  ".join(
                cell.ljust(width) if i < 2 else cell.rjust(width)
                for i, (cell, width) in enumerate(zip(line, widths, strict=True))
            ).rstrip()
            for line in lines
        ]
        warnings = [f"{row.step}: {warning}" for row in self.rows for warning in row.warnings]
        return "\n".join([*table, *warnings])


def summary(pipeline: Pipeline, shape: Shape) -> Summary:
    """The summary of a network for an input of a shape; WindowError or UsageError where something does not fit."""
    rows, at, field, jump = [], shape, (1, 1), (1, 1)
    names = layer_names(pipeline.steps)
    for number, (step, name) in enumerate(zip(pipeline.steps, names, strict=True), 1):
        result = pipeline.step_result(number, at)
        field, jump = (shape[:2], jump) if isinstance(step, Dense) else _seen(step, at, field, jump)
        tensors = step.tensors(at).values() if isinstance(step, Layer) else ()
        rows.append(
            Row(
                step_text(step),
                name,
                result,
                sum(math.prod(tensor) for tensor in tensors),
                step.multiply_adds(at) if isinstance(step, Layer) else 0,
                field,
                jump,
                _warnings(step, at),
            )
        )
        at = result
    return Summary(shape, tuple(rows))


def _seen(
    step: Operation, shape: Shape, field: tuple[int, int], jump: tuple[int, int]
) -> tuple[tuple[int, int], tuple[int, int]]:
    """Receptive field and jump behind a step: a window of effective size e and stride s adds (e - 1) * jump to the
    field and multiplies the jump by s."""
    windows: tuple[Window, ...]
    if isinstance(step, Filter):
        windows = step.windows
    elif isinstance(step, Conv):
        windows = (step.window,)
    elif isinstance(step, Pool):
        windows = (step.window(*shape[:2]),)
    else:
        return field, jump
    size = [max(window.effective[axis] for window in windows) for axis in (0, 1)]
    stride = windows[0].stride
    return (
        (field[0] + (size[0] - 1) * jump[0], field[1] + (size[1] - 1) * jump[1]),
        (jump[0] * stride[0], jump[1] * stride[1]),
    )


def _warnings(step: Operation, shape: Shape) -> tuple[str, ...]:
    """Rows and columns that no window sees, and windows that see nothing but padding."""
    rows, columns = step.unseen(*shape[:2])
    what = [f"{count} {word}{'s' * (count > 1)}" for count, word in ((rows, "row"), (columns, "column")) if count]
    dropped = (f"the last {' and '.join(what)} of {errors.extent(*shape[:2])} seen by no window",) if what else ()
    blind = isinstance(step, Conv) and any(axis.blind for axis in step.window.over(*shape[:2]))
    return dropped + (("some windows see only padding",) if blind else ())


def _pair(pair: tuple[int, int]) -> str:
    return str(pair[0]) if pair[0] == pair[1] else f"{pair[0]}x{pair[1]}"

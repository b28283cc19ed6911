"""Walking back from a pixel through a pipeline: which pixels each step reads, down to the receptive field."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from imgconv.api.pixel.cells import Place, exact, pool_places, positions, sources
from imgconv.operations import Filter, Operation, Pool
from imgconv.operations.pipeline import Pipeline
from imgconv.operations.text import step_text
from imgconv.values.borders import CONSTANT
from imgconv.values.frozen import record
from imgconv.values.numbers import Number

if TYPE_CHECKING:
    from imgconv.values.pixel_values import Values

MOST_PATCH = 64
"""Rows and columns of the largest patch whose values are kept."""


@record
class Patch:
    """What a step reads of its input for one pixel of the pipeline's result: rows and columns in order (the patch is
    all places where they cross), whether a border's constant is read too, and the values as [channel][row][column],
    which larger patches lack."""

    step: str
    rows: tuple[int, ...]
    columns: tuple[int, ...]
    constant: bool
    values: tuple[tuple[tuple[Number, ...], ...], ...]


def patches(pipeline: Pipeline, inputs: Sequence[Values], at: Place) -> tuple[Patch, ...]:
    """The patch of each step, the last step's first; `inputs` are what each step is applied to. The last patch is the
    receptive field."""
    rows, columns = {at[0]}, {at[1]}
    found = []
    for step, values in zip(reversed(pipeline.steps), reversed(inputs), strict=True):
        height, width, _ = values.pixels.shape
        rows, columns = _read(step, (height, width), rows, columns)
        constant = CONSTANT in rows or CONSTANT in columns
        rows, columns = rows - {CONSTANT}, columns - {CONSTANT}
        down, across = tuple(sorted(rows)), tuple(sorted(columns))
        kept = _values(values, down, across) if max(len(down), len(across)) <= MOST_PATCH else ()
        found.append(Patch(step_text(step), down, across, constant, kept))
    return tuple(found)


def _values(values: Values, rows: Sequence[int], columns: Sequence[int]) -> tuple[tuple[tuple[Number, ...], ...], ...]:
    pixels = values.pixels
    return tuple(
        tuple(tuple(exact(pixels[row, column, channel]) for column in columns) for row in rows)
        for channel in range(pixels.shape[2])
    )


def _read(step: Operation, shape: Place, rows: set[int], columns: set[int]) -> tuple[set[int], set[int]]:
    """The rows and columns of an input of that shape which a step reads for those of its result."""
    if isinstance(step, Filter):
        found: tuple[set[int], set[int]] = set(), set()
        for window in step.windows:
            for side, axis, outputs in zip(found, window.over(*shape), (rows, columns), strict=True):
                for output in outputs:
                    side.update(sources(positions(axis, output), axis.length, step.border))
        return found
    if isinstance(step, Pool):
        down = {row for output in rows for row in pool_places(step, shape, (output, 0))[0]}
        across = {column for output in columns for column in pool_places(step, shape, (0, output))[1]}
        return down & set(range(shape[0])), across & set(range(shape[1]))
    return rows, columns

"""Tools that round and clamp after each step: what they can say is one filter, and a relu behind it."""

from __future__ import annotations

from typing import Any

from imgconv.operations.pipeline import Pipeline
from imgconv.other_tools.emit.steps import Slide, refused, slide
from imgconv.values.numbers import Number


def the_filter(pipeline: Pipeline, tool: str) -> tuple[Any, Slide]:
    """The only filter of a pipeline: of the image's size, stride 1, once.

    Raises UsageError for anything else.
    """
    step: Any = pipeline.steps[0]
    if step.word != "filter":
        raise refused(step, tool, "it is filters only that are written for it")
    for other in pipeline.steps[1:]:
        if other.word != "activate" or getattr(other, "function", "") != "relu":
            raise refused(other, tool, "it rounds and clamps between steps; emit the first filter alone")
    if step.pad != "same" or step.stride != (1, 1) or step.times > 1:
        raise refused(step, tool, "filters there keep the size: pad same, stride 1, no repeat")
    return step, slide(step, tool)


def spread(own: Slide) -> list[list[Number]]:
    """The weights with zeros between them where they are dilated."""
    (down, along), (rows, columns) = own.window.dilation, own.window.effective
    wide: list[list[Number]] = [[0] * columns for _ in range(rows)]
    for r, row in enumerate(own.weights):
        for c, cell in enumerate(row):
            wide[r * down][c * along] = cell
    return wide

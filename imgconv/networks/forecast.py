"""Memory that a network takes, predicted from its declaration: what a file says of shapes is not believed."""

from __future__ import annotations

import math

from imgconv import errors
from imgconv.engine.memory import granted
from imgconv.operations.base import Shape
from imgconv.operations.pipeline import Pipeline

_FLOAT, _SCRATCH = 4, 8  # bytes
_GROUP = 2**26  # bytes of the values of images that go through a network together


def images_together(pipeline: Pipeline, shape: Shape, *, every: bool = False) -> int:
    """How many images of a shape go through a network at a time. `every`: where the results of all steps are kept.

    Raises
    ------
    ImgconvError
        Which names the step whose values are more than memory may hold.
    WindowError, UsageError
        Where a step does not fit.
    """
    at, kept, most = shape, math.prod(shape) * _FLOAT, 1
    for number, step in enumerate(pipeline.steps, 1):
        result = pipeline.step_result(number, at)
        values = math.prod(result)
        taken = kept + values * (_FLOAT + _SCRATCH * step.scratch)
        if taken > granted():
            what = f"the values of step {number} ({Pipeline((step,))}), {errors.amount(taken)}"
            raise errors.no_memory(what)
        most = max(most, taken)
        kept, at = (kept if every else 0) + values * _FLOAT, result
    return max(1, _GROUP // most)

"""What layers are called, and what goes into each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from imgconv import errors
from imgconv.operations import Operation
from imgconv.operations.base import Shape
from imgconv.operations.layers import Layer
from imgconv.operations.pipeline import Pipeline
from imgconv.values.arguments import items
from imgconv.values.parameters import whole


def input_shape(value: Any) -> Shape:
    """Rows, columns and channels from `28x28x1`, `28x28` (one channel) or a tuple; UsageError for anything else."""
    parts = value.replace("\N{MULTIPLICATION SIGN}", "x").split("x") if isinstance(value, str) else items(value)
    if len(parts) not in (2, 3):
        raise errors.UsageError(
            f"the shape of an input is ROWSxCOLUMNSxCHANNELS, such as 28x28x1, not {errors.shown(value)}"
        )
    rows, columns, *channels = (whole(part, "input", least=1) for part in parts)
    return rows, columns, channels[0] if channels else 1


def layer_names(steps: Sequence[Operation]) -> tuple[str, ...]:
    """The name of each step that has tensors: its own, or its word and number; empty for the others.

    UsageError where two layers have the same name.
    """
    counts: Counter[str] = Counter()
    names = []
    for step in steps:
        roles = getattr(type(step), "roles", ())
        if roles:
            counts[step.word] += 1
        names.append((getattr(step, "name", None) or f"{step.word}{counts[step.word]}") if roles else "")
    for name, count in Counter(filter(None, names)).items():
        if count > 1:
            raise errors.UsageError(f"{count} layers are called {name}; name= gives each a name of its own")
    return tuple(names)


def named_layers(pipeline: Pipeline, shape: Shape) -> Iterator[tuple[str, Layer, Shape]]:
    """The layers that have tensors, with their names and the shape of what goes into each.

    WindowError or UsageError, which name the step, where something does not fit.
    """
    for number, (step, name) in enumerate(zip(pipeline.steps, layer_names(pipeline.steps), strict=True), 1):
        if name and isinstance(step, Layer):
            yield name, step, shape
        shape = pipeline.step_result(number, shape)

"""Pipelines applied to values: wide between the steps, converted once at the end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from imgconv.api.apply import filter as filters
from imgconv.api.apply.application import application
from imgconv.values.frozen import replace

if TYPE_CHECKING:
    from imgconv.engine.alpha.weighted import WeightedColours
    from imgconv.operations import Activate, Filter, Operation
    from imgconv.operations.pipeline import Pipeline
    from imgconv.values.pixel_values import Pixels, Response, Target, Values

    Result = tuple[Values, Response | None]
    WeightedResult = tuple[WeightedColours, Response | None]


def apply(
    pipeline: Pipeline,
    values: Values,
    target: Target | None,
    threads: int | None = None,
    out: Pixels | None = None,
) -> Result:
    """All steps on values, converted to `target` (into `out`) at the end, or left wide where that is None.

    The result has the notes of all steps. Pipelines with layers of networks are computed as networks are: in float32.
    """
    if any(step.applied_in == "layers" for step in pipeline.steps):
        from imgconv.api.apply import batches

        return batches.apply(pipeline.steps, values, target, threads, out)
    notes, steps = values.notes, pipeline.steps
    response: Response | None = None
    at = 0
    while at < len(steps):
        step, following = steps[at], steps[at + 1] if at + 1 < len(steps) else None
        fused = None
        if following is not None and step.word == "filter" and following.word == "activate":
            end = (target, threads, out) if at + 2 == len(steps) else (None, threads, None)
            fused = filters.apply_activated(cast("Filter", step), cast("Activate", following), values, *end)
        if fused is not None:
            values, response = fused
            at += 2
        else:
            end = (target, threads, out) if following is None else (None, threads, None)
            values, response = application(step).apply(step, values, *end)
            at += 1
        notes += values.notes
    return replace(values, notes=tuple(dict.fromkeys(notes))), response


def apply_weighted(
    pipeline: Pipeline, colours: WeightedColours, target: Target | None, threads: int | None = None
) -> WeightedResult:
    """All steps on colours weighted by alpha, and on alpha; the colours are converted at the end if there is a
    target."""
    notes = colours.colour.notes
    for step in pipeline.steps[:-1]:
        colours, _ = application(step).apply_weighted(step, colours, None, threads)
        notes += colours.colour.notes
    last = pipeline.steps[-1]
    colours, response = application(last).apply_weighted(last, colours, target, threads)
    notes += colours.colour.notes
    return colours.with_colour(replace(colours.colour, notes=tuple(dict.fromkeys(notes)))), response


def apply_alpha(pipeline: Pipeline, alpha: Pixels, threads: int | None = None) -> Pixels:
    """What becomes of alpha (H, W) where colours are treated as if there were none."""
    for step in pipeline.steps:
        alpha = application(step).apply_alpha(step, alpha, threads)
    return alpha


def auxiliary(step: Operation, name: str, values: Values, threads: int | None = None, *, floats: bool = True) -> Pixels:
    """One of the auxiliary outputs that an operation declares, (H, W) or (H, W, 3); of 8 bits where there is no place
    for `floats`."""
    module: Any = application(step)
    picture: Pixels = module.auxiliary(step, name, values, threads, floats=floats)
    return picture

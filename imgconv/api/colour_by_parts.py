"""The colour pipeline on parts of an image that come one after the other: the chosen channels, as linear light if asked
for, through the steps; the other channels pass."""

from __future__ import annotations

from imgconv.api import alpha_by_parts
from imgconv.api.alpha_by_parts import Steps, Whole
from imgconv.api.colour_pipeline import ColourPipeline, wide_of, with_other_channels
from imgconv.engine.colour.channels import Chosen
from imgconv.engine.quantise import quantise
from imgconv.operations.pipeline import Pipeline
from imgconv.values.pixel_values import Pixels, Response, Target, Values

Result = tuple[Values, Pixels | None, Response | None]


def refusal(chosen: Chosen, pipeline: Pipeline, shape: tuple[int, int, int]) -> str:
    """Why a pipeline needs the channels of an image of this shape as a whole; empty if it does not."""
    if chosen.everything:
        return ""
    if chosen.numbers == ():
        return "alpha is filtered alone"
    height, width, _ = shape
    channels = 1 if chosen.luma else len(chosen.numbers or range(shape[2]))
    if pipeline.result(height, width, channels) != (height, width, channels):
        return "--channels leaves others as they are, so the size must stay"
    return ""


def run_part(
    colours: ColourPipeline, steps: Steps, part: tuple[Values, Pixels | None], goal: Target, whole: Whole
) -> Result:
    """A part of the result: colours converted to `goal`, alpha, and the colours' response."""
    colour, alpha = part
    chosen = colours.chosen

    def run(values: Values, target: Target | None) -> Result:
        return alpha_by_parts.run_policy(colours.alpha, steps, (values, alpha), target, whole)

    taken, rows = chosen.taken(colour), steps.rows_of_result
    if chosen.luma or colours.curves is not None:
        wide, beside = wide_of(colours, lambda values: run(values, None), taken, goal.type, steps.threads, rows)
        pixels, response = quantise(wide, goal, threads=steps.threads)
        result: Result = (Values(pixels, wide.span, wide.notes), beside, response)
    else:
        result = run(taken, goal)
    if chosen.everything:
        return result
    same = Values(colour.pixels[rows], colour.span)
    kept = None if alpha is None else alpha[rows]
    return with_other_channels(chosen, result, same, kept, goal, steps.threads)

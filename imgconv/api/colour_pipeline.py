"""The colour pipeline: the chosen channels of a frame, as linear light if asked for, through an operation pipeline with
alpha by its policy; the other channels pass."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from imgconv import errors
from imgconv.api import alpha_policies
from imgconv.api.alpha_policies import Result
from imgconv.api.apply.pipeline import apply
from imgconv.engine.alpha.plane import is_opaque, opaque_of
from imgconv.engine.colour.channels import Chosen
from imgconv.engine.quantise import quantise
from imgconv.operations.pipeline import Pipeline
from imgconv.values.frozen import record
from imgconv.values.parameters import HALF_UP
from imgconv.values.pixel_values import Pixels, Target, Values, target, values

if TYPE_CHECKING:
    from imgconv.engine.colour.linear_light import Curves

FrameValues = Sequence[tuple[Values, Pixels | None]]


@record
class ColourPipeline:
    """How colours take part: the policy of alpha, the channels that are filtered, and the curves to and from linear
    light (None: pixels as encoded)."""

    alpha: str = "auto"
    chosen: Chosen = Chosen()
    curves: Curves | None = None

    @property
    def chosen_curves(self) -> Curves | None:
        """The curves of the chosen channels."""
        if self.curves is None or len(self.curves) == 1 or self.chosen.numbers is None:
            return self.curves
        return [self.curves[number] for number in self.chosen.numbers]


def run_rounded(
    colours: ColourPipeline, pipeline: Pipeline, frames: FrameValues, goal: Target, threads: int | None
) -> list[Result]:
    """What `run_frames` gives, rounded as `goal` says."""
    if goal.rounding == HALF_UP:
        return run_frames(colours, pipeline, frames, goal, threads)
    from imgconv.engine.rounding import rounds, settled, unrounded

    if not rounds(goal):
        return run_frames(colours, pipeline, frames, goal, threads)
    return [settled(*result, goal) for result in run_frames(colours, pipeline, frames, unrounded(goal), threads)]


def run_frames(
    colours: ColourPipeline, pipeline: Pipeline, frames: FrameValues, goal: Target, threads: int | None
) -> list[Result]:
    """All frames, converted to `goal`: (colours, alpha, response) of each.

    Raises
    ------
    PixelError
        Where channels are left as they are and the pipeline changes the size, or the number of channels.
    """
    choice = colours.chosen
    if choice.everything and colours.curves is None:
        return alpha_policies.run_policy_on_all(colours.alpha, pipeline, frames, goal, threads)
    if not choice.everything:
        _refuse_other_sizes(pipeline, frames)
        _refuse_other_channels(pipeline, choice, frames)
    if choice.numbers == ():
        return [_alpha_alone(pipeline, colour, alpha, goal, threads) for colour, alpha in frames]
    parts = [(choice.taken(colour), alpha) for colour, alpha in frames]
    if choice.luma or colours.curves is not None:
        wide = [_wide(colours, pipeline, colour, alpha, goal.type, threads) for colour, alpha in parts]
        results = _converted(wide, goal, threads)
    else:
        results = alpha_policies.run_policy_on_all(colours.alpha, pipeline, parts, goal, threads)
    return [
        with_other_channels(choice, result, colour, alpha, goal, threads)
        for result, (colour, alpha) in zip(results, frames, strict=True)
    ]


def wide_frame(
    colours: ColourPipeline, pipeline: Pipeline, colour: Values, alpha: Pixels | None, goal: str, threads: int | None
) -> tuple[Values, Pixels | None]:
    """The chosen channels of a frame before they are converted to the type `goal`, and alpha."""
    return _wide(colours, pipeline, colours.chosen.taken(colour), alpha, goal, threads)


def first_input(colours: ColourPipeline, pixels: Pixels, alpha: Pixels | None, threads: int | None) -> Values:
    """What the first step is applied to: the chosen channels, as linear light if asked for, times alpha unless the
    policy keeps or drops it."""
    from imgconv.engine.colour.linear_light import float_for, to_linear_light
    from imgconv.engine.colour.luma import luma

    if colours.chosen.numbers == () and alpha is not None:
        return values(alpha)
    colour = colours.chosen.taken(values(pixels))
    if (curves := colours.chosen_curves) is not None:
        colour = to_linear_light(colour, curves, threads)
    if colours.chosen.luma:
        colour = luma(colour, float_for(colour.type), threads)
    if alpha is None or colours.alpha in ("keep", "drop") or is_opaque(alpha):
        return colour
    return values(colour.pixels * (alpha.astype("float64") / opaque_of(alpha.dtype.name))[..., None])


def _refuse_other_sizes(pipeline: Pipeline, frames: FrameValues) -> None:
    for colour, _ in frames:
        before = colour.pixels.shape[0], colour.pixels.shape[1]
        if (after := pipeline.shape(*before)) != before:
            raise errors.PixelError(
                "--channels leaves other channels as they are, so the size must stay; this would make"
                f" {errors.extent(*after)} of {errors.extent(*before)}; filter without it, or with --pad same and"
                " stride 1"
            )


def _refuse_other_channels(pipeline: Pipeline, choice: Chosen, frames: FrameValues) -> None:
    for colour, _ in frames:
        before = 1 if choice.luma else len(choice.numbers or range(colour.pixels.shape[2]))
        height, width, _ = colour.pixels.shape
        if (after := pipeline.result(height, width, before)[2]) != before:
            raise errors.PixelError(
                f"--channels leaves other channels as they are, so their number must stay; this would make {after} of"
                f" {before} (without --channels all are filtered, with --gray the luma alone)"
            )


def _wide(
    colours: ColourPipeline,
    pipeline: Pipeline,
    colour: Values,
    alpha: Pixels | None,
    goal: str,
    threads: int | None,
) -> tuple[Values, Pixels | None]:
    """The result before it is converted to the type `goal`, encoded again if it was light."""

    def run(values: Values) -> Result:
        return alpha_policies.run_policy(colours.alpha, pipeline, values, alpha, None, threads)

    return wide_of(colours, run, colour, goal, threads)


def wide_of(
    colours: ColourPipeline,
    run: Callable[[Values], Result],
    colour: Values,
    goal: str,
    threads: int | None,
    rows: slice = slice(None),
) -> tuple[Values, Pixels | None]:
    """The chosen channels as light or luma through what `run` does, and back; `rows` are those of the result in what
    goes in."""
    from imgconv.engine.colour.linear_light import float_for, from_linear_light, to_linear_light, white_of
    from imgconv.engine.colour.luma import lifted, luma

    curves, white = colours.chosen_curves, white_of(colour.type)
    if curves is not None:
        colour = to_linear_light(colour, curves, threads, goal)
    if colours.chosen.luma:
        before = luma(colour, float_for(colour.type, goal), threads)
        after, alpha, _ = run(before)
        result = lifted(_some_rows(colour, rows), _some_rows(before, rows), after, threads)
    else:
        result, alpha, _ = run(colour)
    if curves is not None and white is not None:
        result = from_linear_light(result, curves, white, threads)
    return result, alpha


def _some_rows(values: Values, rows: slice) -> Values:
    return Values(values.pixels[rows], values.span, values.notes)


def _converted(wide: list[tuple[Values, Pixels | None]], goal: Target, threads: int | None) -> list[Result]:
    if goal.range == "stretch":
        return alpha_policies.stretched(wide, goal, threads)
    results: list[Result] = []
    for colour, alpha in wide:
        pixels, response = quantise(colour, goal, threads=threads)
        results.append((Values(pixels, colour.span, colour.notes), alpha, response))
    return results


def with_other_channels(
    choice: Chosen, result: Result, colour: Values, alpha: Pixels | None, goal: Target, threads: int | None
) -> Result:
    """The result with the channels that pass, which are clamped to another type if need be; alpha passes unless it was
    chosen."""
    filtered, filtered_alpha, response = result
    if choice.numbers is not None:
        others, _ = quantise(colour, Target(goal.type), threads=threads)
        filtered = Values(choice.with_others(filtered.pixels, others), colour.span, filtered.notes)
    return filtered, filtered_alpha if choice.alpha or filtered_alpha is None else alpha, response


def _alpha_alone(pipeline: Pipeline, colour: Values, alpha: Pixels | None, goal: Target, threads: int | None) -> Result:
    """Alpha filtered as a channel of its own, colours as they are."""
    assert alpha is not None
    filtered, response = apply(pipeline, values(alpha), target(alpha.dtype.name, None, goal.range), threads)
    pixels, _ = quantise(colour, Target(goal.type), threads=threads)
    return Values(pixels, colour.span, filtered.notes), filtered.pixels[..., 0], response

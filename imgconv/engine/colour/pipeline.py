"""A frame through a pipeline: its chosen channels, in the light that is wanted, with alpha by its policy; the rest
passes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from imgconv import errors
from imgconv.engine import settle
from imgconv.engine.colour import linear_light
from imgconv.engine.colour.alpha import Made, applied, is_opaque, stretched, treated
from imgconv.engine.colour.channels import Chosen
from imgconv.engine.colour.followed_alpha import opaque_of
from imgconv.engine.colour.linear_light import Curves, float_for
from imgconv.engine.colour.luma import lifted, luma
from imgconv.values.frozen import record
from imgconv.values.parameters import ALPHA
from imgconv.values.pixel_values import Pixels, Target, Values, target, values

if TYPE_CHECKING:
    from imgconv.operations.pipeline import Pipeline

Frames = Sequence[tuple[Values, Pixels | None]]


@record
class ColourPipeline:
    """What a pipeline's numbers are: alpha's policy, the channels it is for, and the curves to and from light (None: as
    encoded)."""

    alpha: str = "auto"
    chosen: Chosen = Chosen()
    curves: Curves | None = None

    @property
    def curves_taken(self) -> Curves | None:
        """The curves of the chosen channels."""
        if self.curves is None or len(self.curves) == 1 or self.chosen.numbers is None:
            return self.curves
        return [self.curves[number] for number in self.chosen.numbers]


def run_frames(
    colours: ColourPipeline, pipeline: Pipeline, frames: Frames, goal: Target, threads: int | None
) -> list[Made]:
    """All frames, settled into `goal`: (colours, alpha, response) of each.

    Raises
    ------
    PixelError
        Where channels are left as they are and the pipeline changes the size, or the number of channels.
    """
    policy, choice = ALPHA.read(colours.alpha), colours.chosen
    if choice.everything and colours.curves is None:
        return treated(policy, pipeline, frames, goal, threads)
    if not choice.everything:
        _refuse_other_sizes(pipeline, frames)
        _refuse_other_channels(pipeline, choice, frames)
    if choice.numbers == ():
        return [_alpha_alone(pipeline, colour, alpha, goal, threads) for colour, alpha in frames]
    parts = [(choice.taken(colour), alpha) for colour, alpha in frames]
    if choice.luma or colours.curves is not None:
        wide = [_wide(colours, policy, pipeline, colour, alpha, goal.type, threads) for colour, alpha in parts]
        made = _settled(wide, goal, threads)
    else:
        made = treated(policy, pipeline, parts, goal, threads)
    return [
        _joined(choice, one, colour, alpha, goal, threads) for one, (colour, alpha) in zip(made, frames, strict=True)
    ]


def seen(colours: ColourPipeline, pixels: Pixels, alpha: Pixels | None, threads: int | None) -> Values:
    """What a first step sees of a frame: the chosen channels, in the light that is wanted, times alpha unless that is
    kept or dropped."""
    if colours.chosen.numbers == () and alpha is not None:
        return values(alpha)
    colour = colours.chosen.taken(values(pixels))
    if (curves := colours.curves_taken) is not None:
        colour = linear_light.decoded(colour, curves, threads)
    if colours.chosen.luma:
        colour = luma(colour, float_for(colour.type), threads)
    if alpha is None or colours.alpha in ("keep", "drop") or is_opaque(alpha):
        return colour
    return values(colour.pixels * (alpha.astype("float64") / opaque_of(alpha.dtype.name))[..., None])


def _refuse_other_sizes(pipeline: Pipeline, frames: Frames) -> None:
    for colour, _ in frames:
        before = colour.pixels.shape[0], colour.pixels.shape[1]
        if (after := pipeline.shape(*before)) != before:
            raise errors.channels_need_size(before, after)


def _refuse_other_channels(pipeline: Pipeline, choice: Chosen, frames: Frames) -> None:
    for colour, _ in frames:
        before = 1 if choice.luma else len(choice.numbers or range(colour.pixels.shape[2]))
        if (after := pipeline.channels(before)) != before:
            raise errors.channels_need_count(before, after)


def _wide(
    colours: ColourPipeline,
    policy: str,
    pipeline: Pipeline,
    colour: Values,
    alpha: Pixels | None,
    goal: str,
    threads: int | None,
) -> tuple[Values, Pixels | None]:
    """The result before settling into the type `goal`, encoded again if it was light."""
    curves, white = colours.curves_taken, linear_light.white_of(colour.type)
    if curves is not None:
        colour = linear_light.decoded(colour, curves, threads, goal)
    if colours.chosen.luma:
        before = luma(colour, float_for(colour.type, goal), threads)
        after, veil, _ = applied(policy, pipeline, before, alpha, None, threads)
        made = lifted(colour, before, after, threads)
    else:
        made, veil, _ = applied(policy, pipeline, colour, alpha, None, threads)
    if curves is not None and white is not None:
        made = linear_light.encoded(made, curves, white, threads)
    return made, veil


def _settled(wide: list[tuple[Values, Pixels | None]], goal: Target, threads: int | None) -> list[Made]:
    if goal.range == "stretch":
        return stretched(wide, goal, threads)
    results: list[Made] = []
    for colour, alpha in wide:
        pixels, response = settle(colour, goal, threads=threads)
        results.append((Values(pixels, colour.span, colour.notes), alpha, response))
    return results


def _joined(
    choice: Chosen, made: Made, colour: Values, alpha: Pixels | None, goal: Target, threads: int | None
) -> Made:
    """The result with the channels that pass, which are clamped into another type if need be; alpha passes unless it
    was chosen."""
    result, veil, response = made
    if choice.numbers is not None:
        others, _ = settle(colour, Target(goal.type), threads=threads)
        result = Values(choice.returned(result.pixels, others), colour.span, result.notes)
    return result, veil if choice.alpha or veil is None else alpha, response


def _alpha_alone(pipeline: Pipeline, colour: Values, alpha: Pixels | None, goal: Target, threads: int | None) -> Made:
    """Alpha filtered as a channel of its own, colours as they are."""
    assert alpha is not None
    veil, response = pipeline.apply(values(alpha), target(alpha.dtype.name, None, goal.range), threads)
    pixels, _ = settle(colour, Target(goal.type), threads=threads)
    return Values(pixels, colour.span, veil.notes), veil.pixels[..., 0], response

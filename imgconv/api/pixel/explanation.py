"""One output pixel explained: the exact arithmetic of the last step beside the engine's own result."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from imgconv import errors
from imgconv.api.pixel.arithmetic import Ends, Settled, combined, inside, same, settled
from imgconv.api.pixel.cells import Place, exact
from imgconv.api.pixel.parts import EXPLAINED, Part
from imgconv.api.pixel.patches import Patch, patches
from imgconv.operations import Filter, Operation
from imgconv.operations.pipeline import Pipeline
from imgconv.operations.text import step_text
from imgconv.values.frozen import record, replace
from imgconv.values.numbers import Number

if TYPE_CHECKING:
    from imgconv.api.colour_pipeline import ColourPipeline
    from imgconv.api.image import Image
    from imgconv.values.image import Frame
    from imgconv.values.pixel_values import Pixels, Target, Values


@record
class Channel:
    """One channel of the pixel: several kernels have a part each; `response` is the exact one, `settled` what follows
    from it, `result` the engine's. `encoded` is the response as a pixel where it is linear light."""

    name: str
    parts: tuple[Part, ...]
    response: Number
    settled: Settled
    result: Number
    agrees: bool
    encoded: Number | None = None


@record
class Explanation:
    """One pixel of a result: the arithmetic of the last step, and the patch of its input that each step reads, the last
    step's first. `type` is the image's pixel type."""

    pipeline: Pipeline
    at: Place
    shape: Place
    image: Place
    target: Target
    ends: Ends
    channels: tuple[Channel, ...]
    patches: tuple[Patch, ...]
    type: str = "uint8"

    @property
    def step(self) -> Operation:
        """The step that is explained."""
        return self.pipeline.steps[-1]


def explain(
    image: Image,
    pipeline: Pipeline,
    at: Place,
    *,
    frame: int = 0,
    dtype: Any = None,
    range_: str = "clamp",
    alpha: str = "auto",
    channels: Any = "all",
    linear: bool = False,
    threads: int | None = None,
) -> Explanation:
    """How the result of a pipeline on an image comes to its value at a row and column.

    Raises
    ------
    UsageError
        For a pixel or a frame that is not there, and steps that are not explained.
    PixelError
        For colours that alpha weights, but for those of one filter, and for channels or light that the image does not
        have.
    WindowError
        Where a window does not fit.
    """
    from imgconv.api.pixel.light import colours_of, encoded_input, encoded_response, first_input, with_pixels
    from imgconv.values.pixel_values import target, widened_type

    _require_explained(pipeline)
    if not 0 <= frame < len(image.frames):
        raise errors.UsageError(f"there is no frame {frame}; the image has {len(image.frames)}, counted from 0")
    one = image.frames[frame]
    colours = colours_of(replace(image, frames=(one,)), alpha, channels, linear=linear)
    weights = None if colours.chosen.numbers == () else _weights(one.alpha, pipeline, alpha, range_)
    encoded = encoded_input(colours, one)
    height, width, _ = encoded.pixels.shape
    shape = pipeline.result(*encoded.pixels.shape)[:2]
    inside(at, shape)
    goal = target(widened_type(one.pixels.dtype), pipeline.result_type(dtype), range_)
    if colours.chosen.numbers == ():
        dtype, goal = None, target(encoded.type, None, range_)
    how = {"dtype": dtype, "range": range_, "alpha": alpha, "channels": channels, "linear": linear, "threads": threads}
    made = _result(image, pipeline, frame, how)
    inputs = [first_input(colours, encoded, goal.type, threads)]
    inputs += _between(pipeline, inputs[0], threads)
    ends = (0.0, 0.0) if made.response is None else (made.response.low, made.response.high)
    results = _results(made.frames[0 if len(made.frames) == 1 else frame], colours, at)
    step, last, found = pipeline.steps[-1], inputs[-1], []
    for number, (name, own) in enumerate(zip(_names(image, colours, len(results)), results, strict=True)):
        parts = EXPLAINED[type(step)](step, last.pixels[..., number], at, weights)
        value, light = _joined(step, [part.response for part in parts]), colours.curves is not None
        as_pixel = encoded_response(colours, number, value, encoded.type) if light else None
        if light and len(inputs) == 1:
            parts = tuple(replace(part, cells=with_pixels(part.cells, encoded.pixels[..., number])) for part in parts)
        end = settled(value if as_pixel is None else as_pixel, goal, ends)
        found.append(Channel(name, parts, value, end, own, same(end.value, own, goal.type), as_pixel))
    back = patches(pipeline, inputs, at)
    return Explanation(pipeline, at, shape, (height, width), goal, ends, tuple(found), back, encoded.type)


def _results(frame: Frame, colours: ColourPipeline, at: Place) -> list[Number]:
    """The engine's result at a place, of each chosen channel."""
    from imgconv.values.pixel_values import values

    if colours.chosen.numbers == () and frame.alpha is not None:
        return [exact(frame.alpha[at])]
    pixel = values(frame.pixels).pixels[at]
    return [exact(pixel[number]) for number in colours.chosen.numbers or range(len(pixel))]


def _names(image: Image, colours: ColourPipeline, count: int) -> tuple[str, ...]:
    """What the chosen channels are called."""
    numbers = colours.chosen.numbers
    if numbers is None:
        return channel_names(count, image.colour)
    every = channel_names(image.layout.channels, image.colour)
    return tuple(every[number] for number in numbers) or ("alpha",)


def channel_names(count: int, colour: str) -> tuple[str, ...]:
    """What the channels of an image are called."""
    if colour and len(colour) == count:
        return tuple(colour)
    return {1: ("gray",), 3: ("red", "green", "blue")}.get(count) or tuple(map(str, range(count)))


def _require_explained(pipeline: Pipeline) -> None:
    for step in pipeline.steps:
        if type(step) not in EXPLAINED:
            raise errors.UsageError(
                f"{step_text(step)} is not explained pixel by pixel; explain knows filter, pool and activations"
            )
        if isinstance(step, Filter) and (step.times > 1 or step.until_stable):
            raise errors.UsageError(
                f"{step_text(step)} is applied several times; explain shows one: leave out repeat, or write the filter"
                " as often as steps of a pipeline: imgconv explain run"
            )


def _weights(plane: Pixels | None, pipeline: Pipeline, policy: str, range_: str) -> Pixels | None:
    """The alpha (H, W) that weights colours, if it does."""
    from imgconv.engine.alpha.plane import is_opaque

    if plane is None or policy in ("keep", "filter", "drop") or is_opaque(plane):
        return None
    if policy == "auto" and range_ != "stretch" and len(pipeline.steps) == 1 and isinstance(pipeline.steps[0], Filter):
        return plane
    raise errors.PixelError(
        "alpha weights the colours of this image, which explain shows for one filter alone, without stretch; explain"
        " the colours: --alpha keep, or laid over a colour: --flatten white"
    )


def _result(image: Image, pipeline: Pipeline, frame: int, how: dict[str, Any]) -> Image:
    """The engine's result of the frame; of all frames where they share one scale."""
    if how["range"] != "stretch":
        image = replace(image, frames=(image.frames[frame],))
    return image.through(pipeline, **how)


def _between(pipeline: Pipeline, first: Values, threads: int | None) -> list[Values]:
    """What each step but the first is applied to: the wide result of those before it."""
    from imgconv.api.apply.pipeline import apply

    found = []
    for count in range(1, len(pipeline.steps)):
        before, _ = apply(Pipeline(pipeline.steps[:count]), first, None, threads)
        found.append(before)
    return found


def _joined(step: Operation, responses: Sequence[Number]) -> Number:
    if isinstance(step, Filter) and step.with_:
        return combined(step.way, responses)
    return responses[0]

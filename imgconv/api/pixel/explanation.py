"""One output pixel explained: the exact arithmetic of the last step beside the engine's own result."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from imgconv import errors
from imgconv.api.pixel.arithmetic import Ends, Settled, combined, inside, same, settled
from imgconv.api.pixel.cells import Place, exact
from imgconv.api.pixel.inputs import between, weighted_between, weights_of
from imgconv.api.pixel.parts import EXPLAINED, Part
from imgconv.api.pixel.patches import Patch, patches
from imgconv.operations import Filter, Operation
from imgconv.operations.pipeline import Pipeline
from imgconv.operations.text import step_text
from imgconv.values.frozen import record, replace
from imgconv.values.numbers import Number
from imgconv.values.parameters import HALF_UP

if TYPE_CHECKING:
    from imgconv.api.colour_pipeline import ColourPipeline
    from imgconv.api.image import Image
    from imgconv.api.pixel.weighting import AlphaPlane
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
    rounding: str = HALF_UP,
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
        For colours that are multiplied by alpha first, and for channels or light that the image does not have.
    WindowError
        Where a window does not fit.
    """
    how = {"dtype": dtype, "range": range_, "rounding": rounding, "alpha": alpha, "channels": channels}
    how |= {"linear": linear, "threads": threads}
    return explainer(image, pipeline, frame, **how).pixel(at)


def explainer(
    image: Image,
    pipeline: Pipeline,
    frame: int = 0,
    *,
    dtype: Any = None,
    range: str = "clamp",
    rounding: str = HALF_UP,
    alpha: str = "auto",
    channels: Any = "all",
    linear: bool = False,
    threads: int | None = None,
) -> Explainer:
    """What explains pixels of one result; arguments and errors are those of `explain`."""
    from imgconv.api.pixel.light import colours_of, encoded_input
    from imgconv.values.pixel_values import target, widened_type

    _require_explained(pipeline)
    if not 0 <= frame < len(image.frames):
        raise errors.UsageError(f"there is no frame {frame}; the image has {len(image.frames)}, counted from 0")
    one = image.frames[frame]
    colours = colours_of(replace(image, frames=(one,)), alpha, channels, linear=linear)
    alone = colours.chosen.numbers == ()
    weights = None if alone else weights_of(one.alpha, alpha)
    encoded = encoded_input(colours, one)
    goal = target(widened_type(one.pixels.dtype), pipeline.result_type(dtype), range)
    if alone:
        dtype, goal = None, target(encoded.type, None, range)
    how = {"dtype": dtype, "range": range, "rounding": rounding, "alpha": alpha, "channels": channels}
    how |= {"linear": linear, "threads": threads}
    goal = replace(goal, rounding=rounding)
    return Explainer(image, pipeline, frame, colours, weights, encoded, goal, how)


@record(eq=False)
class Explainer:
    """Explains pixels of one result, which is computed once: an image's frame through a pipeline, the colours that take
    part, the alpha (H, W) that weights them, the chosen channels as the image holds them, what the result is converted
    to, and the options of `Image.through`."""

    image: Image
    pipeline: Pipeline
    frame: int
    colours: ColourPipeline
    weights: Pixels | None
    encoded: Values
    target: Target
    how: dict[str, Any]

    @property
    def shape(self) -> Place:
        """Rows and columns of the result."""
        return self.pipeline.result(*self.encoded.pixels.shape)[:2]

    @cached_property
    def result(self) -> Image:
        """The engine's result of the frame; of all frames where they share one scale."""
        image = self.image
        if self.target.range != "stretch":
            image = replace(image, frames=(image.frames[self.frame],))
        return image.through(self.pipeline, **self.how)

    @cached_property
    def ends(self) -> Ends:
        """The least and greatest response, between which `stretch` works."""
        response = self.result.response
        if self.target.range == "stretch" and self.target.rounding != HALF_UP:  # which counts what is stretched
            response = self.image.through(self.pipeline, **self.how | {"rounding": HALF_UP}).response
        return (0.0, 0.0) if response is None else (response.low, response.high)

    @cached_property
    def inputs(self) -> tuple[Values, ...]:
        """What each step is applied to."""
        return tuple(colour for colour, _ in self._inputs)

    @cached_property
    def _inputs(self) -> list[tuple[Values, AlphaPlane | None]]:
        """What each step is applied to, with the alpha that weights it."""
        from imgconv.api.pixel.light import first_input

        threads = self.how["threads"]
        first = first_input(self.colours, self.encoded, self.target.type, threads)
        if self.weights is not None:
            return weighted_between(self.pipeline, first, self.weights, threads)
        return [(values, None) for values in (first, *between(self.pipeline, first, threads))]

    @property
    def names(self) -> tuple[str, ...]:
        """What the chosen channels are called."""
        return _names(self.image, self.colours, self.encoded.pixels.shape[2])

    def pixel(self, at: Place) -> Explanation:
        """One pixel explained; UsageError where it is not there."""
        inside(at, self.shape)
        height, width, _ = self.encoded.pixels.shape
        found = tuple(
            self._channel(number, name, own, at)
            for number, (name, own) in enumerate(zip(self.names, self.results(at), strict=True))
        )
        back = patches(self.pipeline, self.inputs, at)
        return Explanation(
            self.pipeline, at, self.shape, (height, width), self.target, self.ends, found, back, self.encoded.type
        )

    def results(self, at: Place) -> list[Number]:
        """The engine's result at a place, of each chosen channel."""
        from imgconv.values.pixel_values import values

        frame = self.result.frames[0 if len(self.result.frames) == 1 else self.frame]
        numbers = self.colours.chosen.numbers
        if numbers == () and frame.alpha is not None:
            return [exact(frame.alpha[at])]
        pixel = values(frame.pixels).pixels[at]
        return [exact(pixel[number]) for number in numbers or range(len(pixel))]

    def _channel(self, number: int, name: str, own: Number, at: Place) -> Channel:
        from imgconv.api.pixel.light import encoded_response, with_pixels

        step, light = self.pipeline.steps[-1], self.colours.curves is not None
        colour, alpha = self._inputs[-1]
        parts = EXPLAINED[type(step)](step, colour.pixels[..., number], at, alpha)
        value = _joined(step, [part.response for part in parts])
        as_pixel = encoded_response(self.colours, number, value, self.encoded.type) if light else None
        if light and len(self.inputs) == 1:
            plane = self.encoded.pixels[..., number]
            parts = tuple(replace(part, cells=with_pixels(part.cells, plane)) for part in parts)
        end = settled(value if as_pixel is None else as_pixel, self.target, self.ends)
        if alpha is not None and self.target.range == "stretch" and end.rounded is None:
            end = replace(
                end, ranged=max(0, min(1, end.ranged))
            )  # the engine keeps what cannot be seen between the ends
        return Channel(name, parts, value, end, own, same(end.value, own, self.target.type), as_pixel)


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


def _joined(step: Operation, responses: Sequence[Number]) -> Number:
    if isinstance(step, Filter) and step.with_:
        return combined(step.way, responses)
    return responses[0]

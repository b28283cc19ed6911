"""Colours weighted by alpha: with it, multiplied by it, and divided again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from imgconv.engine.alpha.plane import opaque_of, under_centres
from imgconv.engine.alpha.strips import WEIGHT_LOST, Quotients, Strip, Strips, divide_numbers
from imgconv.engine.alpha.visible import mean
from imgconv.engine.memory import allocate
from imgconv.engine.quantise import quantise
from imgconv.values.borders import Border
from imgconv.values.frozen import record, replace
from imgconv.values.pixel_values import Pixels, Response, Target, Values, shift_of, values
from imgconv.values.span import Span
from imgconv.values.windows import Window

if TYPE_CHECKING:
    from imgconv.engine.filter.parts import Placed

UNKNOWN = Span(-np.inf, np.inf, False)


@record
class Seen:
    """What the extremes of colours with alpha are weighed by: the greatest alpha of an image, and its mean colour (of
    products: its mean product, and its mean alpha)."""

    greatest: float
    mean: float
    share: float = 1


@record
class WeightedColours:
    """Colours (H, W, C), not multiplied by alpha, and alpha (H, W, 1) from 0 to `opaque`; in the end alpha is of
    `type`. Where they are a part of an image, `whole` is what is seen of all of it."""

    colour: Values
    alpha: Values
    opaque: int
    type: str
    whole: Seen | None = None

    @classmethod
    def of_frame(cls, colour: Values, alpha: Pixels) -> WeightedColours:
        """A frame's colours and its alpha (H, W)."""
        plane = values(alpha)
        opaque = opaque_of(plane.type)
        whole = plane.span.whole and not plane.type.startswith("float")
        return cls(colour, Values(plane.pixels, Span(0, opaque, whole)), opaque, plane.type)

    @property
    def parts(self) -> tuple[Values, ...]:
        """Colours and alpha."""
        return self.colour, self.alpha

    @property
    def seen(self) -> Seen:
        """What is seen of the whole image."""
        colour, alpha = self.colour.pixels, self.alpha_plane
        return self.whole or Seen(float(alpha.max()), mean([(colour, alpha, 1)]))

    def under(self, part: Placed) -> WeightedColours:
        """What a window sees of a part of an image."""
        return replace(self, colour=part.of(self.colour), alpha=part.of(self.alpha))

    @property
    def alpha_plane(self) -> Pixels:
        """Alpha as (H, W)."""
        return self.alpha.pixels[..., 0]

    def with_colour(self, colour: Values) -> WeightedColours:
        return replace(self, colour=colour)

    def with_plane(self, colour: Values, plane: Pixels) -> WeightedColours:
        """Other colours, and alpha (H, W) in the same units."""
        alpha = Values(np.ascontiguousarray(plane)[..., None], self.alpha.span)
        return replace(self, colour=colour, alpha=alpha)

    def with_alpha_under(self, window: Window, border: Border, colour: Values) -> WeightedColours:
        """Other colours, and the alpha under the windows' centres."""
        return self.with_plane(colour, under_centres(self.alpha_plane, window, border, self.opaque))

    def final_alpha(self) -> Pixels:
        """Alpha (H, W) in its own type."""
        if self.alpha.type == self.type:
            return self.alpha_plane
        return quantise(self.alpha, Target(self.type))[0][..., 0]


def product_type(colours: WeightedColours, target: Target | None) -> str:
    """The float type of colours times alpha: the one the plain filter would compute in."""
    wide = colours.colour.type in ("int32", "float64") or (target is not None and target.type == "float64")
    return "float64" if wide else "float32"


def multiply(
    colours: WeightedColours, border: Border, threads: int | None, *, whole: bool
) -> tuple[Values, Values, Border]:
    """Colours times alpha, alpha, and the border of the products: integers in alpha's units, or floats with alpha 1
    where opaque."""
    height, width, channels = colours.colour.pixels.shape
    rows = Window((1, 1)).over(height, width)[0]
    if whole:
        strips = Strips.of_whole(colours.colour, colours.alpha, colours.opaque, border, rows)
    else:
        type_ = product_type(colours, None)
        strips = Strips.of_shares(colours.colour, colours.alpha, colours.opaque, border, rows, type_)
    products, shares = (allocate((height, width, n), strips.type, "colour times alpha") for n in (channels, 1))
    strips.multiply(np.arange(height), products, shares, threads)
    return Values(products, strips.span), Values(shares, UNKNOWN), strips.border_of_colour


def divide(
    products: Values,
    shares: Values,
    form: tuple[int, str],
    target: Target | None,
    threads: int | None,
    whole: Seen | None = None,
) -> tuple[WeightedColours, Response | None]:
    """Colours times alpha back to colours, converted to `target`, and alpha to its units and type, which are `form`:
    the inverse of `multiply`. Where they are a part of an image, `whole` is what is seen of all of it."""
    opaque, type_ = form
    height, width, channels = products.pixels.shape
    shift = shift_of(target) if target is not None else 0
    result = allocate((height, width, channels), target.type if target is not None else products.type, "the result")
    alpha = allocate((height, width, 1), type_ if target is not None else "float64", "the result's alpha")
    faint, middle = 0.0, 0.0
    if target is not None:
        seen = whole or Seen(
            float(shares.pixels.max()), mean([(products.pixels, None, 1)]), mean([(shares.pixels, None, 1)])
        )
        faint, middle = seen.greatest / 2, seen.mean / seen.share + shift if seen.share > 0 else 0.0
    numbers = divide_numbers(
        bias=shift, least=WEIGHT_LOST, shift=shift, scale=opaque, limit=opaque, faint=faint, middle=middle
    )
    quotients = Quotients("quotient", numbers, result, alpha, magnitude=target is not None and target.range == "abs")
    down, along = (np.ones(n) for n in (height, width))
    whole_image = Strip(0, height, products, shares, (0, 0))
    quotients.fill(whole_image, products.pixels, shares.pixels, (down, down), (along, along), threads)
    colours = WeightedColours(Values(result, UNKNOWN), Values(alpha, Span(0, opaque, False)), opaque, type_)
    return colours, quotients.response()

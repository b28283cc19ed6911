"""Colour with its coverage: filters and poolings that weigh each colour by how much of it is seen.

A kernel that averages gives sum(w*a*c) / sum(w*a) for a colour and sum(w*a) / sum(w) for alpha, so that nothing of a
transparent pixel's colour gets into its neighbours. A kernel whose weights sum to about 0 finds differences: it sees
the colour times alpha, and alpha goes along under the window's centre. Among opaque pixels both are the plain filter.
"""

from __future__ import annotations

from collections.abc import Callable
from math import gcd

import numpy as np

from imgconv.engine.colour import alpha_strips
from imgconv.engine.colour.alpha_strips import WEIGHT_LOST, Divided, Held, Strip, Strips
from imgconv.engine.colour.followed_alpha import centres, follow, opaque_of
from imgconv.engine.filter.correlate import correlate
from imgconv.engine.memory import allocate
from imgconv.engine.quantise import settle
from imgconv.kernels.kernel import Kernel
from imgconv.values.borders import Border
from imgconv.values.frozen import record, replace
from imgconv.values.numbers import double, magnitude
from imgconv.values.pixel_values import Pixels, Response, Target, Values, merged, shift_of, values, wide_type
from imgconv.values.span import Span
from imgconv.values.windows import Window

UNKNOWN = Span(-np.inf, np.inf, False)


@record
class Covered:
    """Colours (H, W, C), not multiplied by alpha, and alpha (H, W, 1) from 0 to `opaque`; in the end alpha is of
    `type`."""

    colour: Values
    alpha: Values
    opaque: int
    type: str

    @classmethod
    def made(cls, colour: Values, alpha: Pixels) -> Covered:
        """A frame's colours and its alpha (H, W)."""
        given = values(alpha)
        opaque = opaque_of(given.type)
        return cls(
            colour,
            Values(given.pixels, Span(0, opaque, given.span.whole and not given.type.startswith("float"))),
            opaque,
            given.type,
        )

    @property
    def parts(self) -> tuple[Values, ...]:
        """Colours and alpha."""
        return self.colour, self.alpha

    def with_colour(self, colour: Values) -> Covered:
        return replace(self, colour=colour)

    def settled_alpha(self) -> Values:
        """Alpha in its own type."""
        if self.alpha.type == self.type:
            return self.alpha
        return Values(settle(self.alpha, Target(self.type))[0], Span(0, self.opaque, not self.type.startswith("float")))


def filter_covered(
    given: Covered, kernel: Kernel, window: Window, border: Border, target: Target | None, threads: int | None
) -> tuple[Covered, Response | None]:
    """A filter by the rule above; settled into `target` (not `stretch`, which needs the extremes first), or kept wide
    where that is None."""
    if _is_identity(kernel, window):
        colour, response = correlate(given.colour, kernel, window, border, target=target, threads=threads)
        followed = np.ascontiguousarray(follow(given.alpha.pixels[..., 0], window, border, given.opaque))
        return Covered(colour, Values(followed[..., None], given.alpha.span), given.opaque, given.type), response
    return (_differences if kernel.balanced else _average)(given, kernel, window, border, target, threads)


def _is_identity(kernel: Kernel, window: Window) -> bool:
    """Whether each window gives the pixel under its centre: nothing is mixed, so nothing needs weighing, which would
    round floats."""
    looked = [
        (r * window.dilation[0], c * window.dilation[1])
        for r, row in enumerate(kernel.weights)
        for c, weight in enumerate(row)
        if weight
    ]
    return looked == [(window.centre(0), window.centre(1))] and kernel.bias == 0 and kernel.response(1, 1) == (1, 1)


def exact(given: Covered, kernel: Kernel, border: Border) -> bool:
    """Whether pixels, alpha, kernel and border are whole numbers, and every sum of their products is one that float64
    holds."""
    if (
        kernel.exact is None
        or not (given.colour.span.whole and given.alpha.span.whole)
        or not isinstance(border.constant or 0, int)
    ):
        return False
    weights = sum(abs(cell) for row in kernel.exact[0] for cell in row)
    return weights * given.opaque * max(given.colour.span.magnitude, magnitude(border.constant or 0), 1) < 2**53


def _product_type(given: Covered, target: Target | None) -> str:
    """The computation's float: what the plain filter would compute in."""
    wide = given.colour.type in ("int32", "float64") or (target is not None and target.type == "float64")
    return "float64" if wide else "float32"


def _differences(
    given: Covered, kernel: Kernel, window: Window, border: Border, target: Target | None, threads: int | None
) -> tuple[Covered, Response | None]:
    """Σw ≈ 0: of colour times alpha; alpha goes along."""
    rows, columns = window.over(*given.colour.pixels.shape[:2])
    if exact(given, kernel, border):
        assert kernel.exact is not None
        weights, _, denominator = kernel.exact
        product = Kernel(weights, denominator * given.opaque, kernel.bias)
        wide = "float32" if denominator != 1 and given.colour.type not in ("int32", "float64") else "float64"
        parts = Strips.of_whole(given.colour, given.alpha, given.opaque, border, rows)
    else:
        product, wide = kernel, _product_type(given, target)
        parts = Strips.of_shares(given.colour, given.alpha, given.opaque, border, rows, wide)
    goal = target or Target(wide)
    result = allocate((rows.out, columns.out, given.colour.pixels.shape[2]), goal.type, "the result")
    responses: list[Response | None] = []

    def take(strip: Strip) -> None:
        place, into = strip.window(window), result[strip.first : strip.last]
        responses.append(
            correlate(strip.colour, product, place, parts.beyond_colour, target=goal, threads=1, out=into)[1]
        )

    parts.each(window, columns, threads, lambda: take)
    followed = follow(given.alpha.pixels[..., 0], window, border, given.opaque)
    made = Covered(
        Values(result, UNKNOWN),
        Values(np.ascontiguousarray(followed)[..., None], given.alpha.span),
        given.opaque,
        given.type,
    )
    return made, merged(responses)


def _average(
    given: Covered, kernel: Kernel, window: Window, border: Border, target: Target | None, threads: int | None
) -> tuple[Covered, Response | None]:
    """Σw ≠ 0: colours weighed by alpha, and alpha averaged. Bias and shift are added after the division: they are
    colour, not coverage."""
    rows, columns = window.over(*given.colour.pixels.shape[:2])
    shift, beyond = shift_of(target) if target is not None else 0, float(border.constant or 0)
    if exact(given, kernel, border):
        assert kernel.exact is not None
        weights, offset, denominator = kernel.exact
        total = sum(cell for row in weights for cell in row)
        gain, bias = total, offset + shift * denominator
        common = gcd(gain, bias, denominator)
        sign = 1 if total > 0 else -1
        colours = Kernel([[sign * cell for cell in row] for row in weights])
        coverage = colours
        numbers = alpha_strips.numbers(
            gain=gain // common,
            bias=bias // common,
            denominator=denominator // common,
            empty=beyond,
            shift=shift,
            limit=given.opaque,
        )
        cells: float = sign * total
        parts = Strips.of_whole(given.colour, given.alpha, given.opaque, border, rows)
        reach = sum(abs(cell) for row in weights for cell in row)
        most: float = (
            reach
            * (abs(gain) * max(-parts.span.low, parts.span.high) + (abs(bias) + denominator) * given.opaque)
            / common
        )
        plain = wide_type(given.colour.type, Span(-(2**31), 2**31 - 1, True), divided=denominator != 1, last=False)
        wide, formula, whole_alpha = "float64" if plain == "int32" else plain, "quotient", cells == 1
    else:
        wide, formula, whole_alpha = _product_type(given, target), "scaled", False
        parts, most = Strips.of_shares(given.colour, given.alpha, given.opaque, border, rows, wide), np.inf
        colours = kernel.using(bias=kernel.bias + shift)
        positive = kernel.response(1, 1)[0] - kernel.bias > 0
        coverage = Kernel(
            kernel.weights if positive else [[-cell for cell in row] for row in kernel.weights], kernel.divisor
        )
        cells = _sum_of(coverage, window, wide, threads)
        magnitudes = double(
            Kernel([[abs(cell) for cell in row] for row in kernel.weights], abs(kernel.divisor)).response(1, 1)[0]
        )
        numbers = alpha_strips.numbers(
            gain=cells,
            bias=float(colours.bias),
            least=WEIGHT_LOST * magnitudes,
            empty=beyond,
            shift=shift,
            scale=given.opaque,
            limit=given.opaque,
        )
    shape = rows.out, columns.out, given.colour.pixels.shape[2]
    result = allocate(shape, target.type if target is not None else wide, "the result")
    alpha = allocate((*shape[:2], 1), given.type if target is not None else "float64", "the result's alpha")
    below = given.colour.pixels, *centres(window, border, rows, columns)
    divided = Divided(
        formula, numbers, result, alpha, magnitude=target is not None and target.range == "abs", most=most, below=below
    )
    ones = np.ones(columns.out)

    def begin() -> Callable[[Strip], None]:
        held = Held()

        def take(strip: Strip) -> None:
            place, n = strip.window(window), strip.last - strip.first
            sums, _ = correlate(
                strip.colour, colours, place, parts.beyond_colour, target=None, threads=1, out=held.kept("sums", n)
            )
            weights_, _ = correlate(
                strip.alpha, coverage, place, parts.beyond_alpha, target=None, threads=1, out=held.kept("weights", n)
            )
            high = np.full(n, float(cells))
            divided.fill(
                strip,
                held.keep("sums", sums.pixels),
                held.keep("weights", weights_.pixels),
                (high, high),
                (ones, ones),
                1,
            )

        return take

    parts.each(window, columns, threads, begin)
    made = Covered(Values(result, UNKNOWN), Values(alpha, Span(0, given.opaque, whole_alpha)), given.opaque, given.type)
    return made, divided.response()


def _sum_of(kernel: Kernel, window: Window, type_: str, threads: int | None) -> float:
    """The kernel's sum as the loops make it, rounding included: what opaque pixels weigh."""
    alone = Window(kernel.shape, dilation=window.dilation)
    ones = Values(np.ones((*alone.effective, 1), type_), UNKNOWN)
    return float(correlate(ones, kernel, alone, Border(), target=None, threads=threads)[0].pixels[0, 0, 0])


def multiplied(given: Covered, border: Border, threads: int | None, *, whole: bool) -> tuple[Values, Values, Border]:
    """Colours times alpha, alpha, and what is beyond the edge of the product: whole numbers in alpha's units, or floats
    with alpha 1 where opaque."""
    height, width, channels = given.colour.pixels.shape
    rows = Window((1, 1)).over(height, width)[0]
    if whole:
        made = Strips.of_whole(given.colour, given.alpha, given.opaque, border, rows)
    else:
        made = Strips.of_shares(given.colour, given.alpha, given.opaque, border, rows, _product_type(given, None))
    products, shares = (allocate((height, width, n), made.type, "colour times alpha") for n in (channels, 1))
    made.multiply(np.arange(height), products, shares, threads)
    return Values(products, made.span), Values(shares, UNKNOWN), made.beyond_colour


def divided(
    products: Values, shares: Values, opaque: int, type_: str, target: Target | None, threads: int | None
) -> tuple[Covered, Response | None]:
    """Colours times alpha back to colours, settled into `target`, and alpha to its units: what `multiplied` did,
    undone."""
    height, width, channels = products.pixels.shape
    shift = shift_of(target) if target is not None else 0
    result = allocate((height, width, channels), target.type if target is not None else products.type, "the result")
    alpha = allocate((height, width, 1), type_ if target is not None else "float64", "the result's alpha")
    numbers = alpha_strips.numbers(bias=shift, least=WEIGHT_LOST, shift=shift, scale=opaque, limit=opaque)
    made = Divided("quotient", numbers, result, alpha, magnitude=target is not None and target.range == "abs")
    down, along = (np.ones(n) for n in (height, width))
    made.fill(
        alpha_strips.Strip(0, height, products, shares, (0, 0)),
        products.pixels,
        shares.pixels,
        (down, down),
        (along, along),
        threads,
    )
    return Covered(Values(result, UNKNOWN), Values(alpha, Span(0, opaque, False)), opaque, type_), made.response()

"""Filters of colours weighted by alpha.

A kernel that averages gives sum(w*a*c) / sum(w*a) for a colour and sum(w*a) / sum(w) for alpha, so that nothing of a
transparent pixel's colour gets into its neighbours. A kernel whose weights sum to about 0 finds differences: it is
applied to colour times alpha, and alpha is that under the window's centre. Among opaque pixels both are the plain
filter.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import gcd

import numpy as np

from imgconv.engine.alpha.plane import centres
from imgconv.engine.alpha.strips import WEIGHT_LOST, Quotients, Strip, Strips, ThreadArrays, divide_numbers
from imgconv.engine.alpha.weighted import UNKNOWN, WeightedColours, multiply, product_type
from imgconv.engine.filter.combine import combine
from imgconv.engine.filter.correlate import correlate
from imgconv.engine.filter.parts import Placed
from imgconv.engine.memory import allocate
from imgconv.kernels.kernel import Kernel
from imgconv.values.borders import Border
from imgconv.values.frozen import record
from imgconv.values.numbers import double, magnitude
from imgconv.values.pixel_values import Pixels, Response, Target, Values, merged, shift_of, wide_type
from imgconv.values.span import Span
from imgconv.values.windows import Axis, Window


def filter_weighted(
    colours: WeightedColours,
    kernel: Kernel,
    window: Window,
    border: Border,
    target: Target | None,
    threads: int | None,
) -> tuple[WeightedColours, Response | None]:
    """A filter by the rule above; converted to `target` (not `stretch`, which needs the extremes first), or left wide
    where that is None."""
    if _is_identity(kernel, window):
        colour, response = correlate(colours.colour, kernel, window, border, target=target, threads=threads)
        return colours.with_alpha_under(window, border, colour), response
    return (_differences if kernel.balanced else _average)(colours, kernel, window, border, target, threads)


def combine_weighted(
    colours: WeightedColours,
    kernels: Sequence[Kernel],
    windows: Sequence[Window],
    border: Border,
    how: str,
    target: Target | None,
    threads: int | None,
    parts: Sequence[Placed] | None = None,
) -> tuple[WeightedColours, Response | None]:
    """Responses of several kernels to colour times alpha, combined by `how`; alpha is that under the first window's
    centre. Where colours are part of an image, `parts` are what of it each window sees."""
    whole = all(_is_exact(colours, kernel, border) for kernel in kernels)
    products, _, product_border = multiply(colours, border, threads, whole=whole)
    used = [kernel.using(divisor=kernel.divisor * colours.opaque) for kernel in kernels] if whole else kernels
    combined, response = combine(
        products, used, windows, product_border, how, target=target, threads=threads, parts=parts
    )
    first = colours if parts is None else colours.under(parts[0])
    return first.with_alpha_under(windows[0], border, combined), response


def _is_identity(kernel: Kernel, window: Window) -> bool:
    """Whether each window gives the pixel under its centre: nothing is mixed, so nothing needs weighing, which would
    round floats."""
    taps = [
        (r * window.dilation[0], c * window.dilation[1])
        for r, row in enumerate(kernel.weights)
        for c, weight in enumerate(row)
        if weight
    ]
    return taps == [(window.centre(0), window.centre(1))] and kernel.bias == 0 and kernel.response(1, 1) == (1, 1)


def _is_exact(colours: WeightedColours, kernel: Kernel, border: Border) -> bool:
    """Whether pixels, alpha, kernel and border are integers, and float64 holds every sum of their products."""
    if (
        kernel.exact is None
        or not (colours.colour.span.whole and colours.alpha.span.whole)
        or not isinstance(border.constant or 0, int)
    ):
        return False
    weights = sum(abs(cell) for row in kernel.exact[0] for cell in row)
    return weights * colours.opaque * max(colours.colour.span.magnitude, magnitude(border.constant or 0), 1) < 2**53


# ---------------------------------------------------------------- kernels that sum to about 0


def _differences(
    colours: WeightedColours,
    kernel: Kernel,
    window: Window,
    border: Border,
    target: Target | None,
    threads: int | None,
) -> tuple[WeightedColours, Response | None]:
    """The kernel on colour times alpha, and alpha under the windows' centres."""
    rows, columns = window.over(*colours.colour.pixels.shape[:2])
    if _is_exact(colours, kernel, border):
        assert kernel.exact is not None
        weights, _, denominator = kernel.exact
        used = Kernel(weights, denominator * colours.opaque, kernel.bias)
        wide = "float32" if denominator != 1 and colours.colour.type not in ("int32", "float64") else "float64"
        strips = Strips.of_whole(colours.colour, colours.alpha, colours.opaque, border, rows)
    else:
        used, wide = kernel, product_type(colours, target)
        strips = Strips.of_shares(colours.colour, colours.alpha, colours.opaque, border, rows, wide)
    goal = target or Target(wide)
    result = allocate((rows.out, columns.out, colours.colour.pixels.shape[2]), goal.type, "the result")
    responses: list[Response | None] = []

    def take(strip: Strip) -> None:
        place, out = strip.window(window), result[strip.first : strip.last]
        responses.append(
            correlate(strip.colour, used, place, strips.border_of_colour, target=goal, threads=1, out=out)[1]
        )

    strips.each(window, columns, threads, lambda: take)
    return colours.with_alpha_under(window, border, Values(result, UNKNOWN)), merged(responses)


# ---------------------------------------------------------------- kernels that average


@record
class _Weighing:
    """How a kernel that averages is computed: the kernels for products and for alpha, the quotient of their sums.

    `cells` is what the kernel for alpha sums to among opaque pixels, `most` what numerators and denominators never
    exceed, `wide` the type of a result that is not converted.
    """

    colour: Kernel
    alpha: Kernel
    strips: Strips
    formula: str
    numbers: Pixels
    cells: float
    most: float
    wide: str
    whole_alpha: bool


def _average(
    colours: WeightedColours,
    kernel: Kernel,
    window: Window,
    border: Border,
    target: Target | None,
    threads: int | None,
) -> tuple[WeightedColours, Response | None]:
    """Colours weighted by alpha, and alpha averaged. Bias and shift are added after the division by the weights."""
    rows, columns = window.over(*colours.colour.pixels.shape[:2])
    shift = shift_of(target) if target is not None else 0
    if _is_exact(colours, kernel, border):
        weighing = _whole_weighing(colours, kernel, border, rows, shift)
    else:
        weighing = _share_weighing(colours, kernel, window, border, rows, shift, target, threads)
    shape = rows.out, columns.out, colours.colour.pixels.shape[2]
    result = allocate(shape, target.type if target is not None else weighing.wide, "the result")
    alpha = allocate((*shape[:2], 1), colours.type if target is not None else "float64", "the result's alpha")
    quotients = Quotients(
        weighing.formula,
        weighing.numbers,
        result,
        alpha,
        magnitude=target is not None and target.range == "abs",
        most=weighing.most,
        below=(colours.colour.pixels, *centres(window, border, rows, columns)),
    )
    weighing.strips.each(window, columns, threads, lambda: _strip_filter(weighing, quotients, window, columns))
    alpha_span = Span(0, colours.opaque, weighing.whole_alpha)
    averaged = WeightedColours(Values(result, UNKNOWN), Values(alpha, alpha_span), colours.opaque, colours.type)
    return averaged, quotients.response()


def _strip_filter(weighing: _Weighing, quotients: Quotients, window: Window, columns: Axis) -> Callable[[Strip], None]:
    """What one thread does with its strips."""
    arrays, ones, strips = ThreadArrays(), np.ones(columns.out), weighing.strips

    def take(strip: Strip) -> None:
        place, rows = strip.window(window), strip.last - strip.first
        sums = correlate(
            strip.colour,
            weighing.colour,
            place,
            strips.border_of_colour,
            target=None,
            threads=1,
            out=arrays.last("sums", rows),
        )[0].pixels
        weights = correlate(
            strip.alpha,
            weighing.alpha,
            place,
            strips.border_of_alpha,
            target=None,
            threads=1,
            out=arrays.last("weights", rows),
        )[0].pixels
        cells = np.full(rows, float(weighing.cells))
        quotients.fill(
            strip, arrays.keep("sums", sums), arrays.keep("weights", weights), (cells, cells), (ones, ones), 1
        )

    return take


def _whole_weighing(colours: WeightedColours, kernel: Kernel, border: Border, rows: Axis, shift: int) -> _Weighing:
    """Integers: the colour is one rational number."""
    assert kernel.exact is not None
    weights, offset, denominator = kernel.exact
    total = sum(cell for row in weights for cell in row)
    gain, bias = total, offset + shift * denominator
    common = gcd(gain, bias, denominator)
    faint, middle = _faint(colours, kernel)
    sign = 1 if total > 0 else -1
    positive = Kernel([[sign * cell for cell in row] for row in weights])
    numbers = divide_numbers(
        gain=gain // common,
        bias=bias // common,
        denominator=denominator // common,
        empty=float(border.constant or 0),
        shift=shift,
        limit=colours.opaque,
        faint=faint,
        middle=middle + shift,
    )
    strips = Strips.of_whole(colours.colour, colours.alpha, colours.opaque, border, rows)
    reach = sum(abs(cell) for row in weights for cell in row)
    greatest = max(-strips.span.low, strips.span.high)
    most: float = reach * (abs(gain) * greatest + (abs(bias) + denominator) * colours.opaque) / common
    plain = wide_type(colours.colour.type, Span(-(2**31), 2**31 - 1, True), divided=denominator != 1, last=False)
    wide, cells = "float64" if plain == "int32" else plain, sign * total
    return _Weighing(positive, positive, strips, "quotient", numbers, cells, most, wide, cells == 1)


def _share_weighing(
    colours: WeightedColours,
    kernel: Kernel,
    window: Window,
    border: Border,
    rows: Axis,
    shift: int,
    target: Target | None,
    threads: int | None,
) -> _Weighing:
    """Floats: the sum as if all were opaque, then scaled by the sum of weights over the sum of weights times alpha."""
    wide = product_type(colours, target)
    strips = Strips.of_shares(colours.colour, colours.alpha, colours.opaque, border, rows, wide)
    shifted = kernel.using(bias=kernel.bias + shift)
    sum_is_positive = kernel.response(1, 1)[0] - kernel.bias > 0
    positive = kernel.weights if sum_is_positive else [[-cell for cell in row] for row in kernel.weights]
    weights = Kernel(positive, kernel.divisor)
    cells = _sum_of(weights, window, wide, threads)
    absolute = Kernel([[abs(cell) for cell in row] for row in kernel.weights], abs(kernel.divisor))
    faint, middle = _faint(colours, kernel)
    numbers = divide_numbers(
        gain=cells,
        bias=float(shifted.bias),
        least=WEIGHT_LOST * double(absolute.response(1, 1)[0]),
        empty=float(border.constant or 0),
        shift=shift,
        scale=colours.opaque,
        limit=colours.opaque,
        faint=faint / colours.opaque,
        middle=middle + shift,
    )
    return _Weighing(shifted, weights, strips, "scaled", numbers, cells, np.inf, wide, False)


def _faint(colours: WeightedColours, kernel: Kernel) -> tuple[float, float]:
    """Below which alpha a colour counts in the extremes by its alpha, and the mean response; (0, 0) for kernels without
    weights of both signs, whose quotients stay between the colours."""
    if not mixes_signs(kernel):
        return 0, 0
    seen = colours.seen
    return seen.greatest / 2, double(kernel.response(1, 1)[0] - kernel.bias) * seen.mean + double(kernel.bias)


def mixes_signs(kernel: Kernel) -> bool:
    """Whether a kernel has weights of both signs."""
    return len({weight > 0 for row in kernel.weights for weight in row if weight}) == 2


def _sum_of(kernel: Kernel, window: Window, type_: str, threads: int | None) -> float:
    """The kernel's sum as the loops make it, rounding included: the weight of opaque pixels."""
    alone = Window(kernel.shape, dilation=window.dilation)
    ones = Values(np.ones((*alone.effective, 1), type_), UNKNOWN)
    return float(correlate(ones, kernel, alone, Border(), target=None, threads=threads)[0].pixels[0, 0, 0])

"""Pooling of colours with alpha: averages weight colours by alpha, extremes leave out transparent pixels."""

from __future__ import annotations

from typing import Any

import numpy as np

from imgconv.engine.alpha.strips import Quotients, Strip, Strips, divide_numbers
from imgconv.engine.alpha.weighted import UNKNOWN, WeightedColours
from imgconv.engine.filter.correlate import correlate
from imgconv.engine.memory import allocate
from imgconv.engine.pooling.pool import pool, sums
from imgconv.engine.pooling.ways import counted_cells
from imgconv.engine.quantise import quantise
from imgconv.engine.run_loop import run_loop
from imgconv.kernels.kernel import Kernel
from imgconv.loops import weighting
from imgconv.loops.pool import worst
from imgconv.values.borders import Border
from imgconv.values.pixel_values import Pixels, Response, Target, Values, shift_of, wide_type
from imgconv.values.span import Span
from imgconv.values.windows import Axis, Window

_TRANSPARENT = Border("constant", 0)


def pool_weighted(
    colours: WeightedColours,
    kind: str,
    window: Window,
    *,
    count_padding: bool = False,
    target: Target | None,
    threads: int | None = None,
) -> tuple[WeightedColours, Response | None]:
    """avg: sum(a*c) / sum(a), alpha sum(a) / cells; padding that counts is opaque and 0.

    max, min: of the colours under the window whose alpha is not 0, and of alpha. Where all of a window is transparent,
    colour is 0.
    """
    if kind == "avg":
        return _average(colours, window, count_padding, target, threads)
    opaque, type_ = colours.opaque, colours.type
    visible = _replace_transparent(colours.colour, colours.alpha, worst(kind, colours.colour.type), threads)
    best, _ = pool(visible, kind, window, target=None, threads=threads)
    alpha, _ = pool(colours.alpha, kind, window, target=None, threads=threads)
    greatest = alpha if kind == "max" else pool(colours.alpha, "max", window, target=None, threads=threads)[0]
    colour = _replace_transparent(best, greatest, 0, threads)
    if target is None or (target.type == colour.type and target.range == "clamp"):
        return WeightedColours(Values(colour.pixels, colours.colour.span), alpha, opaque, type_), None
    converted, response = quantise(colour, target, threads=threads)
    return WeightedColours(Values(converted, UNKNOWN), alpha, opaque, type_), response


def _replace_transparent(colour: Values, alpha: Values, replacement: Any, threads: int | None) -> Values:
    """Colours, those of transparent pixels replaced."""
    height, width, channels = colour.pixels.shape
    result = allocate((height, width, channels), colour.type, "the colours of visible pixels")
    arguments = {
        "source": colour.pixels,
        "source_alpha": alpha.pixels,
        "row": width,
        "channels": channels,
        "replacement": np.array([replacement], colour.type),
        "result": result,
        "last": height,
    }
    types = {"src": colour.type, "alpha": alpha.type, "channels": str(channels)}
    run_loop(weighting.REPLACE_TRANSPARENT, types, arguments, width * channels, threads)
    return Values(result, colour.span)


def _average(
    colours: WeightedColours, window: Window, count_padding: bool, target: Target | None, threads: int | None
) -> tuple[WeightedColours, Response | None]:
    rows, columns = window.over(*colours.colour.pixels.shape[:2])
    shape = rows.out, columns.out, colours.colour.pixels.shape[2]
    wide = wide_type(colours.colour.type, colours.colour.span, divided=True, last=False)
    result = allocate(shape, target.type if target is not None else wide, "the result")
    alpha = allocate((*shape[:2], 1), colours.type if target is not None else "float64", "the result's alpha")
    strips, quotients = _weighing(colours, rows, columns, target, result, alpha)
    counted, existing = (
        [counted_cells(axis, count).astype(np.float64) for axis in (rows, columns)] for count in (count_padding, False)
    )

    def take(strip: Strip) -> None:
        products, weights = (_sums(strip, plane, window) for plane in (strip.colour, strip.alpha))
        place = slice(strip.first, strip.last)
        down, along = (counted[0][place], existing[0][place]), (counted[1], existing[1])
        quotients.fill(strip, products, weights, down, along, 1)

    strips.each(window, columns, threads, lambda: take)
    alpha_values = Values(alpha, Span(0, colours.opaque, False))
    averaged = WeightedColours(Values(result, UNKNOWN), alpha_values, colours.opaque, colours.type)
    plain = target is None or (
        target.range == "clamp" and (target.type == colours.colour.type or target.type.startswith("float"))
    )
    return averaged, None if plain else quotients.response()


def _weighing(
    colours: WeightedColours, rows: Axis, columns: Axis, target: Target | None, result: Pixels, alpha: Pixels
) -> tuple[Strips, Quotients]:
    """The products, as integers where their sums fit float64, and the quotients of their sums."""
    cells, opaque = rows.size * columns.size, colours.opaque
    whole = colours.colour.span.whole and colours.alpha.span.whole
    whole = whole and colours.colour.span.magnitude * opaque * cells < 2**53
    if whole:
        strips = Strips.of_whole(colours.colour, colours.alpha, opaque, _TRANSPARENT, rows)
    else:
        strips = Strips.of_shares(colours.colour, colours.alpha, opaque, _TRANSPARENT, rows, "float64")
    shift = shift_of(target) if target is not None else 0
    numbers = divide_numbers(
        bias=shift,
        shift=shift,
        full=opaque if whole else 1,
        scale=1 if whole else opaque,
        limit=opaque,
        least=0 if whole else 1e-9 * cells,
    )
    most = float(max(colours.colour.span.magnitude, 1) + shift) * opaque * cells if whole else np.inf
    magnitude = target is not None and target.range == "abs"
    return strips.without_border(), Quotients("quotient", numbers, result, alpha, magnitude=magnitude, most=most)


def _sums(strip: Strip, plane: Values, window: Window) -> Pixels:
    """Sums under the windows, down the columns first, then along the rows: exact for integers, and as the plain
    average adds floats."""
    place = strip.window(window)
    if (exact := sums(plane, place, threads=1)) is not None:
        return exact
    down = Window((place.size[0], 1), (place.stride[0], 1), (place.dilation[0], 1))
    along = Window((1, place.size[1]), (1, place.stride[1]), (1, place.dilation[1]), place.pad)
    rows, _ = correlate(plane, Kernel([[1]] * place.size[0]), down, _TRANSPARENT, target=None, threads=1)
    total, _ = correlate(rows, Kernel([[1] * place.size[1]]), along, _TRANSPARENT, target=None, threads=1)
    return total.pixels

"""Pooling of colour with its coverage: averages weigh colours by alpha, extremes look at colours that are seen at
all."""

from __future__ import annotations

from typing import Any

import numpy as np

from imgconv import jit
from imgconv.engine.bands import run_bands
from imgconv.engine.colour import alpha_strips
from imgconv.engine.colour.alpha_strips import Divided, Strips
from imgconv.engine.colour.weighted import UNKNOWN, Covered
from imgconv.engine.filter.correlate import correlate
from imgconv.engine.memory import allocate
from imgconv.engine.pooling.pool import pool, sums
from imgconv.engine.pooling.ways import seen_cells
from imgconv.engine.quantise import settle
from imgconv.kernels.kernel import Kernel
from imgconv.loops import weighting
from imgconv.loops.pool import worst
from imgconv.values.borders import Border
from imgconv.values.pixel_values import Pixels, Response, Target, Values, shift_of, wide_type
from imgconv.values.span import Span
from imgconv.values.windows import Window

_NOTHING = Border("constant", 0)


def pool_covered(
    given: Covered,
    kind: str,
    window: Window,
    *,
    count_padding: bool = False,
    target: Target | None,
    threads: int | None = None,
) -> tuple[Covered, Response | None]:
    """avg: sum(a*c) / sum(a), alpha sum(a) / cells; padding that counts is opaque and 0.

    max, min: of the colours under the window whose alpha is not 0, and of alpha. Where a window sees nothing visible,
    colour is 0.
    """
    if kind == "avg":
        return _average(given, window, count_padding, target, threads)
    best, _ = pool(
        _hidden(given.colour, given.alpha, worst(kind, given.colour.type), threads),
        kind,
        window,
        target=None,
        threads=threads,
    )
    alpha, _ = pool(given.alpha, kind, window, target=None, threads=threads)
    visible = alpha if kind == "max" else pool(given.alpha, "max", window, target=None, threads=threads)[0]
    colour = _hidden(best, visible, 0, threads)
    made = Covered(Values(colour.pixels, given.colour.span), alpha, given.opaque, given.type)
    if target is None or (target.type == colour.type and target.range == "clamp"):
        return made, None
    settled, response = settle(colour, target, threads=threads)
    return Covered(Values(settled, UNKNOWN), alpha, given.opaque, given.type), response


def _hidden(colour: Values, alpha: Values, replacement: Any, threads: int | None) -> Values:
    """Colours without coverage replaced."""
    height, width, channels = colour.pixels.shape
    result = allocate((height, width, channels), colour.type, "the colours that are seen")
    arguments = {
        "source": colour.pixels,
        "coverage": alpha.pixels,
        "row": width,
        "channels": channels,
        "replacement": np.array([replacement], colour.type),
        "result": result,
        "last": height,
    }
    kinds = {"src": colour.type, "alpha": alpha.type, "channels": str(channels)}
    run_bands(height, width * channels, lambda: jit.bind(weighting.HIDE, kinds, arguments), threads)
    return Values(result, colour.span)


def _average(
    given: Covered, window: Window, count_padding: bool, target: Target | None, threads: int | None
) -> tuple[Covered, Response | None]:
    rows, columns = window.over(*given.colour.pixels.shape[:2])
    whole = given.colour.span.whole and given.alpha.span.whole
    whole = whole and given.colour.span.magnitude * given.opaque * rows.size * columns.size < 2**53
    full = given.opaque if whole else 1
    made = Strips.of_whole if whole else Strips.of_shares
    parts = made(given.colour, given.alpha, given.opaque, _NOTHING, rows, *(() if whole else ("float64",))).unseen()
    shift = shift_of(target) if target is not None else 0
    wide = wide_type(given.colour.type, given.colour.span, divided=True, last=False)
    shape = rows.out, columns.out, given.colour.pixels.shape[2]
    result = allocate(shape, target.type if target is not None else wide, "the result")
    alpha = allocate((*shape[:2], 1), given.type if target is not None else "float64", "the result's alpha")
    numbers = alpha_strips.numbers(
        bias=shift,
        shift=shift,
        full=full,
        scale=1 if whole else given.opaque,
        limit=given.opaque,
        least=0 if whole else 1e-9 * rows.size * columns.size,
    )
    most = (
        float(max(given.colour.span.magnitude, 1) + shift) * given.opaque * rows.size * columns.size
        if whole
        else np.inf
    )
    divided = Divided(
        "quotient", numbers, result, alpha, magnitude=target is not None and target.range == "abs", most=most
    )
    cells, seen = (
        [seen_cells(axis, count).astype(np.float64) for axis in (rows, columns)] for count in (count_padding, False)
    )

    def take(strip: alpha_strips.Strip) -> None:
        sums_, weights = (_sums(strip, plane, window) for plane in (strip.colour, strip.alpha))
        place = slice(strip.first, strip.last)
        divided.fill(strip, sums_, weights, (cells[0][place], seen[0][place]), (cells[1], seen[1]), 1)

    parts.each(window, columns, threads, lambda: take)
    covered = Covered(Values(result, UNKNOWN), Values(alpha, Span(0, given.opaque, False)), given.opaque, given.type)
    plain = target is None or (
        target.range == "clamp" and (target.type == given.colour.type or target.type.startswith("float"))
    )
    return covered, None if plain else divided.response()


def _sums(strip: alpha_strips.Strip, plane: Values, window: Window) -> Pixels:
    """Sums under the windows, down the columns first, then along the rows: exact for whole numbers, and as the plain
    average adds floats."""
    place = strip.window(window)
    if (whole := sums(plane, place, threads=1)) is not None:
        return whole
    down = Window((place.size[0], 1), (place.stride[0], 1), (place.dilation[0], 1))
    along = Window((1, place.size[1]), (1, place.stride[1]), (1, place.dilation[1]), place.pad)
    made, _ = correlate(plane, Kernel([[1]] * place.size[0]), down, _NOTHING, target=None, threads=1)
    made, _ = correlate(made, Kernel([[1] * place.size[1]]), along, _NOTHING, target=None, threads=1)
    return made.pixels

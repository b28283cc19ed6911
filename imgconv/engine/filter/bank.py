"""Banks: responses of many kernels beside each other, as channels or as tiles."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from imgconv.engine.memory import allocate
from imgconv.engine.quantise import quantise
from imgconv.values.pixel_values import Pixels, Response, Target, Values, merged
from imgconv.values.span import Span

Respond = Callable[[int, Target | None], tuple[Values, Response | None]]


def common(types: Sequence[str], spans: Sequence[Span]) -> tuple[str, Span]:
    """The type that holds all of several responses' values, and what is known of them together."""
    span = Span(min(span.low for span in spans), max(span.high for span in spans), all(span.whole for span in spans))
    return types[0] if len(set(types)) == 1 else "float64", span


def stacked(
    respond: Respond, count: int, target: Target | None, threads: int | None, out: Pixels | None
) -> tuple[Values, Response | None]:
    """`respond(i, target)` for each kernel, (H, W, C), as one (H, W, count * C); a stretch is over all of them."""
    if target is None or target.range == "stretch":
        wides = [respond(i, None if target is None else Target("float64"))[0] for i in range(count)]
        type_, span = common([one.type for one in wides], [one.span for one in wides])
        wide = Values(np.concatenate([one.pixels.astype(type_, copy=False) for one in wides], axis=2), span)
        if target is None:
            return wide, None
        quantised, response = quantise(wide, target, threads=threads, out=out)
        return Values(quantised, span), response
    responses, spans, result = list[Response | None](), list[Span](), out
    for i in range(count):
        one, seen = respond(i, target)
        height, width, channels = one.pixels.shape
        if result is None:
            result = allocate((height, width, count * channels), target.type, "the responses")
        result[..., i * channels : (i + 1) * channels] = one.pixels
        responses.append(seen)
        spans.append(one.span)
    assert result is not None
    return Values(result, common([target.type], spans)[1]), merged(responses)


def tiled(pixels: Pixels, count: int, grid: tuple[int, int], out: Pixels | None) -> Pixels:
    """(H, W, count * C) as tiles (rows * H, columns * W, C) in reading order; places without a tile are 0."""
    height, width, channels = pixels.shape[0], pixels.shape[1], pixels.shape[2] // count
    result = (
        allocate((height * grid[0], width * grid[1], channels), pixels.dtype.name, "the sheet") if out is None else out
    )
    result[...] = 0
    for i in range(count):
        row, column = divmod(i, grid[1])
        tile = pixels[..., i * channels : (i + 1) * channels]
        result[row * height : (row + 1) * height, column * width : (column + 1) * width] = tile
    return result

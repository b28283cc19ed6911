"""Edge detection on values: Frei-Chen's share, Canny's lines, and the directions of edges."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from imgconv.engine.bands import run_bands
from imgconv.engine.filter.combine import finished, folded
from imgconv.engine.filter.correlate import correlate
from imgconv.engine.filter.parts import Placed
from imgconv.engine.memory import require
from imgconv.engine.quantise import quantise
from imgconv.engine.run_loop import run_loop
from imgconv.kernels.kernel import Kernel
from imgconv.loops.edges import THIN, TRACE, WINNER
from imgconv.planner.combining import Combination
from imgconv.values.borders import Border
from imgconv.values.numbers import Number, number
from imgconv.values.pixel_values import Pixels, Response, Target, Values, limits
from imgconv.values.span import Span
from imgconv.values.windows import Window

Kernels = Sequence[Kernel]
Windows = Sequence[Window]
_WIDE = Target("float64")
_BETWEEN = 255  # an edge between the steps of a pipeline


def share(
    values: Values,
    kernels: Kernels,
    windows: Windows,
    border: Border,
    edges: int,
    *,
    target: Target | None,
    threads: int | None,
    out: Pixels | None,
    parts: Sequence[Placed] | None = None,
) -> tuple[Values, Response | None]:
    """The root of the part that the first `edges` kernels have of all kernels' squares: 0…1, 0 where all are 0.

    Where values are part of an image, `parts` are what of it each window sees.
    """
    totals: list[Pixels | None] = [None, None]
    for i, (kernel, window) in enumerate(zip(kernels, windows, strict=True)):
        seen, reach = (values, None) if parts is None else (parts[i].of(values), parts[i].reach)
        response = correlate(seen, kernel, window, border, target=_WIDE, threads=threads, reach=reach)[0].pixels
        totals[i >= edges] = folded("l2", totals[i >= edges], response, alone=False, threads=threads)
    assert totals[1] is not None
    combination = Combination("portion", tuple(kernels), 1, False, "float64", "float64", Span(0, 1, False))
    return finished(combination, totals[0], totals[1], target, threads, out, values.type, state="lifted")


def canny(
    values: Values,
    kernels: Kernels,
    windows: Windows,
    border: Border,
    norm: str,
    thresholds: tuple[Number | str, Number | str],
    *,
    joined: bool,
    target: Target | None,
    threads: int | None,
    out: Pixels | None,
) -> tuple[Values, Response | None]:
    """Lines one pixel wide of values that are smoothed already: gradient, thinning, two thresholds, tracing.

    J. Canny, A computational approach to edge detection, 1986. Canny interpolated the neighbours along the gradient;
    here, as in OpenCV and most textbooks, the nearest of four directions is taken. `joined`: one map of all channels,
    of the gradient whose magnitude is greatest.
    """
    require(5 * values.pixels.size, "float64", "the gradient")
    across, down = (
        correlate(values, kernel, window, border, target=_WIDE, threads=threads)[0].pixels
        for kernel, window in zip(kernels, windows, strict=True)
    )
    combination = Combination(norm, tuple(kernels), 1, False, "float64", "float64", Span(0, np.inf, False))
    magnitude = finished(combination, across, down, _WIDE, threads, None, "float64", state="bare")[0].pixels
    if joined:
        across, down = (strongest(part, magnitude)[0][..., None] for part in (across, down))
        magnitude = strongest(magnitude, magnitude)[0][..., None]
    height, width, channels = shape = magnitude.shape
    classes, marks = np.empty(shape, np.uint8), np.zeros(shape, np.uint8)
    sizes = {"height": height, "width": width, "channels": channels}
    thinning = {
        "across": across,
        "down": down,
        "magnitude": magnitude,
        "bounds": _bounds(magnitude, thresholds),
        "classes": classes,
        "last": height,
    }
    run_loop(THIN, {}, thinning | sizes, 20 * width * channels, threads)
    run_loop(TRACE, {}, {"classes": classes, "marks": marks, "last": channels} | sizes, 10 * height * width, threads)
    edge = _BETWEEN if target is None else int(limits(target.type)[1])
    lines = Values(marks * np.int32(edge), Span(0, edge, True))
    if target is None:
        return lines, None
    converted, response = quantise(lines, target, threads=threads, out=out)
    return Values(converted, lines.span), response


def _bounds(magnitude: Pixels, thresholds: tuple[Number | str, Number | str]) -> Pixels:
    """Each channel's low and high bound; a low one above the high one counts as the high one."""
    bounds = np.empty((magnitude.shape[2], 2), np.float64)
    for channel in range(magnitude.shape[2]):
        plane = magnitude[..., channel]
        greatest = float(np.max(plane, where=np.isfinite(plane), initial=0.0))
        high, low = (
            float(number(text[:-1])) / 100 * greatest if isinstance(text, str) else float(text)
            for text in thresholds[::-1]
        )
        bounds[channel] = min(low, high), high
    return bounds


def winner(
    values: Values, kernels: Kernels, windows: Windows, border: Border, *, magnitudes: bool, threads: int | None
) -> Pixels:
    """(H, W, C) uint8: the number of the kernel with the greatest response or magnitude; the first of equals, and NaN
    never wins."""
    best = index = None
    for i, (kernel, window) in enumerate(zip(kernels, windows, strict=False)):
        response = correlate(values, kernel, window, border, target=_WIDE, threads=threads)[0].pixels
        if best is None or index is None:
            best, index = (abs(response) if magnitudes else response), np.zeros(response.shape, np.uint8)
            continue
        row = response.shape[1] * response.shape[2]
        arguments = {
            "best": best,
            "index": index,
            "response": response,
            "number": i,
            "row": row,
            "last": response.shape[0],
        }
        types = {"votes": "magnitudes" if magnitudes else "values", "src": "float64"}
        run_loop(WINNER, types, arguments, 2 * row, threads)
    assert index is not None
    return index


def looked_up(which: Pixels, directions: Sequence[int]) -> Pixels:
    """The directions of winners, in degrees, float32."""
    angles: Pixels = np.array(directions, np.float32)[which]
    return angles


def angle(
    values: Values,
    kernels: Kernels,
    windows: Windows,
    border: Border,
    directions: Sequence[int],
    *,
    threads: int | None,
) -> Pixels:
    """(H, W, C) float32: degrees in [0, 360), clockwise from the right as rows grow downwards, where a gradient points;
    0 where there is none.

    For x and y kernels it is atan2(y, x), as OpenCV's `phase`; kernels that look elsewhere are turned there first.
    """
    one, other = (
        correlate(values, kernel, window, border, target=_WIDE, threads=threads)[0].pixels
        for kernel, window in zip(kernels, windows, strict=False)
    )
    turns = [(round(float(np.cos(np.radians(d))), 15), round(float(np.sin(np.radians(d))), 15)) for d in directions]
    result = np.empty(one.shape, np.float32)

    def band(first: int, last: int) -> None:
        a, b = one[first:last], other[first:last]
        x, y = (a * turns[0][i] + b * turns[1][i] for i in (0, 1))
        part = np.degrees(np.arctan2(y + 0.0, x + 0.0)) % 360  # + 0.0: the angle of (-0, -0) would be 180
        part = part.astype(np.float32)
        part[part >= 360] = 0
        result[first:last] = part

    _banded(one, band, threads)
    return result


def angle_bytes(angles: Pixels) -> Pixels:
    """Degrees as uint8, 256 to the circle: floor(angle * 256 / 360 + 1/2), 256 being 0 again; NaN becomes 0."""
    scaled = np.floor(np.nan_to_num(angles.astype(np.float64)) * (256 / 360) + 0.5)
    return (scaled.astype(np.int64) % 256).astype(np.uint8)


def hue(angles: Pixels, strength: Pixels, *, threads: int | None) -> Pixels:
    """(H, W, 3) uint8, RGB of HSV: the angle as hue (0 red, 120 green, 240 blue), full saturation, strength over its
    greatest as value."""
    plane, value = strongest(angles, strength)
    greatest = float(np.max(value, where=np.isfinite(value), initial=0.0)) or 1.0
    result = np.empty((*plane.shape, 3), np.uint8)

    def band(first: int, last: int) -> None:
        sixths = np.nan_to_num(plane[first:last].astype(np.float64)) / 60
        bright = np.clip(np.nan_to_num(value[first:last] / greatest), 0, 1)
        for channel, start in enumerate((5, 3, 1)):
            place = (start + sixths) % 6
            part = 1 - np.clip(np.minimum(place, 4 - place), 0, 1)
            result[first:last, :, channel] = np.floor(255 * bright * part + 0.5)

    _banded(plane[..., None], band, threads)
    return result


def strongest(pictures: Pixels, strength: Pixels) -> tuple[Pixels, Pixels]:
    """(H, W) each: of the channel with the greatest strength, the first of equals. NaN is no strength."""
    if strength.shape[2] == 1:
        return pictures[..., 0], strength[..., 0]
    channel = np.argmax(np.nan_to_num(strength, nan=-1.0), axis=2)[..., None]
    chosen, greatest = (np.take_along_axis(part, channel, 2)[..., 0] for part in (pictures, strength))
    return np.ascontiguousarray(chosen), np.ascontiguousarray(greatest)


def _banded(pixels: Pixels, band: Callable[[int, int], None], threads: int | None) -> None:
    run_bands(pixels.shape[0], 60 * pixels.shape[1] * pixels.shape[2], lambda: band, threads)

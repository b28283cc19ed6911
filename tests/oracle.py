"""What docs/geometry.md and docs/numbers.md say, written to be read: slow, naive, and sharing nothing with imgconv.

Numbers are exact: Python ints and Fractions (a finite float is one too). Only NaN and
infinity stay floats. Results before settling are object arrays (H', W', C).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
Number = int | float | Fraction
BORDERS = {"edge": "edge", "reflect": "symmetric", "reflect101": "reflect", "wrap": "wrap"}  # to numpy.pad's names
WIDENED = {
    "bool": "uint8",
    "int8": "int16",
    "float16": "float32",
    "uint32": "float64",
    "int64": "float64",
    "uint64": "float64",
}


class RefusedError(ValueError):
    """The rules refuse this."""


# ---------------------------------------------------------------- geometry, per axis


def both(value: Any) -> tuple[int, int]:
    """(rows, columns) from N or from a pair."""
    return (value, value) if isinstance(value, int) else (value[0], value[1])


def pads(axis: int, n: int, k: int, s: int, d: int, pad: Any, anchor: int | None) -> tuple[int, int]:
    """Pixels before and after, along one axis."""
    e = d * (k - 1) + 1
    if pad == "same":
        needed = (math.ceil(n / s) - 1) * s + e - n
        if anchor is not None:
            return d * anchor, max(0, needed - d * anchor)
        total = max(0, needed)
        return total // 2, total - total // 2
    if pad == "valid":
        return 0, 0
    if isinstance(pad, int):
        return pad, pad
    return (pad[axis], pad[axis]) if len(pad) == 2 else (pad[2 * axis], pad[2 * axis + 1])


def windows(n: int, k: int, s: int, d: int, before: int, after: int, ceil: bool = False) -> list[list[int]]:
    """For each output, the positions its taps read; the image is 0…n-1."""
    e = d * (k - 1) + 1
    steps = Fraction(n + before + after - e, s)
    out = (math.ceil(steps) if ceil else math.floor(steps)) + 1
    starts = [i * s for i in range(out)]  # in padded coordinates
    while ceil and starts and starts[-1] >= n + before:
        starts.pop()
    if not starts:
        raise RefusedError(f"no window of {e} fits {n} pixels and pads {before}, {after}")
    return [[start + t * d - before for t in range(k)] for start in starts]


def sources(n: int, before: int, after: int, border: str) -> dict[int, int | None]:
    """Position to pixel, for every position of the padded axis; None is the border's constant."""
    inside = np.arange(n)
    options: dict[str, Any] = {"constant_values": -1} if border == "constant" else {"mode": BORDERS[border]}
    padded = np.pad(inside, (before, after), **options)
    return {i - before: None if pixel < 0 else int(pixel) for i, pixel in enumerate(padded)}


# ---------------------------------------------------------------- the two sliding operations


def exact(value: Any) -> Number:
    """The number itself: an int or a Fraction, or a float that is not finite."""
    value = value.item() if isinstance(value, np.generic) else value
    if isinstance(value, float) and not math.isfinite(value):
        return value
    fraction = Fraction(value)
    return fraction.numerator if fraction.denominator == 1 else fraction


def with_channels(pixels: Any) -> Array:
    """(H, W) or (H, W, C) as an object array (H, W, C) of exact numbers."""
    array = np.asarray(pixels)
    array = array.reshape(array.shape[0], array.shape[1], -1)
    found = np.empty(array.shape, object)
    for place in np.ndindex(array.shape):
        found[place] = exact(array[place])
    return found


def automatic_divisor(weights: Sequence[Sequence[Number]]) -> Number:
    cells = [exact(weight) for row in weights for weight in row]
    return sum(cells) if abs(sum(cells)) > Fraction(1, 10**9) * sum(map(abs, cells)) else 1


def responses(
    pixels: Any,
    weights: Sequence[Sequence[Number]],
    divisor: Number | str = 1,
    bias: Number = 0,
    anchor: tuple[int, int] | None = None,
    *,
    border: str = "edge",
    value: Number = 0,
    pad: Any = "same",
    stride: Any = 1,
    dilation: Any = 1,
    convolve: bool = False,
) -> Array:
    """Correlation before settling: sum of weight times neighbour, over the divisor, plus the bias."""
    given = with_channels(pixels)
    cells = [[exact(weight) for weight in row] for row in weights]
    if convolve:
        cells = [row[::-1] for row in cells[::-1]]
        anchor = anchor and (len(cells) - 1 - anchor[0], len(cells[0]) - 1 - anchor[1])
    share = 1 / Fraction(automatic_divisor(weights) if divisor == "auto" else exact(divisor))
    placed, look = [], []
    for axis, k in enumerate((len(cells), len(cells[0]))):
        n, s, d = given.shape[axis], both(stride)[axis], both(dilation)[axis]
        before, after = pads(axis, n, k, s, d, pad, anchor and anchor[axis])
        placed.append(windows(n, k, s, d, before, after))
        look.append(sources(n, before, after, border))
    result = np.empty((len(placed[0]), len(placed[1]), given.shape[2]), object)
    for i, j, c in np.ndindex(result.shape):
        total: Number = 0
        for weight_row, y in zip(cells, placed[0][i], strict=True):
            for weight, x in zip(weight_row, placed[1][j], strict=True):
                if weight != 0:  # a zero weight does not look
                    row, column = look[0][y], look[1][x]
                    total += weight * (exact(value) if row is None or column is None else given[row, column, c])
        result[i, j, c] = total * share + exact(bias)
    return result


def pooled(
    pixels: Any,
    kind: str = "max",
    size: Any = 2,
    stride: Any = None,
    dilation: Any = 1,
    pad: Any = 0,
    ceil: bool = False,
    count_padding: bool = False,
) -> Array:
    """Pooling before settling: existing pixels only."""
    given = with_channels(pixels)
    placed, padded = [], []
    for axis in (0, 1):
        n, k, s, d = (
            given.shape[axis],
            both(size)[axis],
            both(size if stride is None else stride)[axis],
            both(dilation)[axis],
        )
        before, after = pads(axis, n, k, s, d, pad, None)
        placed.append(windows(n, k, s, d, before, after, ceil and pad != "same"))
        padded.append(range(-before, n + after))
    result = np.empty((len(placed[0]), len(placed[1]), given.shape[2]), object)
    for i, j, c in np.ndindex(result.shape):
        rows, columns = placed[0][i], placed[1][j]
        seen = [given[y, x, c] for y in rows for x in columns if 0 <= y < given.shape[0] and 0 <= x < given.shape[1]]
        cells = sum(y in padded[0] and x in padded[1] for y in rows for x in columns)
        if not seen:
            raise RefusedError("a window sees no pixel")
        if kind == "avg":
            result[i, j, c] = sum(seen) * Fraction(1, cells if count_padding else len(seen))
        else:
            spoilt = any(value != value for value in seen)
            result[i, j, c] = math.nan if spoilt else reduced(kind, seen)
    return result


def reduced(kind: str, seen: Sequence[Number]) -> Number:
    """One value of the numbers under a window: exact, but for the roots of lp."""
    word, _, number = kind.partition(":")
    if word == "lp":
        power = Fraction(number)
        total = sum(abs(value) ** power for value in seen)
        return total if power == 1 else Fraction(math.pow(total, 1 / power))
    if word in ("median", "percentile"):
        ordered = sorted(seen)
        place = (len(ordered) - 1) * Fraction(number or 50) / 100
        below = ordered[math.floor(place)]
        return below + (ordered[math.ceil(place)] - below) * (place - math.floor(place))
    return {"max": max, "min": min, "sum": sum, "range": lambda values: max(values) - min(values)}[word](seen)


# ---------------------------------------------------------------- settling


def limits(dtype: str) -> tuple[int, int]:
    return (0, 1) if dtype.startswith("float") else (int(np.iinfo(dtype).min), int(np.iinfo(dtype).max))


def ranged(values: Array, dtype: str, range: str = "clamp") -> Array:
    """The range rule, step (1), still exact."""
    low, high = limits(dtype)
    if range == "abs":
        return each(values, abs)
    if range == "shift" and dtype.startswith("uint"):
        return each(values, lambda v: v + (high + 1) // 2)
    if range == "stretch":
        least, most = values.min(), values.max()
        gain = Fraction(high - low) / (most - least) if most > least else 0
        return each(values, lambda v: low + (v - least) * gain)
    return values


def settle(values: Array, dtype: str, range: str = "clamp") -> Array:
    """Settled, once, at the end."""
    low, high = limits(dtype)

    def into_integer(v: Number) -> int:
        if v != v:
            return 0
        return (
            (low if v < 0 else high)
            if isinstance(v, float) and math.isinf(v)
            else min(max(math.floor(v + Fraction(1, 2)), low), high)
        )

    values = ranged(values, dtype, range)
    return (values.astype("float64") if dtype.startswith("float") else each(values, into_integer)).astype(dtype)


def each(values: Array, function: Any) -> Array:
    result = np.empty(values.shape, object)
    for place in np.ndindex(values.shape):
        result[place] = function(values[place])
    return result


def type_of(pixels: Any, dtype: str | None = None) -> str:
    """The result's type: the one asked for, or the widened input's."""
    name = np.asarray(pixels).dtype.newbyteorder("=").name
    return WIDENED.get(name, name) if dtype in (None, "same") else str(dtype)


def correlate(pixels: Any, *kernel: Any, dtype: str | None = None, range: str = "clamp", **options: Any) -> Array:
    """Correlation, settled; arguments as those of `responses`. Of the input's number of dimensions."""
    found = settle(responses(pixels, *kernel, **options), type_of(pixels, dtype), range)
    return found.reshape(found.shape[:2] + np.asarray(pixels).shape[2:])


def pool(pixels: Any, *window: Any, dtype: str | None = None, range: str = "clamp", **options: Any) -> Array:
    """Pooling, settled; arguments as those of `pooled`. Of the input's number of dimensions."""
    found = settle(pooled(pixels, *window, **options), type_of(pixels, dtype), range)
    return found.reshape(found.shape[:2] + np.asarray(pixels).shape[2:])


# ---------------------------------------------------------------- several kernels

COMBINED: dict[str, Any] = {
    "l1": lambda values: sum(map(abs, values)),
    "linf": lambda values: max(map(abs, values)),
    "max": max,
    "min": min,
    "sum": sum,
    "avg": lambda values: sum(values) / Fraction(len(values)),
}


def combined(how: str, responses: Sequence[Array]) -> Array:
    """One value of the responses of each place, exact; any NaN makes NaN. Not for l2, whose roots are no fractions."""
    result = np.empty(responses[0].shape, object)
    for place in np.ndindex(result.shape):
        values = [response[place] for response in responses]
        result[place] = math.nan if any(value != value for value in values) else COMBINED[how](values)
    return result


def rounded_root(square: Fraction) -> int:
    """floor(sqrt(square) + 1/2), in whole numbers: the greatest n with (n - 1/2)^2 <= square."""
    found = math.isqrt(math.floor(square))
    return found + ((Fraction(2 * found + 1, 2)) ** 2 <= square)


def l2(responses: Sequence[Array], dtype: str) -> Array:
    """The root of the sum of squares of each place, exactly rounded and clamped."""
    low, high = limits(dtype)
    result = np.empty(responses[0].shape, object)
    for place in np.ndindex(result.shape):
        result[place] = min(
            max(rounded_root(sum((Fraction(response[place]) ** 2 for response in responses), Fraction(0))), low), high
        )
    return result.astype(dtype)

"""Alpha as docs/alpha-and-colour.md defines it, naive and exact; shares nothing with imgconv."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from tests.oracle import (
    Array,
    Number,
    automatic_divisor,
    both,
    each,
    exact,
    limits,
    pads,
    responses,
    sources,
    windows,
    with_channels,
)

WithAlpha = tuple[Array, Array]
"""Colours (H, W, C) and alpha (H, W, 1) from 0 to 1, exact numbers."""


def with_alpha(pixels: Any, alpha: Any) -> WithAlpha:
    opaque = limits(np.asarray(alpha).dtype.name)[1]
    return with_channels(pixels), each(with_channels(alpha), lambda a: Fraction(a, opaque))


def averages(weights: Sequence[Sequence[Number]]) -> bool:
    """Whether a kernel averages: its weights sum to a fiftieth of their magnitudes or more."""
    cells = [exact(weight) for row in weights for weight in row]
    return 50 * abs(sum(cells)) > sum(map(abs, cells))


def filtered(
    image: WithAlpha,
    weights: Sequence[Sequence[Number]],
    divisor: Any = 1,
    bias: Number = 0,
    anchor: Any = None,
    **options: Any,
) -> WithAlpha:
    """Weighted by alpha where the kernel averages; else colour times alpha filtered, and the alpha under the window's
    centre."""
    colour, alpha = image
    value = options.pop("value", 0)
    colours, no_bias = {**options, "value": value}, {**options, "value": 1}  # outside, a constant is opaque
    if not averages(weights):
        return responses(colour * alpha, weights, divisor, bias, anchor, **colours), under_centres(
            alpha, weights, anchor, **options
        )
    share = Fraction(automatic_divisor(weights) if divisor == "auto" else exact(divisor))
    total = sum(exact(weight) for row in weights for weight in row)
    products, seen = (
        responses(colour * alpha, weights, 1, 0, anchor, **colours),
        responses(alpha, weights, 1, 0, anchor, **no_bias),
    )
    result_alpha = each(seen, lambda a: min(max(Fraction(a) / total, 0), 1))
    below = np.concatenate(
        [
            under_centres(colour[..., c : c + 1], weights, anchor, outside=exact(value), **options)
            for c in range(colour.shape[2])
        ],
        axis=2,
    )
    result = np.empty(products.shape, object)
    for i, j, c in np.ndindex(products.shape):
        weight = seen[i, j, 0]
        result[i, j, c] = (
            products[i, j, c] / Fraction(weight) * total / share + exact(bias) if weight * total > 0 else below[i, j, c]
        )
    return result, result_alpha


def under_centres(
    plane: Array,
    weights: Any,
    anchor: Any = None,
    *,
    outside: Number = 1,
    border: str = "edge",
    pad: Any = "same",
    stride: Any = 1,
    dilation: Any = 1,
) -> Array:
    """A plane (H, W, 1) under each window's centre; a constant border shows `outside`: alpha is opaque there."""
    lines = []
    for axis, k in enumerate((len(weights), len(weights[0]))):
        n, s, d = plane.shape[axis], both(stride)[axis], both(dilation)[axis]
        before, after = pads(axis, n, k, s, d, pad, anchor and anchor[axis])
        centre = d * anchor[axis] if anchor else d * (k - 1) // 2
        look = sources(n, before + k * d, after + k * d, border)
        lines.append([look[taps[0] + centre] for taps in windows(n, k, s, d, before, after)])
    result = np.empty((len(lines[0]), len(lines[1]), 1), object)
    for i, j in np.ndindex(result.shape[:2]):
        y, x = lines[0][i], lines[1][j]
        result[i, j, 0] = outside if y is None or x is None else plane[y, x, 0]
    return result


def pooled(
    image: WithAlpha,
    kind: str = "max",
    size: Any = 2,
    stride: Any = None,
    dilation: Any = 1,
    pad: Any = 0,
    ceil: bool = False,
    count_padding: bool = False,
) -> WithAlpha:
    """avg: colours weighted by alpha, padding that counts being opaque and 0; max and min: of the colours of visible
    pixels."""
    colour, alpha = image
    placed, padded = [], []
    for axis in (0, 1):
        n, k, s, d = (
            alpha.shape[axis],
            both(size)[axis],
            both(size if stride is None else stride)[axis],
            both(dilation)[axis],
        )
        before, after = pads(axis, n, k, s, d, pad, None)
        placed.append(windows(n, k, s, d, before, after, ceil and pad != "same"))
        padded.append(range(-before, n + after))
    colours, alphas = (
        np.empty((len(placed[0]), len(placed[1]), colour.shape[2]), object),
        np.empty((len(placed[0]), len(placed[1]), 1), object),
    )
    for i, j, c in np.ndindex(colours.shape):
        cells = [(y, x) for y in placed[0][i] for x in placed[1][j]]
        inside = [(y, x) for y, x in cells if 0 <= y < alpha.shape[0] and 0 <= x < alpha.shape[1]]
        seen = [(colour[y, x, c], alpha[y, x, 0]) for y, x in inside]
        if kind == "avg":
            empty = sum(y in padded[0] and x in padded[1] for y, x in cells) - len(inside) if count_padding else 0
            weight = sum(a for _, a in seen) + empty
            colours[i, j, c] = Fraction(sum(value * a for value, a in seen)) / weight if weight else 0
            alphas[i, j, 0] = Fraction(weight) / (len(inside) + empty)
        else:
            choose = max if kind == "max" else min
            colours[i, j, c] = choose((value for value, a in seen if a > 0), default=0)
            alphas[i, j, 0] = choose(a for _, a in seen)
    return colours, alphas


def rounded(alpha: Array, dtype: str) -> Array:
    """Alpha in its own units."""
    return each(alpha, lambda a: math.floor(a * limits(dtype)[1] + Fraction(1, 2))).astype(dtype)[..., 0]

"""Quantising: wide values into the output's type, once, at the end; and what that loses."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from imgconv.engine.run_loop import Watch, run_loop
from imgconv.loops.quantise import LOOP, MAPPING
from imgconv.loops.quantising import CONSTANTS, watch_key
from imgconv.values.frozen import replace
from imgconv.values.pixel_values import Pixels, Response, Target, Values, limits, shift_of

# where nothing is mapped, the narrowest type that holds every magnitude of the pixel type
_ACCUMULATORS = {"uint8": "int16", "int16": "int32", "uint16": "int32", "int32": "float64"}

_ROWS = 64  # that are looked at together: what is finite of them is copied
_HUGE = 2.0**960  # beyond it a difference of values, or its product with a type's range, could overflow


def constants(
    acc: str,
    out: str,
    *,
    offset: Any = 0,
    border: Any = 0,
    denominator: int = 1,
    magnitude: bool = False,
    least: Any = None,
) -> Pixels:
    """`loops.quantising.CONSTANTS` in accumulator units; the output's limits where the accumulator can tell them. Sums
    below `least` count as that."""
    lowest, low, high = _limits(acc, out)
    numbers: Pixels = CONSTANTS.array(
        acc,
        offset=offset,
        border=border,
        denominator=denominator,
        half=denominator // 2,
        shift=denominator.bit_length() - 1,
        magnitude=magnitude,
        least=lowest if least is None else least,
        low=low,
        high=high,
    )
    return numbers


@cache
def _limits(acc: str, out: str) -> tuple[Any, Any, Any]:
    """The least sum, and the least and the greatest result of a whole type, as far as the accumulator holds them."""
    floating = acc.startswith("float")
    lowest = -np.inf if floating else int(np.iinfo(acc).min)
    if out.startswith("float"):
        return lowest, 0, 0
    low, high = (int(value) for value in limits(out))
    return (lowest, low, high) if floating else (lowest, max(low, lowest), min(high, int(np.iinfo(acc).max)))


def quantise(
    values: Values,
    target: Target,
    *,
    ends: tuple[float, float] | None = None,
    threads: int | None = None,
    out: Pixels | None = None,
) -> tuple[Pixels, Response]:
    """Values in the target's type, by its range rule.

    `ends` are the least and greatest value that `stretch` maps to the type's limits (several frames
    of one image share them); by default those of the target, or of the values themselves.
    """
    pixels = small = values.pixels
    result = np.empty(pixels.shape, target.type) if out is None else out
    if pixels.dtype == target.type and target.range in ("clamp", "shift") and shift_of(target) == 0:
        result[...] = pixels
        return result, Response(*extremes(pixels), count=pixels.size)
    mapping = (0.0, 1.0, 1.0, float(shift_of(target)))
    if target.range == "stretch":
        low, high = ends = ends or target.ends or extremes(pixels)
        if max(abs(low), abs(high)) >= _HUGE:  # a power of two: stretching does not notice
            small, low, high = pixels * 2.0**-64, low * 2.0**-64, high * 2.0**-64
        mapping = _stretch(low, high, target.type)
    mapped = mapping != (0, 1, 1, 0)
    acc = "float64" if mapped else _ACCUMULATORS.get(values.type, values.type)
    watch, row = Watch(acc), pixels.shape[1] * pixels.shape[2]
    arguments = {
        "source": small,
        "mapping": MAPPING.array("float64", **dict(zip(("base", "gain", "divisor", "offset"), mapping, strict=True))),
        "mapped": int(mapped),
        "result": result,
        "row": row,
        "constants": constants(acc, target.type, magnitude=target.range == "abs"),
        "last": pixels.shape[0],
    }
    types = {"src": values.type, "acc": acc, "out": target.type, "key": watch_key(acc)}
    run_loop(LOOP, types, arguments, 2 * row, threads, watch=watch)
    response = watch.response(pixels.size)
    if mapped:
        response = Response(*extremes(pixels), response.below, response.above, response.missing, response.count)
    return result, response if ends is None else replace(response, ends=ends)


def extremes(pixels: Pixels) -> tuple[float, float]:
    """The least and greatest finite value; (0, 0) where there is none."""
    if pixels.dtype.kind != "f":
        return (float(pixels.min()), float(pixels.max())) if pixels.size else (0.0, 0.0)
    ends = [_finite_ends(pixels[first : first + _ROWS]) for first in range(0, len(pixels), _ROWS)]
    known = [each for each in ends if each is not None]
    return (min(low for low, _ in known), max(high for _, high in known)) if known else (0.0, 0.0)


def _finite_ends(part: Pixels) -> tuple[float, float] | None:
    finite = part[np.isfinite(part)]
    return (float(finite.min()), float(finite.max())) if finite.size else None


def _stretch(low: float, high: float, type_: str) -> tuple[float, float, float, float]:
    """(base, gain, divisor, offset) of `(v - base) * gain / divisor + offset`; a flat image becomes the lower limit."""
    bottom, top = limits(type_)
    return (low, top - bottom, high - low, bottom) if high > low else (low, 0.0, 1.0, bottom)

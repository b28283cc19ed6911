"""Settling: wide values into the output's type, once, at the end; and what it has to say about losses."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from imgconv import jit
from imgconv.engine.bands import run_bands
from imgconv.loops import quantise as settle_loop
from imgconv.loops.quantising import (
    BORDER,
    CONSTANTS,
    COUNTS,
    DENOMINATOR,
    HALF,
    HIGH,
    LEAST,
    LOW,
    MAGNITUDE,
    OFFSET,
    SHIFT,
    nothing_seen,
    value_of_key,
    watch_key,
)
from imgconv.values.pixel_values import Pixels, Response, Target, Values, limits, shift_of

# where nothing is mapped, the narrowest type that holds every magnitude of the pixel type
_ACCUMULATORS = {"uint8": "int16", "int16": "int32", "uint16": "int32", "int32": "float64"}

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
    """The settler's constants in accumulator units; the output's limits where the accumulator can tell them. Sums below
    `least` count as that."""
    made = _limits_only(acc, out).copy()
    made[OFFSET], made[BORDER], made[MAGNITUDE] = offset, border, magnitude
    if least is not None:
        made[LEAST] = least
    made[DENOMINATOR], made[HALF], made[SHIFT] = denominator, denominator // 2, denominator.bit_length() - 1
    return made


@cache
def _limits_only(acc: str, out: str) -> Pixels:
    """Those constants that only the types decide."""
    made = np.zeros(CONSTANTS, acc)
    made[LEAST] = -np.inf if made.dtype.kind == "f" else np.iinfo(acc).min
    if not out.startswith("float"):
        low, high = (int(value) for value in limits(out))
        if made.dtype.kind == "i":
            inside = np.iinfo(acc)
            low, high = max(low, int(inside.min)), min(high, int(inside.max))
        made[LOW], made[HIGH] = low, high
    return made


class Watch:
    """Extremes and counts of all threads of a call, each thread with arrays of its own."""

    def __init__(self, acc: str) -> None:
        self.acc = acc
        self.parts: list[tuple[Pixels, Pixels]] = []

    def part(self) -> tuple[Pixels, Pixels]:
        least, greatest = nothing_seen(self.acc)[:2]
        made = np.array([least, greatest]), np.zeros(COUNTS, np.int64)
        self.parts.append(made)
        return made

    def response(self, count: int, *, denominator: int = 1, shift: float = 0) -> Response:
        """What all threads saw, in pixel units; (0, 0) where nothing was a number."""
        ends = min(int(extremes[0]) for extremes, _ in self.parts), max(int(extremes[1]) for extremes, _ in self.parts)
        low, high = (
            (value_of_key(end, self.acc) / denominator - shift for end in ends) if ends[0] <= ends[1] else (0.0, 0.0)
        )
        below, above, missing = (
            sum(totals) for totals in zip(*(counts.tolist() for _, counts in self.parts), strict=True)
        )
        return Response(low, high, below, above, missing, count)


def settle(
    given: Values,
    target: Target,
    *,
    ends: tuple[float, float] | None = None,
    threads: int | None = None,
    out: Pixels | None = None,
) -> tuple[Pixels, Response]:
    """Values in the target's type, by its range rule.

    `ends` are the least and greatest value that `stretch` maps to the type's limits (several frames
    of one image share them); by default those of the values themselves.
    """
    pixels = small = given.pixels
    result = np.empty(pixels.shape, target.type) if out is None else out
    if pixels.dtype == target.type and target.range in ("clamp", "shift") and shift_of(target) == 0:
        result[...] = pixels
        return result, Response(*extremes(pixels), count=pixels.size)
    mapping = (0.0, 1.0, 1.0, float(shift_of(target)))
    if target.range == "stretch":
        low, high = ends or extremes(pixels)
        small = (
            pixels if max(abs(low), abs(high)) < _HUGE else pixels * 2.0**-64
        )  # a power of two: stretching does not notice
        mapping = _stretch(*((low, high) if small is pixels else (low * 2.0**-64, high * 2.0**-64)), target.type)
    moved = mapping != (0, 1, 1, 0)
    acc = "float64" if moved else _ACCUMULATORS.get(given.type, given.type)
    watch = Watch(acc)
    row = pixels.shape[1] * pixels.shape[2]
    numbers = constants(acc, target.type, magnitude=target.range == "abs")

    def worker() -> Any:
        seen, counts = watch.part()
        given_arrays = {
            "source": small,
            "mapping": np.array(mapping, np.float64),
            "moved": int(moved),
            "result": result,
            "row": row,
            "constants": numbers,
            "extremes": seen,
            "counts": counts,
            "last": pixels.shape[0],
        }
        return jit.bind(
            settle_loop.LOOP, {"src": given.type, "acc": acc, "out": target.type, "key": watch_key(acc)}, given_arrays
        )

    run_bands(pixels.shape[0], 2 * row, worker, threads)
    seen = watch.response(pixels.size)
    if moved:
        seen = Response(*extremes(pixels), seen.below, seen.above, seen.missing, seen.count)
    return result, seen


def extremes(pixels: Pixels) -> tuple[float, float]:
    """The least and greatest finite value; (0, 0) where there is none."""
    finite = pixels[np.isfinite(pixels)] if pixels.dtype.kind == "f" else pixels
    return (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)


def _stretch(low: float, high: float, type_: str) -> tuple[float, float, float, float]:
    """(base, gain, divisor, offset) of `(v - base) * gain / divisor + offset`; a flat image becomes the lower limit."""
    bottom, top = limits(type_)
    return (low, top - bottom, high - low, bottom) if high > low else (low, 0.0, 1.0, bottom)

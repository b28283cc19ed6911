"""Sums, norms, ranges and percentiles of colours with alpha, which is averaged."""

from __future__ import annotations

import numpy as np

from imgconv.engine.alpha.weighted import UNKNOWN, WeightedColours
from imgconv.engine.memory import require
from imgconv.engine.pooling.pool import pool
from imgconv.engine.pooling.reductions import reduce
from imgconv.engine.quantise import quantise
from imgconv.values.choices_with_numbers import parts
from imgconv.values.pixel_values import Pixels, Response, Target, Values
from imgconv.values.windows import Window


def reduce_weighted(
    colours: WeightedColours,
    kind: str,
    window: Window,
    *,
    target: Target | None,
    threads: int | None = None,
    cells: int | None = None,
) -> tuple[WeightedColours, Response | None]:
    """sum: of a*c. lp: the root of the sum of a*|c|**P. range and percentiles: of the colours whose alpha is not 0; 0
    where there is none. Of a part of an image, `cells` are the most pixels that a window of it can see."""
    word, numbers = parts(kind)
    require(3 * colours.colour.pixels.size, "float64", "the weighted colours")
    share = colours.alpha.pixels / np.float64(colours.opaque)
    colour = colours.colour.pixels.astype(np.float64)
    alpha, _ = pool(
        colours.alpha, "avg", window, target=None if target is None else Target(colours.type), threads=threads
    )
    if word == "range":
        result, response = _range(colour, share, window, target, threads)
    else:
        seen = share if word == "sum" else share ** (1 / float(numbers[0])) if word == "lp" else None
        weighed = np.where(share > 0, colour, np.nan if seen is None else 0)
        values = Values(weighed if seen is None else weighed * seen, UNKNOWN)
        how = {"target": target, "threads": threads, "cells": cells}
        result, response = reduce(values, kind, window, left_out=seen is None, **how)  # type: ignore[arg-type]
    return WeightedColours(result, alpha, colours.opaque, colours.type), response


def _range(
    colour: Pixels, share: Pixels, window: Window, target: Target | None, threads: int | None
) -> tuple[Values, Response | None]:
    """The greatest visible colour less the least."""
    greatest, least = (
        pool(Values(np.where(share > 0, colour, away), UNKNOWN), kind, window, target=None, threads=threads)[0].pixels
        for kind, away in (("max", -np.inf), ("min", np.inf))
    )
    spread = Values(np.where(greatest >= least, greatest - least, 0), UNKNOWN)
    if target is None:
        return spread, None
    converted, response = quantise(spread, target, threads=threads)
    return Values(converted, UNKNOWN), response

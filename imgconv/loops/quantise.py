"""Quantising of wide values: mapped first, for shift and stretch, then as every result is quantised."""

from __future__ import annotations

import numpy as np

from imgconv.loops import Body, Loop, Numbers
from imgconv.loops.quantising import CONSTANTS, OUTCOME, PIECE, counter, nothing_seen, quantiser

MAPPING = Numbers("mapping", "float64", "base gain divisor offset")
"""Values become (value - base) * gain / divisor + offset."""


def make(src: str, acc: str, out: str, key: str) -> Body:
    """The body for values `src`, computed in `acc`, into `out`."""
    finish, count, wide, start = quantiser(acc, out, ""), counter(), np.dtype(acc).type, nothing_seen(acc)

    def quantise(source, mapping, mapped, result, row, constants, outcome, first, last):
        base, gain, divisor, offset = mapping.base, mapping.gain, mapping.divisor, mapping.offset
        for at in range(first * row, last * row, PIECE):
            m = min(PIECE, last * row - at)
            values, results, seen = source[at : at + m], result[at : at + m], start
            if mapped != 0:
                for x in range(m):
                    value = wide((np.float64(values[x]) - base) * gain / divisor + offset)
                    results[x], seen = finish(value, constants, seen)
            else:
                for x in range(m):
                    results[x], seen = finish(wide(values[x]), constants, seen)
            count(outcome, seen)

    return quantise


LOOP = Loop(
    "quantise", make, ("source:src[last * row]", MAPPING, "mapped result:=out[last * row] row", CONSTANTS, OUTCOME)
)

"""Settling of values that were kept wide: mapped by shift or stretch if asked, then as every result is settled."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from imgconv.loops import Body, Loop, parameters, view
from imgconv.loops.quantising import CONSTANTS, COUNTS, PIECE, counter, nothing_seen, settler


def make(src: str, acc: str, out: str, key: str) -> Body:
    """The body for values `src`, computed in `acc`, into `out`."""
    finish, tally, wide, start = settler(acc, out, ""), counter(), np.dtype(acc).type, nothing_seen(acc)

    def settle(source, mapping, moved, result, row, constants, extremes, counts, first, last):
        given, target, moves = view(source, last * row), view(result, last * row), view(mapping, 4)
        base, gain, divisor, offset = moves[0], moves[1], moves[2], moves[3]
        constant, extreme, count = view(constants, CONSTANTS), view(extremes, 2), view(counts, COUNTS)
        for at in range(first * row, last * row, PIECE):
            m = min(PIECE, last * row - at)
            piece, results, seen = given[at : at + m], target[at : at + m], start
            if moved != 0:
                for x in range(m):
                    results[x], seen = finish(
                        wide((np.float64(piece[x]) - base) * gain / divisor + offset), constant, seen
                    )
            else:
                for x in range(m):
                    results[x], seen = finish(wide(piece[x]), constant, seen)
            tally(extreme, count, seen)

    return settle


def _extents(given: Mapping[str, Any]) -> Mapping[str, int]:
    cells = given["last"] * given["row"]
    return {"source": cells, "mapping": 4, "result": cells, "constants": CONSTANTS, "extremes": 2, "counts": COUNTS}


LOOP = Loop(
    "settle",
    make,
    parameters("source:src mapping:float64 moved result:=out row constants:acc extremes:=key counts:=int64 first last"),
    _extents,
)

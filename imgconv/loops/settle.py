"""Settling of values that were kept wide: mapped by shift or stretch if asked, then as every result is settled."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from imgconv.loops import Body, Loop, parameters, view
from imgconv.loops.settling import CONSTANTS, COUNTS, settler

PIECE = 4096


def make(src: str, acc: str, out: str) -> Body:
    """The body for values `src`, computed in `acc`, into `out`."""
    finish, wide = settler(acc, out, ""), np.dtype(acc).type

    def settle(source, mapping, moved, sums, result, row, constants, extremes, counts, first, last):
        given, target, total = view(source, last * row), view(result, last * row), view(sums, PIECE)
        base, gain, divisor, offset = view(mapping, 4)[0], view(mapping, 4)[1], view(mapping, 4)[2], view(mapping, 4)[3]
        constant, extreme, count = view(constants, CONSTANTS), view(extremes, 2), view(counts, COUNTS)
        for start in range(first * row, last * row, PIECE):
            m = min(PIECE, last * row - start)
            piece = given[start : start + m]
            if moved != 0:
                for x in range(m):
                    total[x] = wide((np.float64(piece[x]) - base) * gain / divisor + offset)
            else:
                for x in range(m):
                    total[x] = wide(piece[x])
            finish(total, target[start : start + m], m, constant, extreme, count)

    return settle


def _extents(given: Mapping[str, Any]) -> Mapping[str, int]:
    cells = given["last"] * given["row"]
    return {"source": cells, "mapping": 4, "sums": PIECE, "result": cells, "constants": CONSTANTS, "extremes": 2, "counts": COUNTS}


LOOP = Loop(
    "settle", make, parameters("source:src mapping:float64 moved sums:=acc result:=out row constants:acc extremes:=acc counts:=int64 first last"), _extents
)

"""Combining: the responses of several kernels into one value, quantised in the same pass. A way to combine is one row
of WAYS.

Responses are made one after the other. All but the last are folded into a total (`FOLD`; of two, the first
is its own total), and the last joins it in the pass that quantises (`FINISH`).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from imgconv.loops import Body, Loop, helper
from imgconv.loops.quantising import CONSTANTS, OUTCOME, PIECE, counter, nothing_seen, quantiser


@helper
def _itself(value: Any) -> Any:
    return value


@helper
def _magnitude(value: Any) -> Any:
    return abs(value)


@helper
def _square(value: Any) -> Any:
    return value * value


@helper
def _root(value: Any) -> Any:
    return np.sqrt(value)


@helper
def _plus(one: Any, other: Any) -> Any:
    return one + other


@helper
def _greatest(one: Any, other: Any) -> Any:
    """NaN is passed on, whichever side it is on."""
    return one if one > other or one != one else other


@helper
def _least(one: Any, other: Any) -> Any:
    return one if one < other or one != one else other


@helper
def _portion(one: Any, other: Any) -> Any:
    """one of one + other; nothing of nothing is nothing."""
    return one / (one + other) if one + other != 0 else one + other


# how a response is lifted, how two of them join, what becomes of the total
WAYS = {
    "l2": (_square, _plus, _root),
    "l1": (_magnitude, _plus, _itself),
    "linf": (_magnitude, _greatest, _itself),
    "max": (_itself, _greatest, _itself),
    "min": (_itself, _least, _itself),
    "sum": (_itself, _plus, _itself),
    "avg": (_itself, _plus, _itself),
    "portion": (_itself, _portion, _root),  # of two totals of squares: the root of the first one's share
}


def make_fold(how: str, src: str, acc: str) -> Body:
    """The body that adds a response `src` to a total `acc`."""
    lift, join, _ = WAYS[how]
    wide = np.dtype(acc).type

    def fold(total, response, row, first, last):
        for x in range(first * row, last * row):
            total[x] = wide(join(total[x], lift(wide(response[x]))))

    return fold


def make_finish(how: str, state: str, total: str, src: str, acc: str, out: str, key: str) -> Body:
    """The body that joins a total (`lifted` responses, or one `bare` one) with the last response, computed in `acc`,
    quantised into `out`."""
    lift, join, end = WAYS[how]
    begin, wide, divided = (_itself if state == "lifted" else lift), np.dtype(acc).type, acc.startswith("float")
    finish, count, start = quantiser(acc, out, ""), counter(), nothing_seen(acc)

    def combine(total, response, divisor, row, result, constants, outcome, first, last):
        by, offset = divisor[0], constants.offset
        for at in range(first * row, last * row, PIECE):
            m = min(PIECE, last * row - at)
            left, right, results, seen = total[at : at + m], response[at : at + m], result[at : at + m], start
            for x in range(m):
                value = end(join(begin(wide(left[x])), lift(wide(right[x]))))
                if divided:
                    value = value / by
                results[x], seen = finish(wide(value + offset), constants, seen)
            count(outcome, seen)

    return combine


FOLD = Loop("fold", make_fold, ("total:=acc[last * row] response:src[last * row] row",))
FINISH = Loop(
    "combine",
    make_finish,
    (
        "total:total[last * row] response:src[last * row] divisor:float64[1] row result:=out[last * row]",
        CONSTANTS,
        OUTCOME,
    ),
)

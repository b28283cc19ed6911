"""Taps added up: weights times pieces of rows, so many in one pass over the sums.

Written out for each number, and not composed, because every call in a body costs compilation time. One cast
at the end is enough: whole numbers are truncated to the same bits wherever that is done, floats keep their type.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from imgconv.loops import helper

PASS = 9  # taps in one pass: a 3x3 kernel's


def adder(acc: str, taps: int, lane: str = "") -> Any:
    """The helper `add(value, rows, weights, x)`: value plus 1, 3, 6 or 9 products at element x; rows from `row_taker`.

    Rows and weights of a narrower type `lane` are multiplied and added up in it first: twice as many at once, where
    that provably fits.
    """
    wide = np.dtype(acc).type
    if lane not in ("", acc):
        return _lane_adder(acc, taps, lane)

    @helper
    def add_one(v: Any, r: Any, w: Any, x: int) -> Any:
        return wide(v + w[0] * r[0][x])

    @helper
    def add_three(v: Any, r: Any, w: Any, x: int) -> Any:
        return wide(v + w[0] * r[0][x] + w[1] * r[1][x] + w[2] * r[2][x])

    @helper
    def add_six(v: Any, r: Any, w: Any, x: int) -> Any:
        return wide(
            v + w[0] * r[0][x] + w[1] * r[1][x] + w[2] * r[2][x] + w[3] * r[3][x] + w[4] * r[4][x] + w[5] * r[5][x]
        )

    @helper
    def add_nine(v: Any, r: Any, w: Any, x: int) -> Any:
        first = w[0] * r[0][x] + w[1] * r[1][x] + w[2] * r[2][x] + w[3] * r[3][x] + w[4] * r[4][x]
        return wide(v + first + w[5] * r[5][x] + w[6] * r[6][x] + w[7] * r[7][x] + w[8] * r[8][x])

    return {1: add_one, 3: add_three, 6: add_six, 9: add_nine}[taps]


def _lane_adder(acc: str, taps: int, lane: str) -> Any:
    wide, narrow = np.dtype(acc).type, np.dtype(lane).type

    @helper
    def add_three(v: Any, r: Any, w: Any, x: int) -> Any:
        return wide(v + narrow(w[0] * r[0][x] + w[1] * r[1][x] + w[2] * r[2][x]))

    @helper
    def add_six(v: Any, r: Any, w: Any, x: int) -> Any:
        return wide(
            v
            + narrow(
                w[0] * r[0][x] + w[1] * r[1][x] + w[2] * r[2][x] + w[3] * r[3][x] + w[4] * r[4][x] + w[5] * r[5][x]
            )
        )

    @helper
    def add_nine(v: Any, r: Any, w: Any, x: int) -> Any:
        first = w[0] * r[0][x] + w[1] * r[1][x] + w[2] * r[2][x] + w[3] * r[3][x] + w[4] * r[4][x]
        return wide(v + narrow(first + w[5] * r[5][x] + w[6] * r[6][x] + w[7] * r[7][x] + w[8] * r[8][x]))

    return {3: add_three, 6: add_six, 9: add_nine}[taps]


def row_taker(taps: int) -> Any:
    """The helper `take(line, places, t, m)`: a tuple of the pieces of m elements that 1, 3, 6 or 9 taps from t on
    read."""

    @helper
    def take_one(line: Any, places: Any, t: int, m: int) -> Any:
        a = places[t]
        return (line[a : a + m],)

    @helper
    def take_three(line: Any, places: Any, t: int, m: int) -> Any:
        a, b, c = places[t], places[t + 1], places[t + 2]
        return line[a : a + m], line[b : b + m], line[c : c + m]

    @helper
    def take_six(line: Any, places: Any, t: int, m: int) -> Any:
        a, b, c, d, e, f = places[t], places[t + 1], places[t + 2], places[t + 3], places[t + 4], places[t + 5]
        return line[a : a + m], line[b : b + m], line[c : c + m], line[d : d + m], line[e : e + m], line[f : f + m]

    @helper
    def take_nine(line: Any, places: Any, t: int, m: int) -> Any:
        a, b, c, d, e = places[t], places[t + 1], places[t + 2], places[t + 3], places[t + 4]
        f, g, h, i = places[t + 5], places[t + 6], places[t + 7], places[t + 8]
        ra, rb, rc, rd = line[a : a + m], line[b : b + m], line[c : c + m], line[d : d + m]
        return ra, rb, rc, rd, line[e : e + m], line[f : f + m], line[g : g + m], line[h : h + m], line[i : i + m]

    return {1: take_one, 3: take_three, 6: take_six, 9: take_nine}[taps]


def all_adder(acc: str) -> Any:
    """The helper `add_all(total, line, places, weights, taps, m)`: adds a multiple of three taps to the sums of a
    piece."""
    take_nine, add_nine, take_six, add_six = row_taker(PASS), adder(acc, PASS), row_taker(6), adder(acc, 6)
    take_three, add_three = row_taker(3), adder(acc, 3)

    @helper
    def add_all(total: Any, line: Any, places: Any, weights: Any, taps: int, m: int) -> None:
        t = 0
        while t + PASS <= taps:
            rows, w = take_nine(line, places, t, m), weights[t : t + PASS]
            for x in range(m):
                total[x] = add_nine(total[x], rows, w, x)
            t += PASS
        if t + 6 <= taps:
            sixes, w = take_six(line, places, t, m), weights[t : t + 6]
            for x in range(m):
                total[x] = add_six(total[x], sixes, w, x)
        elif t + 3 <= taps:
            threes, w = take_three(line, places, t, m), weights[t : t + 3]
            for x in range(m):
                total[x] = add_three(total[x], threes, w, x)

    return add_all

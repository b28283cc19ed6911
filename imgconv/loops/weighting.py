"""Colour and its coverage (alpha): multiplied before a filter, divided after it, and hidden where there is none.

`premultiply` gathers source rows by an index table as it goes (-1 is the border's constant, which is opaque), so that
what follows sees an image that already has its rows beyond the edge. `divide` is the last part of a filter or an
average on such colours: it divides, settles and counts in one pass, and settles coverage beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from imgconv.loops import Body, Loop, helper, parameters, view
from imgconv.loops.quantising import CONSTANTS, COUNTS, counter, nothing_seen, settler

OPAQUE, CONSTANT, OUTSIDE = range(3)
"""premultiply's numbers: opaque alpha, and what stands beyond the edge: colour times alpha, and alpha."""
GAIN, BIAS, DENOMINATOR, LEAST, EMPTY, SHIFT, FULL, SCALE, LIMIT = range(9)
"""divide's numbers; `make_divide` says what they are."""
NUMBERS = 9
AT_ONCE = 1024
"""Pixels that divide takes at a time: their colours stay in the first-level cache, their counts within 16 bits."""


def make_premultiply(src: str, alpha: str, out: str, channels: str, whole: str) -> Body:
    """The body for colours `src` and alpha `alpha`: their product in `out`, alpha in `out` too.

    `whole` "1": both whole numbers, multiplied as they are. "0": alpha as a share of opaque, 0…1, so that opaque
    colours stay as they are. Where alpha is 0 or no number the product is 0, whatever the colour: hidden NaN and
    infinities stay hidden.
    """
    final, count, plain = np.dtype(out).type, int(channels), whole == "1"
    wide, product = (np.dtype("int32").type,) * 2 if not out.startswith("float") else (np.dtype("float64").type, final)
    if plain and out == "float64":
        wide = product = final

    def premultiply(source, coverage, source_rows, row, channels, rows, row_count, numbers, result, veil, first, last):
        colours, alphas, lines, number = (
            view(source, source_rows * row * count),
            view(coverage, source_rows * row),
            view(rows, row_count),
            view(numbers, 3),
        )
        target, mask = view(result, last * row * count), view(veil, last * row)
        opaque, constant, outside = wide(number[OPAQUE]), final(number[CONSTANT]), final(number[OUTSIDE])
        for y in range(first, last):
            line = lines[y]
            products, shares = target[y * row * count : (y + 1) * row * count], mask[y * row : (y + 1) * row]
            if line < 0:
                for x in range(row * count):
                    products[x] = constant
                for x in range(row):
                    shares[x] = outside
            else:
                given, seen = (
                    colours[line * row * count : (line + 1) * row * count],
                    alphas[line * row : (line + 1) * row],
                )
                for x in range(row):
                    a = wide(seen[x])
                    a = a if a > 0 else wide(0)
                    a = a if a < opaque else opaque
                    shares[x] = final(a) if plain else final(a / opaque)
                for x in range(row):  # products of hidden NaN too, so that nothing has to jump
                    share = shares[x]
                    for c in range(count):
                        times = product(given[x * count + c]) * product(share)
                        products[x * count + c] = final(times) if share > 0 else final(0)

    return premultiply


def make_divide(
    src: str, weight: str, colour: str, out: str, alpha: str, channels: str, formula: str, acc: str, key: str
) -> Body:
    """The body for sums `src` of colours times alpha, and sums `weight` of alpha: colours in `out`, alpha in `alpha`,
    divided in `acc`.

    `formula` "quotient": a colour is (GAIN * sum + BIAS * weight) / (DENOMINATOR * weight). Where numerator and
    denominator are whole and below 2**52 (acc float32: 2**23), the quotient rounds exactly. "scaled": the sum was made
    with divisor and bias as if all were opaque, and a colour is (sum - BIAS) * GAIN / weight + BIAS, or the sum itself
    where weight is GAIN, as it is among opaque pixels.

    A weight gets FULL for each cell that counts without being seen (padding of an average); alpha is weight / cells *
    SCALE, between 0 and LIMIT, rounded if `alpha` is a whole type. Where a weight is no more than LEAST, nothing
    visible is under the window: then the colour `below` its centre stays, plus SHIFT; or it is EMPTY where the places
    row_at and column_at say that there is none (-1).
    """
    settle, tally, start, wide = settler(acc, out, ""), counter(), nothing_seen(acc), np.dtype(acc).type
    count, share = int(channels), _sharer(alpha, acc)
    divided = _quotient() if formula == "quotient" else _scaled()

    def divide(
        sums,
        weights,
        below,
        below_size,
        below_row,
        row_at,
        column_at,
        row,
        channels,
        row_cells,
        row_seen,
        column_cells,
        column_seen,
        numbers,
        values,
        shares,
        result,
        veil,
        constants,
        extremes,
        counts,
        first,
        last,
    ):
        total, weighing, number = view(sums, last * row * count), view(weights, last * row), view(numbers, NUMBERS)
        cells_down, seen_down, cells_along, seen_along = (
            view(row_cells, last),
            view(row_seen, last),
            view(column_cells, row),
            view(column_seen, row),
        )
        target, mask, constant = view(result, last * row * count), view(veil, last * row), view(constants, CONSTANTS)
        extreme, tallied, value, weight = (
            view(extremes, 2),
            view(counts, COUNTS),
            view(values, AT_ONCE * count),
            view(shares, AT_ONCE),
        )
        colours, lines, places = view(below, below_size), view(row_at, last), view(column_at, row)
        least, empty, shift, full = number[LEAST], number[EMPTY], number[SHIFT], number[FULL]
        for y in range(first, last):
            high, looked = cells_down[y], seen_down[y]
            for at in range(0, row, AT_ONCE):
                size = min(AT_ONCE, row - at)
                start_at = y * row + at
                given, weighed = (
                    total[start_at * count : (start_at + size) * count],
                    weighing[start_at : start_at + size],
                )
                made, covered = target[start_at * count : (start_at + size) * count], mask[start_at : start_at + size]
                all_cells, all_seen = cells_along[at : at + size], seen_along[at : at + size]
                hidden = 0
                for x in range(size):
                    cells = high * all_cells[x]
                    w = wide(weighed[x]) + full * (cells - looked * all_seen[x])
                    weight[x] = w
                    covered[x] = share(w, cells, number)
                    hidden += 0 if w > least else 1
                for x in range(size):
                    w = weight[x]
                    for c in range(count):
                        value[x * count + c] = divided(wide(given[x * count + c]), w, number)
                if hidden > 0:
                    for x in range(size):
                        if not weight[x] > least:
                            place = (
                                (lines[y] * below_row + places[at + x]) * count
                                if places[at + x] >= 0 and lines[y] >= 0
                                else -1
                            )
                            for c in range(count):
                                value[x * count + c] = wide(colours[place + c]) + shift if place >= 0 else empty
                seen = start
                for i in range(size * count):
                    made[i], seen = settle(value[i], constant, seen)
                tally(extreme, tallied, seen)

    return divide


def _quotient() -> Any:
    @helper
    def colour(total: Any, weight: Any, number: Any) -> Any:
        return (number[GAIN] * total + number[BIAS] * weight) / (number[DENOMINATOR] * weight)

    return colour


def _scaled() -> Any:
    @helper
    def colour(total: Any, weight: Any, number: Any) -> Any:
        return total if weight == number[GAIN] else (total - number[BIAS]) * (number[GAIN] / weight) + number[BIAS]

    return colour


def _sharer(alpha: str, acc: str) -> Any:
    """Coverage of a result: rounded to whole numbers where `alpha` is such a type."""
    final, rounded = np.dtype(alpha).type, not alpha.startswith("float")
    half, one, zero = (np.dtype(acc).type(number) for number in (0.5, 1, 0))

    @helper
    def share(weight: Any, cells: Any, number: Any) -> Any:
        value = weight / cells * number[SCALE]
        if rounded:
            floor = np.floor(value)
            value = floor + (one if value - floor >= half else zero)
        value = value if value > zero else zero
        return final(value if value < number[LIMIT] else number[LIMIT])

    return share


def make_hide(src: str, alpha: str, channels: str) -> Body:
    """The body that replaces colours without coverage by `least`, which loses against all others (or wins none)."""
    count = int(channels)

    def hide(source, coverage, row, channels, replacement, result, first, last):
        colours, alphas, put, target = (
            view(source, last * row * count),
            view(coverage, last * row),
            view(replacement, 1),
            view(result, last * row * count),
        )
        for x in range(first * row, last * row):
            for c in range(count):
                target[x * count + c] = colours[x * count + c] if alphas[x] > 0 else put[0]

    return hide


def _premultiply_extents(given: Mapping[str, Any]) -> Mapping[str, int]:
    pixels, made, channels = given["source_rows"] * given["row"], given["last"] * given["row"], given["channels"]
    return {
        "source": pixels * channels,
        "coverage": pixels,
        "rows": given["row_count"],
        "numbers": 3,
        "result": made * channels,
        "veil": made,
    }


def _divide_extents(given: Mapping[str, Any]) -> Mapping[str, int]:
    made, rows, row, channels = given["last"] * given["row"], given["last"], given["row"], given["channels"]
    return {
        "sums": made * channels,
        "weights": made,
        "below": given["below_size"],
        "row_at": rows,
        "column_at": row,
        "row_cells": rows,
        "row_seen": rows,
        "column_cells": row,
        "column_seen": row,
        "numbers": NUMBERS,
        "values": AT_ONCE * channels,
        "shares": AT_ONCE,
        "result": made * channels,
        "veil": made,
        "constants": CONSTANTS,
        "extremes": 2,
        "counts": COUNTS,
    }


def _hide_extents(given: Mapping[str, Any]) -> Mapping[str, int]:
    made = given["last"] * given["row"]
    return {"source": made * given["channels"], "coverage": made, "replacement": 1, "result": made * given["channels"]}


PREMULTIPLY = Loop(
    "premultiply",
    make_premultiply,
    parameters(
        "source:src coverage:alpha source_rows row channels rows:int64 row_count numbers:float64 result:=out veil:=out"
        " first last"
    ),
    _premultiply_extents,
)
DIVIDE = Loop(
    "divide",
    make_divide,
    parameters(
        "sums:src weights:weight below:colour below_size below_row row_at:int64 column_at:int64 row channels "
        "row_cells:acc row_seen:acc column_cells:acc column_seen:acc numbers:acc values:=acc shares:=acc "
        "result:=out veil:=alpha constants:acc extremes:=key counts:=int64 first last"
    ),
    _divide_extents,
)
HIDE = Loop(
    "hide",
    make_hide,
    parameters("source:src coverage:alpha row channels replacement:src result:=src first last"),
    _hide_extents,
)

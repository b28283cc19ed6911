"""Colour and its coverage (alpha): multiplied before a filter, divided after it, and hidden where there is none.

`premultiply` gathers source rows by an index table as it goes (-1 is the border's constant, which is opaque), so that
what follows sees an image that already has its rows beyond the edge. `divide` is the last part of a filter or an average
on such colours: it divides, settles and counts in one pass, and settles coverage beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from imgconv.loops import Body, Loop, helper, parameters, view
from imgconv.loops.settling import CONSTANTS, COUNTS, PIECE, counter, nothing_seen, settler

OPAQUE, CONSTANT, OUTSIDE = range(3)
"""premultiply's numbers: opaque alpha, and what stands beyond the edge: colour times alpha, and alpha."""
GAIN, BIAS, DENOMINATOR, LEAST, EMPTY, SHIFT, FULL, SCALE, LIMIT = range(9)
"""divide's numbers; `make_divide` says what they are."""
NUMBERS = 9


def make_premultiply(src: str, alpha: str, out: str, channels: str, whole: str) -> Body:
    """The body for colours `src` and alpha `alpha`: their product in `out`, alpha in `out` too.

    `whole` "1": both whole numbers, multiplied as they are. "0": alpha as a share of opaque, 0…1, so that opaque colours stay as they are.
    Where alpha is 0 or no number the product is 0, whatever the colour: hidden NaN and infinities stay hidden.
    """
    final, count, plain = np.dtype(out).type, int(channels), whole == "1"
    wide = np.dtype("float64" if out.startswith("float") else "int64").type

    def premultiply(source, coverage, source_rows, row, channels, rows, row_count, numbers, result, veil, first, last):
        colours, alphas, lines, number = view(source, source_rows * row * count), view(coverage, source_rows * row), view(rows, row_count), view(numbers, 3)
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
                given, seen = colours[line * row * count : (line + 1) * row * count], alphas[line * row : (line + 1) * row]
                for x in range(row):
                    a = wide(seen[x])
                    a = a if a > 0 else wide(0)
                    a = a if a < opaque else opaque
                    share = a if plain else wide(a / opaque)
                    shares[x] = final(share)
                    for c in range(count):
                        products[x * count + c] = final(wide(given[x * count + c]) * share if a > 0 else wide(0))

    return premultiply


def make_divide(src: str, weight: str, colour: str, out: str, alpha: str, channels: str, formula: str, key: str) -> Body:
    """The body for sums `src` of colours times alpha, and sums `weight` of alpha: colours in `out`, alpha in `alpha`.

    `formula` "quotient": a colour is (GAIN * sum + BIAS * weight) / (DENOMINATOR * weight). Where numerator and denominator are whole
    and below 2**52, the quotient's floor is exact. "scaled": the sum was made with divisor and bias as if all were opaque, and a colour
    is (sum - BIAS) * GAIN / weight + BIAS, or the sum itself where weight is GAIN, as it is among opaque pixels.

    A weight gets FULL for each cell that counts without being seen (padding of an average); alpha is weight / cells * SCALE,
    between 0 and LIMIT, rounded if `alpha` is a whole type. Where a weight is no more than LEAST, nothing visible is under the window:
    then the colour `below` its centre stays, plus SHIFT; or it is EMPTY where the places row_at and column_at say that there is none (-1).
    """
    settle, tally, start = settler("float64", out, ""), counter(), nothing_seen("float64")
    count, share = int(channels), _sharer(alpha)
    divided = _quotient() if formula == "quotient" else _scaled()
    piece = max(1, PIECE // count)  # so that its counts stay within 16 bits

    def divide(
        sums, weights, below, below_size, below_row, row_at, column_at, row, channels, row_cells, row_seen, column_cells, column_seen,
        numbers, result, veil, constants, extremes, counts, first, last,
    ):  # fmt: skip
        total, weighing, number = view(sums, last * row * count), view(weights, last * row), view(numbers, NUMBERS)
        cells_down, seen_down, cells_along, seen_along = view(row_cells, last), view(row_seen, last), view(column_cells, row), view(column_seen, row)
        target, mask, constant = view(result, last * row * count), view(veil, last * row), view(constants, CONSTANTS)
        extreme, tallied = view(extremes, 2), view(counts, COUNTS)
        colours, lines, places = view(below, below_size), view(row_at, last), view(column_at, row)
        least, empty, shift, full = number[LEAST], number[EMPTY], number[SHIFT], number[FULL]
        for y in range(first, last):
            given, weighed = total[y * row * count : (y + 1) * row * count], weighing[y * row : (y + 1) * row]
            made, covered = target[y * row * count : (y + 1) * row * count], mask[y * row : (y + 1) * row]
            high, looked = cells_down[y], seen_down[y]
            for at in range(0, row, piece):
                seen = start
                for x in range(at, min(row, at + piece)):
                    cells = high * cells_along[x]
                    w = np.float64(weighed[x]) + full * (cells - looked * seen_along[x])
                    covered[x] = share(w, cells, number)
                    visible, place = w > least, (lines[y] * below_row + places[x]) * count if places[x] >= 0 and lines[y] >= 0 else -1
                    for c in range(count):
                        if visible:
                            value = divided(np.float64(given[x * count + c]), w, number)
                        else:
                            value = np.float64(colours[place + c]) + shift if place >= 0 else empty
                        made[x * count + c], seen = settle(value, constant, seen)
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


def _sharer(alpha: str) -> Any:
    """Coverage of a result: rounded to whole numbers where `alpha` is such a type."""
    final, rounded = np.dtype(alpha).type, not alpha.startswith("float")

    @helper
    def share(weight: Any, cells: Any, number: Any) -> Any:
        value = weight / cells * number[SCALE]
        if rounded:
            floor = np.floor(value)
            value = floor + (1.0 if value - floor >= 0.5 else 0.0)
        value = value if value > 0 else 0.0
        return final(value if value < number[LIMIT] else number[LIMIT])

    return share


def make_hide(src: str, alpha: str, channels: str) -> Body:
    """The body that replaces colours without coverage by `least`, which loses against all others (or wins none)."""
    count = int(channels)

    def hide(source, coverage, row, channels, replacement, result, first, last):
        colours, alphas, put, target = view(source, last * row * count), view(coverage, last * row), view(replacement, 1), view(result, last * row * count)
        for x in range(first * row, last * row):
            for c in range(count):
                target[x * count + c] = colours[x * count + c] if alphas[x] > 0 else put[0]

    return hide


def _premultiply_extents(given: Mapping[str, Any]) -> Mapping[str, int]:
    pixels, made, channels = given["source_rows"] * given["row"], given["last"] * given["row"], given["channels"]
    return {"source": pixels * channels, "coverage": pixels, "rows": given["row_count"], "numbers": 3, "result": made * channels, "veil": made}


def _divide_extents(given: Mapping[str, Any]) -> Mapping[str, int]:
    made, rows, row, channels = given["last"] * given["row"], given["last"], given["row"], given["channels"]
    return {
        "sums": made * channels, "weights": made, "below": given["below_size"], "row_at": rows, "column_at": row,
        "row_cells": rows, "row_seen": rows, "column_cells": row, "column_seen": row, "numbers": NUMBERS,
        "result": made * channels, "veil": made, "constants": CONSTANTS, "extremes": 2, "counts": COUNTS,
    }  # fmt: skip


def _hide_extents(given: Mapping[str, Any]) -> Mapping[str, int]:
    made = given["last"] * given["row"]
    return {"source": made * given["channels"], "coverage": made, "replacement": 1, "result": made * given["channels"]}


PREMULTIPLY = Loop(
    "premultiply",
    make_premultiply,
    parameters("source:src coverage:alpha source_rows row channels rows:int64 row_count numbers:float64 result:=out veil:=out first last"),
    _premultiply_extents,
)
DIVIDE = Loop(
    "divide",
    make_divide,
    parameters(
        "sums:src weights:weight below:colour below_size below_row row_at:int64 column_at:int64 row channels "
        "row_cells:float64 row_seen:float64 column_cells:float64 column_seen:float64 numbers:float64 "
        "result:=out veil:=alpha constants:float64 extremes:=key counts:=int64 first last"
    ),
    _divide_extents,
)
HIDE = Loop("hide", make_hide, parameters("source:src coverage:alpha row channels replacement:src result:=src first last"), _hide_extents)

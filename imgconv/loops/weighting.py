"""Colours and alpha: multiplied before a filter, divided after it; colours of transparent pixels replaced.

`premultiply` gathers source rows by an index table as it goes (-1 is the border's constant, which is opaque), so that
what follows sees an image that already has its rows beyond the edge. `divide` is the last part of a filter or an
average on such colours: it divides, quantises and counts in one pass, and rounds alpha beside it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from imgconv.loops import Body, Group, Loop, Numbers, helper
from imgconv.loops.quantising import CONSTANTS, OUTCOME, counter, nothing_seen, quantiser

AT_ONCE = 1024
"""Pixels that divide takes at a time: their colours stay in the first-level cache, their counts within 16 bits."""


def make_premultiply(src: str, alpha: str, out: str, channels: str, whole: str) -> Body:
    """The body for colours `src` and alpha `alpha`: their product in `out`, alpha in `out` too.

    `whole` "1": both whole numbers, multiplied as they are. "0": alpha as a share of opaque, 0…1, so that opaque
    colours stay as they are. Where alpha is 0 or no number the product is 0, whatever the colour: NaN and
    infinities of transparent pixels do not propagate.
    """
    final, count, plain = np.dtype(out).type, int(channels), whole == "1"
    wide, product = (np.dtype("int32").type,) * 2 if not out.startswith("float") else (np.dtype("float64").type, final)
    if plain and out == "float64":
        wide = product = final

    def premultiply(
        source, source_alpha, source_rows, row, channels, rows, row_count, numbers, result, result_alpha, first, last
    ):
        opaque, constant, outside = wide(numbers.opaque), final(numbers.constant), final(numbers.outside)
        for y in range(first, last):
            line = rows[y]
            products, shares = result[y * row * count : (y + 1) * row * count], result_alpha[y * row : (y + 1) * row]
            if line < 0:
                for x in range(row * count):
                    products[x] = constant
                for x in range(row):
                    shares[x] = outside
            else:
                colours, alphas = source[line * row * count :], source_alpha[line * row : (line + 1) * row]
                for x in range(row):
                    a = wide(alphas[x])
                    a = a if a > 0 else wide(0)
                    a = a if a < opaque else opaque
                    shares[x] = final(a) if plain else final(a / opaque)
                for x in range(row):  # products of NaN under alpha 0 too, so that nothing has to jump
                    share = shares[x]
                    for c in range(count):
                        times = product(colours[x * count + c]) * product(share)
                        products[x * count + c] = final(times) if share > 0 else final(0)

    return premultiply


def make_divide(
    src: str, weight: str, colour: str, out: str, alpha: str, channels: str, formula: str, acc: str, key: str
) -> Body:
    """The body for sums `src` of colours times alpha, and sums `weight` of alpha: colours in `out`, alpha in `alpha`,
    divided in `acc`.

    `formula` "quotient": a colour is (`gain` * sum + `bias` * weight) / (`denominator` * weight). Where numerator and
    denominator are whole and below 2**52 (acc float32: 2**23), the quotient rounds exactly. "scaled": the sum was made
    with divisor and bias as if all were opaque, and a colour is (sum - `bias`) * `gain` / weight + `bias`, or the sum
    itself where weight is `gain`, as it is among opaque pixels.

    A weight gets `full` for each cell that counts without a pixel in it (padding of an average); alpha is weight /
    cells * `scale`, between 0 and `limit`, rounded if `alpha` is a whole type. Where a weight is no more than `least`,
    all under the window is transparent: then the colour `below` its centre stays, plus `shift`; or it is `empty` where
    the places row_at and column_at say that there is none (-1).

    A weight below `faint` per cell counts in the extremes by its share of that: the colour between `middle` and itself.
    """
    quantise_piece, quantise_faint = _piece_quantiser(acc, out), _faint_quantiser(acc, out, int(channels))
    wide, share = np.dtype(acc).type, _sharer(alpha, acc)
    count, divided = int(channels), _quotient() if formula == "quotient" else _scaled()

    def divide(
        sums,
        weights,
        row,
        channels,
        below,
        cells,
        numbers,
        values,
        shares,
        result,
        result_alpha,
        constants,
        outcome,
        first,
        last,
    ):
        least, shift = numbers.least, numbers.shift
        for y in range(first, last):
            high, high_seen = cells.down[y], cells.down_seen[y]
            for at in range(0, row, AT_ONCE):
                size, place = min(AT_ONCE, row - at), y * row + at
                colours, alphas = sums[place * count : (place + size) * count], weights[place : place + size]
                results, result_alphas = (
                    result[place * count : (place + size) * count],
                    result_alpha[place : place + size],
                )
                along, along_seen = cells.along[at : at + size], cells.along_seen[at : at + size]
                transparent = faint = 0
                for x in range(size):
                    area = high * along[x]
                    w = wide(alphas[x]) + numbers.full * (area - high_seen * along_seen[x])
                    shares[x] = w
                    result_alphas[x] = share(w, area, numbers)
                    transparent += 0 if w > least else 1
                    faint += 1 if w < numbers.faint * area else 0
                for x in range(size):
                    w = shares[x]
                    for c in range(count):
                        values[x * count + c] = divided(wide(colours[x * count + c]), w, numbers)
                if transparent > 0:
                    for x in range(size):
                        if not shares[x] > least:
                            line, column = below.row_at[y], below.column_at[at + x]
                            centre = (line * below.row + column) * count if column >= 0 and line >= 0 else -1
                            for c in range(count):
                                values[x * count + c] = (
                                    wide(below.colours[centre + c]) + shift if centre >= 0 else numbers.empty
                                )
                if faint > 0:
                    for x in range(size):
                        w, full = shares[x], numbers.faint * high * along[x]
                        shares[x] = wide(1) if w >= full else w / full if w > least else wide(0)
                    quantise_faint(values, shares, results, size, numbers.middle, constants, outcome)
                else:
                    quantise_piece(values, results, size * count, constants, outcome)

    return divide


def _piece_quantiser(acc: str, out: str) -> Any:
    quantise, count, start = quantiser(acc, out, ""), counter(), nothing_seen(acc)

    @helper
    def quantise_piece(values: Any, results: Any, m: int, constants: Any, outcome: Any) -> None:
        seen = start
        for i in range(m):
            results[i], seen = quantise(values[i], constants, seen)
        count(outcome, seen)

    return quantise_piece


def _faint_quantiser(acc: str, out: str, channels: int) -> Any:
    """As `_piece_quantiser`, where the extremes are those of values brought towards `middle` by their shares."""
    quantise, count, start, one = quantiser(acc, out, ""), counter(), nothing_seen(acc), np.dtype(acc).type(1)

    @helper
    def quantise_faint(
        values: Any, shares: Any, results: Any, m: int, middle: Any, constants: Any, outcome: Any
    ) -> None:
        seen = weighed = start
        for x in range(m):
            share = shares[x]
            for c in range(channels):
                value = values[x * channels + c]
                results[x * channels + c], seen = quantise(value, constants, seen)
                _, weighed = quantise(value if share >= one else middle + (value - middle) * share, constants, weighed)
        count(outcome, (weighed[0], weighed[1], seen[2], seen[3], seen[4]))

    return quantise_faint


def _quotient() -> Any:
    @helper
    def colour(total: Any, weight: Any, numbers: Any) -> Any:
        return (numbers.gain * total + numbers.bias * weight) / (numbers.denominator * weight)

    return colour


def _scaled() -> Any:
    @helper
    def colour(total: Any, weight: Any, numbers: Any) -> Any:
        return total if weight == numbers.gain else (total - numbers.bias) * (numbers.gain / weight) + numbers.bias

    return colour


def _sharer(alpha: str, acc: str) -> Any:
    """Coverage of a result: rounded to whole numbers where `alpha` is such a type."""
    final, rounded = np.dtype(alpha).type, not alpha.startswith("float")
    half, one, zero = (np.dtype(acc).type(number) for number in (0.5, 1, 0))

    @helper
    def share(weight: Any, cells: Any, numbers: Any) -> Any:
        value = weight / cells * numbers.scale
        if rounded:
            floor = np.floor(value)
            value = floor + (one if value - floor >= half else zero)
        value = value if value > zero else zero
        return final(value if value < numbers.limit else numbers.limit)

    return share


def make_replace_transparent(src: str, alpha: str, channels: str) -> Body:
    """The body that replaces colours of transparent pixels by one that loses against all others."""
    count = int(channels)

    def replace_transparent(source, source_alpha, row, channels, replacement, result, first, last):
        for x in range(first * row, last * row):
            for c in range(count):
                result[x * count + c] = source[x * count + c] if source_alpha[x] > 0 else replacement[0]

    return replace_transparent


OPACITY = Numbers("numbers", "float64", "opaque constant outside")
"""Opaque alpha, and what is beyond the edge: colour times alpha, and alpha."""
NUMBERS = Numbers("numbers", "acc", "gain bias denominator least empty shift full scale limit faint middle")
"""What `make_divide` says."""
BELOW = Group("below", "colours:colour[below_size] size row row_at:int64[last] column_at:int64[row]")
"""The colours that stay where nothing visible is under a window, and the place of its centre in them."""
CELLS = Group("cells", "down:acc[last] down_seen:acc[last] along:acc[row] along_seen:acc[row]")
"""How many cells of each row and of each column of windows count, and how many have a pixel in them."""
PREMULTIPLY = Loop(
    "premultiply",
    make_premultiply,
    (
        "source:src[source_rows * row * channels] source_alpha:alpha[source_rows * row] source_rows row channels"
        " rows:int64[row_count] row_count",
        OPACITY,
        "result:=out[last * row * channels] result_alpha:=out[last * row]",
    ),
)
DIVIDE = Loop(
    "divide",
    make_divide,
    (
        "sums:src[last * row * channels] weights:weight[last * row] row channels",
        BELOW,
        CELLS,
        NUMBERS,
        f"values:~acc[{AT_ONCE} * channels] shares:~acc[{AT_ONCE}] result:=out[last * row * channels]"
        " result_alpha:=alpha[last * row]",
        CONSTANTS,
        OUTCOME,
    ),
)
REPLACE_TRANSPARENT = Loop(
    "replace_transparent",
    make_replace_transparent,
    (
        "source:src[last * row * channels] source_alpha:alpha[last * row] row channels replacement:src[1]"
        " result:=src[last * row * channels]",
    ),
)

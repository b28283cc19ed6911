"""Correlation: weights times neighbours, summed, over one band of output rows.

A ring holds the lines under some output rows; every tap reads a contiguous piece of a line. Column strides are served
by storing each line as `stride` interleaved phases, so that pieces stay contiguous. The last taps are added in the pass
that quantises; only those before it need memory.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from imgconv.loops import Body, Group, Loop, helper
from imgconv.loops.lines import LINES, RESULT, SOURCE, line_loader
from imgconv.loops.quantising import CONSTANTS, OUTCOME, counter, nothing_seen, quantiser
from imgconv.loops.taps import PASS, adder, row_taker


def filled(taps: int, type_: str) -> tuple[int, str]:
    """How many taps of a type there are once the passes are filled up, and the kind of loop that adds them.

    Few kinds mean few compilations: one pass of 3, 6 or 9 taps (in rarer types only of 9), or whole passes of 9.
    """
    if taps > PASS or type_ in ("float64", "int64"):
        return -(-max(taps, 1) // PASS) * PASS, f"{PASS}+" if taps > PASS else str(PASS)
    final = 3 if taps <= 3 else 6 if taps <= 6 else PASS
    return final, str(final)


def make(src: str, acc: str, out: str, quotient: str, taps: str, key: str, lane: str) -> Body:
    """The body for pixels `src`, sums `acc`, results `out`, dividing in `quotient`.

    `taps` is the number in the pass that quantises, with a "+" where whole passes come before it; `key` is
    `watch_key(acc)`. Lines and weights are of the type `lane`, in which the products of a pass are added up.
    """
    load, place_taps = line_loader(lane), placer()
    quantise_group, wide = group_quantiser(acc, out, quotient, taps, lane), np.dtype(lane).type

    def correlate(source, lines, taps, ring, result, constants, outcome, first, last):
        empty = ring.rows * ring.row  # behind the ring a piece of zeros, for taps that only fill up a pass
        for x in range(result.row):
            ring.lines[empty + x] = wide(0)
        following = first * lines.step
        for y in range(first, last, ring.group):
            rows = min(ring.group, last - y)
            following = max(following, y * lines.step)
            while following < (y + rows - 1) * lines.step + ring.depth:  # each source row becomes a line once
                line = ring.lines[following % ring.rows * ring.row :][: ring.row]
                load(source, lines, lines.rows[following], line, ring.row, wide(constants.border))
                following += 1
            place_taps(taps, ring, y, rows, lines.step)
            quantise_group(taps, ring, rows, result.pixels[y * result.row :], result.row, constants, outcome)

    return correlate


def taps_of(lane: str) -> Group:
    """Taps down the ring: each one's row and place in it (row -1: zeros), its weight, and where it reads for each
    output row of a group."""
    return Group(
        "taps",
        f"rows:int64[taps_count] at:int64[taps_count] weights:{lane}[taps_count] count"
        " places:~int64[ring_group * taps_count]",
    )


def ring_of(lane: str) -> Group:
    """The ring of lines, `depth` of them under an output row, and sums of a piece of each of `group` output rows."""
    return Group(
        "ring",
        f"lines:~{lane}[ring_rows * ring_row + result_row] rows row depth sums:~acc[ring_group * ring_piece] group"
        " piece",
    )


def placer() -> Any:
    """The helper that finds, for the `rows` output rows from y on, where in the ring each tap reads."""

    @helper
    def place_taps(taps: Any, ring: Any, y: int, rows: int, step: int) -> None:
        for r in range(rows):
            for t in range(taps.count):
                row = taps.rows[t]
                line = ((y + r) * step + row) % ring.rows * ring.row
                taps.places[r * taps.count + t] = line + taps.at[t] if row >= 0 else ring.rows * ring.row

    return place_taps


def group_quantiser(acc: str, out: str, quotient: str, taps: str, lane: str = "") -> Any:
    """The helper of a group of output rows: piece by piece, whole passes of taps into sums, then the last pass, which
    quantises them.

    A pass is made for all rows of the group before the next one begins, so that what neighbouring rows share stays in
    the first-level cache.
    """
    many, final = taps.endswith("+"), int(taps.rstrip("+"))
    take, add, wide = row_taker(PASS), adder(acc, PASS, lane), np.dtype(acc).type
    finish = finisher(acc, out, quotient, final, many, lane)

    @helper
    def quantise_group(
        taps: Any, ring: Any, rows: int, target: Any, result_row: int, constants: Any, outcome: Any
    ) -> None:
        piece, count = ring.piece, taps.count
        for start in range(0, result_row, piece):
            m, lines = min(piece, result_row - start), ring.lines[start:]
            if many:
                for x in range(rows * piece):
                    ring.sums[x] = wide(constants.offset)
                for t in range(0, count - final, PASS):
                    w = taps.weights[t : t + PASS]
                    for r in range(rows):
                        sums, taken = ring.sums[r * piece : r * piece + m], take(lines, taps.places, r * count + t, m)
                        for x in range(m):
                            sums[x] = add(sums[x], taken, w, x)
            for r in range(rows):
                results = target[r * result_row + start : r * result_row + start + m]
                places, weights = taps.places[r * count + count - final :], taps.weights[count - final :]
                finish(ring.sums[r * piece :], results, lines, places, weights, m, constants, outcome)

    return quantise_group


def finisher(acc: str, out: str, quotient: str, taps: int, many: bool, lane: str = "") -> Any:
    """The helper of the last pass: adds its taps to the sums (or, the only pass, to the offset) and quantises them."""
    take, add, quantise, count = row_taker(taps), adder(acc, taps, lane), quantiser(acc, out, quotient), counter()
    start, wide = nothing_seen(acc), np.dtype(acc).type

    @helper
    def finish(
        sums: Any, results: Any, lines: Any, places: Any, weights: Any, m: int, constants: Any, outcome: Any
    ) -> None:
        rows, seen, offset = take(lines, places, 0, m), start, wide(constants.offset)
        for x in range(m):
            value = add(sums[x] if many else offset, rows, weights, x)
            results[x], seen = quantise(value, constants, seen)
        count(outcome, seen)

    return finish


LOOP = Loop("correlate", make, (SOURCE, LINES, taps_of("lane"), ring_of("lane"), RESULT, CONSTANTS, OUTCOME))

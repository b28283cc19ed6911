"""Correlation of small whole numbers, a stack at a time, over one band of output rows.

As `correlate`, but neighbouring source rows lie in stacks (`stacks`), and sums are made in tiles: a step is a stack of
rows of the window and one of its columns, and what it reads serves all rows of a tile. These are output rows, and the
digits that weights have if they are too large for one.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from imgconv.loops import Body, Group, Loop, helper
from imgconv.loops.instructions import named
from imgconv.loops.lines import LINES, RESULT, SOURCE, line_loader
from imgconv.loops.quantising import CONSTANTS, OUTCOME, piece_quantiser
from imgconv.loops.stacks import BLOCK, SLACK, adder, empty, factor_of, finisher, putter, stacker
from imgconv.values.numbers import BY_SHIFT

_OFTEN = 32  # pieces after which counts go to the totals, so that 16 bits hold them


def make(src: str, acc: str, out: str, quotient: str, key: str, lane: str, instructions: str, digits: str) -> Body:
    """The body for pixels `src`, whose sums are cut to `acc`, results `out`, dividing in `quotient`; `key` is
    `watch_key(acc)`, and `lane` the type of pixels in stacks.

    `instructions` names a row of INSTRUCTIONS, and `digits` says how many a weight has.
    """
    row, count = named(instructions), int(digits)
    load_stack, quantise_piece = _stack_loader(src, named(instructions).stack), piece_quantiser(acc, out, quotient)
    stack, high = row.stack, row.output_rows(count)
    tall = high * count
    wide, between = row.columns(tall), stack // high
    (see_nothing, count_seen), cast = watch(acc), np.dtype(acc).type
    start_tile, add = empty(tall, wide, f"int{row.wide}"), adder(row)
    put = putter(count, row.bits)

    @helper
    def fill(steps, ring, start, at):
        sums = start_tile()
        for t in range(steps.count):
            sums = add(sums, ring.lines, steps.places[t] + stack * (start + at), steps.weights, tall * t)
        put(sums, ring.sums, at, ring.piece, steps.rest)

    finish: Any = finisher(count, row.bits, acc, out, quotient) if finishes(acc, out, quotient) else None

    @helper
    def finish_piece(steps, ring, result, constants, start, m, y):
        """Whole tiles, as far as a piece has such."""
        factor = cast(factor_of(np.int64(constants.denominator), np.int64(constants.shift)))
        numbers = constants.half, constants.shift, constants.denominator, constants.least, factor
        at = 0
        while at + wide <= m:
            sums = start_tile()
            for t in range(steps.count):
                sums = add(sums, ring.lines, steps.places[t] + stack * (start + at), steps.weights, tall * t)
            place = y * result.row + start + at
            finish(sums, result.pixels, place, result.row, steps.rest + constants.offset, numbers, ring.seen)
            at += wide
        return at

    @helper
    def finish_nothing(steps, ring, result, constants, start, m, y):
        return 0

    finish_tiles = finish_piece if finish else finish_nothing

    def stacked_products(source, lines, steps, ring, result, constants, outcome, first, last):
        following = 0
        see_nothing(ring.seen)
        for y in range(first, last, high):
            rows, tile = min(high, last - y), (y - first) // high
            while following < tile + ring.rows:  # each stack is made once
                load_stack(
                    source, lines, ring, first + following * high, following % ring.rows * ring.row, constants.border
                )
                following += 1
            for t in range(steps.count):
                steps.places[t] = (tile + between * steps.stacks[t]) % ring.rows * ring.row + steps.at[t]
            for start in range(0, result.row, ring.piece):
                m = min(ring.piece, result.row - start)
                done = 0
                if rows == high and constants.magnitude == 0:
                    done = finish_tiles(steps, ring, result, constants, start, m, y)
                for at in range(done, m, wide):
                    fill(steps, ring, start, at)
                if done < m:
                    for r in range(rows):
                        results = result.pixels[(y + r) * result.row + start + done :][: m - done]
                        sums = ring.sums[r * ring.piece + done :][: m - done]
                        quantise_piece(sums, results, m - done, constants, outcome)
                if start // ring.piece % _OFTEN == 0:
                    count_seen(ring.seen, outcome)
            count_seen(ring.seen, outcome)

    return stacked_products


def _stack_loader(src: str, stack: int) -> Any:
    """The helper `load_stack(source, lines, ring, place, slot, border)`: the stack of rows from a place on, into the
    ring from `slot` on."""
    load, put_stacks = line_loader(src), stacker(stack)

    @helper
    def load_stack(source, lines, ring, place, slot, border):
        for g in range(stack):
            under = min(place + g, lines.count - 1)  # rows beyond the last have no weight
            load(source, lines, lines.rows[under], ring.pixels[g * ring.line :], ring.line, border)
        for x in range(0, ring.line, BLOCK):
            put_stacks(ring.lines, slot + stack * x, ring.pixels, x, ring.line)

    return load_stack


def finishes(acc: str, out: str, quotient: str) -> bool:
    """Whether tiles are quantised where they are."""
    return acc in ("int16", "int32") and out in ("uint8", "int16", "uint16") and quotient in ("", BY_SHIFT, "float32")


def watch(acc: str) -> tuple[Any, Any]:
    """The helpers `see_nothing(seen)` and `count_seen(seen, outcome)`: what tiles have seen of a row goes to the totals
    of the thread."""
    wide, limits = np.dtype(acc).type, np.iinfo(acc)
    low, high, zero = wide(limits.min), wide(limits.max), wide(0)

    @helper
    def see_nothing(seen):
        for i in range(BLOCK):
            seen[i], seen[BLOCK + i], seen[2 * BLOCK + i], seen[3 * BLOCK + i] = high, low, zero, zero

    @helper
    def count_seen(seen, outcome):
        for i in range(BLOCK):
            outcome.extremes[0] = min(outcome.extremes[0], seen[i])
            outcome.extremes[1] = max(outcome.extremes[1], seen[BLOCK + i])
            outcome.counts[0] += np.int64(seen[2 * BLOCK + i])
            outcome.counts[1] += np.int64(seen[3 * BLOCK + i])
        see_nothing(seen)

    return see_nothing, count_seen


STEPS = Group(
    "steps",
    "stacks:int64[steps_count] at:int64[steps_count] count weights:int32[steps_tall * steps_count] tall rest"
    " places:~int64[steps_count]",
)
"""Each one's stack, counted from the tile's first row, and its place in a line; its weights for each of a tile's `tall`
rows; what is added to each sum (what pixels had taken off); where each step reads now."""
RING = Group(
    "ring",
    f"pixels:~src[ring_stack * ring_line + {SLACK}] line stack lines:~lane[ring_rows * ring_row + {SLACK}] rows row"
    " sums:~acc[2 * ring_piece + 256] piece seen:~acc[64]",
)
LOOP = Loop("stacked_products", make, (SOURCE, LINES, STEPS, RING, RESULT, CONSTANTS, OUTCOME))

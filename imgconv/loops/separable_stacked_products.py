"""Separable correlation of bytes: row weights a stack at a time, column weights on lines of float32, over one band of
output rows.

As `separable_byte_products`, but stacks (`stacks`) are of neighbouring columns, and the band is done in strips, as wide
as lets their ring stay in the second-level cache.
"""

from __future__ import annotations

from typing import Any

from imgconv.loops import Body, Group, Loop, helper
from imgconv.loops.instructions import Instructions, named
from imgconv.loops.lines import LINES, RESULT, SOURCE, line_loader
from imgconv.loops.quantising import CONSTANTS, OUTCOME, piece_quantiser
from imgconv.loops.stacked_products import watch
from imgconv.loops.stacks import BLOCK, SLACK, adder, empty, float_finisher, scaler, stacker
from imgconv.loops.tiles import add_line, put


def make(src: str, acc: str, out: str, quotient: str, key: str, lane: str, instructions: str, rank: str) -> Body:
    """The body for pixels `src` and results `out`; sums are `acc`, which is float32, and nothing is divided."""
    row = named(instructions)
    load_line, quantise_piece = _line_loader(src, row, int(rank)), piece_quantiser(acc, out, quotient)
    high, broad = row.floats
    no_floats = empty(high, broad, "float32")

    @helper
    def down(taps, ring, at):
        """A tile of sums: column weights for all of its rows."""
        sums = no_floats()
        for t in range(taps.count):
            sums = add_line(sums, ring.lines, taps.places[t] + at, taps.weights, high * t)
        return sums

    finish, (see_nothing, count_seen) = float_finisher(), watch("int32")

    @helper
    def finish_bytes(taps, ring, result, constants, start, m, y):
        """Whole tiles, as far as a strip has such."""
        at = 0
        while at + broad <= m:
            place = y * result.row + start + at
            sums = down(taps, ring, at)
            finish(sums, result.pixels, place, result.row, constants.offset, constants.least, ring.seen)
            at += broad
        return at

    @helper
    def finish_nothing(taps, ring, result, constants, start, m, y):
        return 0

    finish_tiles = finish_bytes if out == "uint8" else finish_nothing

    def separable_stacked_products(source, lines, across, taps, ring, result, constants, outcome, first, last):
        see_nothing(ring.seen)
        for start in range(0, result.row, ring.part):
            m = min(ring.part, result.row - start)
            following = first
            for y in range(first, last, high):
                rows = min(high, last - y)
                while following < y + high - 1 + ring.depth:
                    slot = following % ring.rows * ring.row
                    load_line(source, lines, across, ring, following, slot, start, m, constants.border)
                    following += 1
                for t in range(taps.count):
                    taps.places[t] = (y + taps.rows[t]) % ring.rows * ring.row + taps.at[t]
                done = 0
                if rows == high and constants.magnitude == 0:
                    done = finish_tiles(taps, ring, result, constants, start, m, y)
                    count_seen(ring.seen, outcome)
                for at in range(done, m, broad):
                    put(down(taps, ring, at), ring.sums, at, ring.part)
                if done < m:
                    for r in range(rows):
                        results = result.pixels[(y + r) * result.row + start + done :][: m - done]
                        sums = ring.sums[r * ring.part + done :][: m - done]
                        quantise_piece(sums, results, m - done, constants, outcome)

    return separable_stacked_products


def _line_loader(src: str, row: Instructions, parts: int) -> Any:
    """The helper that puts a piece of a source row through the row weights, into the ring."""
    load, digits, stack = line_loader(src), row.digits, row.stack
    wide = row.columns(digits)
    no_digits, add, put_stacks = empty(digits, wide), adder(row), stacker(stack)
    put_scaled = scaler(digits, row.bits)

    @helper
    def filter_line(across, ring, slot, start, m):
        """Puts a piece of the stacked line through the row weights of every component, into a row of the ring."""
        for component in range(parts):
            here = slot + component * ring.part
            for at in range(0, m, wide):
                sums = no_digits()
                for t in range(across.count):
                    place = stack * (across.at[t] + start + at)
                    sums = add(sums, across.stacks, place, across.weights, digits * (component * across.count + t))
                put_scaled(sums, ring.lines, here + at, across.rest[component], across.units[component])

    @helper
    def load_line(source, lines, across, ring, position, slot, start, m, border):
        if position >= lines.count:
            for x in range(ring.row):
                ring.lines[slot + x] = 0
            return
        load(source, lines, lines.rows[position], across.line, across.line_row, border)
        for x in range(start, start + m + across.reach, BLOCK):
            put_stacks(across.stacks, stack * x, across.line, x, across.apart)
        filter_line(across, ring, slot, start, m)

    return load_line


ACROSS = Group(
    "across",
    "at:int64[across_count] weights:int32[across_digits * across_rank * across_count] count rank digits"
    " rest:int64[across_rank] units:float32[across_rank] apart reach"
    f" stacks:~lane[across_stack * (across_line_row + {SLACK})] stack line:~src[across_line_row + {SLACK}] line_row",
)
"""Row weights of all components in steps of a stack; what is added to sums, and the value of a unit, of each; the line
that they are applied to, whose stacks are of pixels so far `apart`, and how far beyond its results a row reads."""
TAPS = Group(
    "taps",
    "rows:int64[taps_count] at:int64[taps_count] weights:float32[ring_high * taps_count] count"
    " places:~int64[taps_count]",
)
RING = Group(
    "ring",
    f"lines:~float32[ring_rows * ring_row + {SLACK}] rows row depth part"
    f" sums:~acc[ring_high * ring_part + {SLACK}] seen:~int32[64] high",
)
LOOP = Loop("separable_stacked_products", make, (SOURCE, LINES, ACROSS, TAPS, RING, RESULT, CONSTANTS, OUTCOME))

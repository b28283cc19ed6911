"""A convolutional layer over some of its output rows: an output channel is a sum over all input channels of a window.

Images lie one behind the other. A ring holds source rows as lines; a tile is some pixels of an output row by a block of
output channels, whose sums stay in registers. Blocks whose weights fit the cache together take turns at each place, so
that a pixel's channels are stored one after the other; they go over a group of rows before the next ones do.
"""

from __future__ import annotations

from typing import Any

from imgconv.loops import Body, Group, Loop, Numbers, helper
from imgconv.loops.lines import LINES, line_loader
from imgconv.loops.tiles import (
    BLOCK,
    PIXELS,
    add_own_products,
    add_products,
    empty_channels,
    empty_more_channels,
    expect_outputs,
    put,
    put_outputs,
)


def make(blocks: str) -> Body:
    """The body for tiles of 1 or 2 blocks of 16 output channels; "own": of one, each from the input channel of its
    number (depthwise)."""
    width, load, fill = _width(blocks), line_loader("float32"), _filler(blocks)

    def layer(source, lines, taps, filters, ring, result, numbers, first, last):
        y, image, following = first, -1, 0
        while y < last:
            if y // result.rows != image:
                image, following = y // result.rows, y % result.rows * lines.step
            top = y - image * result.rows
            rows = min(ring.group, last - y, result.rows - top)
            following = max(following, top * lines.step)
            while following < (top + rows - 1) * lines.step + ring.depth:  # each source row becomes a line once
                row = lines.rows[following]
                row = row if row < 0 else image * source.rows + row
                line = ring.lines[following % ring.rows * ring.row :][: ring.row]
                load(source, lines, row, line, ring.row, numbers.beyond)
                following += 1
            output, limit, inputs = 0, filters.group_outputs, 0
            for block in range(0, filters.blocks, filters.together):
                after = output, limit, inputs
                for r in range(rows):
                    for t in range(taps.count):
                        taps.places[t] = ((top + r) * lines.step + taps.rows[t]) % ring.rows * ring.row + taps.at[t]
                    for column in range(0, result.columns, PIXELS):
                        x = max(0, min(column, result.columns - PIXELS))  # the last tile may repeat some pixels
                        place = (y + r) * result.columns + x
                        after = output, limit, inputs
                        for one in range(block, min(block + filters.together, filters.blocks)):
                            at, end, start = after
                            outputs = min(width, end - at)
                            weights = one * taps.count * taps.length * width
                            fill(taps, filters, ring, result, numbers, x, start, place, weights, at, outputs)
                            if at + outputs < end:
                                after = at + outputs, end, start
                            else:  # the next group of channels
                                after = end, end + filters.group_outputs, start + taps.length
                output, limit, inputs = after
            y += rows

    return layer


def _width(blocks: str) -> int:
    """Output channels of a tile."""
    return 2 * BLOCK if blocks == "2" else BLOCK


def _filler(blocks: str) -> Any:
    """The helper that fills a tile: pixels from `x` of a row on, `outputs` channels from `output` on, whose weights
    begin at `block` and whose inputs at channel `inputs`; it goes to the result from `pixel` on."""
    empty, width, add, store = (
        empty_more_channels if blocks == "2" else empty_channels,
        _width(blocks),
        _adder(blocks),
        _storer(blocks),
    )

    @helper
    def fill(
        taps: Any,
        filters: Any,
        ring: Any,
        result: Any,
        numbers: Any,
        x: int,
        inputs: int,
        pixel: int,
        block: int,
        output: int,
        outputs: int,
    ) -> None:
        sums = empty()
        whole = outputs == width and result.columns >= PIXELS
        here = pixel * filters.count + output
        if whole:
            expect_outputs(sums, result.pixels, here, filters.count)
        for t in range(taps.count):
            at = taps.places[t] + x * ring.pixel + inputs
            sums = add(sums, taps, filters, ring, at, block + t * taps.length * width, output)
        if whole:
            put_outputs(sums, filters.biases, output, numbers.least, result.pixels, here, filters.count)
        else:
            put(sums, ring.sums, 0, width)
            store(filters, ring, result, numbers, pixel, x, output, outputs)

    return fill


def _adder(blocks: str) -> Any:
    """The helper that adds a tap, or a run of them, to a tile."""
    width = _width(blocks)

    @helper
    def add_own(sums: Any, taps: Any, filters: Any, ring: Any, at: int, w: int, output: int) -> Any:
        return add_own_products(sums, ring.lines, at + output, ring.pixel, filters.weights, w)

    @helper
    def add(sums: Any, taps: Any, filters: Any, ring: Any, at: int, w: int, output: int) -> Any:
        for k in range(taps.length):
            sums = add_products(sums, ring.lines, at + k, ring.pixel, filters.weights, w + k * width)
        return sums

    return add_own if blocks == "own" else add


def _storer(blocks: str) -> Any:
    """The helper that stores a part of a tile: some of its pixels, or of its channels."""
    width = _width(blocks)

    @helper
    def store(
        filters: Any, ring: Any, result: Any, numbers: Any, pixel: int, x: int, output: int, outputs: int
    ) -> None:
        biases = filters.biases[output : output + outputs]
        for p in range(min(PIXELS, result.columns - x)):
            values = result.pixels[(pixel + p) * filters.count + output :][:outputs]
            sums = ring.sums[p * width : p * width + outputs]
            for c in range(outputs):
                value = sums[c] + biases[c]
                values[c] = numbers.least if value < numbers.least else value

    return store


SOURCE = Group("source", "pixels:float32[source_images * source_rows * source_row] images rows row")
"""Images (rows, columns, channels) one behind the other."""
TAPS = Group("taps", "rows:int64[taps_count] at:int64[taps_count] count length places:~int64[taps_count]")
"""Where runs of `length` values that weights follow each other for begin in the ring."""
FILTERS = Group(
    "filters", "weights:float32[filters_size] size biases:float32[filters_count] count group_outputs blocks together"
)
"""Weights, block after block of output channels, tap after tap; blocks, and how many of them take turns."""
RING = Group(
    "ring",
    f"lines:~float32[ring_rows * ring_row + {PIXELS} * ring_pixel + {BLOCK}] rows row depth pixel group"
    f" sums:~float32[{PIXELS * 2 * BLOCK}]",
)
RESULT = Group("result", "pixels:=float32[last * result_columns * filters_count] rows columns")
LOOP = Loop("layer", make, (SOURCE, LINES, TAPS, FILTERS, RING, RESULT, Numbers("numbers", "float32", "beyond least")))

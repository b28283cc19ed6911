"""A depthwise layer over some of its output rows: each channel has a filter of its own.

Lines are stored as one phase for each column of a stride, so that every tap reads a contiguous piece; weights are
repeated along a piece, so that one loop goes over its pixels and channels alike.
"""

from __future__ import annotations

from imgconv.loops import Body, Group, Loop, Numbers
from imgconv.loops.layer import SOURCE
from imgconv.loops.lines import LINES, line_loader


def make() -> Body:
    """The body; values are float32."""
    load = line_loader("float32")

    def depthwise(source, lines, taps, ring, result, numbers, first, last):
        image, following = -1, 0
        for y in range(first, last):
            if y // result.rows != image:
                image, following = y // result.rows, y % result.rows * lines.step
            top = (y - image * result.rows) * lines.step
            following = max(following, top)
            while following < top + ring.depth:
                row = lines.rows[following]
                row = row if row < 0 else image * source.rows + row
                line = ring.lines[following % ring.rows * ring.row :][: ring.row]
                load(source, lines, row, line, ring.row, numbers.beyond)
                following += 1
            for start in range(0, result.row, taps.piece):
                size = min(taps.piece, result.row - start)
                sums = ring.sums[:size]
                for x in range(size):
                    sums[x] = taps.biases[x]
                for t in range(taps.count):
                    place = (top + taps.rows[t]) % ring.rows * ring.row + taps.at[t] + start
                    values, weights = ring.lines[place : place + size], taps.weights[t * taps.piece :][:size]
                    for x in range(size):
                        sums[x] += values[x] * weights[x]
                results = result.pixels[y * result.row + start :][:size]
                for x in range(size):
                    results[x] = numbers.least if sums[x] < numbers.least else sums[x]

    return depthwise


TAPS = Group(
    "taps",
    "rows:int64[taps_count] at:int64[taps_count] count weights:float32[taps_count * taps_piece]"
    " biases:float32[taps_piece] piece",
)
"""Each one's row and place in the ring, and its weights along a piece of whole pixels."""
RING = Group("ring", "lines:~float32[ring_rows * ring_row] rows row depth sums:~float32[taps_piece]")
RESULT = Group("result", "pixels:=float32[last * result_row] rows row")
LOOP = Loop("depthwise", make, (SOURCE, LINES, TAPS, RING, RESULT, Numbers("numbers", "float32", "beyond least")))

"""Where the maxima of windows are, over one band of output rows."""

from __future__ import annotations

import numpy as np

from imgconv.loops import Body, Loop
from imgconv.loops.lines import SOURCE, result_of
from imgconv.loops.ranks import WINDOWS


def make_places(src: str) -> Body:
    """The body for pixels `src`: row times width plus column of the first maximum; NaN is greater than all numbers."""

    def places(source, windows, width, result, first, last):
        for y in range(first, last):
            top = y * windows.row_step - windows.row_before
            for x in range(windows.columns):
                left = x * windows.column_step - windows.column_before
                for c in range(windows.channels):
                    place = np.int64(-1)
                    best = source.pixels[0]
                    for t in range(windows.row_from[y], windows.row_to[y]):
                        row = top + t * windows.row_dilation
                        for u in range(windows.column_from[x], windows.column_to[x]):
                            column = left + u * windows.column_dilation
                            value = source.pixels[row * source.row + column * windows.channels + c]
                            if place < 0 or value > best or (value != value and best == best):
                                best, place = value, np.int64(row * width + column)
                    result.pixels[y * result.row + x * windows.channels + c] = np.int32(place)

    return places


PLACES = Loop("places", make_places, (SOURCE, WINDOWS, "width", result_of("int32")))

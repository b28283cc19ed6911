"""Source rows as lines: converted to the type of sums, and extended by what the border puts around them.

`lines.rows` names the source row at each position under the windows, -1 where a constant border stands. A line's inner
piece is copied at once; `edge_to` and `edge_from` say which of its other pixels comes from where.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from imgconv.loops import Group, helper

SOURCE = Group("source", "pixels:src[source_rows * source_row] rows row")
LINES = Group(
    "lines",
    "rows:int64[lines_count] count edge_to:int64[lines_edges] edge_from:int64[lines_edges] edges inner_at inner"
    " channels step",
)


def result_of(type_: str) -> Group:
    """The output's rows."""
    return Group("result", f"pixels:={type_}[last * result_row] row")


RESULT = result_of("out")


def line_loader(acc: str) -> Any:
    """The helper that fills a line of `size` elements: with a source row, by `loader`, or (row -1: beyond a constant
    border) with the constant."""
    load = loader(acc)

    @helper
    def load_line(source: Any, lines: Any, row: int, line: Any, size: int, constant: Any) -> None:
        if row < 0:
            for x in range(size):
                line[x] = constant
        else:
            load(source.pixels[row * source.row : (row + 1) * source.row], lines, line, constant)

    return load_line


def loader(acc: str) -> Any:
    """The helper that converts a source row: its inner piece at once, then pixel by pixel what the border puts around
    it."""
    wide = np.dtype(acc).type

    @helper
    def load(row: Any, lines: Any, line: Any, constant: Any) -> None:
        inner, channels = line[lines.inner_at : lines.inner_at + lines.inner], lines.channels
        for x in range(lines.inner):
            inner[x] = wide(row[x])
        for edge in range(lines.edges):
            place, origin = lines.edge_to[edge] * channels, lines.edge_from[edge] * channels
            for c in range(channels):
                line[place + c] = wide(row[origin + c]) if origin >= 0 else constant

    return load

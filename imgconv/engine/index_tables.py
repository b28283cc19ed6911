"""Where loops find pixels: index tables made from a border's rule, and how a source row is laid out as a line."""

from __future__ import annotations

from typing import Any

import numpy as np

from imgconv.engine.memory import require
from imgconv.values.borders import CONSTANT, RULES, Border
from imgconv.values.pixel_values import Pixels
from imgconv.values.windows import Axis

Shape = tuple[int, int, int]


class LineLayout:
    """How a source row is laid out as a line: whole, or as one phase for each column of a stride."""

    def __init__(self, shape: Shape, columns: Axis, column_table: Pixels) -> None:
        self.step, self.channels = columns.stride, shape[2]
        self.phase = -(-columns.reach // self.step)  # pixels in a phase
        self.size = self.step * self.phase * self.channels
        positions = np.arange(columns.reach)
        inner = np.zeros(columns.reach, bool)
        if self.step == 1:  # then the row itself is copied at once, and only what lies around it pixel by pixel
            inner[columns.before : columns.before + shape[1]] = True
        self._arguments = {
            "lines_edge_to": self.places(positions)[~inner] // self.channels,
            "lines_edge_from": column_table[~inner],
            "lines_edges": int((~inner).sum()),
            "lines_inner_at": columns.before * self.channels if self.step == 1 else 0,
            "lines_inner": int(inner.sum()) * self.channels,
            "lines_channels": self.channels,
        }

    def arguments(self, rows: Axis, row_table: Pixels) -> dict[str, Any]:
        """The group `lines` of a loop's arguments, with the source row at each position under the windows."""
        under = {"lines_rows": row_table, "lines_count": rows.reach, "lines_step": rows.stride}
        return self._arguments | under

    def places(self, positions: Pixels) -> Pixels:
        """Where in the line each position is, in elements."""
        placed: Pixels = ((positions % self.step) * self.phase + positions // self.step) * self.channels
        return placed


def source_of(pixels: Pixels) -> dict[str, Any]:
    """The group `source` of a loop's arguments."""
    height, width, channels = pixels.shape
    return {"source_pixels": pixels, "source_rows": height, "source_row": width * channels}


def result_of(result: Pixels) -> dict[str, Any]:
    """The group `result` of a loop's arguments, and its last row."""
    rows, columns, channels = result.shape
    return {"result_pixels": result, "result_row": columns * channels, "last": rows}


def position_table(border: Border, axis: Axis) -> Pixels:
    """The source index at every position that a window reads."""
    require(4 * axis.reach, "int64", "the positions under the window")
    return index_table(border, axis.length, np.arange(axis.reach) - axis.before)


def index_table(border: Border, length: int, positions: Pixels) -> Pixels:
    """The source index at each position of an axis, CONSTANT where the border's value stands."""
    table = positions.astype(np.int64)
    outside = (table < 0) | (table >= length)
    table[outside] = RULES[border.name].source(table[outside], length)
    assert np.all((table >= CONSTANT) & (table < length))
    return table

"""Where loops find pixels: index tables made from a border's rule, and how a source row lies in memory once it is
extended."""

from __future__ import annotations

from typing import Any

import numpy as np

from imgconv.engine.memory import require
from imgconv.loops import Loop
from imgconv.values.borders import CONSTANT, RULES, Border
from imgconv.values.frozen import field, record
from imgconv.values.pixel_values import Pixels
from imgconv.values.windows import Axis

Shape = tuple[int, int, int]


@record
class Recipe:
    """What a loop needs: what all threads share, size and type of each thread's own buffers, its types beyond the usual
    ones.

    `work` is the cost of an output value in multiply-adds, `least` the rows that a band should have.
    """

    loop: Loop
    shared: dict[str, Any]
    buffers: dict[str, tuple[int, str]]
    work: float
    least: int
    kinds: dict[str, str] = field(default_factory=dict)


def lines(shape: Shape, rows: Axis, columns: Axis, row_table: Pixels, column_table: Pixels) -> dict[str, Any]:
    """How source rows become extended lines, for loops that only do that."""
    return Layout(shape, columns, column_table).shared | source_rows(shape, rows, row_table)


class Layout:
    """How a source row lies in memory once it is extended: whole, or as one phase for each column of a stride."""

    def __init__(self, shape: Shape, columns: Axis, column_table: Pixels) -> None:
        self.step, self.channels = columns.stride, shape[2]
        self.phase = -(-columns.reach // self.step)  # pixels in a phase
        self.size = self.step * self.phase * self.channels
        positions = np.arange(columns.reach)
        inner = np.zeros(columns.reach, bool)
        if self.step == 1:  # then the row itself is copied at once, and only what lies around it pixel by pixel
            inner[columns.before : columns.before + shape[1]] = True
        self.shared = {
            "edge_to": self.places(positions)[~inner] // self.channels,
            "edge_from": column_table[~inner],
            "edges": int((~inner).sum()),
            "inner_at": columns.before * self.channels if self.step == 1 else 0,
            "inner": int(inner.sum()) * self.channels,
            "channels": self.channels,
        }

    def places(self, positions: Pixels) -> Pixels:
        """Where each position of the extended row lies, in elements."""
        placed: Pixels = ((positions % self.step) * self.phase + positions // self.step) * self.channels
        return placed


def source_rows(shape: Shape, rows: Axis, row_table: Pixels) -> dict[str, Any]:
    height, width, channels = shape
    return {
        "source_rows": height,
        "source_row": width * channels,
        "rows": row_table,
        "row_count": rows.reach,
        "step": rows.stride,
    }


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

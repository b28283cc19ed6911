"""RECIPES: what each algorithm's loop is given, beside the result and what is counted. One row an algorithm of the planner."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from imgconv.borders import CONSTANT, RULES, Border
from imgconv.engine.memory import aligned, require
from imgconv.kept import kept
from imgconv.loops import Loop, correlate, dots, running, separable, tiles
from imgconv.loops.correlate import filled
from imgconv.loops.settling import PIECE
from imgconv.numerics import Pixels
from imgconv.planner import FOUR, Plan, digits_of
from imgconv.records import field, record
from imgconv.shapes import Axis

_GROUP, _PIECE = 16, 512  # output rows, and elements of each, that go through a pass of column weights together
_TILES = 8  # that settle together

Shape = tuple[int, int, int]


@record
class Recipe:
    """What a loop needs: what all threads share, size and type of each thread's own buffers, its types beyond the usual ones.

    `work` is the cost of an output value in multiply-adds, `least` the rows that a band should have.
    """

    loop: Loop
    shared: dict[str, Any]
    buffers: dict[str, tuple[int, str]]
    work: float
    least: int
    kinds: dict[str, str] = field(default_factory=dict)


def direct(shape: Shape, made: Plan, rows: Axis, columns: Axis, row_table: Pixels, column_table: Pixels) -> Recipe:
    """Every weight a tap: where in the ring it reads."""
    layout = _Layout(shape, columns, column_table)
    y, x = np.nonzero(np.array([[cell != 0 for cell in row] for row in made.weights]))
    weights = np.array([made.weights[j][i] for j, i in zip(y, x, strict=True)], made.lane)
    shared: dict[str, Any] = layout.shared | _source(shape, rows, row_table) | _taps(y * rows.dilation, layout.places(x * columns.dilation), weights)
    ring_row, group = aligned(layout.size, made.lane), 1  # a row's taps share more of a source row than rows share
    ring_rows = (group - 1) * rows.stride + rows.effective
    shared |= {"group": group, "depth": rows.effective, "piece": PIECE, "ring_rows": ring_rows, "ring_row": ring_row}
    ring = ring_rows * ring_row + columns.out * shape[2]
    buffers = {"ring": (ring, made.lane), "sums": (group * PIECE, made.accumulator), "places": (group * shared["taps"], "int64")}
    least = min(rows.effective // rows.stride, 40 * rows.effective // max(1, len(weights)))  # so that filling the ring is a tenth of a band
    return Recipe(correlate.LOOP, shared, buffers, len(weights) + 4, least, {"taps": filled(len(weights), made.lane)[1], "lane": made.lane})


def separable_(shape: Shape, made: Plan, rows: Axis, columns: Axis, row_table: Pixels, column_table: Pixels) -> Recipe:
    """Row weights across each source row, column weights down the ring; components lie beside each other in a ring row."""
    layout, acc = _Layout(shape, columns, column_table), made.accumulator
    part, rank = aligned(columns.out * shape[2], acc), len(made.factors)
    y, component = (part.ravel() for part in np.meshgrid(np.arange(rows.size), np.arange(rank)))
    weights = np.array([made.factors[j][0][i] for i, j in zip(y, component, strict=True)], acc)
    kept = weights != 0
    group = min(_GROUP, rows.out)
    ring_rows = (group - 1) * rows.stride + rows.effective
    empty = -columns.size % 3  # taps are added three, six or nine at a time
    shared: dict[str, Any] = layout.shared | _source(shape, rows, row_table) | _taps(y[kept] * rows.dilation, component[kept] * part, weights[kept])
    shared |= {
        "across_at": np.pad(layout.places(np.arange(columns.size) * columns.dilation), (0, empty), mode="edge"), "across": columns.size + empty,
        "across_weights": np.pad(np.array([row for _, row in made.factors], acc), ((0, 0), (0, empty))).ravel(), "rank": rank, "line_row": layout.size,
        "group": group, "depth": rows.effective, "piece": _PIECE, "ring_rows": ring_rows, "ring_row": rank * part,
    }  # fmt: skip
    ring = (ring_rows * rank + 1) * part
    buffers = {"ring": (ring, acc), "line": (layout.size, acc), "sums": (group * _PIECE, acc), "places": (group * shared["taps"], "int64")}
    work = rank * (columns.size * rows.stride + rows.size) + 8
    return Recipe(separable.LOOP, shared, buffers, work, 4 * rows.effective // rows.stride, {"taps": filled(int(kept.sum()), acc)[1]})


def running_(shape: Shape, made: Plan, rows: Axis, columns: Axis, row_table: Pixels, column_table: Pixels) -> Recipe:
    """One weight, kept apart; sums of plain pixels run down and along."""
    layout = _Layout(shape, columns, column_table)
    shared = layout.shared | _source(shape, rows, row_table)
    shared |= {
        "high": rows.size, "wide_window": columns.size,
        "line_row": layout.size, "weight": np.array([made.weights[0][0]], made.accumulator),
    }  # fmt: skip
    acc = made.accumulator
    buffers = {"column": (shape[1] * shape[2], acc), "line": (layout.size, acc), "sums": (columns.out * shape[2], acc)}
    interleaved = str(shape[2]) if shape[2] in (1, 3) else "any"
    return Recipe(running.LOOP, shared, buffers, 16, 4 * rows.size, {"interleaved": interleaved})


def dots_(shape: Shape, made: Plan, rows: Axis, columns: Axis, row_table: Pixels, column_table: Pixels) -> Recipe:
    """Rows of bytes as they are; a step is a row of the windows of two output rows and four of its columns."""
    layout, high, spacing = _Layout(shape, columns, column_table), rows.size, shape[2] * columns.dilation
    digits, fours = digits_of(made.weights), -(-columns.size // FOUR)  # type: ignore[arg-type]
    cells = np.zeros((digits, high + tiles.ROWS - 1 + 1, fours * FOUR), np.int8)  # the first and last row are zeros: each window leaves one of the rows alone
    rest = np.array(made.weights, np.int64)
    for digit in reversed(range(digits)):
        cells[digit, 1 : high + 1, : columns.size] = rest  # cut to its lowest 8 bits
        rest = (rest - cells[digit, 1 : high + 1, : columns.size]) >> 8
    lines_ = cells.view(np.int32)
    both = np.stack([lines_[:, 1:], lines_[:, :-1]], axis=-1)  # (digits, rows, fours, output rows)
    y, four = np.nonzero(both.any(axis=(0, 3)))
    ring_row, ring_rows = aligned(layout.size, "uint8"), high + tiles.ROWS - 1
    shared: dict[str, Any] = layout.shared | _source(shape, rows, row_table)
    shared |= {
        "step_row": y.copy(), "step_at": FOUR * spacing * four, "steps": len(y), "digits": digits, "weights": both[:, y, four].ravel(),
        "spread": tiles.spread(spacing), "depth": high, "piece": _TILES * tiles.COLUMNS, "ring_rows": ring_rows, "ring_row": ring_row,
    }  # fmt: skip
    buffers = {
        "ring": (ring_rows * ring_row + dots.SLACK, "uint8"), "sums": (tiles.ROWS * shared["piece"], made.accumulator), "places": (len(y), "int64"),
    }  # fmt: skip
    return Recipe(dots.LOOP, shared, buffers, 0.4 * len(y) * digits + 4, 4 * high)


RECIPES: dict[str, Callable[..., Recipe]] = {"direct": direct, "separable": separable_, "running": running_, "dots": dots_}


@kept(32, lambda made: made.weights)
def recipe(made: Plan, rows: Axis, columns: Axis, border: Border, shape: Shape) -> Recipe:
    """The recipe of a plan on pixels of a shape; kept, since on small images it takes as long as the loop."""
    return RECIPES[made.algorithm](shape, made, rows, columns, position_table(border, rows), position_table(border, columns))


def lines(shape: Shape, rows: Axis, columns: Axis, row_table: Pixels, column_table: Pixels) -> dict[str, Any]:
    """How source rows become extended lines, for loops that only do that."""
    return _Layout(shape, columns, column_table).shared | _source(shape, rows, row_table)


class _Layout:
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
            "edge_to": self.places(positions)[~inner] // self.channels, "edge_from": column_table[~inner], "edges": int((~inner).sum()),
            "inner_at": columns.before * self.channels if self.step == 1 else 0, "inner": int(inner.sum()) * self.channels, "channels": self.channels,
        }  # fmt: skip

    def places(self, positions: Pixels) -> Pixels:
        """Where each position of the extended row lies, in elements."""
        placed: Pixels = ((positions % self.step) * self.phase + positions // self.step) * self.channels
        return placed


def _source(shape: Shape, rows: Axis, row_table: Pixels) -> dict[str, Any]:
    height, width, channels = shape
    return {"source_rows": height, "source_row": width * channels, "rows": row_table, "row_count": rows.reach, "step": rows.stride}


def _taps(down: Pixels, along: Pixels, weights: Pixels) -> dict[str, Any]:
    """The taps, and behind them (row -1) as many empty ones as fill up the last pass."""
    empty = filled(len(weights), weights.dtype.name)[0] - len(weights)
    return {
        "tap_row": np.pad(down.astype(np.int64), (0, empty), constant_values=-1),
        "tap_at": np.pad(along.astype(np.int64), (0, empty)),
        "weights": np.pad(weights, (0, empty)),
        "taps": len(weights) + empty,
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

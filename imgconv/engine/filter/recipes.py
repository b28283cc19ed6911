"""RECIPES: what each algorithm's loop is given, beside the result and what is counted. One row an algorithm of the
planner.

Each loads its own loop: a command needs one of them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from imgconv.engine.filter.tile_recipes import dots_, separable_dots_
from imgconv.engine.index_tables import Layout, Recipe, Shape, position_table, source_rows
from imgconv.engine.memory import aligned
from imgconv.jit.delegation import loads
from imgconv.loops.quantising import PIECE
from imgconv.planner import Plan
from imgconv.values.borders import Border
from imgconv.values.caches import kept
from imgconv.values.pixel_values import Pixels
from imgconv.values.windows import Axis

_GROUP, _PIECE = 16, 512  # output rows, and elements of each, that go through a pass of column weights together
_LONG = 2**15  # positions whose tables are not kept


@loads
def direct(shape: Shape, made: Plan, rows: Axis, columns: Axis, row_table: Pixels, column_table: Pixels) -> Recipe:
    """Every weight a tap: where in the ring it reads."""
    from imgconv.loops import correlate

    layout = Layout(shape, columns, column_table)
    y, x = np.nonzero(np.array([[cell != 0 for cell in row] for row in made.weights]))
    weights = np.array([made.weights[j][i] for j, i in zip(y, x, strict=True)], made.lane)
    shared: dict[str, Any] = (
        layout.shared
        | source_rows(shape, rows, row_table)
        | _taps(y * rows.dilation, layout.places(x * columns.dilation), weights)
    )
    ring_row, group = aligned(layout.size, made.lane), 1  # a row's taps share more of a source row than rows share
    ring_rows = (group - 1) * rows.stride + rows.effective
    shared |= {"group": group, "depth": rows.effective, "piece": PIECE, "ring_rows": ring_rows, "ring_row": ring_row}
    ring = ring_rows * ring_row + columns.out * shape[2]
    buffers = {
        "ring": (ring, made.lane),
        "sums": (group * PIECE, made.accumulator),
        "places": (group * shared["taps"], "int64"),
    }
    least = min(
        rows.effective // rows.stride, 40 * rows.effective // max(1, len(weights))
    )  # so that filling the ring is a tenth of a band
    return Recipe(
        correlate.LOOP,
        shared,
        buffers,
        len(weights) + 4,
        least,
        {"taps": correlate.filled(len(weights), made.lane)[1], "lane": made.lane},
    )


@loads
def separable_(shape: Shape, made: Plan, rows: Axis, columns: Axis, row_table: Pixels, column_table: Pixels) -> Recipe:
    """Row weights across each source row, column weights down the ring; components lie beside each other in a ring
    row."""
    from imgconv.loops import separable
    from imgconv.loops.correlate import filled

    layout, acc = Layout(shape, columns, column_table), made.accumulator
    part, rank = aligned(columns.out * shape[2], acc), len(made.factors)
    y, component = (part.ravel() for part in np.meshgrid(np.arange(rows.size), np.arange(rank)))
    weights = np.array([made.factors[j][0][i] for i, j in zip(y, component, strict=True)], acc)
    kept = weights != 0
    group = min(_GROUP, rows.out)
    ring_rows = (group - 1) * rows.stride + rows.effective
    empty = -columns.size % 3  # taps are added three, six or nine at a time
    shared: dict[str, Any] = (
        layout.shared
        | source_rows(shape, rows, row_table)
        | _taps(y[kept] * rows.dilation, component[kept] * part, weights[kept])
    )
    shared |= {
        "across_at": np.pad(layout.places(np.arange(columns.size) * columns.dilation), (0, empty), mode="edge"),
        "across": columns.size + empty,
        "across_weights": np.pad(np.array([row for _, row in made.factors], acc), ((0, 0), (0, empty))).ravel(),
        "rank": rank,
        "line_row": layout.size,
        "group": group,
        "depth": rows.effective,
        "piece": _PIECE,
        "ring_rows": ring_rows,
        "ring_row": rank * part,
    }
    ring = (ring_rows * rank + 1) * part
    buffers = {
        "ring": (ring, acc),
        "line": (layout.size, acc),
        "sums": (group * _PIECE, acc),
        "places": (group * shared["taps"], "int64"),
    }
    work = rank * (columns.size * rows.stride + rows.size) + 8
    return Recipe(
        separable.LOOP,
        shared,
        buffers,
        work,
        4 * rows.effective // rows.stride,
        {"taps": filled(int(kept.sum()), acc)[1]},
    )


@loads
def running_(shape: Shape, made: Plan, rows: Axis, columns: Axis, row_table: Pixels, column_table: Pixels) -> Recipe:
    """One weight, kept apart; sums of plain pixels run down and along."""
    from imgconv.loops import running

    layout = Layout(shape, columns, column_table)
    shared = layout.shared | source_rows(shape, rows, row_table)
    shared |= {
        "high": rows.size,
        "wide_window": columns.size,
        "line_row": layout.size,
        "weight": np.array([made.weights[0][0]], made.accumulator),
    }
    acc = made.accumulator
    buffers = {"column": (shape[1] * shape[2], acc), "line": (layout.size, acc), "sums": (columns.out * shape[2], acc)}
    interleaved = str(shape[2]) if shape[2] in (1, 3) else "any"
    return Recipe(running.LOOP, shared, buffers, 16, 4 * rows.size, {"interleaved": interleaved})


RECIPES: dict[str, Callable[..., Recipe]] = {
    "direct": direct,
    "separable": separable_,
    "running": running_,
    "dots": dots_,
    "separable-dots": separable_dots_,
}


def recipe(made: Plan, rows: Axis, columns: Axis, border: Border, shape: Shape) -> Recipe:
    """The recipe of a plan on pixels of a shape; kept, since on small images it takes as long as the loop, but where
    its tables are large."""
    make = _kept_recipe if rows.reach + columns.reach < _LONG else _recipe
    return make(made, rows, columns, border, shape)


def _recipe(made: Plan, rows: Axis, columns: Axis, border: Border, shape: Shape) -> Recipe:
    return RECIPES[made.algorithm](
        shape, made, rows, columns, position_table(border, rows), position_table(border, columns)
    )


def _taps(down: Pixels, along: Pixels, weights: Pixels) -> dict[str, Any]:
    """The taps, and behind them (row -1) as many empty ones as fill up the last pass."""
    from imgconv.loops.correlate import filled

    empty = filled(len(weights), weights.dtype.name)[0] - len(weights)
    return {
        "tap_row": np.pad(down.astype(np.int64), (0, empty), constant_values=-1),
        "tap_at": np.pad(along.astype(np.int64), (0, empty)),
        "weights": np.pad(weights, (0, empty)),
        "taps": len(weights) + empty,
    }


_kept_recipe = kept(32, lambda made: made.weights)(_recipe)

"""RECIPES: the work of each algorithm, without the source, the result and what is counted. One row an algorithm of the
planner.

Each loads its own loop: a command needs one of them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from imgconv.engine.filter.stack_recipes import separable_stacked_products, stacked_products
from imgconv.engine.filter.tile_recipes import byte_products, separable_byte_products
from imgconv.engine.index_tables import LineLayout, Shape, position_table
from imgconv.engine.memory import aligned
from imgconv.engine.run_loop import Work
from imgconv.jit.delegation import loads
from imgconv.loops.quantising import PIECE
from imgconv.planner import Plan
from imgconv.values.borders import Border
from imgconv.values.caches import cached_by_size
from imgconv.values.pixel_values import Pixels
from imgconv.values.windows import Axis

_GROUP, _PIECE = 16, 512  # output rows, and elements of each, that go through a pass of column weights together
_LONG = 2**15  # positions whose tables are not cached


@loads
def direct(shape: Shape, plan: Plan, rows: Axis, columns: Axis, row_table: Pixels, column_table: Pixels) -> Work:
    """Every weight a tap: where in the ring it reads."""
    from imgconv.loops import correlate

    layout = LineLayout(shape, columns, column_table)
    y, x = np.nonzero(np.array([[cell != 0 for cell in row] for row in plan.weights]))
    weights = np.array([plan.weights[j][i] for j, i in zip(y, x, strict=True)], plan.lane)
    arguments: dict[str, Any] = {
        **layout.arguments(rows, row_table),
        **_taps(y * rows.dilation, layout.places(x * columns.dilation), weights),
        "ring_rows": rows.effective,
        "ring_row": aligned(layout.size, plan.lane),
        "ring_depth": rows.effective,
        "ring_group": 1,  # a row's taps share more of a source row than rows share
        "ring_piece": PIECE,
    }
    # filling the ring is to be a tenth of a band
    least = min(rows.effective // rows.stride, 40 * rows.effective // max(1, len(weights)))
    return Work(
        correlate.LOOP,
        {"taps": correlate.filled(len(weights), plan.lane)[1], "lane": plan.lane},
        arguments,
        (len(weights) + 4) * columns.out * shape[2],
        least,
    )


@loads
def separable_(shape: Shape, plan: Plan, rows: Axis, columns: Axis, row_table: Pixels, column_table: Pixels) -> Work:
    """Row weights across each source row, column weights down the ring; components lie beside each other in a ring
    row."""
    from imgconv.loops import separable
    from imgconv.loops.correlate import filled

    layout, acc = LineLayout(shape, columns, column_table), plan.accumulator
    part, rank = aligned(columns.out * shape[2], acc), len(plan.factors)
    y, component = (part.ravel() for part in np.meshgrid(np.arange(rows.size), np.arange(rank)))
    weights = np.array([plan.factors[j][0][i] for i, j in zip(y, component, strict=True)], acc)
    taps = weights != 0
    group = min(_GROUP, rows.out)
    empty = -columns.size % 3  # taps are added three, six or nine at a time
    arguments: dict[str, Any] = {
        **layout.arguments(rows, row_table),
        **_taps(y[taps] * rows.dilation, component[taps] * part, weights[taps]),
        "across_at": np.pad(layout.places(np.arange(columns.size) * columns.dilation), (0, empty), mode="edge"),
        "across_weights": np.pad(np.array([row for _, row in plan.factors], acc), ((0, 0), (0, empty))).ravel(),
        "across_count": columns.size + empty,
        "across_rank": rank,
        "across_line_row": layout.size,
        "ring_rows": (group - 1) * rows.stride + rows.effective,
        "ring_row": rank * part,
        "ring_depth": rows.effective,
        "ring_group": group,
        "ring_piece": _PIECE,
    }
    cost = rank * (columns.size * rows.stride + rows.size) + 8
    return Work(
        separable.LOOP,
        {"taps": filled(int(taps.sum()), acc)[1]},
        arguments,
        cost * columns.out * shape[2],
        4 * rows.effective // rows.stride,
    )


@loads
def running_(shape: Shape, plan: Plan, rows: Axis, columns: Axis, row_table: Pixels, column_table: Pixels) -> Work:
    """One weight, which sums of plain pixels, running down and along, are multiplied by."""
    from imgconv.loops import running

    layout = LineLayout(shape, columns, column_table)
    arguments: dict[str, Any] = {
        **layout.arguments(rows, row_table),
        "window_rows": rows.size,
        "window_columns": columns.size,
        "window_weight": np.array([plan.weights[0][0]], plan.accumulator),
        "line_row": layout.size,
    }
    interleaved = str(shape[2]) if shape[2] in (1, 3) else "any"
    return Work(running.LOOP, {"interleaved": interleaved}, arguments, 16 * columns.out * shape[2], 4 * rows.size)


RECIPES: dict[str, Callable[..., Work]] = {
    "direct": direct,
    "separable": separable_,
    "running": running_,
    "byte-products": byte_products,
    "separable-byte-products": separable_byte_products,
    "separable-stacked-products": separable_stacked_products,
    "stacked-products": stacked_products,
}


def is_long(rows: Axis, columns: Axis) -> bool:
    """Whether the tables of positions are too large to be kept."""
    return rows.reach + columns.reach >= _LONG


def recipe(plan: Plan, rows: Axis, columns: Axis, border: Border, shape: Shape) -> Work:
    """The work of a plan on pixels of a shape; cached, since on small images it takes as long as the loop, but where
    its tables are large."""
    make = _recipe if is_long(rows, columns) else _cached_recipe
    return make(plan, rows, columns, border, shape)


def _recipe(plan: Plan, rows: Axis, columns: Axis, border: Border, shape: Shape) -> Work:
    return RECIPES[plan.algorithm](
        shape, plan, rows, columns, position_table(border, rows), position_table(border, columns)
    )


def _taps(down: Pixels, along: Pixels, weights: Pixels) -> dict[str, Any]:
    """The group `taps` of a loop's arguments: the taps, and behind them (row -1) as many empty ones as fill up the last
    pass."""
    from imgconv.loops.correlate import filled

    empty = filled(len(weights), weights.dtype.name)[0] - len(weights)
    return {
        "taps_rows": np.pad(down.astype(np.int64), (0, empty), constant_values=-1),
        "taps_at": np.pad(along.astype(np.int64), (0, empty)),
        "taps_weights": np.pad(weights, (0, empty)),
        "taps_count": len(weights) + empty,
    }


_cached_recipe = cached_by_size(32, lambda plan: plan.weights)(_recipe)

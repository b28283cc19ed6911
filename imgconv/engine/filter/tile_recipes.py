"""Recipes of loops that make their sums in tiles."""

from __future__ import annotations

from typing import Any

import numpy as np

from imgconv.engine.index_tables import LineLayout, Shape
from imgconv.engine.memory import aligned
from imgconv.engine.run_loop import Work
from imgconv.jit.delegation import loads
from imgconv.planner import FOUR, Plan, digits_of, fixed_line
from imgconv.values.pixel_values import Pixels
from imgconv.values.windows import Axis

_TILES = 8  # beside each other, that are quantised together
_PIECE, _GROUP = 512, 32  # values and output rows that read the same lines of the ring


@loads
def byte_products(shape: Shape, plan: Plan, rows: Axis, columns: Axis, row_table: Pixels, column_table: Pixels) -> Work:
    """Lines of bytes; a step is a row of the window, or of the windows of two output rows, and four of its columns."""
    from imgconv.loops import byte_products, tiles

    layout, spacing = LineLayout(shape, columns, column_table), shape[2] * columns.dilation
    fours = _fours(np.array(plan.weights, np.int64), digits_of(plan.weights))  # type: ignore[arg-type]
    tile = {2: "pairs", 3: "triples"}.get(len(fours), "rows")
    output_rows = tiles.ROWS if tile == "rows" else 1
    shared = _shared_by(fours, output_rows)  # (digits, rows, fours, output rows)
    y, four = np.nonzero(shared.any(axis=(0, 3)))
    weights = shared[:, y, four]  # (digits, steps, output rows)
    beside, digits = (output_rows, len(fours)) if tile == "rows" else (len(fours), 1)
    arguments: dict[str, Any] = {
        **layout.arguments(rows, row_table),
        "steps_rows": y.copy(),
        "steps_at": FOUR * spacing * four,
        "steps_count": len(y),
        "steps_beside": beside,
        "steps_digits": digits,
        "steps_weights": (weights if tile == "rows" else weights.transpose(2, 1, 0)).ravel(),
        "steps_spread": tiles.spread(spacing),
        "ring_rows": rows.size + output_rows - 1,
        "ring_row": aligned(layout.size, "uint8"),
        "ring_depth": rows.size,
        "ring_piece": _TILES * tiles.COLUMNS,
    }
    cost = 0.5 * len(y) * len(fours) + 4
    return Work(byte_products.LOOP, {"tile": tile}, arguments, cost * columns.out * shape[2], 4 * rows.size)


@loads
def separable_byte_products(
    shape: Shape, plan: Plan, rows: Axis, columns: Axis, row_table: Pixels, column_table: Pixels
) -> Work:
    """Row weights across each source row, in fixed-point numbers; column weights down the ring, where components lie
    beside each other."""
    from imgconv.loops import separable_byte_products, tiles

    layout, spacing = LineLayout(shape, columns, column_table), shape[2] * columns.dilation
    fixed = [line for _, row in plan.factors if (line := fixed_line(row)) is not None]
    assert len(fixed) == len(plan.factors), "the planner asked the same"
    lines, units = zip(*fixed, strict=True)
    fours = _fours(np.array(lines, np.int64), tiles.DIGITS)  # (digits, rank, fours)
    steps = np.flatnonzero(fours.any(axis=(0, 1)))
    multiple = separable_byte_products.MULTIPLE
    part, rank = -(-columns.out * shape[2] // multiple) * multiple, len(lines)
    down = _shared_by(np.array([column for column, _ in plan.factors], np.float32)[:, :, None], tiles.FLOAT_ROWS)[
        :, :, 0
    ]  # (rank, rows, output rows)
    component, y = np.nonzero(down.any(axis=2))
    group = min(_GROUP, -(-rows.out // tiles.FLOAT_ROWS) * tiles.FLOAT_ROWS)
    arguments: dict[str, Any] = {
        **layout.arguments(rows, row_table),
        "across_at": FOUR * spacing * steps,
        "across_weights": fours[:, :, steps].transpose(1, 2, 0).ravel(),
        "across_count": len(steps),
        "across_rank": rank,
        "across_units": np.array(units, np.float32),
        "across_spread": tiles.spread(spacing),
        "across_line_row": layout.size,
        "taps_rows": y.copy(),
        "taps_at": component * part,
        "taps_weights": down[component, y].ravel(),
        "taps_count": len(y),
        "ring_rows": group + rows.size - 1,
        "ring_row": rank * part,
        "ring_depth": rows.size,
        "ring_group": group,
        "ring_piece": _PIECE,
    }
    cost = rank * (0.3 * columns.size + 0.5 * rows.size) + 6
    return Work(separable_byte_products.LOOP, {}, arguments, cost * columns.out * shape[2], 4 * rows.size)


def _fours(cells: Pixels, digits: int) -> Pixels:
    """Whole weights (rows, columns) as digits of 8 bits, four columns of a digit in each int32: (digits, rows, fours),
    highest digit first."""
    high, wide = cells.shape
    padded, rest = np.zeros((digits, high, -(-wide // FOUR) * FOUR), np.int8), cells
    for digit in reversed(range(digits)):
        padded[digit, :, :wide] = rest  # cut to its lowest 8 bits
        rest = (rest - padded[digit, :, :wide]) >> 8
    assert not rest.any()
    fours: Pixels = padded.view(np.int32)
    return fours


def _shared_by(weights: Pixels, output_rows: int) -> Pixels:
    """Weights (…, rows, columns) by what neighbouring output rows read together: (…, rows + output_rows - 1,
    columns, output_rows)."""
    above = [(0, 0)] * (weights.ndim - 2)
    return np.stack([np.pad(weights, [*above, (r, output_rows - 1 - r), (0, 0)]) for r in range(output_rows)], axis=-1)

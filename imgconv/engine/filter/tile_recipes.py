"""Recipes of loops that make their sums in tiles."""

from __future__ import annotations

from typing import Any

import numpy as np

from imgconv.engine.index_tables import Layout, Recipe, Shape, source_rows
from imgconv.engine.memory import aligned
from imgconv.jit.delegation import loads
from imgconv.planner import FOUR, Plan, digits_of, fixed_line
from imgconv.values.pixel_values import Pixels
from imgconv.values.windows import Axis

_TILES = 8  # beside each other, that settle together
_PIECE, _GROUP = 512, 32  # values and output rows that read the same lines of the ring


@loads
def dots_(shape: Shape, made: Plan, rows: Axis, columns: Axis, row_table: Pixels, column_table: Pixels) -> Recipe:
    """Rows of bytes as they are; a step is a row of the window, or of the windows of two output rows, and four of its
    columns."""
    from imgconv.loops import byte_products, tiles

    layout, spacing = Layout(shape, columns, column_table), shape[2] * columns.dilation
    fours = _fours(np.array(made.weights, np.int64), digits_of(made.weights))  # type: ignore[arg-type]
    tile = {2: "pairs", 3: "triples"}.get(len(fours), "rows")
    output_rows = tiles.ROWS if tile == "rows" else 1
    shared_by = _shared_by(fours, output_rows)  # (digits, rows, fours, output rows)
    y, four = np.nonzero(shared_by.any(axis=(0, 3)))
    weights = shared_by[:, y, four]  # (digits, steps, output rows)
    beside, digits = (output_rows, len(fours)) if tile == "rows" else (len(fours), 1)
    ring_row, ring_rows = aligned(layout.size, "uint8"), rows.size + output_rows - 1
    shared: dict[str, Any] = layout.shared | source_rows(shape, rows, row_table)
    shared |= {
        "step_row": y.copy(),
        "step_at": FOUR * spacing * four,
        "steps": len(y),
        "beside": beside,
        "digits": digits,
        "weights": (weights if tile == "rows" else weights.transpose(2, 1, 0)).ravel(),
        "spread": tiles.spread(spacing),
        "depth": rows.size,
        "piece": _TILES * tiles.COLUMNS,
        "ring_rows": ring_rows,
        "ring_row": ring_row,
    }
    buffers = {
        "ring": (ring_rows * ring_row + byte_products.SLACK, "uint8"),
        "sums": (tiles.ROWS * shared["piece"], made.accumulator),
        "places": (len(y), "int64"),
    }
    return Recipe(byte_products.LOOP, shared, buffers, 0.5 * len(y) * len(fours) + 4, 4 * rows.size, {"tile": tile})


@loads
def separable_dots_(
    shape: Shape, made: Plan, rows: Axis, columns: Axis, row_table: Pixels, column_table: Pixels
) -> Recipe:
    """Row weights across each source row, in fixed-point numbers; column weights down the ring, where components lie
    beside each other."""
    from imgconv.loops import byte_products, separable_byte_products, tiles

    layout, high, rank, spacing = (
        Layout(shape, columns, column_table),
        rows.size,
        len(made.factors),
        shape[2] * columns.dilation,
    )
    found = [fixed_line(row) for _, row in made.factors]
    lines_, units = zip(*(line for line in found if line is not None), strict=True)
    assert len(lines_) == rank, "the planner asked the same"
    fours = _fours(np.array(lines_, np.int64), tiles.DIGITS)  # (digits, rank, fours)
    looking = np.flatnonzero(fours.any(axis=(0, 1)))
    part = -(-columns.out * shape[2] // separable_byte_products.ROOM) * separable_byte_products.ROOM
    down = _shared_by(np.array([column for column, _ in made.factors], np.float32)[:, :, None], tiles.FLOAT_ROWS)[
        :, :, 0
    ]  # (rank, rows, output rows)
    component, y = np.nonzero(down.any(axis=2))
    group = min(_GROUP, -(-rows.out // tiles.FLOAT_ROWS) * tiles.FLOAT_ROWS)
    ring_rows = group + high - 1
    shared: dict[str, Any] = layout.shared | source_rows(shape, rows, row_table)
    shared |= {
        "line_row": layout.size,
        "step_at": FOUR * spacing * looking,
        "steps": len(looking),
        "digits": fours[:, :, looking].transpose(1, 2, 0).ravel(),
        "spread": tiles.spread(spacing),
        "units": np.array(units, np.float32),
        "rank": rank,
        "tap_row": y.copy(),
        "tap_at": component * part,
        "weights": down[component, y].ravel(),
        "taps": len(y),
        "group": group,
        "depth": high,
        "piece": _PIECE,
        "ring_rows": ring_rows,
        "ring_row": rank * part,
    }
    buffers = {
        "line": (layout.size + byte_products.SLACK, "uint8"),
        "ring": (ring_rows * rank * part, "float32"),
        "sums": (tiles.FLOAT_ROWS * _PIECE, "float32"),
        "places": (len(y), "int64"),
    }
    return Recipe(separable_byte_products.LOOP, shared, buffers, rank * (0.3 * columns.size + 0.5 * high) + 6, 4 * high)


def _fours(cells: Pixels, digits: int) -> Pixels:
    """Whole weights (rows, columns) as digits of 8 bits, four columns of a digit in each int32: (digits, rows, fours),
    highest digit first."""
    high, wide = cells.shape
    found, rest = np.zeros((digits, high, -(-wide // FOUR) * FOUR), np.int8), cells
    for digit in reversed(range(digits)):
        found[digit, :, :wide] = rest  # cut to its lowest 8 bits
        rest = (rest - found[digit, :, :wide]) >> 8
    assert not rest.any()
    fours: Pixels = found.view(np.int32)
    return fours


def _shared_by(weights: Pixels, output_rows: int) -> Pixels:
    """Weights (…, rows, columns) by what neighbouring output rows look at together: (…, rows + output_rows - 1,
    columns, output_rows)."""
    above = [(0, 0)] * (weights.ndim - 2)
    return np.stack([np.pad(weights, [*above, (r, output_rows - 1 - r), (0, 0)]) for r in range(output_rows)], axis=-1)

"""Recipes of loops that take pixels in stacks (`loops/stacks`)."""

from __future__ import annotations

from typing import Any

import numpy as np

from imgconv.engine.index_tables import LineLayout, Shape
from imgconv.engine.run_loop import Work
from imgconv.jit.delegation import loads
from imgconv.loops.instructions import Instructions, named
from imgconv.planner import Plan, digits_of, fixed_line
from imgconv.values.pixel_values import Pixels
from imgconv.values.windows import Axis

_STRIP = 2**17  # values of a ring, which so takes half a mebibyte
_MULTIPLE = 128  # values that strips are a multiple of: as wide as any tile
_PIECE = 1024  # values that are quantised together


@loads
def stacked_products(
    shape: Shape, plan: Plan, rows: Axis, columns: Axis, row_table: Pixels, column_table: Pixels
) -> Work:
    """Stacks of neighbouring source rows; a step is a stack, which some output rows share, and one column."""
    from imgconv.loops import stacked_products, stacks

    row = named(plan.instructions)
    digits = digits_of(plan.weights, row.bits)  # type: ignore[arg-type]
    layout, spacing = LineLayout(shape, columns, column_table), shape[2] * columns.dilation
    cells = np.array(plan.weights, np.int64)
    high = row.output_rows(digits)
    under = -(-(rows.size + high - 1) // row.stack)
    by_row = np.stack([np.pad(cells, ((r, under * row.stack - rows.size - r), (0, 0))) for r in range(high)])
    parts = digits_apart(by_row, digits, row.bits)  # (digits, output rows, rows, columns)
    parts = parts.reshape(digits * high, under, row.stack, columns.size)
    stack, x = np.nonzero(parts.any(axis=(0, 2)))
    weights = packed(parts.transpose(1, 3, 0, 2)[stack, x])  # (steps, rows of a tile)
    line = -(-layout.size // stacks.BLOCK) * stacks.BLOCK
    arguments: dict[str, Any] = {
        **layout.arguments(rows, row_table),
        "steps_stacks": stack.copy(),
        "steps_at": row.stack * spacing * x,
        "steps_count": len(x),
        "steps_weights": weights.ravel(),
        "steps_tall": digits * high,
        "steps_rest": rest_of(int(cells.sum()), plan.pixels, row),
        "ring_line": line,
        "ring_stack": row.stack,
        "ring_rows": (under - 1) * (row.stack // high) + 1,
        "ring_row": row.stack * line,
        "ring_piece": _PIECE,
    }
    types = {"instructions": row.name, "digits": str(digits), "lane": row.lane}
    cost = 0.5 * len(x) * digits * row.stack / 2 + 4
    return Work(stacked_products.LOOP, types, arguments, cost * columns.out * shape[2], 4 * rows.size)


@loads
def separable_stacked_products(
    shape: Shape, plan: Plan, rows: Axis, columns: Axis, row_table: Pixels, column_table: Pixels
) -> Work:
    """Row weights across each source row, in fixed-point numbers; column weights down the ring, where components lie
    beside each other."""
    from imgconv.loops import separable_stacked_products

    row, layout, spacing = (
        named(plan.instructions),
        LineLayout(shape, columns, column_table),
        shape[2] * columns.dilation,
    )
    fixed = [line for _, line_of in plan.factors if (line := fixed_line(line_of)) is not None]
    assert len(fixed) == len(plan.factors), "the planner asked the same"
    lines, units = zip(*fixed, strict=True)
    cells, rank = np.array(lines, np.int64), len(lines)
    padded = np.pad(cells, ((0, 0), (0, -columns.size % row.stack)))
    parts = digits_apart(padded, row.digits, row.bits).reshape(row.digits, rank, -1, row.stack)
    steps = np.flatnonzero(parts.any(axis=(0, 1, 3)))
    high, broad = row.floats
    group = np.stack([np.pad([column for column, _ in plan.factors], ((0, 0), (r, high - 1 - r))) for r in range(high)])
    down = group.astype(np.float32).transpose(1, 2, 0)  # (rank, rows, output rows)
    component, y = np.nonzero(down.any(axis=2))
    strip = max(broad, min(_STRIP // (rank * (rows.size + high)), columns.out * shape[2]))
    part, ring_rows = -(-strip // _MULTIPLE) * _MULTIPLE, rows.size + high - 1
    arguments: dict[str, Any] = {
        **layout.arguments(rows, row_table),
        "across_at": row.stack * spacing * steps,
        "across_weights": packed(parts[:, :, steps].transpose(1, 2, 0, 3)).ravel(),
        "across_count": len(steps),
        "across_rank": rank,
        "across_digits": row.digits,
        "across_rest": np.array([rest_of(int(line.sum()), plan.pixels, row) for line in cells], np.int64),
        "across_units": np.array(units, np.float32),
        "across_apart": spacing,
        "across_reach": columns.size * spacing,
        "across_stack": row.stack,
        "across_line_row": layout.size,
        "taps_rows": y.copy(),
        "taps_at": component * part,
        "taps_weights": down[component, y].ravel(),
        "taps_count": len(y),
        "ring_rows": ring_rows,
        "ring_row": rank * part,
        "ring_depth": rows.size,
        "ring_part": part,
        "ring_high": high,
    }
    types = {"instructions": row.name, "rank": str(rank), "lane": row.lane}
    cost = rank * (0.5 * columns.size + 0.5 * rows.size) + 6
    return Work(separable_stacked_products.LOOP, types, arguments, cost * columns.out * shape[2], 4 * rows.size)


def digits_apart(cells: Pixels, digits: int, bits: int) -> Pixels:
    """Whole numbers as signed digits of so many bits, the highest first: (digits, …)."""
    found, rest = [], cells
    for _ in range(digits):
        low = rest.astype(f"int{bits}")  # cut to its lowest bits
        found.append(low)
        rest = (rest - low) >> bits
    assert not rest.any()
    return np.stack(found[::-1])


def packed(numbers: Pixels) -> Pixels:
    """The numbers of stacks (…, stack) in 32 bits each: (…,) int32; those that take 16 bits twice."""
    times = 4 // (numbers.shape[-1] * numbers.itemsize)
    result: Pixels = np.ascontiguousarray(np.concatenate([numbers] * times, axis=-1)).view(np.int32)[..., 0]
    return result


def rest_of(total: int, pixels: str, row: Instructions) -> int:
    """What sums lack because half of their range was taken off unsigned pixels, in 32 bits."""
    if not row.signed or pixels != f"uint{row.bits}":
        return 0
    half = 1 << row.bits - 1
    return (total * half + 2**31) % 2**32 - 2**31

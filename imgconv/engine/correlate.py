"""correlate() on values: the plan's loop over bands, with tables for taps and borders."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from imgconv import jit
from imgconv.borders import CONSTANT, Border
from imgconv.engine.bands import run_bands
from imgconv.engine.big import correlate_big
from imgconv.engine.memory import allocate, require
from imgconv.engine.settle import Watch, constants, settle
from imgconv.kernels import Kernel
from imgconv.loops.correlate import LOOP, PIECE
from imgconv.numerics import Pixels, Response, Target, Values, shift_of, wide_type
from imgconv.planner import Plan, plan, response_span
from imgconv.shapes import Axis, Window


def correlate(
    given: Values, kernel: Kernel, window: Window, border: Border, *, target: Target | None, threads: int | None = None, out: Pixels | None = None
) -> tuple[Values, Response]:
    """Each output pixel: the sum of weight times neighbour, over the divisor, plus the bias.

    Settled into `target`, or kept wide where that is None. `stretch` needs the extremes first and is left to `settle`.
    """
    rows, columns = window.over(*given.pixels.shape[:2])
    border_value = border.value if border.name == "constant" else None
    if target is not None and target.range == "stretch":
        return _stretched(given, kernel, rows, columns, border, target, threads, out)
    shift = shift_of(target) if target is not None else 0
    wanted = kernel.using(bias=kernel.bias + shift) if shift else kernel
    made = plan(wanted, given.type, given.span, border_value, target.type if target else "wide")
    reached = response_span(made, given.span, border_value)
    type_ = target.type if target is not None else wide_type(given.type, reached, divided=made.denominator != 1, last=False)
    result = allocate((rows.out, columns.out, given.pixels.shape[2]), type_, "the result") if out is None else out
    magnitude = target is not None and target.range == "abs"
    response = _fill(result, given, made, rows, columns, border, magnitude=magnitude, shift=shift, threads=threads)
    return Values(result, reached), response


def _stretched(
    given: Values, kernel: Kernel, rows: Axis, columns: Axis, border: Border, target: Target, threads: int | None, out: Pixels | None
) -> tuple[Values, Response]:
    """Wide first, then stretched. Stretching forgets a divisor: exact sums are stretched undivided, so they stay exact."""
    border_value = border.value if border.name == "constant" else None
    made = plan(kernel, given.type, given.span, border_value, target.type)
    undivided = replace(made, denominator=1, quotient="")
    reached = response_span(undivided, given.span, border_value)
    wide = allocate((rows.out, columns.out, given.pixels.shape[2]), wide_type(given.type, reached, divided=False, last=True), "the wide result")
    seen = _fill(wide, given, undivided, rows, columns, border, magnitude=False, shift=0, threads=threads)
    settled, lost = settle(Values(wide, reached), target, threads=threads, out=out)
    low, high = seen.low / made.denominator, seen.high / made.denominator
    return Values(settled, reached), Response(low, high, lost.below, lost.above, lost.missing, lost.count)


def _fill(
    result: Pixels, given: Values, made: Plan, rows: Axis, columns: Axis, border: Border, *, magnitude: bool, shift: int, threads: int | None
) -> Response:
    """Runs the plan over the bands of the result."""
    value = border.value if border.name == "constant" else 0
    row_table, column_table = _table(border, rows), _table(border, columns)
    if made.algorithm == "big":
        return correlate_big(given.pixels, made, rows, columns, row_table, column_table, value, result, magnitude=magnitude, shift=shift)
    acc, type_ = made.accumulator, result.dtype.name
    shared = _geometry(given.pixels, made, rows, columns, row_table, column_table) | {
        "result": result,
        "result_row": columns.out * given.pixels.shape[2],
        "constants": constants(acc, type_, offset=made.offset, border=value, denominator=made.denominator, magnitude=magnitude),
        "last": rows.out,
    }
    require(2 * shared["ring_rows"] * shared["ring_row"], acc, "the rows under the window")
    kinds = {"src": given.type, "acc": acc, "out": type_, "quotient": made.quotient}
    watch = Watch(acc)

    def worker() -> Any:
        seen, counts = watch.part()
        own = {
            "ring": allocate((shared["ring_rows"] * shared["ring_row"],), acc, "the rows under the window"),
            "sums": np.empty(PIECE, acc),
            "places": np.empty(shared["taps"], np.int64),
        }
        return jit.bind(LOOP, kinds, shared | own | {"extremes": seen, "counts": counts})

    run_bands(rows.out, (max(1, shared["taps"]) + 4) * shared["result_row"], worker, threads)
    return watch.response(result.size, denominator=made.denominator, shift=shift)


def _geometry(pixels: Pixels, made: Plan, rows: Axis, columns: Axis, row_table: Pixels, column_table: Pixels) -> dict[str, Any]:
    """What the loop needs to know: which source row, which columns, where each tap reads."""
    height, width, channels = pixels.shape
    step = columns.stride
    phase = -(-columns.reach // step)  # pixels of one phase of a ring row
    places = np.arange(columns.reach)
    to = (places % step) * phase + places // step
    inner = np.zeros(len(places), bool)
    if step == 1:
        inner[columns.before : columns.before + width] = True
    y, x = np.nonzero(np.array([[cell != 0 for cell in row] for row in made.weights]))
    weights = np.array([made.weights[j][i] for j, i in zip(y, x, strict=True)], made.accumulator)
    at = x.astype(np.int64) * columns.dilation
    return {
        "source": pixels, "source_rows": height, "source_row": width * channels, "channels": channels, "rows": row_table, "row_count": rows.reach,
        "edge_to": to[~inner], "edge_from": column_table[~inner], "edges": int((~inner).sum()),
        "inner_at": columns.before * channels if step == 1 else 0, "inner": int(inner.sum()) * channels,
        "tap_row": y.astype(np.int64) * rows.dilation, "tap_at": ((at % step) * phase + at // step) * channels, "weights": weights, "taps": len(weights),
        "step": rows.stride, "ring_rows": rows.effective, "ring_row": step * phase * channels,
    }  # fmt: skip


def _table(border: Border, axis: Axis) -> Pixels:
    require(4 * axis.reach, "int64", "the positions under the window")
    return index_table(border, axis.length, np.arange(axis.reach) - axis.before)


def index_table(border: Border, length: int, positions: Pixels) -> Pixels:
    """The source index at each position of an axis, CONSTANT where the border's value stands."""
    table = positions.astype(np.int64)
    for i in np.flatnonzero((table < 0) | (table >= length)):
        table[i] = border.source(int(table[i]), length)
    assert np.all((table >= CONSTANT) & (table < length))
    return table

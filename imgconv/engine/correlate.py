"""correlate() on values: the plan's loop over bands, with tables for taps and borders."""

from __future__ import annotations

from typing import Any

import numpy as np

from imgconv import errors, jit
from imgconv.borders import CONSTANT, Border
from imgconv.engine.bands import run_bands
from imgconv.engine.settle import Watch, constants, settle
from imgconv.kernels import Kernel
from imgconv.loops.correlate import LOOP, PIECE
from imgconv.numerics import Pixels, Response, Target, Values, shift_of, wide_type
from imgconv.planner import Plan, Span, plan, sum_bounds
from imgconv.shapes import Axis, Window


def correlate(
    given: Values, kernel: Kernel, window: Window, border: Border, *, target: Target | None, threads: int | None = None, out: Pixels | None = None
) -> tuple[Values, Response]:
    """Each output pixel: the sum of weight times neighbour, over the divisor, plus the bias.

    Settled into `target`, or kept wide where that is None. `stretch` needs the extremes first and is left to `settle`.
    """
    height, width, channels = given.pixels.shape
    rows, columns = window.over(height, width)
    border_value = border.value if border.name == "constant" else None
    fused = target is not None and target.range != "stretch"
    shift = shift_of(target) if target is not None and fused else 0
    wanted = kernel.using(bias=kernel.bias + shift) if shift else kernel
    made = plan(wanted, given.type, given.span, border_value, target.type if target else "wide")
    reached = _span(made, given.span, border_value)
    type_ = target.type if target is not None and fused else wide_type(given.type, reached, divided=made.denominator != 1, last=target is not None)
    shape = rows.out, columns.out, channels
    result = _allocate(shape, type_) if out is None or not fused else out
    watch = Watch(made.accumulator)
    numbers = constants(
        made.accumulator,
        type_,
        offset=made.offset,
        border=border_value or 0,
        denominator=made.denominator,
        magnitude=fused and target is not None and target.range == "abs",
    )
    shared = _tables(given.pixels, made, rows, columns, window, border) | {
        "result": result,
        "result_row": columns.out * channels,
        "constants": numbers,
        "last": rows.out,
    }

    def worker() -> Any:
        seen, counts = watch.part()
        own = {
            "ring": _allocate((shared["ring_rows"] * shared["ring_row"],), made.accumulator),
            "sums": np.empty(PIECE, made.accumulator),
            "places": np.empty(shared["taps"], np.int64),
        }
        kinds = {"src": given.type, "acc": made.accumulator, "out": type_, "quotient": made.quotient}
        return jit.bind(LOOP, kinds, shared | own | {"extremes": seen, "counts": counts})

    taps = max(1, shared["taps"])
    run_bands(rows.out, (taps + 4) * columns.out * channels, worker, threads)
    response = watch.response(result.size, denominator=made.denominator, shift=shift)
    if target is not None and not fused:
        settled, seen = settle(Values(result, reached), target, threads=threads, out=out)
        return Values(settled, reached), Response(response.low, response.high, seen.below, seen.above, seen.missing, seen.count)
    return Values(result, reached), response


def _allocate(shape: tuple[int, ...], type_: str) -> Pixels:
    try:
        return np.empty(shape, type_)
    except (MemoryError, ValueError):
        raise errors.no_memory(f"{' x '.join(map(str, shape))} values of type {type_}") from None


def _span(made: Plan, given: Span, border_value: Any) -> Span:
    """What is known of the result's values."""
    if made.accumulator == "float32" or (made.accumulator == "float64" and not all(isinstance(w, int) for row in made.weights for w in row)):
        return Span(-np.inf, np.inf, False)
    low, high = sum_bounds(made.weights, given, border_value)  # type: ignore[arg-type]
    whole = made.denominator == 1
    ends = (low + made.offset) / made.denominator, (high + made.offset) / made.denominator
    return Span(int(low + made.offset), int(high + made.offset), True) if whole else Span(*ends, False)


def _tables(pixels: Pixels, made: Plan, rows: Axis, columns: Axis, window: Window, border: Border) -> dict[str, Any]:
    """Everything the loop needs to know of geometry: which source row, which columns, where each tap reads."""
    height, width, channels = pixels.shape
    step = columns.stride
    phase = -(-columns.reach // step)  # pixels of one phase of a ring row
    places = np.arange(columns.reach)
    sources = index_table(border, columns, places - columns.before)
    to = (places % step) * phase + places // step
    inner = np.zeros(len(places), bool)
    if step == 1:
        inner[columns.before : columns.before + width] = True
    y, x = np.nonzero(np.array([[cell != 0 for cell in row] for row in made.weights]))
    weights = np.array([made.weights[j][i] for j, i in zip(y, x, strict=True)], made.accumulator)
    at = x.astype(np.int64) * window.dilation[1]
    return {
        "source": pixels, "source_rows": height, "source_row": width * channels, "channels": channels,
        "rows": index_table(border, rows, np.arange(rows.reach) - rows.before), "row_count": rows.reach,
        "edge_to": to[~inner], "edge_from": sources[~inner], "edges": int((~inner).sum()),
        "inner_at": columns.before * channels if step == 1 else 0, "inner": int(inner.sum()) * channels,
        "tap_row": y.astype(np.int64) * window.dilation[0], "tap_at": ((at % step) * phase + at // step) * channels, "weights": weights, "taps": len(weights),
        "step": rows.stride, "ring_rows": rows.effective, "ring_row": step * phase * channels,
    }  # fmt: skip


def index_table(border: Border, axis: Axis, positions: Pixels) -> Pixels:
    """The source index at each position, CONSTANT where the border's value stands."""
    table = positions.astype(np.int64)
    for i in np.flatnonzero((table < 0) | (table >= axis.length)):
        table[i] = border.source(int(table[i]), axis.length)
    assert np.all((table >= CONSTANT) & (table < axis.length))
    return table

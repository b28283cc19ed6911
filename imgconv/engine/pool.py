"""pool() on values: existing pixels only, reduced by max, min or average."""

from __future__ import annotations

from typing import Any

import numpy as np

from imgconv import jit
from imgconv.engine.bands import run_bands
from imgconv.engine.memory import allocate
from imgconv.engine.settle import settle
from imgconv.loops.pool import EXTREME, MEAN
from imgconv.numerics import Pixels, Response, Target, Values, shift_of, wide_type
from imgconv.planner import EXACT_FLOAT32, EXACT_FLOAT64, Span
from imgconv.shapes import Axis, Window


def pool(
    given: Values, kind: str, window: Window, *, count_padding: bool = False, target: Target | None, threads: int | None = None, out: Pixels | None = None
) -> tuple[Values, Response | None]:
    """Each output pixel: the `kind` (max, min, avg) of the existing pixels under its window.

    With `count_padding` an average counts the window's cells inside the padded image.
    """
    rows, columns = window.over(*given.pixels.shape[:2])
    geometry = _geometry(given.pixels, rows, columns)
    if kind == "avg":
        type_, span = _mean_type(given, target)
    else:
        type_, span = given.type, given.span
    plain = target is None or (target.type == type_ and (target.range == "clamp" or (target.range == "shift" and not shift_of(target))))
    result = allocate((rows.out, columns.out, given.pixels.shape[2]), type_, "the result") if out is None or not plain else out
    geometry |= {"result": result, "result_row": columns.out * given.pixels.shape[2], "last": rows.out}
    worker = _mean_worker(given, type_, geometry, rows, columns, count_padding) if kind == "avg" else _extreme_worker(given, kind, geometry)
    work = geometry["source_row"] * min(rows.size, rows.length) + geometry["result_row"] * geometry["taps"]
    run_bands(rows.out, work, worker, threads)
    pooled = Values(result, span)
    if plain or target is None:
        return pooled, None
    settled, response = settle(pooled, target, threads=threads, out=out)
    return Values(settled, span), response


def _mean_type(given: Values, target: Target | None) -> tuple[str, Span]:
    """The type averages are made in: at once the target's where nothing can be clamped on the way, else a wide float."""
    if target is not None and target.range == "clamp" and (target.type == given.type or target.type.startswith("float")):
        return target.type, Span(given.span.low, given.span.high, not target.type.startswith("float"))
    return wide_type(given.type, given.span, divided=True, last=target is not None), Span(given.span.low, given.span.high, False)


def _geometry(pixels: Pixels, rows: Axis, columns: Axis) -> dict[str, Any]:
    """Which taps of each window row, and which windows of each column tap, see the image."""
    height, width, channels = pixels.shape
    row_from, row_to = _taps_inside(rows, 0, height)
    seen = max(0, -((columns.out - 1) * columns.stride - columns.before) // columns.dilation)  # taps before this one see nothing
    stop = min(columns.size, (width - 1 + columns.before) // columns.dilation + 1)
    starts = np.arange(seen, stop, dtype=np.int64) * columns.dilation - columns.before  # where each tap reads under window 0
    left = np.clip(-(starts // columns.stride), 0, columns.out)
    right = np.clip((width - 1 - starts) // columns.stride + 1, left, columns.out)
    return {
        "source": pixels, "source_rows": height, "source_row": width * channels, "channels": channels,
        "row_from": row_from, "row_to": row_to, "row_step": rows.stride, "row_dilation": rows.dilation, "row_before": rows.before,
        "column_from": left, "column_to": right, "taps": len(starts),
        "column_step": columns.stride, "column_dilation": columns.dilation, "column_before": columns.before - seen * columns.dilation,
    }  # fmt: skip


def _extreme_worker(given: Values, kind: str, geometry: dict[str, Any]) -> Any:
    def worker() -> Any:
        return jit.bind(EXTREME, {"kind": kind, "src": given.type}, geometry | {"line": np.empty(geometry["source_row"], given.type)})

    return worker


def _mean_worker(given: Values, type_: str, geometry: dict[str, Any], rows: Axis, columns: Axis, count_padding: bool) -> Any:
    row_cells, column_cells = (_cells(axis, count_padding) for axis in (rows, columns))
    acc, quotient = _mean_arithmetic(given, type_, min(rows.size, rows.length) * min(columns.size, columns.length))
    cells = {"row_cells": row_cells, "column_cells": np.repeat(column_cells, geometry["channels"])}

    def worker() -> Any:
        own = {"line": np.empty(geometry["source_row"], acc), "sums": np.empty(geometry["result_row"], acc)}
        return jit.bind(MEAN, {"src": given.type, "acc": acc, "out": type_, "quotient": quotient}, geometry | cells | own)

    return worker


def _cells(axis: Axis, count_padding: bool) -> Pixels:
    """How many taps of each window count: those in the image, or in it and its pads."""
    first, stop = _taps_inside(axis, -axis.before, axis.length + axis.after) if count_padding else _taps_inside(axis, 0, axis.length)
    return stop - first


def _taps_inside(axis: Axis, low: int, high: int) -> tuple[Pixels, Pixels]:
    """First and one-past-last tap of each window that reads a position from `low` to `high`-1."""
    starts = np.arange(axis.out, dtype=np.int64) * axis.stride - axis.before
    first = np.maximum(0, -((starts - low) // axis.dilation))
    stop = np.minimum(axis.size, (high - 1 - starts) // axis.dilation + 1)
    return first, np.maximum(first, stop)


def _mean_arithmetic(given: Values, type_: str, cells: int) -> tuple[str, str]:
    """The types of sums and of the division: floats sum in float64, whole numbers exactly."""
    if not given.span.whole or given.type.startswith("float"):
        return "float64", ""
    largest = (2 * int(given.span.magnitude) + 1) * cells
    acc = "int32" if largest < 2**31 else "int64"
    if type_.startswith("float"):
        return acc, ""
    return acc, "float32" if largest < EXACT_FLOAT32 else "float64" if largest < EXACT_FLOAT64 else "int64"

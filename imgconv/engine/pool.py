"""pool() on values: existing pixels only, reduced by max, min or average, in whichever way the planner finds cheapest."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from imgconv import jit
from imgconv.engine.bands import run_bands
from imgconv.engine.memory import allocate, require
from imgconv.engine.settle import settle
from imgconv.loops import Loop, blocks, means, sliding
from imgconv.loops.pool import EXTREME, MEAN, UNDIVIDED
from imgconv.numerics import Pixels, Response, Target, Values, shift_of, wide_type
from imgconv.planner import Span, forced, plan_pool, quotient_type
from imgconv.records import record, replace
from imgconv.shapes import Axis, Window

_PART, _PARTS = 32, 16  # rows of a part at least, and parts at most, where a single row of windows is shared among threads


def pool(
    given: Values, kind: str, window: Window, *, count_padding: bool = False, target: Target | None, threads: int | None = None, out: Pixels | None = None
) -> tuple[Values, Response | None]:
    """Each output pixel: the `kind` (max, min, avg) of the existing pixels under its window.

    With `count_padding` an average counts the window's cells inside the padded image.
    """
    rows, columns = window.over(*given.pixels.shape[:2])
    if kind == "avg":
        type_, span = _mean_type(given, target)
    else:
        type_, span = given.type, given.span
    plain = target is None or (target.type == type_ and (target.range == "clamp" or (target.range == "shift" and not shift_of(target))))
    shape = rows.out, columns.out, given.pixels.shape[2]
    result = allocate(shape, type_, "the result") if out is None or not plain else out
    whole = given.span.whole and not given.type.startswith("float") and not type_.startswith("float")
    exact = kind != "avg" or not given.span.whole or _mean_arithmetic(given, "uint8", rows.size * columns.size)[1] != "int64"
    way = plan_pool(kind, rows, columns, shape[2], whole=whole, exact=exact, wanted=forced())
    if way == "global":
        _global(result, given, kind, type_, rows, columns, count_padding, threads)
    else:
        _run(result, given, WAYS[way](given, kind, type_, rows, columns, count_padding), threads)
    pooled = Values(result, span)
    if plain or target is None:
        return pooled, None
    settled, response = settle(pooled, target, threads=threads, out=out)
    return Values(settled, span), response


def sums(given: Values, window: Window, *, threads: int | None = None) -> Pixels | None:
    """Sums of the existing pixels under each window, of whole numbers, as int32; None where they might not fit, or pixels are floats."""
    rows, columns = window.over(*given.pixels.shape[:2])
    most = (2 * int(given.span.magnitude) + 1) * min(rows.size, rows.length) * min(columns.size, columns.length) if given.span.whole else 2**31
    if given.type.startswith("float") or most >= 2**31:
        return None
    shape = rows.out, columns.out, given.pixels.shape[2]
    result = allocate(shape, "int32", "the sums under the window")
    way = plan_pool("avg", rows, columns, shape[2], whole=True, exact=True, wanted=forced())
    work = WAYS[way if way in WAYS else "windows"](given, "avg", "int32", rows, columns, False)
    _run(result, given, replace(work, kinds=work.kinds | {"quotient": UNDIVIDED}), threads)
    return result


def _mean_type(given: Values, target: Target | None) -> tuple[str, Span]:
    """The type averages are made in: at once the target's where nothing can be clamped on the way, else a wide float."""
    if target is not None and target.range == "clamp" and (target.type == given.type or target.type.startswith("float")):
        return target.type, Span(given.span.low, given.span.high, not target.type.startswith("float"))
    return wide_type(given.type, given.span, divided=True, last=target is not None), Span(given.span.low, given.span.high, False)


@record
class _Work:
    """What one way of pooling gives its loop: shared arguments, sizes of each thread's buffers, types, cost of a row, least rows of a band."""

    loop: Loop
    shared: dict[str, Any]
    buffers: dict[str, int]
    kinds: dict[str, str]
    cost: int
    least: int = 1


def _run(result: Pixels, given: Values, work: _Work, threads: int | None) -> None:
    """The work over the bands of the result."""
    rows, columns, channels = result.shape
    shared = work.shared | {"result": result, "result_row": columns * channels, "last": rows}

    def worker() -> Any:
        own = {name: allocate((size,), work.kinds.get("acc", given.type), "the rows under the window") for name, size in work.buffers.items()}
        return jit.bind(work.loop, {"src": given.type} | work.kinds, shared | own)

    run_bands(rows, work.cost, worker, threads, work.least)


def _global(
    result: Pixels, given: Values, kind: str, type_: str, rows: Axis, columns: Axis, count_padding: bool, threads: int | None
) -> None:  # fmt: skip
    """One row of windows, as high as many rows: parts of them first, which threads share, then the parts.

    What the parts are does not depend on the number of threads, so neither does a sum of floats.
    """
    height, width, channels = given.pixels.shape
    begin, end = max(0, -rows.before), min(height, rows.size - rows.before)
    seen = Values(given.pixels[begin:end], given.span)
    high = max(_PART, -(-(end - begin) // _PARTS))
    count = -(-(end - begin) // high)
    down, across = Axis(end - begin, high, high, 1, 0, count * high - (end - begin), count), Axis(width, 1, 1, 1, 0, 0, width)
    mean = kind == "avg"
    part_type = "float64" if mean else given.type
    parts = Values(allocate((count, width, channels), part_type, "parts of the result"), given.span)
    work = _windows(seen, kind, part_type, down, across, count_padding=False)
    one, ones = np.ones(count, np.int64), np.ones(width * channels, np.int64)
    _run(parts.pixels, seen, replace(work, shared=work.shared | {"row_cells": one, "column_cells": ones}) if mean else work, threads)
    last = _windows(parts, kind, type_, Axis(count, count, 1, 1, 0, 0, 1), columns, count_padding)
    if mean:
        kinds = last.kinds | {"acc": "float64", "quotient": "" if type_.startswith("float") else "float64"}
        last = replace(last, shared=last.shared | {"row_cells": seen_cells(rows, count_padding)}, kinds=kinds)
    _run(result, parts, last, threads)


def _windows(given: Values, kind: str, type_: str, rows: Axis, columns: Axis, count_padding: bool) -> _Work:
    """Any window: which taps of each window row, and which windows of each column tap, see the image."""
    height, width, channels = given.pixels.shape
    row_from, row_to = _taps_inside(rows, 0, height)
    seen = max(0, -((columns.out - 1) * columns.stride - columns.before) // columns.dilation)  # taps before this one see nothing
    stop = min(columns.size, (width - 1 + columns.before) // columns.dilation + 1)
    starts = np.arange(seen, stop, dtype=np.int64) * columns.dilation - columns.before  # where each tap reads under window 0
    left = np.clip(-(starts // columns.stride), 0, columns.out)
    right = np.clip((width - 1 - starts) // columns.stride + 1, left, columns.out)
    shared = _source(given) | {
        "channels": channels, "row_from": row_from, "row_to": row_to, "row_step": rows.stride, "row_dilation": rows.dilation, "row_before": rows.before,
        "column_from": left, "column_to": right, "taps": len(starts),
        "column_step": columns.stride, "column_dilation": columns.dilation, "column_before": columns.before - seen * columns.dilation,
    }  # fmt: skip
    cost = width * channels * min(rows.size, rows.length) + columns.out * channels * len(starts)
    buffers = {"line": width * channels}
    if kind != "avg":
        return _Work(EXTREME, shared, buffers, {"kind": kind}, cost)
    down, along = seen_cells(rows, count_padding), seen_cells(columns, count_padding)
    shared |= {"row_cells": down, "column_cells": np.repeat(along, channels)}
    acc, quotient = _mean_arithmetic(given, type_, min(rows.size, rows.length) * min(columns.size, columns.length), int(down.max() * along.max()))
    return _Work(MEAN, shared, buffers | {"sums": columns.out * channels}, {"acc": acc, "out": type_, "quotient": quotient}, cost)


def _blocks(given: Values, kind: str, type_: str, rows: Axis, columns: Axis, count_padding: bool) -> _Work:
    """Small windows wholly in the image: all have the same number of cells."""
    shared = _source(given) | {"high": rows.size, "row_step": rows.stride, "cells": rows.size * columns.size}
    kinds = {"wide_window": str(columns.size), "step": str(columns.stride), "channels": str(given.pixels.shape[2])}
    row = shared["source_row"]
    if kind != "avg":
        return _Work(blocks.EXTREME, shared, {"line": row}, kinds | {"kind": kind}, row * (rows.size + 1))
    acc, quotient = _mean_arithmetic(given, type_, rows.size * columns.size)
    quotient = _same_for_all(shared["cells"], quotient)
    return _Work(blocks.MEAN, shared, {"line": row}, kinds | {"acc": acc, "out": type_, "quotient": quotient}, row * (rows.size + 2))


def _sliding(given: Values, kind: str, type_: str, rows: Axis, columns: Axis, count_padding: bool) -> _Work:
    """Large overlapping windows, on rows and columns extended by their pads (and by what ceil lets hang over)."""
    channels = given.pixels.shape[2]
    line_row = (max(columns.reach, columns.before + columns.length)) * channels
    shared = _source(given) | {
        "channels": channels, "high": rows.size, "row_step": rows.stride, "row_before": rows.before,
        "wide_window": columns.size, "column_step": columns.stride, "column_before": columns.before, "line_row": line_row,
    }  # fmt: skip
    row = shared["source_row"]
    buffers = {"suffixes": rows.size * row, "prefix": row, "one": line_row, "other": line_row}
    require(line_row + buffers["suffixes"], given.type, "the rows under the window")
    return _Work(sliding.LOOP, shared, buffers, {"kind": kind}, row * (4 + columns.size.bit_length()), 4 * rows.size // rows.stride)


def _means(given: Values, kind: str, type_: str, rows: Axis, columns: Axis, count_padding: bool) -> _Work:
    """Large overlapping averages: where in the image each window begins and ends; sums from the row's start must fit the accumulator."""
    width, channels = given.pixels.shape[1:]
    (top, bottom), (left, right) = _seen(rows), _seen(columns)
    shared = _source(given) | {
        "channels": channels, "row_from": top, "row_to": bottom, "column_from": left, "column_to": right, "windows": columns.out,
        "row_cells": seen_cells(rows, count_padding), "column_cells": np.repeat(seen_cells(columns, count_padding), channels),
    }  # fmt: skip
    row = shared["source_row"]
    most = int((bottom - top).max())
    acc = _mean_arithmetic(given, type_, most * width)[0]
    cells = shared["row_cells"].max() * shared["column_cells"].max()
    quotient = _mean_arithmetic(given, type_, most * min(columns.size, width), int(cells))[1]
    buffers = {"line": row, "sums": row + channels}
    kinds = {"acc": "int32" if acc == "int16" else acc, "out": type_, "quotient": quotient}
    return _Work(means.LOOP, shared, buffers, kinds, 12 * row + 8 * columns.out * channels, 4 * rows.size // rows.stride)


def _seen(axis: Axis) -> tuple[Pixels, Pixels]:
    """The pixels that each window sees: from the first to one behind the last."""
    starts = np.arange(axis.out, dtype=np.int64) * axis.stride - axis.before
    return np.clip(starts, 0, axis.length), np.clip(starts + axis.size, 0, axis.length)


WAYS: dict[str, Callable[..., _Work]] = {"windows": _windows, "blocks": _blocks, "sliding": _sliding, "means": _means}


def _source(given: Values) -> dict[str, Any]:
    height, width, channels = given.pixels.shape
    return {"source": given.pixels, "source_rows": height, "source_row": width * channels}


def seen_cells(axis: Axis, count_padding: bool) -> Pixels:
    """How many taps of each window count: those in the image, or in it and its pads."""
    first, stop = _taps_inside(axis, -axis.before, axis.length + axis.after) if count_padding else _taps_inside(axis, 0, axis.length)
    return stop - first


def _taps_inside(axis: Axis, low: int, high: int) -> tuple[Pixels, Pixels]:
    """First and one-past-last tap of each window that reads a position from `low` to `high`-1."""
    starts = np.arange(axis.out, dtype=np.int64) * axis.stride - axis.before
    first = np.maximum(0, -((starts - low) // axis.dilation))
    stop = np.minimum(axis.size, (high - 1 - starts) // axis.dilation + 1)
    return first, np.maximum(first, stop)


def _mean_arithmetic(given: Values, type_: str, cells: int, divisor: int = 0) -> tuple[str, str]:
    """The types of sums of so many cells and of the division (by `divisor`, if that is more): floats sum in float64, whole numbers exactly."""
    if not given.span.whole or given.type.startswith("float"):
        return "float64", ""
    largest = 2 * int(given.span.magnitude) * cells + 2 * max(cells, divisor)
    acc = "int16" if largest < 2**15 else "int32" if largest < 2**31 else "int64"
    if type_.startswith("float"):
        return acc, ""
    return acc, quotient_type(largest)


def _same_for_all(cells: int, quotient: str) -> str:
    """The division where every window has so many cells: by a shift, if that can be."""
    return f"shift{cells.bit_length() - 1}" if quotient and cells & (cells - 1) == 0 else quotient

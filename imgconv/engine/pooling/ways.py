"""WAYS of pooling: what each gives its loop, which it loads, as `recipes` does for filters. One row a way of the
planner."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from imgconv import jit
from imgconv.engine.bands import run_bands
from imgconv.engine.memory import allocate, require
from imgconv.jit.delegation import loads
from imgconv.loops import Loop
from imgconv.planner import quotient_type
from imgconv.values.frozen import record, replace
from imgconv.values.pixel_values import Pixels, Values
from imgconv.values.windows import Axis

_PART, _PARTS = (
    32,
    16,
)  # rows of a part at least, and parts at most, where a single row of windows is shared among threads


@record
class Asked:
    """What is to be pooled: values, by max, min or avg, into a type, under the windows of two axes; averages count what
    `count_padding` says."""

    given: Values
    kind: str
    type: str
    rows: Axis
    columns: Axis
    count_padding: bool = False
    threads: int | None = None


@record
class Work:
    """What one way of pooling gives its loop: the values that it reads, shared arguments, sizes of each thread's
    buffers, types, cost of a row, least rows of a band."""

    given: Values
    loop: Loop
    shared: dict[str, Any]
    buffers: dict[str, int]
    kinds: dict[str, str]
    cost: int
    least: int = 1


def run(result: Pixels, work: Work, threads: int | None) -> None:
    """Fills a result (H, W, C) by the work, over its bands."""
    given, (rows, columns, channels) = work.given, result.shape
    shared = work.shared | {"result": result, "result_row": columns * channels, "last": rows}

    def worker() -> Any:
        own = {
            name: allocate((size,), work.kinds.get("acc", given.type), "the rows under the window")
            for name, size in work.buffers.items()
        }
        return jit.bind(work.loop, {"src": given.type} | work.kinds, shared | own)

    run_bands(rows, work.cost, worker, threads, work.least)


@loads
def _windows(asked: Asked) -> Work:
    """Any window: which taps of each window row, and which windows of each column tap, see the image."""
    from imgconv.loops.pool import EXTREME, MEAN

    given, rows, columns = asked.given, asked.rows, asked.columns
    height, width, channels = given.pixels.shape
    row_from, row_to = _taps_inside(rows, 0, height)
    seen = max(
        0, -((columns.out - 1) * columns.stride - columns.before) // columns.dilation
    )  # taps before this one see nothing
    stop = min(columns.size, (width - 1 + columns.before) // columns.dilation + 1)
    starts = (
        np.arange(seen, stop, dtype=np.int64) * columns.dilation - columns.before
    )  # where each tap reads under window 0
    left = np.clip(-(starts // columns.stride), 0, columns.out)
    right = np.clip((width - 1 - starts) // columns.stride + 1, left, columns.out)
    shared = _source(given) | {
        "channels": channels,
        "row_from": row_from,
        "row_to": row_to,
        "row_step": rows.stride,
        "row_dilation": rows.dilation,
        "row_before": rows.before,
        "column_from": left,
        "column_to": right,
        "taps": len(starts),
        "column_step": columns.stride,
        "column_dilation": columns.dilation,
        "column_before": columns.before - seen * columns.dilation,
    }
    cost = width * channels * min(rows.size, rows.length) + columns.out * channels * len(starts)
    buffers = {"line": width * channels}
    if asked.kind != "avg":
        return Work(given, EXTREME, shared, buffers, {"kind": asked.kind}, cost)
    down, along = seen_cells(rows, asked.count_padding), seen_cells(columns, asked.count_padding)
    shared |= {"row_cells": down, "column_cells": np.repeat(along, channels)}
    acc, quotient = mean_arithmetic(
        given,
        asked.type,
        min(rows.size, rows.length) * min(columns.size, columns.length),
        int(down.max() * along.max()),
    )
    return Work(
        given,
        MEAN,
        shared,
        buffers | {"sums": columns.out * channels},
        {"acc": acc, "out": asked.type, "quotient": quotient},
        cost,
    )


@loads
def _blocks(asked: Asked) -> Work:
    """Small windows wholly in the image: all have the same number of cells."""
    from imgconv.loops import blocks

    given, rows, columns = asked.given, asked.rows, asked.columns
    shared = _source(given) | {"high": rows.size, "row_step": rows.stride, "cells": rows.size * columns.size}
    kinds = {"wide_window": str(columns.size), "step": str(columns.stride), "channels": str(given.pixels.shape[2])}
    row = shared["source_row"]
    if asked.kind != "avg":
        return Work(given, blocks.EXTREME, shared, {"line": row}, kinds | {"kind": asked.kind}, row * (rows.size + 1))
    acc, quotient = mean_arithmetic(given, asked.type, rows.size * columns.size)
    quotient = _same_for_all(shared["cells"], quotient)
    return Work(
        given,
        blocks.MEAN,
        shared,
        {"line": row},
        kinds | {"acc": acc, "out": asked.type, "quotient": quotient},
        row * (rows.size + 2),
    )


@loads
def _sliding(asked: Asked) -> Work:
    """Large overlapping windows, on rows and columns extended by their pads (and by what ceil lets hang over)."""
    from imgconv.loops import sliding

    given, rows, columns = asked.given, asked.rows, asked.columns
    channels = given.pixels.shape[2]
    line_row = (max(columns.reach, columns.before + columns.length)) * channels
    shared = _source(given) | {
        "channels": channels,
        "high": rows.size,
        "row_step": rows.stride,
        "row_before": rows.before,
        "wide_window": columns.size,
        "column_step": columns.stride,
        "column_before": columns.before,
        "line_row": line_row,
    }
    row = shared["source_row"]
    buffers = {"suffixes": rows.size * row, "prefix": row, "one": line_row, "other": line_row}
    require(line_row + buffers["suffixes"], given.type, "the rows under the window")
    return Work(
        given,
        sliding.LOOP,
        shared,
        buffers,
        {"kind": asked.kind},
        row * (4 + columns.size.bit_length()),
        4 * rows.size // rows.stride,
    )


@loads
def _means(asked: Asked) -> Work:
    """Large overlapping averages: where in the image each window begins and ends; sums from the row's start must fit
    the accumulator."""
    from imgconv.loops import means

    given, rows, columns = asked.given, asked.rows, asked.columns
    width, channels = given.pixels.shape[1:]
    (top, bottom), (left, right) = _seen(rows), _seen(columns)
    shared = _source(given) | {
        "channels": channels,
        "row_from": top,
        "row_to": bottom,
        "column_from": left,
        "column_to": right,
        "windows": columns.out,
        "row_cells": seen_cells(rows, asked.count_padding),
        "column_cells": np.repeat(seen_cells(columns, asked.count_padding), channels),
    }
    row = shared["source_row"]
    most = int((bottom - top).max())
    acc = mean_arithmetic(given, asked.type, most * width)[0]
    cells = shared["row_cells"].max() * shared["column_cells"].max()
    quotient = mean_arithmetic(given, asked.type, most * min(columns.size, width), int(cells))[1]
    buffers = {"line": row, "sums": row + channels}
    kinds = {"acc": "int32" if acc == "int16" else acc, "out": asked.type, "quotient": quotient}
    return Work(
        given, means.LOOP, shared, buffers, kinds, 12 * row + 8 * columns.out * channels, 4 * rows.size // rows.stride
    )


def _seen(axis: Axis) -> tuple[Pixels, Pixels]:
    """The pixels that each window sees: from the first to one behind the last."""
    starts = np.arange(axis.out, dtype=np.int64) * axis.stride - axis.before
    return np.clip(starts, 0, axis.length), np.clip(starts + axis.size, 0, axis.length)


def _global(asked: Asked) -> Work:
    """One row of windows, as high as many rows: parts of them first, which threads share; the work is to pool the
    parts.

    What the parts are does not depend on the number of threads, so neither does a sum of floats.
    """
    given, rows, mean = asked.given, asked.rows, asked.kind == "avg"
    height, width, channels = given.pixels.shape
    begin, end = max(0, -rows.before), min(height, rows.size - rows.before)
    high = max(_PART, -(-(end - begin) // _PARTS))
    count = -(-(end - begin) // high)
    down, across = (
        Axis(end - begin, high, high, 1, 0, count * high - (end - begin), count),
        Axis(width, 1, 1, 1, 0, 0, width),
    )
    parts = Values(
        allocate((count, width, channels), "float64" if mean else given.type, "parts of the result"), given.span
    )
    work = _windows(Asked(Values(given.pixels[begin:end], given.span), asked.kind, parts.type, down, across))
    last = _windows(replace(asked, given=parts, rows=Axis(count, count, 1, 1, 0, 0, 1)))
    if mean:  # parts are sums, which only the last division divides
        ones = {"row_cells": np.ones(count, np.int64), "column_cells": np.ones(width * channels, np.int64)}
        work = replace(work, shared=work.shared | ones)
        kinds = last.kinds | {"acc": "float64", "quotient": "" if asked.type.startswith("float") else "float64"}
        last = replace(last, shared=last.shared | {"row_cells": seen_cells(rows, asked.count_padding)}, kinds=kinds)
    run(parts.pixels, work, asked.threads)
    return last


WAYS: dict[str, Callable[[Asked], Work]] = {
    "windows": _windows,
    "blocks": _blocks,
    "sliding": _sliding,
    "means": _means,
    "global": _global,
}
"""One row a way of `planner.POOLINGS`."""


def _source(given: Values) -> dict[str, Any]:
    height, width, channels = given.pixels.shape
    return {"source": given.pixels, "source_rows": height, "source_row": width * channels}


def seen_cells(axis: Axis, count_padding: bool) -> Pixels:
    """How many taps of each window count: those in the image, or in it and its pads."""
    first, stop = (
        _taps_inside(axis, -axis.before, axis.length + axis.after)
        if count_padding
        else _taps_inside(axis, 0, axis.length)
    )
    return stop - first


def _taps_inside(axis: Axis, low: int, high: int) -> tuple[Pixels, Pixels]:
    """First and one-past-last tap of each window that reads a position from `low` to `high`-1."""
    starts = np.arange(axis.out, dtype=np.int64) * axis.stride - axis.before
    first = np.maximum(0, -((starts - low) // axis.dilation))
    stop = np.minimum(axis.size, (high - 1 - starts) // axis.dilation + 1)
    return first, np.maximum(first, stop)


def mean_arithmetic(given: Values, type_: str, cells: int, divisor: int = 0) -> tuple[str, str]:
    """The types of sums of so many cells and of the division (by `divisor`, if that is more): floats sum in float64,
    whole numbers exactly (as far as 64 bits hold them: see `beyond_64_bits`)."""
    if not given.span.whole:
        return "float64", ""
    largest = 2 * int(given.span.magnitude) * cells + 2 * max(cells, divisor)
    if given.type.startswith("float"):
        acc = "float64" if largest < 2**53 else "int64"
    else:
        acc = "int16" if largest < 2**15 else "int32" if largest < 2**31 else "int64"
    if type_.startswith("float"):
        return acc, ""
    return acc, quotient_type(largest)


def beyond_64_bits(given: Values, rows: Axis, columns: Axis) -> bool:
    """Whether sums of whole numbers under such windows might not fit int64."""
    cells = min(rows.size, rows.length) * min(columns.size, columns.length)
    return given.span.whole and 2 * (int(given.span.magnitude) + 1) * cells >= 2**63


def _same_for_all(cells: int, quotient: str) -> str:
    """The division where every window has so many cells: by a shift, if that can be."""
    return f"shift{cells.bit_length() - 1}" if quotient and cells & (cells - 1) == 0 else quotient

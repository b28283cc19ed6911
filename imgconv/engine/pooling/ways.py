"""WAYS of pooling: the work of each, whose loop it loads, as `recipes` does for filters. One row a way of the
planner."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from imgconv.engine.index_tables import result_of, source_of
from imgconv.engine.memory import allocate
from imgconv.engine.run_loop import Work, run_loop
from imgconv.jit.delegation import loads
from imgconv.planner import quotient_type
from imgconv.values.frozen import record, replace
from imgconv.values.pixel_values import Pixels, Values
from imgconv.values.windows import Axis

# rows of a part at least, and parts at most, where a single row of windows is shared among threads
_PART, _PARTS = 32, 16


@record
class Pooling:
    """Values to pool, by max, min or avg, into a type, under the windows of two axes; averages count what
    `count_padding` says."""

    values: Values
    kind: str
    type: str
    rows: Axis
    columns: Axis
    count_padding: bool = False
    threads: int | None = None


def run(result: Pixels, work: Work, threads: int | None) -> None:
    """Fills a result (H, W, C) by the work."""
    arguments = work.arguments | result_of(result)
    run_loop(work.loop, work.types, arguments, work.row_work, threads, least=work.least)


@loads
def _windows(pooling: Pooling) -> Work:
    """Any window: which taps of each window row, and which windows of each column tap, see the image."""
    from imgconv.loops.pool import EXTREME, MEAN

    values, rows, columns = pooling.values, pooling.rows, pooling.columns
    height, width, channels = values.pixels.shape
    row_from, row_to = taps_inside(rows, 0, height)
    # taps before this one see nothing
    seen = max(0, -((columns.out - 1) * columns.stride - columns.before) // columns.dilation)
    stop = min(columns.size, (width - 1 + columns.before) // columns.dilation + 1)
    # where each tap reads under window 0
    starts = np.arange(seen, stop, dtype=np.int64) * columns.dilation - columns.before
    left = np.clip(-(starts // columns.stride), 0, columns.out)
    right = np.clip((width - 1 - starts) // columns.stride + 1, left, columns.out)
    arguments = {
        **source_of(values.pixels),
        "windows_row_from": row_from,
        "windows_row_to": row_to,
        "windows_row_step": rows.stride,
        "windows_row_dilation": rows.dilation,
        "windows_row_before": rows.before,
        "windows_column_from": left,
        "windows_column_to": right,
        "windows_taps": len(starts),
        "windows_column_step": columns.stride,
        "windows_column_dilation": columns.dilation,
        "windows_column_before": columns.before - seen * columns.dilation,
        "windows_channels": channels,
    }
    row_work = width * channels * min(rows.size, rows.length) + columns.out * channels * len(starts)
    if pooling.kind != "avg":
        return Work(EXTREME, {"src": values.type, "kind": pooling.kind}, arguments, row_work)
    down, along = counted_cells(rows, pooling.count_padding), counted_cells(columns, pooling.count_padding)
    arguments |= {"cells_rows": down, "cells_columns": np.repeat(along, channels)}
    most = min(rows.size, rows.length) * min(columns.size, columns.length)
    acc, quotient = mean_arithmetic(values, pooling.type, most, int(down.max() * along.max()))
    types = {"src": values.type, "acc": acc, "out": pooling.type, "quotient": quotient}
    return Work(MEAN, types, arguments, row_work)


@loads
def _blocks(pooling: Pooling) -> Work:
    """Small windows wholly in the image: all have the same number of cells."""
    from imgconv.loops import blocks

    values, rows, columns = pooling.values, pooling.rows, pooling.columns
    cells = rows.size * columns.size
    arguments = {**source_of(values.pixels), "high": rows.size, "row_step": rows.stride, "cells": cells}
    types = {
        "src": values.type,
        "wide_window": str(columns.size),
        "step": str(columns.stride),
        "channels": str(values.pixels.shape[2]),
    }
    row = arguments["source_row"]
    if pooling.kind != "avg":
        return Work(blocks.EXTREME, types | {"kind": pooling.kind}, arguments, row * (rows.size + 1))
    acc, quotient = mean_arithmetic(values, pooling.type, cells)
    types |= {"acc": acc, "out": pooling.type, "quotient": _same_for_all(cells, quotient)}
    return Work(blocks.MEAN, types, arguments, row * (rows.size + 2))


@loads
def _sliding(pooling: Pooling) -> Work:
    """Large overlapping windows, on rows and columns extended by their pads (and by what ceil lets hang over)."""
    from imgconv.loops import sliding

    values, rows, columns = pooling.values, pooling.rows, pooling.columns
    channels = values.pixels.shape[2]
    arguments = {
        **source_of(values.pixels),
        "windows_rows": rows.size,
        "windows_row_step": rows.stride,
        "windows_row_before": rows.before,
        "windows_columns": columns.size,
        "windows_column_step": columns.stride,
        "windows_column_before": columns.before,
        "windows_channels": channels,
        "extremes_row": max(columns.reach, columns.before + columns.length) * channels,
    }
    return Work(
        sliding.LOOP,
        {"src": values.type, "kind": pooling.kind},
        arguments,
        arguments["source_row"] * (4 + columns.size.bit_length()),
        4 * rows.size // rows.stride,
    )


@loads
def _means(pooling: Pooling) -> Work:
    """Large overlapping averages: where in the image each window begins and ends; sums from the row's start must fit
    the accumulator."""
    from imgconv.loops import means

    values, rows, columns = pooling.values, pooling.rows, pooling.columns
    width, channels = values.pixels.shape[1:]
    (top, bottom), (left, right) = _seen(rows), _seen(columns)
    down, along = counted_cells(rows, pooling.count_padding), counted_cells(columns, pooling.count_padding)
    arguments = {
        **source_of(values.pixels),
        "windows_row_from": top,
        "windows_row_to": bottom,
        "windows_column_from": left,
        "windows_column_to": right,
        "windows_count": columns.out,
        "windows_channels": channels,
        "cells_rows": down,
        "cells_columns": np.repeat(along, channels),
    }
    most = int((bottom - top).max())
    acc = mean_arithmetic(values, pooling.type, most * width)[0]
    quotient = mean_arithmetic(values, pooling.type, most * min(columns.size, width), int(down.max() * along.max()))[1]
    types = {
        "src": values.type,
        "acc": "int32" if acc == "int16" else acc,
        "out": pooling.type,
        "quotient": quotient,
    }
    row_work = 12 * arguments["source_row"] + 8 * columns.out * channels
    return Work(means.LOOP, types, arguments, row_work, 4 * rows.size // rows.stride)


def _seen(axis: Axis) -> tuple[Pixels, Pixels]:
    """The pixels that each window sees: from the first to one behind the last."""
    starts = np.arange(axis.out, dtype=np.int64) * axis.stride - axis.before
    return np.clip(starts, 0, axis.length), np.clip(starts + axis.size, 0, axis.length)


def _global(pooling: Pooling) -> Work:
    """One row of windows, as high as many rows: parts of them first, which threads share; the work is to pool the
    parts.

    What the parts are does not depend on the number of threads, so neither does a sum of floats.
    """
    values, rows, mean = pooling.values, pooling.rows, pooling.kind == "avg"
    height, width, channels = values.pixels.shape
    begin, end = max(0, -rows.before), min(height, rows.size - rows.before)
    high = max(_PART, -(-(end - begin) // _PARTS))
    count = -(-(end - begin) // high)
    down = Axis(end - begin, high, high, 1, 0, count * high - (end - begin), count)
    across = Axis(width, 1, 1, 1, 0, 0, width)
    type_ = "float64" if mean else values.type
    parts = Values(allocate((count, width, channels), type_, "parts of the result"), values.span)
    part = Values(values.pixels[begin:end], values.span)
    work = _windows(Pooling(part, pooling.kind, type_, down, across))
    last = _windows(replace(pooling, values=parts, rows=Axis(count, count, 1, 1, 0, 0, 1)))
    if mean:  # parts are sums, which only the last division divides
        ones = {"cells_rows": np.ones(count, np.int64), "cells_columns": np.ones(width * channels, np.int64)}
        work = replace(work, arguments=work.arguments | ones)
        types = last.types | {"acc": "float64", "quotient": "" if pooling.type.startswith("float") else "float64"}
        cells = {"cells_rows": counted_cells(rows, pooling.count_padding)}
        last = replace(last, arguments=last.arguments | cells, types=types)
    run(parts.pixels, work, pooling.threads)
    return last


WAYS: dict[str, Callable[[Pooling], Work]] = {
    "windows": _windows,
    "blocks": _blocks,
    "sliding": _sliding,
    "means": _means,
    "global": _global,
}
"""One row a way of `planner.POOLINGS`."""
IN_PARTS = ("global",)
"""Ways that pool parts of the image before they give the work that is left."""


def counted_cells(axis: Axis, count_padding: bool) -> Pixels:
    """How many taps of each window count: those in the image, or in it and its pads."""
    first, stop = (
        taps_inside(axis, -axis.before, axis.length + axis.after)
        if count_padding
        else taps_inside(axis, 0, axis.length)
    )
    return stop - first


def taps_inside(axis: Axis, low: int, high: int) -> tuple[Pixels, Pixels]:
    """First and one-past-last tap of each window that reads a position from `low` to `high`-1."""
    starts = np.arange(axis.out, dtype=np.int64) * axis.stride - axis.before
    first = np.maximum(0, -((starts - low) // axis.dilation))
    stop = np.minimum(axis.size, (high - 1 - starts) // axis.dilation + 1)
    return first, np.maximum(first, stop)


def mean_arithmetic(values: Values, type_: str, cells: int, divisor: int = 0) -> tuple[str, str]:
    """The types of sums of so many cells and of the division (by `divisor`, if that is more): floats sum in float64,
    whole numbers exactly (as far as 64 bits hold them: see `beyond_64_bits`)."""
    if not values.span.whole:
        return "float64", ""
    largest = 2 * int(values.span.magnitude) * cells + 2 * max(cells, divisor)
    if values.type.startswith("float"):
        acc = "float64" if largest < 2**53 else "int64"
    else:
        acc = "int16" if largest < 2**15 else "int32" if largest < 2**31 else "int64"
    if type_.startswith("float"):
        return acc, ""
    return acc, quotient_type(largest)


def beyond_64_bits(values: Values, rows: Axis, columns: Axis) -> bool:
    """Whether sums of whole numbers under such windows might not fit int64."""
    cells = min(rows.size, rows.length) * min(columns.size, columns.length)
    return values.span.whole and 2 * (int(values.span.magnitude) + 1) * cells >= 2**63


def _same_for_all(cells: int, quotient: str) -> str:
    """The division where every window has so many cells: by a shift, if that can be."""
    return f"shift{cells.bit_length() - 1}" if quotient and cells & (cells - 1) == 0 else quotient

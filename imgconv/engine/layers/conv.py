"""Convolutional and dense layers: sums over all input channels, plus biases."""

from __future__ import annotations

import math
import threading
from typing import Any

import numpy as np

from imgconv.engine.index_tables import LineLayout, position_table
from imgconv.engine.memory import buffer, require
from imgconv.engine.prepared import Prepared, prepared
from imgconv.engine.run_loop import Work, run_loop
from imgconv.jit.delegation import loads
from imgconv.loops.tiles import BLOCK
from imgconv.values.borders import Border
from imgconv.values.frozen import field, record, replace
from imgconv.values.numbers import double
from imgconv.values.pixel_values import Pixels
from imgconv.values.windows import Axis, Window

_GROUP = 16  # output rows that go over the weights of a block together,
_RING = 2**17  # if their source rows have no more values than this: what a core's cache holds beside the weights
_CACHE = 2**17  # weights of blocks that take turns, at most
_PER_VALUE, _PER_TAP, _PER_OWN_TAP = 27, 1, 4  # what a result and its taps cost, in multiply-adds of a filter
_SHAPES = 8  # of values whose work a layer remembers
_ZERO = Border("constant")


class Recent(threading.local):
    """What a layer was worked out to for recent shapes, by one thread: a bound call's working arrays are its own."""

    def __init__(self) -> None:
        self.works = dict[Any, Work]()
        self.calls = dict[Any, Prepared | None]()


@record(eq=False)
class Filters:
    """Filters of a layer, as its loop reads them: `weights` in blocks of output channels as wide as its `tiles`, tap
    after tap, flat.

    `tiles` has 1 or 2 blocks of 16 output channels, or is "own" where each channel has filters of its own (depthwise).
    """

    weights: Pixels
    biases: Pixels
    inputs: int
    groups: int
    tiles: str
    recent: Recent = field(default_factory=Recent)

    @property
    def outputs(self) -> int:
        return len(self.biases)


def packed(weights: Pixels, biases: Pixels | None, groups: int = 1) -> Filters:
    """Filters from `weights` (rows, columns, inputs of a group, outputs) and `biases` (outputs,)."""
    rows, columns, inputs, outputs = weights.shape
    shifts = np.zeros(outputs, np.float32) if biases is None else np.ascontiguousarray(biases, np.float32)
    own = inputs == 1 and groups > 1
    used = 1 if own else groups
    tiles = "own" if own else "1" if outputs // used <= BLOCK else "2"
    width = 2 * BLOCK if tiles == "2" else BLOCK
    count = -(-(outputs // used) // width)
    grouped = weights.reshape(rows * columns * inputs, used, outputs // used)
    padded = np.pad(grouped, ((0, 0), (0, 0), (0, count * width - outputs // used)))
    ordered = padded.reshape(-1, used, count, width).transpose(1, 2, 0, 3)
    return Filters(np.ascontiguousarray(ordered, np.float32).ravel(), shifts, inputs, used, tiles)


def conv(
    batch: Pixels,
    filters: Filters,
    window: Window,
    border: Border = _ZERO,
    *,
    least: float = -np.inf,
    threads: int | None = None,
) -> Pixels:
    """The layer on a batch (N, H, W, C): (N, rows, columns, outputs), none of it below `least` (0 for a rectifier)."""
    if filters.tiles == "own" and filters.outputs != batch.shape[3]:  # several filters for each channel
        require(batch.size // batch.shape[3] * filters.outputs, "float32", "the channels of a layer")
        batch = batch.repeat(filters.outputs // batch.shape[3], axis=3)
    batch = np.ascontiguousarray(batch, np.float32)
    calls, key = filters.recent.calls, (batch.shape, window, border, least)
    call = calls.get(key)
    if call is not None and (found := call(batch)) is not None:
        return found
    images, height, width, channels = batch.shape
    rows, columns = window.over(height, width)
    shape = images, rows.out, columns.out, filters.outputs
    result = buffer(math.prod(shape), "float32", "the result of a layer").reshape(shape)
    work = _work(filters, rows, columns, border, channels)
    arguments = work.arguments | {
        "source_pixels": batch,
        "source_images": images,
        "source_rows": height,
        "source_row": width * channels,
        "result_pixels": result,
        "result_rows": rows.out,
        "numbers": np.array([double(border.constant or 0), least], np.float32),
        "last": images * rows.out,
    }
    run_loop(work.loop, work.types, arguments, work.row_work, threads, least=work.least)
    if key not in calls:
        if len(calls) >= _SHAPES:
            calls.clear()
        calls[key] = prepared(replace(work, arguments=arguments), result.shape)
    return result


def _work(filters: Filters, rows: Axis, columns: Axis, border: Border, channels: int) -> Work:
    """The work of a layer on values of a shape, cached."""
    key = rows, columns, border, channels
    works = filters.recent.works
    work = works.get(key)
    if work is None:
        if len(works) >= _SHAPES:
            works.clear()
        work = works[key] = _worked_out(filters, rows, columns, border, channels)
    return work


@loads
def _worked_out(filters: Filters, rows: Axis, columns: Axis, border: Border, channels: int) -> Work:
    from imgconv.loops import layer

    unstrided = replace(columns, stride=1, size=1, dilation=1, out=columns.reach)
    layout = LineLayout((rows.length, columns.length, channels), unstrided, position_table(border, columns))
    own = filters.tiles == "own"
    joined = filters.groups == 1 and columns.dilation == 1 and not own  # then a row of the window is one run of values
    down, along = np.meshgrid(np.arange(rows.size), np.arange(1 if joined else columns.size), indexing="ij")
    blocks = filters.groups * -(-(filters.outputs // filters.groups) // (2 * BLOCK if filters.tiles == "2" else BLOCK))
    group = max(1, min(_GROUP, rows.out, (_RING // layout.size - rows.effective) // rows.stride + 1))
    arguments = layout.arguments(rows, position_table(border, rows)) | {
        "taps_rows": down.ravel() * rows.dilation,
        "taps_at": along.ravel() * columns.dilation * channels,
        "taps_count": down.size,
        "taps_length": filters.inputs * (columns.size if joined else 1),
        "filters_weights": filters.weights,
        "filters_size": filters.weights.size,
        "filters_biases": filters.biases,
        "filters_count": filters.outputs,
        "filters_group_outputs": filters.outputs // filters.groups,
        "filters_blocks": blocks,
        "filters_together": max(1, min(blocks, _CACHE * blocks // filters.weights.size)),
        "ring_rows": (group - 1) * rows.stride + rows.effective,
        "ring_row": layout.size,
        "ring_depth": rows.effective,
        "ring_pixel": columns.stride * channels,
        "ring_group": group,
        "result_columns": columns.out,
    }
    taps = rows.size * columns.size * filters.inputs * (_PER_OWN_TAP if own else _PER_TAP)
    row_work = columns.out * filters.outputs * (_PER_VALUE + taps)
    return Work(layer.LOOP, {"blocks": filters.tiles}, arguments, row_work, group)


def dense(batch: Pixels, filters: Filters, *, least: float = -np.inf, threads: int | None = None) -> Pixels:
    """A dense layer on (N, 1, 1, C): the images of the batch are the pixels of one row."""
    row = batch.reshape(1, 1, batch.shape[0], batch.shape[3])
    result = conv(row, filters, Window((1, 1)), least=least, threads=threads)
    return result.reshape(batch.shape[0], 1, 1, filters.outputs)

"""Pipelines on Dask arrays: each block of the result is made of the pixels that it needs, when it is asked for."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Sequence
from functools import partial
from operator import getitem
from typing import Any

import numpy as np

from imgconv import errors
from imgconv.api.axes import Axes, turned
from imgconv.api.local_steps import Part, apply_all, column_parts, local_steps, refusal, row_parts
from imgconv.operations.pipeline import Pipeline
from imgconv.values import pixel_values
from imgconv.values.frozen import record
from imgconv.values.parameters import RANGE, THREADS
from imgconv.values.pixel_values import Pixels, Target
from imgconv.values.windows import Axis

_UNKNOWN_VALUES = ("uint32", "int64", "uint64")
"""Types whose plans depend on the least and the greatest pixel."""


@record
class Blocks:
    """What every block of a result is computed with: the pipeline, the image's shape (H, W, C), the target, and the
    processors for one block. It is pickled for workers elsewhere."""

    pipeline: Pipeline
    shape: tuple[int, int, int]
    target: Target
    threads: int

    def channels(self, given: tuple[int, ...]) -> tuple[int, ...]:
        """The axis of channels of a result of pixels with such an axis, or none."""
        count = self.pipeline.result(*self.shape)[2]
        return (count,) if given or count > 1 else ()


def run_by_blocks(
    pixels: Any, pipeline: Pipeline, conversion: tuple[Any, str, int | None], out: object, axes: Axes | None
) -> Any:
    """The Dask array that a pipeline makes of one; with (dtype, range, threads). Nothing is computed.

    Raises
    ------
    UsageError
        For a pipeline or a range that needs the whole image, and for an `out`.
    WindowError
        Where a window does not fit the image.
    PixelError
        For a type or a shape that cannot be computed with, 32-bit unsigned and 64-bit integers, and chunks of unknown
        sizes.
    """
    if out is not None:
        raise errors.UsageError("the result of a Dask array is a new Dask array, computed later; leave out= out")
    if any(np.isnan(pixels.shape)):
        raise errors.PixelError("a Dask array with chunks of unknown sizes; call its compute_chunk_sizes() first")
    if axes is not None:
        return _run_along(pixels, axes, lambda image: run_by_blocks(image, pipeline, conversion, None, None))
    if pixels.ndim not in (2, 3):
        raise errors.pixel_shape(pixels.shape)
    if pixels.size == 0:
        raise errors.pixel_none(pixels.shape)
    blocks = _blocks(pixels, pipeline, *conversion)
    return _lazily(blocks, pixels.rechunk({2: -1}) if pixels.ndim == 3 else pixels)


def _blocks(pixels: Any, pipeline: Pipeline, dtype: Any, range_: str, threads: int | None) -> Blocks:
    type_ = pixel_values.widened_type(pixels.dtype)
    if (name := pixel_values.native_name(pixels.dtype)) in _UNKNOWN_VALUES:
        raise errors.PixelError(
            f"a Dask array of {name}, whose computation depends on the least and the greatest pixel; convert it first:"
            " array.astype('int32') or array.astype('float64')"
        )
    target = pixel_values.target(type_, pipeline.result_type(dtype), RANGE.read(range_))
    height, width, *channels = pixels.shape
    shape = height, width, channels[0] if channels else 1
    pipeline.result(*shape)
    why = refusal(pipeline, *shape)
    if target.range == "stretch":
        why = "range='stretch' needs the extremes of the whole image"
    if why:
        raise errors.UsageError(f"{why}, and a Dask array is computed by blocks; pass array.compute()")
    return Blocks(pipeline, shape, target, 1 if threads is None else THREADS.read(threads))


def _run_along(pixels: Any, axes: Axes, run: Callable[[Any], Any]) -> Any:
    """What `run` makes of each image, put together as the input is."""
    import dask.array

    first = turned(pixels.shape, axes)
    images = dask.array.moveaxis(pixels, -3, -1) if first else pixels
    result = dask.array.stack([run(image) for image in images]) if axes.batched else run(images)
    return dask.array.moveaxis(result, -1, -3) if first else result


def _lazily(blocks: Blocks, pixels: Any) -> Any:
    """The result's graph: a task for each block, from pieces of the source's."""
    from dask.array import Array
    from dask.base import tokenize
    from dask.highlevelgraph import HighLevelGraph

    steps = local_steps(blocks.pipeline, blocks.shape)
    down = _chunks(pixels.chunks[0], [step.rows for step in steps])
    along = _chunks(pixels.chunks[1], [step.columns for step in steps])
    rows = [row_parts(steps, part) for part in _parts(down)]
    columns = [column_parts(steps, part) for part in _parts(along)]
    token = tokenize(pickle.dumps(blocks), pixels.name)
    pieces = Pieces(pixels, f"imgconv-pieces-{token}")
    name, channels = f"imgconv-{token}", blocks.channels(pixels.shape[2:])
    last = (0,) * len(channels)
    for i, some_rows in enumerate(rows):
        for j, some_columns in enumerate(columns):
            make = partial(_block, blocks, some_rows, some_columns)
            pieces.tasks[name, i, j, *last] = make, pieces.covering(some_rows[0], some_columns[0])
    graph = HighLevelGraph.from_collections(name, pieces.tasks, dependencies=[pixels])
    chunks = down, along, *((count,) for count in channels)
    return Array(graph, name, chunks, meta=np.empty((0,) * len(chunks), blocks.target.type))


def _chunks(chunks: Sequence[int], axes: Sequence[Axis]) -> tuple[int, ...]:
    """How the results of steps are divided along an axis: as the pixels are that lie under the centres of windows."""
    ends = [end for _, end in _parts(chunks)]
    for axis in axes:
        outs = [-((end + axis.before - (axis.effective - 1) // 2) // -axis.stride) for end in ends]
        ends = [*(min(max(0, out), axis.out) for out in outs[:-1]), axis.out]
    return tuple(np.diff([0, *sorted(set(ends) - {0})]).tolist())


def _parts(chunks: Sequence[int]) -> list[Part]:
    """Where chunks begin and end."""
    ends = np.cumsum(chunks).tolist()
    return list(zip([0, *ends[:-1]], ends, strict=True))


class Pieces:
    """Pieces of the blocks of a Dask array, and the tasks that cut them."""

    def __init__(self, pixels: Any, name: str) -> None:
        self.pixels, self.name = pixels, name
        self.parts = [_parts(chunks) for chunks in pixels.chunks[:2]]
        self.tasks = dict[tuple[Any, ...], Any]()

    def covering(self, rows: Part, columns: Part) -> list[list[tuple[Any, ...]]]:
        """The keys of pieces that make up these rows and columns, in rows of pieces."""
        across = list(_cuts(self.parts[1], columns))
        return [[self._piece(*down, *along) for along in across] for down in _cuts(self.parts[0], rows)]

    def _piece(self, i: int, rows: Part, j: int, columns: Part) -> tuple[Any, ...]:
        source = (self.pixels.name, i, j, *(0,) * (self.pixels.ndim - 2))
        if rows == (0, self.pixels.chunks[0][i]) and columns == (0, self.pixels.chunks[1][j]):
            return source
        key = (self.name, i, *rows, j, *columns)
        self.tasks[key] = getitem, source, (slice(*rows), slice(*columns))
        return key


def _cuts(chunks: Sequence[Part], part: Part) -> list[tuple[int, Part]]:
    """The chunks that a part of an axis lies in, each with what of it."""
    first, stop = part
    return [
        (number, (max(first, start) - start, min(stop, end) - start))
        for number, (start, end) in enumerate(chunks)
        if max(first, start) < min(stop, end)
    ]


def _block(blocks: Blocks, rows: list[Part], columns: list[Part], pieces: list[list[Pixels]]) -> Pixels:
    """A block of the result, from the pieces of the source that cover the pixels it needs."""
    lines = [line[0] if len(line) == 1 else np.concatenate(line, axis=1) for line in pieces]
    source = lines[0] if len(lines) == 1 else np.concatenate(lines)
    steps = local_steps(blocks.pipeline, blocks.shape)
    result, _ = apply_all(steps, pixel_values.values(source), rows, columns, blocks.target, blocks.threads)
    return result.pixels.reshape(*result.pixels.shape[:2], *blocks.channels(source.shape[2:]))

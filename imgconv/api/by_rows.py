"""Pipelines over rows that come one after the other: bands of the result, each made of the rows that it needs.

Every band is computed as the whole image would be: by the plan for the whole image, with the true neighbours of its
first and last rows. What windows of several steps share at the edges of bands is computed twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any

import numpy as np

from imgconv.operations.pipeline import Pipeline
from imgconv.operations.text import step_text
from imgconv.values.frozen import record
from imgconv.values.notes import Note
from imgconv.values.pixel_values import Pixels, Response, Target, Values, merged, span
from imgconv.values.windows import Axis, Window

_BAND = 2**22  # bytes of a band's widest values
_FILE = 2**24  # bytes of what is read ahead, and of strips of a file
_OVERLAP = 4  # times as many rows as its windows look beyond it, so that little is computed twice
_WIDE = {"uint8": 4, "uint16": 4, "int16": 4, "int32": 8, "float32": 4, "float64": 8}  # bytes of values between steps
Run = Callable[[Values, Window, Target | None, int | None], tuple[Values, Response | None]]


@record
class Rowwise:
    """A step on an image of some height: its windows down and along, whether its border mirrors the image, and what
    applies it to rows of it."""

    rows: Axis
    columns: Axis
    mirrors: bool
    run: Run

    def needed(self, first: int, stop: int) -> tuple[int, int]:
        """The rows that the results first…stop-1 are made of: the first, and one behind the last."""
        rows = self.rows
        above, below = first * rows.stride - rows.before, (stop - 1) * rows.stride + rows.effective - rows.before
        start, end = max(0, above), min(rows.length, below)
        if self.mirrors:
            end = max(end, min(rows.length, 1 - above))
            start = min(start, max(0, 2 * rows.length - 1 - below))
        start = min(start, rows.length - 1)
        return start, max(end, start + 1)

    def apply(
        self, values: Values, start: int, first: int, stop: int, target: Target | None, threads: int | None
    ) -> tuple[Values, Response | None]:
        """The results first…stop-1 from rows `start`… of the step's image."""
        rows, columns = self.rows, self.columns
        height, width = values.pixels.shape[:2]
        before = start - (first * rows.stride - rows.before)
        pads = before, _after(rows, height, before, stop - first), columns.before
        window = Window(
            (rows.size, columns.size),
            (rows.stride, columns.stride),
            (rows.dilation, columns.dilation),
            (*pads, _after(columns, width, columns.before, columns.out)),
        )
        return self.run(values, window, target, threads)


def _after(axis: Axis, length: int, before: int, out: int) -> int:
    """The pad behind so many pixels under which exactly `out` windows fit."""
    return (out - 1) * axis.stride + axis.effective - length - before


def refusal(pipeline: Pipeline, height: int, width: int, channels: int) -> str:
    """Why a pipeline needs its whole image at once; empty if it does not."""
    shape = height, width, channels
    for step in pipeline.steps:
        if _rowwise(step, shape) is None:
            return f"{step_text(step)} looks at the whole image"
        shape = step.result(shape)
    return ""


def _rowwise(step: Any, shape: tuple[int, int, int]) -> Rowwise | None:
    if step.word not in ("filter", "pool", "activate"):
        return None
    found: Rowwise | None = import_module(f"imgconv.api.apply.{step.word}").rowwise(step, *shape[:2])
    return found


class Bands:
    """The bands of a result, and what is known of it once they have been made.

    `read(count)` gives the next rows (count, W, C) of the source.
    """

    def __init__(
        self, pipeline: Pipeline, shape: tuple[int, int, int], type_: str, target: Target, threads: int | None
    ) -> None:
        self.type, self.target, self.threads = type_, target, threads
        self.steps = list[Rowwise]()
        widest = shape[1] * shape[2]
        for step in pipeline.steps:
            rowwise = _rowwise(step, shape)
            assert rowwise is not None, "`refusal` has been asked"
            self.steps.append(rowwise)
            shape = step.result(shape)
            widest = max(widest, shape[1] * shape[2])
        self.shape = shape
        self._row = widest * _WIDE[type_]
        self.rows = self._rows_of_band(_BAND // self._row)
        self._responses, self._notes = list[Response | None](), dict[Note, None]()

    def _rows_of_band(self, fitting: int) -> int:
        """Rows of the result in a band, where so many rows of the source fit the memory of one."""
        start, end = self._ranges(0, 1)[0]
        below, last = self._ranges(self.shape[0] // 2, self.shape[0] // 2 + 1)[0]
        beyond = max(end - start, last - below)
        stride = 1
        for step in self.steps:
            stride *= step.rows.stride
        return max(1, max(fitting, _OVERLAP * beyond) // stride)

    def _ranges(self, first: int, stop: int) -> list[tuple[int, int]]:
        """The rows that each step needs for the results first…stop-1, and these."""
        ranges = [(first, stop)]
        for step in reversed(self.steps):
            ranges.insert(0, step.needed(*ranges[0]))
        return ranges

    @property
    def memory(self) -> int:
        """About the bytes that a band takes: its rows as read, between steps and as a result, and as a file."""
        start, end = self._ranges(0, min(self.rows, self.shape[0]))[0]
        return 3 * (end - start) * self._row + _FILE

    def made(self, read: Callable[[int], Pixels]) -> Iterator[Pixels]:
        """The bands, from the top of the result to its bottom."""
        held, top = np.empty((0, 0, 0), self.type), 0  # rows of the source from `top` on
        for first in range(0, self.shape[0], self.rows):
            ranges = self._ranges(first, min(first + self.rows, self.shape[0]))
            start, end = ranges[0]
            if start > top + len(held):  # rows that no window sees
                read(start - top - len(held))
            kept = held[start - top :] if start < top + len(held) else held[:0]
            fresh = end - start - len(kept)
            if fresh > 0:
                new = read(fresh)
                held = np.concatenate([kept, new]) if len(kept) else new
            else:
                held = kept
            top = start
            yield self._band(np.ascontiguousarray(held[: end - start]), ranges)

    def _band(self, rows: Pixels, ranges: list[tuple[int, int]]) -> Pixels:
        values, response = Values(rows, span(self.type)), None
        for number, step in enumerate(self.steps):
            target = self.target if step is self.steps[-1] else None
            values, response = step.apply(values, ranges[number][0], *ranges[number + 1], target, self.threads)
            self._notes |= dict.fromkeys(values.notes)
        self._responses.append(response)
        return values.pixels

    @property
    def response(self) -> Response | None:
        """Extremes and counts of all bands so far."""
        return merged(self._responses)

    @property
    def notes(self) -> tuple[Note, ...]:
        """What the steps noted, each once."""
        return tuple(self._notes)

"""Pipelines over rows that come one after the other: bands of the result, each made of the rows that it needs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from imgconv.api import few_levels
from imgconv.api.local_steps import Part, apply_all, local_steps, row_parts
from imgconv.operations.pipeline import Pipeline
from imgconv.values.frozen import replace
from imgconv.values.notes import Note
from imgconv.values.pixel_values import Pixels, Response, Target, Values, merged, span

_BAND = 2**22  # bytes of a band's widest values
_FILE = 2**24  # bytes of what is read ahead, and of strips of a file
_OVERLAP = 4  # times as many rows as its windows look beyond it, so that little is computed twice
_WIDE = {"uint8": 4, "uint16": 4, "int16": 4, "int32": 8, "float32": 4, "float64": 8}  # bytes of values between steps


class Bands:
    """The bands of a result, and what is known of it once they have been made.

    `read(count)` gives the next rows (count, W, C) of the source.
    """

    def __init__(
        self, pipeline: Pipeline, shape: tuple[int, int, int], type_: str, target: Target, threads: int | None
    ) -> None:
        self.type, self.target, self.threads = type_, target, threads
        self.steps = local_steps(pipeline, shape)
        self.source_rows = shape[0]
        self._columns = [(0, shape[1])]
        self.shape, widest = pipeline.result(*shape), shape[1] * shape[2]
        for step in pipeline.steps:
            shape = step.result(shape)
            widest = max(widest, shape[1] * shape[2])
        self._columns += [(0, step.columns.out) for step in self.steps]
        self._row = widest * _WIDE[type_]
        self._beside = 8 * widest * max(step.scratch for step in pipeline.steps)
        self.rows = self._rows_of_band(_BAND // self._row)
        self._responses, self._notes = list[Response | None](), dict[Note, None]()
        self._levels = few_levels.Watch(type_, target)

    def _rows_of_band(self, fitting: int) -> int:
        """Rows of the result in a band, where so many rows of the source fit the memory of one."""
        start, end = row_parts(self.steps, (0, 1))[0]
        below, last = row_parts(self.steps, (self.shape[0] // 2, self.shape[0] // 2 + 1))[0]
        beyond = max(end - start, last - below)
        stride = 1
        for step in self.steps:
            stride *= step.rows.stride
        return max(1, max(fitting, _OVERLAP * beyond) // stride)

    @property
    def row_bytes(self) -> int:
        """Bytes of a row of the result."""
        return self.shape[1] * self.shape[2] * np.dtype(self.target.type).itemsize

    @property
    def memory(self) -> int:
        """About the bytes that a band takes: its rows as read, between steps and as a result, and as a file."""
        start, end = row_parts(self.steps, (0, min(self.rows, self.shape[0])))[0]
        return (end - start) * (3 * self._row + self._beside) + _FILE

    def survey(self, read: Callable[[int], Pixels]) -> None:
        """Makes all bands for the extremes that `stretch` maps to the limits of the type, so that they can be made."""
        for _ in self.made(read):
            pass
        response = self.response
        self.target = replace(self.target, ends=None if response is None else response.ends)
        self._responses.clear()

    def made(self, read: Callable[[int], Pixels]) -> Iterator[Pixels]:
        """The bands, from the top of the result to its bottom."""
        held, top = np.empty((0, 0, 0), self.type), 0  # rows of the source from `top` on
        for parts, keep in self._parts():
            start, end = parts[0]
            for unseen in range(top + len(held), keep, self.rows):  # rows that no window sees
                read(min(self.rows, keep - unseen))
            kept = held[keep - top :] if keep < top + len(held) else held[:0]
            fresh = end - keep - len(kept)
            if fresh > 0:
                new = read(fresh)
                held = np.concatenate([kept, new]) if len(kept) else new
            else:
                held = kept
            top = keep
            yield self._band(np.ascontiguousarray(held[start - top : end - top]), parts)

    def _parts(self) -> list[tuple[list[Part], int]]:
        """The rows that each band needs of each step, and the first row of the source that it or a later one needs:
        where borders mirror the image, a later one may need rows further up."""
        bands, keep = [], self.source_rows
        for first in reversed(range(0, self.shape[0], self.rows)):
            parts = row_parts(self.steps, (first, min(first + self.rows, self.shape[0])))
            keep = min(keep, parts[0][0])
            bands.append((parts, keep))
        return bands[::-1]

    def _band(self, rows: Pixels, parts: Sequence[Part]) -> Pixels:
        source = Values(rows, span(self.type))
        values, response = apply_all(self.steps, source, parts, self._columns, self.target, self.threads)
        self._notes |= dict.fromkeys(values.notes)
        self._responses.append(response)

        def wide() -> Pixels:
            return apply_all(self.steps, source, parts, self._columns, Target("float64"), self.threads)[0].pixels

        self._levels.look(rows, response, wide)
        return values.pixels

    @property
    def response(self) -> Response | None:
        """Extremes and counts of all bands so far."""
        return merged(self._responses)

    @property
    def notes(self) -> tuple[Note, ...]:
        """What was noted, each once."""
        return (*self._notes, *self._levels.notes(self.response))

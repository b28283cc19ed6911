"""Pipelines over rows that come one after the other: bands of the result, each made of the rows that it needs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from imgconv.api import alpha_by_parts, colour_by_parts, few_levels
from imgconv.api.alpha_by_parts import Steps, Whole
from imgconv.api.colour_pipeline import ColourPipeline
from imgconv.api.local_steps import LocalStep, Part, local_steps, row_parts
from imgconv.engine.alpha.plane import beside
from imgconv.engine.bands import available_threads
from imgconv.engine.memory import STRIP
from imgconv.files.modes import joined
from imgconv.operations.pipeline import Pipeline
from imgconv.values.frozen import replace
from imgconv.values.image import Frame
from imgconv.values.notes import Note
from imgconv.values.pixel_values import Pixels, Response, Target, Values, merged, span

_BAND = 2**22  # bytes of a band's widest values
_FILE = 2**24  # bytes of what is read ahead, and of strips of a file
_STRIP = 10 * STRIP  # bytes of products and sums that a thread holds
_ALPHA = 4  # channels that alpha takes the place of: between steps it has 64 bits, and colours are copied
_OVERLAP = 4  # times as many rows as its windows look beyond it, so that little is computed twice
_WIDE = {"uint8": 4, "uint16": 4, "int16": 4, "int32": 8, "float32": 4, "float64": 8}  # bytes of values between steps
_PLAIN = ColourPipeline()

Read = Callable[[int], Pixels]


class Bands:
    """The bands of a result, and what is known of it once they have been made.

    `read(count)` gives the next rows (count, W, C) of the source. With `alpha` rows have one channel more, the last, as
    bands of the result have then; `shape` are colours. `colours` may get its curves before the first row is read.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        shape: tuple[int, int, int],
        type_: str,
        target: Target,
        threads: int | None,
        colours: ColourPipeline = _PLAIN,
        alpha: bool = False,
    ) -> None:
        self.type, self.target, self.threads = type_, target, threads
        self.colours, self.alpha = colours, alpha
        self.steps = local_steps(pipeline, shape)
        self.source_rows = shape[0]
        self._columns = [(0, shape[1])]
        self.shape = pipeline.result(*shape) if colours.chosen.everything else shape
        widest = shape[1] * shape[2]
        for step in pipeline.steps:
            shape = step.result(shape)
            widest = max(widest, shape[1] * shape[2])
        self._columns += [(0, step.columns.out) for step in self.steps]
        widest += _ALPHA * max(right for _, right in self._columns) * alpha
        self._row = widest * _WIDE[type_]
        self._beside = 8 * widest * max(step.scratch for step in pipeline.steps)
        self.rows = self._rows_of_band(_BAND // self._row)
        self._responses, self._notes = list[Response | None](), dict[Note, None]()
        self._levels = few_levels.Watch(type_, target)
        self._whole = Whole()

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
        return self.shape[1] * (self.shape[2] + self.alpha) * np.dtype(self.target.type).itemsize

    @property
    def alpha_type(self) -> str:
        """The pixel type of the result's alpha, which is converted to the colours' type in its bands."""
        alpha = beside(np.zeros((1, 1), self.type), self.target.type)
        assert alpha is not None
        return alpha.dtype.name

    @property
    def memory(self) -> int:
        """About the bytes that a band takes: its rows as read, between steps and as a result, and as a file."""
        start, end = row_parts(self.steps, (0, min(self.rows, self.shape[0])))[0]
        strips = available_threads() * _STRIP if self.alpha else 0
        return (end - start) * (3 * self._row + self._beside) + min(strips, self.source_rows * 2 * self._row) + _FILE

    @property
    def surveys(self) -> Iterator[Callable[[Read], None]]:
        """What has to be found out first: each takes the rows from the top."""
        policy = self.colours.alpha if self.alpha else ""
        if policy == "auto":
            yield self._look_for_alpha
        wide = self.colours.chosen.luma or self.colours.curves is not None
        if not (self._whole.opaque or wide) and alpha_by_parts.weighs_mean(policy, self.steps):
            yield self._survey_means
        if self.target.range == "stretch":
            yield self._survey_extremes

    @property
    def times_read(self) -> int:
        """How often the rows are read at most, once for the bands."""
        return 1 + sum(1 for _ in self.surveys)

    def _look_for_alpha(self, read: Read) -> None:
        rows = (read(end - first) for first, end in self._bands_of(self.source_rows))
        self._whole = replace(self._whole, opaque=alpha_by_parts.is_opaque(rows))

    def _survey_means(self, read: Read) -> None:
        divided = self.colours.alpha == "premultiply"
        steps = self.steps if divided else self.steps[:-1]
        made = alpha_by_parts.products_of if divided else alpha_by_parts.before_last
        mean_of = alpha_by_parts.seen_of_products if divided else alpha_by_parts.seen_of_colours
        over = self._over(read, steps)
        bands = (made(self._on_part(steps, parts), *self._chosen(rows)) for rows, parts in over)
        self._whole = replace(self._whole, seen=mean_of(bands))

    def _survey_extremes(self, read: Read) -> None:
        """Makes all bands for the extremes that `stretch` maps to the limits of the type."""
        for _ in self.made(read):
            pass
        response = self.response
        self.target = replace(self.target, ends=None if response is None else response.ends)
        self._responses.clear()

    def made(self, read: Read) -> Iterator[Pixels]:
        """The bands, from the top of the result to its bottom."""
        for rows, parts in self._over(read, self.steps):
            yield self._band(rows, parts)

    def _over(self, read: Read, steps: Sequence[LocalStep]) -> Iterator[tuple[Pixels, list[Part]]]:
        """For each band of the result of these steps the rows of the source, and the rows that each step needs."""
        held, top = np.empty((0, 0, 0), self.type), 0  # rows of the source from `top` on
        for parts, keep in self._parts(steps):
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
            yield np.ascontiguousarray(held[start - top : end - top]), parts

    def _bands_of(self, height: int) -> list[Part]:
        return [(first, min(first + self.rows, height)) for first in range(0, height, self.rows)]

    def _on_part(self, steps: Sequence[LocalStep], rows: Sequence[Part]) -> Steps:
        return Steps(steps, rows, self._columns[: len(steps) + 1], self.threads)

    def _parts(self, steps: Sequence[LocalStep]) -> list[tuple[list[Part], int]]:
        """The rows that each band needs of each step, and the first row of the source that it or a later one needs:
        where borders mirror the image, a later one may need rows further up."""
        bands, keep = [], self.source_rows
        for part in reversed(self._bands_of(steps[-1].rows.out if steps else self.source_rows)):
            parts = row_parts(steps, part)
            keep = min(keep, parts[0][0])
            bands.append((parts, keep))
        return bands[::-1]

    def _band(self, rows: Pixels, parts: Sequence[Part]) -> Pixels:
        steps, (colour, alpha) = self._on_part(self.steps, parts), self._split(rows)
        part = colour, alpha
        values, alpha, response = colour_by_parts.run_part(self.colours, steps, part, self.target, self._whole)
        self._notes |= dict.fromkeys(values.notes)
        self._responses.append(response)

        def wide() -> Pixels:
            goal = Target("float64")
            return colour_by_parts.run_part(self.colours, steps, (colour, None), goal, self._whole)[0].pixels

        self._levels.look(colour.pixels, response, wide)
        if alpha is None:
            return values.pixels
        return joined(Frame(values.pixels, beside(alpha, self.target.type)))

    def _split(self, rows: Pixels) -> tuple[Values, Pixels | None]:
        """Colours, and their alpha."""
        if not self.alpha:
            return Values(rows, span(self.type)), None
        colours, alpha = np.ascontiguousarray(rows[..., :-1]), np.ascontiguousarray(rows[..., -1])
        return Values(colours, span(self.type)), alpha

    def _chosen(self, rows: Pixels) -> tuple[Values, Pixels]:
        """The colours that are filtered, and alpha."""
        colours, alpha = self._split(rows)
        assert alpha is not None
        return self.colours.chosen.taken(colours), alpha

    @property
    def response(self) -> Response | None:
        """Extremes and counts of all bands so far."""
        return merged(self._responses)

    @property
    def notes(self) -> tuple[Note, ...]:
        """What was noted, each once."""
        return (*self._notes, *self._levels.notes(self.response))

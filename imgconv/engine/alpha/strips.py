"""Strips: colours multiplied by alpha, some rows at a time, so that no product of the whole image is ever in memory.

A strip holds the source rows under some output rows, the border's rows resolved: what slides over it needs a border
only along the rows.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from imgconv.engine.bands import Band, run_bands
from imgconv.engine.index_tables import index_table
from imgconv.engine.memory import STRIP, allocate
from imgconv.engine.quantise import constants
from imgconv.engine.run_loop import Watch, run_loop
from imgconv.loops import weighting
from imgconv.loops.quantising import watch_key
from imgconv.values.borders import Border
from imgconv.values.frozen import record, replace
from imgconv.values.pixel_values import Pixels, Response, Values
from imgconv.values.span import Span
from imgconv.values.windows import Axis, Window

WEIGHT_LOST = 2.0**-20
"""A share of the weights' magnitudes that rounding may leave in float32: alpha of no more than that counts as
0."""
_WORK = 16  # multiply-adds that a value of colour costs: where a second thread is worth it
_SHARE = Span(0, 1, False)


def strip_rows(rows: Axis, row: int) -> int:
    """The most output rows in a strip of source rows with `row` values."""
    return max(1, 4 * rows.effective // rows.stride, STRIP // (rows.stride * row))


class ThreadArrays:
    """A thread's arrays, by name: allocated for its first strip, used again for the next ones."""

    def __init__(self) -> None:
        self.arrays: dict[str, Pixels] = {}

    def filled(self, shape: tuple[int, int, int], type_: str, what: str) -> Pixels:
        """An array to fill: the last one of this name, if it has the rows."""
        if what not in self.arrays or len(self.arrays[what]) < shape[0]:
            self.arrays[what] = allocate(shape, type_, what)
        return self.arrays[what][: shape[0]]

    def last(self, what: str, rows: int) -> Pixels | None:
        """The array of this name that was kept (see `keep`), if it has the rows."""
        array = self.arrays.get(what)
        return None if array is None or len(array) < rows else array[:rows]

    def keep(self, what: str, array: Pixels) -> Pixels:
        """Keeps an array for the next strips, unless it is a part of the one that is kept."""
        if array.base is not self.arrays.get(what):
            self.arrays[what] = array
        return array


@record
class Strip:
    """Output rows first…last-1: products and alpha of the source rows that they read, and the pads along the rows."""

    first: int
    last: int
    colour: Values
    alpha: Values
    along: tuple[int, int]

    def window(self, window: Window) -> Window:
        """The window placed on the strip."""
        return Window(window.size, window.stride, window.dilation, (0, 0, *self.along))


@record
class Strips:
    """How colours are multiplied by alpha.

    `type` is that of the products; `opaque` is the alpha of an opaque pixel; the borders are those of the products and
    of their alpha.
    """

    colour: Values
    alpha: Values
    opaque: int
    type: str
    span: Span
    whole: bool
    rows: Axis
    row_border: Border
    border_of_colour: Border
    border_of_alpha: Border

    @classmethod
    def of_whole(cls, colour: Values, alpha: Values, opaque: int, border: Border, rows: Axis) -> Strips:
        """Whole numbers: alpha times colour, alpha in its own units. Outside, a constant is opaque."""
        constant = int(border.constant or 0) * opaque
        low, high = (
            min(int(colour.span.low) * opaque, constant, 0),
            max(int(colour.span.high) * opaque, constant, opaque),
        )
        type_ = "uint16" if low == 0 and high < 2**16 else "int32" if max(-low, high) < 2**31 else "float64"
        return cls(
            colour,
            alpha,
            opaque,
            type_,
            Span(low, high, True),
            True,
            rows,
            border,
            _scaled(border, opaque),
            _solid(border, opaque),
        )

    @classmethod
    def of_shares(cls, colour: Values, alpha: Values, opaque: int, border: Border, rows: Axis, type_: str) -> Strips:
        """Floats of `type_`: alpha as a share, 1 where opaque."""
        return cls(
            colour, alpha, opaque, type_, Span(-np.inf, np.inf, False), False, rows, border, border, _solid(border, 1)
        )

    def without_border(self) -> Strips:
        """The same where what lies outside is transparent."""
        nothing = Border("constant", 0)
        return replace(self, row_border=nothing, border_of_colour=nothing, border_of_alpha=nothing)

    def each(
        self, window: Window, columns: Axis, threads: int | None, begin: Callable[[], Callable[[Strip], None]]
    ) -> None:
        """Calls `begin()` once a thread, and what it gives with every strip that this thread takes; the next strip's
        products replace this one's."""
        height, width, channels = self.colour.pixels.shape
        effective, stride = self.rows.effective, self.rows.stride
        along = columns.before, max(0, columns.reach - columns.length - columns.before)
        alpha_span = Span(0, self.opaque, True) if self.whole else _SHARE

        def worker() -> Band:
            take, arrays = begin(), ThreadArrays()

            def band(first: int, last: int) -> None:
                positions = np.arange((last - first - 1) * stride + effective) + (first * stride - self.rows.before)
                products = arrays.filled((len(positions), width, channels), self.type, "colour times alpha")
                alphas = arrays.filled((len(positions), width, 1), self.type, "alpha")
                self.multiply(index_table(self.row_border, height, positions), products, alphas, 1)
                take(Strip(first, last, Values(products, self.span), Values(alphas, alpha_span), along))

            return band

        run_bands(
            self.rows.out,
            _WORK * stride * width * channels,
            worker,
            threads,
            most=strip_rows(self.rows, width * channels),
        )

    def multiply(self, table: Pixels, products: Pixels, alphas: Pixels, threads: int | None) -> None:
        """Fills `products` and `alphas` with the source rows that a table names, CONSTANT being what lies outside."""
        height, width, channels = self.colour.pixels.shape
        numbers = weighting.OPACITY.array(
            "float64",
            opaque=self.opaque,
            constant=self.border_of_colour.constant or 0,
            outside=self.border_of_alpha.constant or 0,
        )
        arguments: dict[str, Any] = {
            "source": self.colour.pixels,
            "source_alpha": self.alpha.pixels,
            "source_rows": height,
            "row": width,
            "channels": channels,
            "rows": table,
            "row_count": len(table),
            "numbers": numbers,
            "result": products,
            "result_alpha": alphas,
            "last": len(table),
        }
        types = {
            "src": self.colour.type,
            "alpha": self.alpha.type,
            "out": self.type,
            "channels": str(channels),
            "whole": "1" if self.whole else "0",
        }
        run_loop(weighting.PREMULTIPLY, types, arguments, 2 * width * channels, threads)


def _scaled(border: Border, opaque: int) -> Border:
    return border if border.constant is None else replace(border, value=border.constant * opaque)


def _solid(border: Border, opaque: int) -> Border:
    return border if border.constant is None else replace(border, value=opaque)


def divide_numbers(
    *,
    gain: float = 1,
    bias: float = 0,
    denominator: float = 1,
    least: float = 0,
    empty: float = 0,
    shift: float = 0,
    full: float = 0,
    scale: float = 1,
    limit: float,
    faint: float = 0,
    middle: float = 0,
) -> Pixels:
    """`loops.weighting.NUMBERS`."""
    numbers: Pixels = weighting.NUMBERS.array(
        "float64",
        gain=gain,
        bias=bias,
        denominator=denominator,
        least=least,
        empty=empty + shift,
        shift=shift,
        full=full,
        scale=scale,
        limit=limit,
        faint=faint,
        middle=middle,
    )
    return numbers


class Quotients:
    """A result that is filled strip by strip: sums of products over sums of alpha, converted and counted.

    `most` is what numerators and denominators of whole numbers never exceed; where it is small, they are divided in
    float32, which rounds as exactly. `below` are the colours (H, W, C) that stay where a window sees nothing visible,
    and the rows and columns of each window's centre in them.
    """

    def __init__(
        self,
        formula: str,
        numbers: Pixels,
        result: Pixels,
        alpha: Pixels,
        *,
        magnitude: bool,
        most: float = np.inf,
        below: tuple[Pixels, Pixels, Pixels] | None = None,
    ) -> None:
        small = most < 2**23 and "float64" not in (result.dtype.name, alpha.dtype.name)
        self.acc = "float32" if small else "float64"
        self.formula, self.result, self.alpha = formula, result, alpha
        nowhere = np.full(result.shape[0], -1), np.full(result.shape[1], -1)
        self.below, self.row_at, self.column_at = below or (np.zeros((1, 1, 1), np.uint8), *nowhere)
        self.numbers = numbers.astype(self.acc)
        self.constants = constants(self.acc, result.dtype.name, magnitude=magnitude)
        self.watch = Watch(self.acc)

    def fill(
        self,
        strip: Strip,
        sums: Pixels,
        weights: Pixels,
        down: tuple[Pixels, Pixels],
        along: tuple[Pixels, Pixels],
        threads: int | None,
    ) -> None:
        """One strip; `down` and `along` are the cells that count and those that exist, of each row and of each column
        (their products count)."""
        rows, row, channels = sums.shape
        cells = [part.astype(self.acc) for part in (*down, *along)]
        arguments = {
            "sums": sums,
            "weights": weights,
            "row": row,
            "channels": channels,
            "below_colours": self.below,
            "below_size": self.below.size,
            "below_row": self.below.shape[1],
            "below_row_at": self.row_at[strip.first : strip.last],
            "below_column_at": self.column_at,
            "cells_down": cells[0],
            "cells_down_seen": cells[1],
            "cells_along": cells[2],
            "cells_along_seen": cells[3],
            "numbers": self.numbers,
            "constants": self.constants,
            "result": self.result[strip.first : strip.last],
            "result_alpha": self.alpha[strip.first : strip.last],
            "last": rows,
        }
        types = {
            "src": sums.dtype.name,
            "weight": weights.dtype.name,
            "colour": self.below.dtype.name,
            "out": self.result.dtype.name,
            "alpha": self.alpha.dtype.name,
            "channels": str(channels),
            "formula": self.formula,
            "acc": self.acc,
            "key": watch_key(self.acc),
        }

        run_loop(weighting.DIVIDE, types, arguments, 6 * row * channels, threads, watch=self.watch)

    def response(self) -> Response:
        return self.watch.response(self.result.size, shift=weighting.NUMBERS.value(self.numbers, "shift"))

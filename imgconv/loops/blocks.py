"""Pooling of small windows that all lie wholly in the image: 2x2 and 3x3 at stride 2 or 3, over interleaved channels.

Rows are reduced first, as everywhere; along the row every tap and channel is written out, which LLVM turns
into vector shuffles.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from imgconv.loops import Body, Group, Loop, helper
from imgconv.loops.lines import SOURCE, result_of
from imgconv.loops.pool import added, rounded_quotient, winner


def make_extreme(kind: str, src: str, wide_window: str, step: str, channels: str) -> Body:
    """The body of max and min pooling, for windows of `wide_window` columns at a column stride of `step`."""
    return _make(winner(kind), src, src, _cast(src), int(wide_window), int(step), int(channels))


def make_mean(src: str, acc: str, out: str, quotient: str, wide_window: str, step: str, channels: str) -> Body:
    """The body of average pooling of whole numbers; every window has the same number of cells."""
    return _make(added(acc), acc, out, _quotient_for_all(quotient), int(wide_window), int(step), int(channels))


def _make(pick: Any, acc: str, out: str, finish: Any, wide_window: int, step: int, channels: int) -> Body:
    wide, put = np.dtype(acc).type, _putter(pick, finish, np.dtype(out).type, wide_window, step, channels)

    def blocks(source, high, row_step, cells, line, result, first, last):
        row = source.row
        for y in range(first, last):
            top = source.pixels[y * row_step * row :]
            under = top[(row if high > 1 else 0) :]
            for x in range(row):  # most windows have two rows
                line[x] = pick(wide(top[x]), wide(under[x])) if high > 1 else wide(top[x])
            for t in range(2, high):
                next_row = top[t * row :]
                for x in range(row):
                    line[x] = pick(line[x], wide(next_row[x]))
            results = result.pixels[y * result.row : (y + 1) * result.row]
            for x in range(result.row // channels):
                put(results, line, x, cells)

    return blocks


def _quotient_for_all(quotient: str) -> Any:
    """floor(sum/cells + 1/2) where all windows have the same cells: by a shift, or by their reciprocal (why that is
    exact: `quantising._floor_divide`)."""
    if quotient.startswith("shift"):
        bits = int(quotient.removeprefix("shift"))
        half = 1 << bits >> 1

        @helper
        def shifted(value: Any, cells: Any) -> Any:
            return (value + half) >> bits

        return shifted
    if not quotient.startswith("float"):
        return rounded_quotient(quotient)
    wide = np.dtype(quotient).type

    @helper
    def divide(total: Any, cells: Any) -> Any:
        return np.floor((wide(2) * wide(total) + wide(cells) + wide(0.5)) * (wide(1) / (wide(2) * wide(cells))))

    return divide


def _cast(src: str) -> Any:
    same = np.dtype(src).type

    @helper
    def cast(value: Any, cells: int) -> Any:
        return same(value)

    return cast


def _putter(pick: Any, finish: Any, final: Any, wide_window: int, step: int, channels: int) -> Any:
    """The helper `put(results, line, x, cells)`: all channels of output pixel x, one after the other."""

    @helper
    def reduce_two(line: Any, at: int) -> Any:
        return pick(line[at], line[at + channels])

    @helper
    def reduce_three(line: Any, at: int) -> Any:
        return pick(pick(line[at], line[at + channels]), line[at + 2 * channels])

    reduce, stride = {2: reduce_two, 3: reduce_three}[wide_window], step * channels

    @helper
    def put_one(results: Any, line: Any, x: int, cells: int) -> None:
        results[x * channels] = final(finish(reduce(line, x * stride), cells))

    @helper
    def put_three(results: Any, line: Any, x: int, cells: int) -> None:
        results[x * channels] = final(finish(reduce(line, x * stride), cells))
        results[x * channels + 1] = final(finish(reduce(line, x * stride + 1), cells))
        results[x * channels + 2] = final(finish(reduce(line, x * stride + 2), cells))

    @helper
    def put_four(results: Any, line: Any, x: int, cells: int) -> None:
        put_three(results, line, x, cells)
        results[x * channels + 3] = final(finish(reduce(line, x * stride + 3), cells))

    return {1: put_one, 3: put_three, 4: put_four}[channels]


def _arguments(line: str, result: str) -> tuple[Group | str, ...]:
    return SOURCE, f"high row_step cells line:~{line}[source_row]", result_of(result)


EXTREME = Loop("blocks", make_extreme, _arguments("src", "src"))
MEAN = Loop("block_means", make_mean, _arguments("acc", "out"))

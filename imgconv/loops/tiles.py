"""A tile of sums, in registers: ROWS output rows of COLUMNS values, to which products of four bytes and four weights are added at once.

Processors do that in one instruction for 16 sums. Loops cannot say so in a loop over elements, so each function
here stands twice: as NumPy, below, and as vectors of LLVM in `jit/intrinsics`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from imgconv.loops import intrinsic

ROWS, COLUMNS = 2, 128
BLOCK = 16  # sums in a vector
FOUR = 4  # bytes whose products are added up at once
READ = 32 * (COLUMNS // 32 - 1) + 64
"""Bytes that `add_dots` reads from a place on: vectors of 64, one for every two blocks."""


def spread(spacing: int) -> np.ndarray[Any, Any]:
    """Where in a vector of 64 bytes each sum of two blocks finds its four, `spacing` apart: (2 * 64,) uint8."""
    sums, taps = np.arange(2 * BLOCK)[:, None], np.arange(FOUR)
    return (sums + spacing * taps).astype(np.uint8).ravel()


@intrinsic
def empty_tile() -> Any:
    """A tile of zeros."""
    return np.zeros((ROWS, COLUMNS), np.int32)


@intrinsic
def add_dots(tile: Any, kept: Any, at: int, spread: Any, weights: Any, w: int) -> Any:
    """The tile plus, at (r, x), the four bytes that `spread` tells for x from kept[at] on, times the four that make up weights[w + r]."""
    vectors = [kept[at + 32 * pair :][:64][spread.reshape(2, 64)] for pair in range(COLUMNS // 32)]
    bytes_ = np.stack(vectors).reshape(COLUMNS, FOUR).astype(np.int32)
    four = weights[w : w + ROWS].copy().view(np.int8).reshape(ROWS, FOUR).astype(np.int32)
    return tile + four @ bytes_.T


@intrinsic
def raised(tile: Any) -> Any:
    """The tile times 256: what was added so far belongs to a higher digit of the weights."""
    return tile << np.int32(8)


@intrinsic
def put(tile: Any, sums: Any, at: int, row: int) -> None:
    """The tile into `sums` from `at` on, its rows `row` apart, cut to the bits that they hold."""
    for r in range(ROWS):
        sums[at + r * row : at + r * row + COLUMNS] = tile[r].astype(sums.dtype)

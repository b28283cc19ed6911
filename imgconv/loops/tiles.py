"""Tiles of sums, in registers: some rows of some columns, to all of which a step is added at once.

A step of bytes is four of them, times four weights, for each sum; processors do that in one instruction for 16 sums.
Loops cannot say so in a loop over elements, so each function here stands twice: as NumPy, below, and as vectors of
LLVM in `jit/tiles`. What all rows of a tile look at is loaded once.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from imgconv.loops import intrinsic

ROWS, COLUMNS = 2, 128
"""Of a tile of whole sums: output rows and values."""
DIGITS, DIGIT_COLUMNS = 3, 64
"""Of a tile whose rows are the digits of 8 bits that weights have, highest first."""
FLOAT_ROWS, FLOAT_COLUMNS = 4, 64
"""Of a tile of float32."""
PIXELS = 7
"""Of a tile of a layer's sums: pixels beside each other, each with 16 or 32 output channels. 7 divides the sizes that
networks have (224, 112, ... 7), and 14 vectors keep the multipliers of a processor busy."""
BLOCK = 16  # sums in a vector
FOUR = 4  # bytes whose products are added up at once
READ = 32 * (COLUMNS // 32 - 1) + 64
"""Bytes that `add_byte_products` reads at most from a place on: vectors of 64, one for every two blocks."""


def spread(spacing: int) -> np.ndarray[Any, Any]:
    """Where in a vector of 64 bytes each sum of two blocks finds its four, `spacing` apart: (2 * 64,) uint8."""
    sums, taps = np.arange(2 * BLOCK)[:, None], np.arange(FOUR)
    return (sums + spacing * taps).astype(np.uint8).ravel()


@intrinsic
def empty_tile() -> Any:
    """A tile of whole sums, 0 all."""
    return np.zeros((ROWS, COLUMNS), np.int32)


@intrinsic
def empty_digits() -> Any:
    """A tile of digits, 0 all."""
    return np.zeros((DIGITS, DIGIT_COLUMNS), np.int32)


@intrinsic
def empty_floats() -> Any:
    """A tile of float32, 0 all."""
    return np.zeros((FLOAT_ROWS, FLOAT_COLUMNS), np.float32)


@intrinsic
def empty_channels() -> Any:
    """A tile of pixels by 16 channels of float32, 0 all."""
    return np.zeros((PIXELS, BLOCK), np.float32)


@intrinsic
def empty_more_channels() -> Any:
    """A tile of pixels by 32 channels of float32, 0 all."""
    return np.zeros((PIXELS, 2 * BLOCK), np.float32)


@intrinsic
def add_products(tile: Any, values: Any, at: int, step: int, weights: Any, w: int) -> Any:
    """The tile plus, at (p, c), values[at + p * step] times weights[w + c]; rounded once or twice, as the processor
    does."""
    pixels, channels = tile.shape
    return tile + values[at : at + (pixels - 1) * step + 1 : step, None] * weights[w : w + channels]


@intrinsic
def add_own_products(tile: Any, values: Any, at: int, step: int, weights: Any, w: int) -> Any:
    """The tile plus, at (p, c), values[at + p * step + c] times weights[w + c]: each channel has weights of its own."""
    pixels, channels = tile.shape
    rows = np.stack([values[at + p * step :][:channels] for p in range(pixels)])
    return tile + rows * weights[w : w + channels]


@intrinsic
def add_byte_products(tile: Any, line: Any, at: int, spread: Any, weights: Any, w: int) -> Any:
    """The tile plus, at (r, x), the four bytes that `spread` tells for x from line[at] on, times the four that make up
    weights[w + r]."""
    rows, columns = tile.shape
    vectors = [line[at + 32 * pair :][:64][spread.reshape(2, 64)] for pair in range(columns // 32)]
    bytes_ = np.stack(vectors).reshape(columns, FOUR).astype(np.int32)
    four = weights[w : w + rows].copy().view(np.int8).reshape(rows, FOUR).astype(np.int32)
    return tile + four @ bytes_.T


@intrinsic
def add_line(tile: Any, line: Any, at: int, weights: Any, w: int) -> Any:
    """The tile plus, at (r, x), line[at + x] times weights[w + r]: each product rounded, then each sum."""
    rows, columns = tile.shape
    return tile + weights[w : w + rows, None] * line[at : at + columns]


@intrinsic
def shifted(tile: Any) -> Any:
    """The tile times 256: what was added so far belongs to a higher digit of the weights."""
    return tile << np.int32(8)


@intrinsic
def put(tile: Any, sums: Any, at: int, row: int) -> None:
    """The tile into `sums` from `at` on, its rows `row` apart; whole sums are cut to the bits that those hold."""
    for r, line in enumerate(tile):
        sums[at + r * row : at + r * row + len(line)] = line.astype(sums.dtype)


@intrinsic
def expect_outputs(tile: Any, result: Any, at: int, row: int) -> None:
    """Brings where `put_outputs` will store into the cache, while sums are made."""


@intrinsic
def put_outputs(tile: Any, biases: Any, b: int, least: Any, result: Any, at: int, row: int) -> None:
    """The tile plus biases[b + c], none of it below the least (NaN stays), into `result` from `at` on, rows `row`
    apart."""
    for p, sums in enumerate(tile):
        values = sums + biases[b : b + len(sums)]
        result[at + p * row :][: len(sums)] = np.where(values < least, least, values)


@intrinsic
def put_joined(tile: Any, sums: Any, at: int) -> None:
    """The rows of a tile of digits as one, into `sums` from `at` on; cut to the bits that those hold."""
    sums[at : at + tile.shape[1]] = _joined(tile).astype(sums.dtype)


@intrinsic
def put_scaled(tile: Any, line: Any, at: int, unit: Any) -> None:
    """The rows of a tile of digits as one: sums in units of the last, times the value of a unit, into float32 from
    line[at] on."""
    line[at : at + tile.shape[1]] = _joined(tile).astype(np.float32) * unit


def _joined(tile: Any) -> Any:
    whole = tile[0]
    for digit in tile[1:]:
        whole = (whole << np.int32(8)) + digit
    return whole

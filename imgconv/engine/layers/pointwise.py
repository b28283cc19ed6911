"""Layers whose values depend on their own pixel: normalisation, softmax, slopes; and padding. By NumPy, in float32."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from imgconv.engine.index_tables import index_table
from imgconv.engine.memory import require
from imgconv.values.borders import CONSTANT, Border
from imgconv.values.numbers import Number, double
from imgconv.values.pixel_values import Pixels


def normalize(batch: Pixels, scale: Number, mean: Sequence[Number], std: Sequence[Number]) -> Pixels:
    """(v * scale - mean) / std, per channel."""
    means, deviations = (np.array([double(value) for value in values]) for values in (mean, std))
    factor, shift = double(scale) / deviations, means / deviations
    return np.asarray(batch * factor.astype(np.float32) - shift.astype(np.float32), np.float32)


def batchnorm(batch: Pixels, gamma: Pixels, beta: Pixels, mean: Pixels, variance: Pixels, epsilon: float) -> Pixels:
    """gamma * (v - mean) / sqrt(variance + epsilon) + beta, per channel; factor and shift are made in float64."""
    factor = gamma.astype(np.float64) / np.sqrt(variance.astype(np.float64) + epsilon)
    shift = beta - mean * factor
    return np.asarray(batch * factor.astype(np.float32) + shift.astype(np.float32), np.float32)


def local_response(batch: Pixels, size: int, alpha: float, beta: float, k: float) -> Pixels:
    """v / (k + alpha/size * sum of squares of `size` channels round about) ** beta; of an even size the channel before
    is nearer."""
    channels = batch.shape[-1]
    before, behind = min(size // 2, channels), min(size - 1 - size // 2, channels)  # there is nothing beyond these
    squares = np.pad(np.square(batch, dtype=np.float64), ((0, 0),) * 3 + ((before, behind),))
    neighbours = sum(squares[..., i : i + channels] for i in range(before + behind + 1))
    return np.asarray(batch / (k + alpha / size * neighbours) ** beta, np.float32)


def _sigmoid(batch: Pixels) -> Pixels:
    with np.errstate(over="ignore"):  # e^-v beyond all numbers: 0 in the end
        result: Pixels = np.float32(1) / (np.float32(1) + np.exp(-batch))
    return result


ACTIVATIONS: dict[str, Callable[[Pixels], Pixels]] = {
    "relu": lambda batch: np.maximum(batch, np.float32(0)),
    "tanh": np.tanh,
    "sigmoid": _sigmoid,
}
"""Activations that NumPy has in vectors of float32: a tenth of the time of libm, which pictures get."""


def prelu(batch: Pixels, slope: Pixels) -> Pixels:
    """v where it is positive, else v times its channel's slope; NaN stays."""
    return np.where(batch > 0, batch, batch * slope.astype(np.float32))


def softmax(batch: Pixels, *, log: bool = False) -> Pixels:
    """exp(v) over the sum of exp(v) of all channels, or its logarithm; the greatest value is subtracted first."""
    shifted = batch.astype(np.float64) - batch.max(axis=-1, keepdims=True)
    exponentials = np.exp(shifted)
    total = exponentials.sum(axis=-1, keepdims=True)
    return np.asarray(shifted - np.log(total) if log else exponentials / total, np.float32)


def padded(batch: Pixels, by: tuple[int, int, int, int], border: Border) -> Pixels:
    """Rows and columns added: top, bottom, left, right."""
    images, height, width, channels = batch.shape
    rows, columns = height + by[0] + by[1], width + by[2] + by[3]
    require(images * rows * columns * channels + 4 * (rows + columns), "float32", "padded values")
    for axis, (before, after) in ((1, by[:2]), (2, by[2:])):
        length = batch.shape[axis]
        table = index_table(border, length, np.arange(-before, length + after))
        batch = batch.take(np.maximum(table, 0), axis=axis)
        batch[(slice(None),) * axis + (table == CONSTANT,)] = double(border.constant or 0)
    return batch


def flattened(batch: Pixels) -> Pixels:
    """All values as the channels of one pixel: rows, columns, channels."""
    return batch.reshape(batch.shape[0], 1, 1, -1)

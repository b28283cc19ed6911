"""Weights for byte products: whole numbers in digits of 8 bits, and any weights as multiples of a power of two."""

from __future__ import annotations

import math

from imgconv.kernels.factoring import Weights
from imgconv.values.numbers import Number, magnitude

FOUR = 4  # bytes whose products are added up at once
FARTHEST = 10  # elements between neighbouring taps, at most, so that a vector holds those of its sums
DIGITS = 3  # of 8 bits, that a weight may have: sums of bytes then fit 32 bits
_SUMS, _BYTE = 2**31, 255
_MOST = 127 * (256**DIGITS - 1) // 255  # the largest weight of so many digits
_FINE = 0.996 * 2**22  # what the magnitudes of weights come to at least, in units of the least digit
_MOST_SHIFT = 30
_BIAS_ERROR = 2.0**-22  # of the bias: it counts in full even where pixels are 0
_LEAST_LINE, _MOST_LINE = 1e-28, 1e34

Whole = tuple[tuple[int, ...], ...]


def digits_of(weights: Whole, bits: int = 8) -> int:
    """How many signed digits of so many bits (-128…127, for 8) the largest weight takes."""
    low, high, count, base = min(map(min, weights)), max(map(max, weights)), 1, 2**bits
    least, most = -base // 2, base // 2 - 1
    while not least * (base**count - 1) // (base - 1) <= low <= high <= most * (base**count - 1) // (base - 1):
        count += 1
    return count


def fixed_point(weights: Weights, bias: Number) -> tuple[Whole, int, int] | None:
    """Weights and bias as multiples of one over a power of two, and that power: the greatest with which sums over bytes
    fit 32 bits and weights DIGITS.

    None where that is coarser than `_FINE`, or too coarse for the bias. Weights are rounded so that their sum stays
    what it was, within half a unit: under pixels that are all alike nothing is lost. All together they are off by half
    a unit for each at most; so a response to n weights is off by less than n * 2**-22.99 of 255 times the sum of
    magnitudes, and by that share of what the pixels in view come to.
    """
    largest = max(abs(float(cell)) for row in weights for cell in row)
    total, columns = math.fsum(abs(float(cell)) for row in weights for cell in row), len(weights[0])
    room = (_SUMS - 2 - _BYTE * (len(weights) * columns + 1)) / (_BYTE * total + magnitude(bias) + 0.5)
    room = min(room, _MOST / largest) if largest else 0
    shift = min(_MOST_SHIFT, math.floor(math.log2(room))) if room >= 1 else -1
    if shift < 1 or total * 2**shift < _FINE:
        return None
    scaled = float(bias) * 2**shift
    offset = round(scaled)
    if abs(offset - scaled) > _BIAS_ERROR * abs(scaled):
        return None
    cells = _rounded([float(cell) * 2**shift for row in weights for cell in row])
    return tuple(tuple(cells[start : start + columns]) for start in range(0, len(cells), columns)), offset, 2**shift


def fixed_line(row: tuple[Number, ...]) -> tuple[tuple[int, ...], float] | None:
    """A line of weights in fixed-point numbers, and what their unit is: a power of two, whatever the weights' size.

    None for a line of zeros, one too long for `_FINE`, and one whose sums float32 might not hold.
    """
    total = math.fsum(abs(float(cell)) for cell in row)
    if not _LEAST_LINE < total < _MOST_LINE:
        return None
    size = math.frexp(total)[1]
    fixed = fixed_point((tuple(math.ldexp(float(cell), -size) for cell in row),), 0)
    return None if fixed is None else (fixed[0][0], math.ldexp(1.0, size) / fixed[2])


def _rounded(cells: list[float]) -> list[int]:
    """Whole numbers of the same rounded sum: those nearest to a half are rounded the other way. Zeros stay zeros."""
    whole = [round(cell) for cell in cells]
    missing = round(math.fsum(cells)) - sum(whole)
    step = 1 if missing > 0 else -1
    for place in sorted(range(len(cells)), key=lambda i: step * (whole[i] - cells[i]))[: abs(missing)]:
        whole[place] += step
    return whole

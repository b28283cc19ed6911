"""Numbers against naive definitions: integers of every width to the last digit, floats of any contrast within what
their window sees."""

from __future__ import annotations

import os
import random
from pathlib import Path
from typing import Any

import numpy as np

import imgconv
from tests import oracle
from tests.strategies import HALF_UNIT

WHOLE = ("uint8", "int32", "uint32", "int64", "uint64")
REAL = ("float32", "float64")
ALGORITHMS = ("", "direct", "separable", "fourier")
FINEST = 2.0**-32  # the bound of float64 where that is transformed
LEAST, MOST = 1e-37, 1e30  # magnitudes whose sums are normal numbers in every type


def numbers(number: str, folder: Path) -> str:
    """A target of `tests.fuzz`: one image, one kernel, one algorithm."""
    rng = random.Random(number)
    before = os.environ.get("IMGCONV_ALGORITHM")
    os.environ["IMGCONV_ALGORITHM"] = rng.choice(ALGORITHMS)
    try:
        rng.choice((_whole, _real))(rng, np.random.default_rng(rng.randrange(2**32)))
    finally:
        os.environ.pop("IMGCONV_ALGORITHM")
        if before is not None:
            os.environ["IMGCONV_ALGORITHM"] = before
    return "made"


def _whole(rng: random.Random, values: np.random.Generator) -> None:
    dtype, border = rng.choice(WHOLE), rng.choice(sorted(oracle.BORDERS))
    limits = np.iinfo(dtype)
    most = min(2 ** rng.choice((1, 8, 16, 31, 32, 40, 53)), int(limits.max), 2**53)
    image = values.integers(
        max(-most, int(limits.min)), most, (rng.randint(1, 12), rng.randint(1, 12)), dtype, endpoint=True
    )
    if rng.random() < 0.3:
        size = rng.randint(1, 6), rng.randint(1, 6)
        got, expected = (
            imgconv.pool(image, "avg", size=size, stride=1, pad="same"),
            oracle.pool(image, "avg", size, 1, pad="same"),
        )
    else:
        rows = values.integers(-9, 10, (rng.randint(1, 5), rng.randint(1, 5))).tolist()
        kernel, out = (rows, rng.randint(1, 40), rng.randint(-9, 9)), rng.choice((None, "uint8", "float64"))
        got = imgconv.correlate(image, imgconv.Kernel(*kernel), border=border, dtype=out)
        expected = oracle.correlate(image, *kernel, border=border, dtype=out)
    assert got.dtype == expected.dtype
    assert got.tolist() == expected.tolist(), (dtype, most)


def _real(rng: random.Random, values: np.random.Generator) -> None:
    dtype, border = rng.choice(REAL), rng.choice(sorted(oracle.BORDERS))
    image = values.normal(size=(rng.randint(1, 50), rng.randint(1, 90)))
    for _ in range(rng.randint(0, 3)):  # darker, brighter or black from somewhere on
        image[:, rng.randrange(image.shape[1]) :] *= rng.choice((0.0, 1e-3, 1e-9, 1e6, 1e12))
    for _ in range(rng.randint(0, 3)):
        image[rng.randrange(len(image)), rng.randrange(image.shape[1])] = rng.choice((-MOST, MOST, 1e-30, 1e15, 0.0))
    given = image.astype(dtype)
    weights = _weights(rng, values)
    before = [(side - 1) // 2 for side in weights.shape]
    pads = [(first, side - 1 - first) for first, side in zip(before, weights.shape, strict=True)]
    under = np.lib.stride_tricks.sliding_window_view(
        np.pad(given.astype("float64"), pads, oracle.BORDERS[border]), weights.shape
    )  # type: ignore[call-overload]
    expected, seen = (under * weights).sum(axis=(2, 3)), (abs(under) * (weights != 0)).max(axis=(2, 3))
    share = (np.count_nonzero(weights) + 6) * HALF_UNIT[dtype]
    error = abs(imgconv.correlate(given, weights, border=border).astype("float64") - expected)
    bound = (max(share, FINEST) if dtype == "float64" else share) * abs(weights).sum() * np.maximum(seen, LEAST)
    assert (error <= bound).all(), (dtype, weights.shape, float((error / bound).max()))


def _weights(rng: random.Random, values: np.random.Generator) -> Any:
    rows, columns = rng.randint(1, 31), rng.randint(1, 31)
    if rng.random() < 0.5:
        made = values.normal(size=(rows, columns))
    else:
        made = sum(np.outer(values.normal(size=rows), values.normal(size=columns)) for _ in range(rng.randint(1, 3)))
    if rng.random() < 0.5:
        made = made * (values.random((rows, columns)) < 0.8)
    return made if made.any() else np.ones((rows, columns)) / 7

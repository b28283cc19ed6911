"""The planner's cost model, measured: `python -m tests.bench.calibrate` prints what an output value costs by each
algorithm.

Costs in `imgconv/planner/costs.py` are in direct taps of int32; here stands, beside each of its figures, what this
machine says of it. Single-threaded, the best of several runs; other work on the machine spoils it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any

import numpy as np

import imgconv
from imgconv.planner import costs

SHAPE = (700, 2100)
RUNS = 5


def seconds(call: Callable[[], Any]) -> float:
    """The best of a few runs, after one that compiles."""
    call()
    best = float("inf")
    for _ in range(RUNS):
        begun = time.perf_counter()
        call()
        best = min(best, time.perf_counter() - begun)
    return best


def per_value(pixels: np.ndarray, weights: np.ndarray, algorithm: str) -> float:
    """Nanoseconds an output value takes."""
    os.environ["IMGCONV_ALGORITHM"] = algorithm
    kernel = imgconv.Kernel(weights.tolist())
    try:
        return seconds(lambda: imgconv.correlate(pixels, kernel, threads=1)) * 1e9 / pixels.size
    finally:
        del os.environ["IMGCONV_ALGORITHM"]


def slope(make: Callable[[int], float], small: int, large: int, terms: Callable[[int], float]) -> tuple[float, float]:
    """What a term costs and what there is before any, from two sizes."""
    low, high = make(small), make(large)
    one = (high - low) / (terms(large) - terms(small))
    return one, low - one * terms(small)


def main() -> None:
    """Measures and prints the table."""
    rng = np.random.default_rng(0)
    pixels = {
        "int16": rng.integers(0, 256, SHAPE, np.uint8),
        "int32": rng.integers(0, 256, SHAPE, np.uint8),
        "float32": rng.random(SHAPE, np.float32),
        "float64": rng.random(SHAPE),
        "int64": rng.integers(-(2**31), 2**31, SHAPE).astype(np.int32),
    }
    reach = {"int16": 1, "int32": 99, "int64": 2**20}

    def dense(type_: str, side: int) -> np.ndarray:
        whole = type_ in reach
        return (
            rng.integers(1, reach[type_] + 1, (side, side)) * rng.choice([-1, 1], (side, side))
            if whole
            else rng.normal(size=(side, side))
        )

    direct = {
        type_: slope(lambda n, t=type_: per_value(pixels[t], dense(t, n), "direct"), 7, 11, lambda n: n * n)
        for type_ in pixels
    }
    taps = {type_: one for type_, (one, _) in direct.items()}
    unit, common = direct["int32"]  # what every algorithm does besides (load, settle, count) is in no cost
    print(f"a direct tap of int32 takes {unit:.4f} ns")
    for type_, cost in taps.items():
        print(f"  in {type_:8} {cost / unit:5.2f}   (table: {costs.TAP_COST[type_]})")
    narrow = slope(
        lambda n: per_value(pixels["int32"], rng.integers(-9, 10, (n, n)), "direct"), 13, 21, lambda n: n * n
    )[0]
    print(f"  int16 lanes {narrow / unit:5.2f}   (table: {costs.LANE_COST})")
    row, rest = slope(lambda n: per_value(pixels["int32"], rng.integers(-9, 10, (n, n)), "fourier"), 15, 47, float)
    print(
        f"fourier: {(rest - common) / unit:.0f} and {row / unit:.1f} a row of the window   (table:"
        f" {costs.FOURIER_REST}, {costs.FOURIER_ROW})"
    )
    apart = slope(
        lambda n: per_value(pixels["float32"], np.outer(rng.normal(size=n), rng.normal(size=n)), "separable"),
        9,
        33,
        lambda n: 2.0 * n,
    )
    print(
        f"separable: {(apart[1] - common) / unit:.0f} and {apart[0] / unit:.2f} a weight   (table:"
        f" {costs.SEPARABLE_REST}, 1)"
    )
    step, _ = slope(
        lambda n: per_value(pixels["int32"], rng.integers(-127, 128, (n, n)), "byte-products"),
        7,
        15,
        lambda n: (n + 1) * -(-n // costs.FOUR),
    )
    print(f"byte products: {step / unit:.2f} a step   (table: {costs.BYTE_PRODUCTS_STEP})")

    def line(rows: int, columns: int) -> float:
        return per_value(pixels["int32"], np.outer(rng.random(rows), rng.random(columns)), "separable-byte-products")

    across, _ = slope(lambda n: line(5, n), 8, 40, lambda n: n / costs.FOUR)
    down, _ = slope(lambda n: line(n, 8), 8, 40, float)
    print(
        f"separable byte products: {across / unit:.2f} for four across, {down / unit:.2f} a weight down   (table:"
        f" {costs.BYTE_PRODUCTS_ACROSS}, {costs.LINE_DOWN})"
    )
    box = per_value(pixels["int32"], np.ones((31, 31), int), "running")
    print(f"running: {(box - common) / unit:.0f}   (table: {costs.RUNNING})")


if __name__ == "__main__":
    main()

"""Interleaved runs: contestants take turns, so that a slow spell of the machine meets all of them."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Mapping
from typing import Any

Sample = Callable[[], float]
"""Runs once and says how many seconds it took."""

LEAST_ROUNDS, MOST_ROUNDS = 5, 40
_SHORTEST = 0.01  # seconds; shorter calls are repeated within a sample
# seconds; a call that takes less runs once before the clock starts, so that all find their caches and threads as they
# like them
_WARMED = 0.1
_PAUSE = 0.004  # between samples, for another's spinning threads to fall asleep


def sample_of(call: Callable[[], Any], cost: float) -> Sample:
    """A sample of a call that takes about `cost` seconds. What it returns is dropped outside the clock."""
    repeats = max(1, min(200, int(_SHORTEST / max(cost, 1e-7))))

    def sample() -> float:
        result = call() if cost < _WARMED else None
        spent = 0.0
        for _ in range(repeats):
            result = None
            start = time.perf_counter()
            result = call()
            spent += time.perf_counter() - start
        del result
        return spent / repeats

    return sample


def once(call: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds and result of one call."""
    start = time.perf_counter()
    result = call()
    return time.perf_counter() - start, result


def plan(
    costs: Mapping[str, float], budget: float, most: int = MOST_ROUNDS, least: int = LEAST_ROUNDS
) -> dict[str, int]:
    """How often each contestant runs: all in at least `least` rounds but those too slow for that, the first (ours) if
    at all possible."""
    spent = {name: max(cost, _SHORTEST) for name, cost in costs.items()}
    rounds = max(least, min(most, int(budget / (sum(spent.values()) or 1))))
    share = budget / max(1, len(spent))
    runs = {}
    for place, (name, cost) in enumerate(spent.items()):
        affordable = cost * least <= (2 * budget if place == 0 else 2 * share)
        runs[name] = min(rounds, max(least if affordable else min(2, least), int(share / cost)))
    return runs


def interleave(samples: Mapping[str, Sample], runs: Mapping[str, int]) -> dict[str, list[float]]:
    """Seconds of every run. In each round each contestant that is due takes one turn; slow ones' turns are spread
    evenly."""
    rounds = max(runs.values(), default=0)
    found: dict[str, list[float]] = {name: [] for name in samples}
    enabled = gc.isenabled()
    try:
        for turn in range(rounds):
            names = list(samples) if turn % 2 == 0 else list(samples)[::-1]  # nobody always follows the same neighbour
            for name in names:
                if (turn + 1) * runs[name] // rounds == turn * runs[name] // rounds:
                    continue
                gc.collect()
                gc.disable()
                time.sleep(_PAUSE)
                found[name].append(samples[name]())
                gc.enable()
    finally:
        (gc.enable if enabled else gc.disable)()
    return found


def summary(seconds: list[float]) -> tuple[float, float]:
    """Median and spread: (third quartile - first) / median."""
    middle = statistics.median(seconds)
    if len(seconds) < 2:
        return middle, 0.0
    quartiles = statistics.quantiles(seconds, n=4, method="inclusive")
    return middle, (quartiles[2] - quartiles[0]) / middle

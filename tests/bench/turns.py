"""Calls of several contestants, timed in turns."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

Call = Callable[[], Any]
OURS = "imgconv"


def measured(calls: Mapping[str, Call], seconds: float, tolerance: float = 0.0) -> dict[str, float]:
    """The median of each call in milliseconds, in turns for so many seconds.

    AssertionError where a result differs from ours by more than `tolerance` times the greatest value.
    """
    ours = np.asarray(calls[OURS]())
    most = tolerance * float(np.abs(ours).max())
    for name, call in calls.items():
        difference = np.abs(np.subtract(call(), ours, dtype=np.float64)).max()
        assert difference <= most, f"{name} differs by {difference}"
    times: dict[str, list[float]] = {name: [] for name in calls}
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(times[OURS]) < 5:
        for name, call in calls.items():
            start = time.perf_counter()
            call()
            times[name].append(time.perf_counter() - start)
    return {name: 1000 * statistics.median(found) for name, found in times.items()}


def line(name: str, found: Mapping[str, float]) -> str:
    """A case with everybody's time, and how many times ours that is."""
    times = (f"{who} {ms:.3g} ms" + (f" ({ms / found[OURS]:.2f}×)" if who != OURS else "") for who, ms in found.items())
    return f"{name}: {', '.join(times)}"

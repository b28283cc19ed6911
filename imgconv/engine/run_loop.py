"""A declared loop over the bands of its rows: working arrays for each thread, checks, machine code, threads."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

import numpy as np

from imgconv import jit
from imgconv.engine.bands import Band, run_bands
from imgconv.engine.memory import buffer, require
from imgconv.loops import Loop, extents, parameters
from imgconv.loops.quantising import nothing_seen, value_of_key
from imgconv.values.frozen import record
from imgconv.values.pixel_values import Pixels, Response


@record
class Work:
    """A loop, its types and arguments (some may be added later), the multiply-adds of an output row, and the least rows
    of a band."""

    loop: Loop
    types: dict[str, str]
    arguments: dict[str, Any]
    row_work: float
    least: int = 1


class Watch:
    """Extremes and counts of all threads of a call, each thread with arrays of its own."""

    def __init__(self, acc: str) -> None:
        self.acc = acc
        self.parts: list[tuple[Pixels, Pixels]] = []

    def part(self) -> dict[str, Pixels]:
        """A thread's arrays, as the arguments of a loop."""
        extremes, counts = np.array(nothing_seen(self.acc)[:2]), np.zeros(3, np.int64)
        self.parts.append((extremes, counts))
        return {"outcome_extremes": extremes, "outcome_counts": counts}

    def response(self, count: int, *, denominator: int = 1, shift: float = 0) -> Response:
        """What all threads saw, in pixel units; (0, 0) where nothing was a number."""
        ends = min(int(extremes[0]) for extremes, _ in self.parts), max(int(extremes[1]) for extremes, _ in self.parts)
        low, high = (
            (value_of_key(end, self.acc) / denominator - shift for end in ends) if ends[0] <= ends[1] else (0.0, 0.0)
        )
        below, above, missing = (
            sum(totals) for totals in zip(*(counts.tolist() for _, counts in self.parts), strict=True)
        )
        return Response(low, high, below, above, missing, count)


def run_loop(
    loop: Loop,
    types: Mapping[str, str],
    arguments: Mapping[str, Any],
    row_work: float,
    threads: int | None,
    *,
    least: int = 1,
    most: int = sys.maxsize,
    watch: Watch | None = None,
) -> None:
    """Calls a loop for the rows 0…last-1 of its `arguments`, in bands (see `run_bands`).

    Each thread has working arrays of its own, and a part of the `watch` for what the loop counts.
    """

    def worker() -> Band:
        own = working_arrays(loop, types, arguments)
        if watch is not None:
            own |= watch.part()
        return jit.bind(loop, types, {**arguments, **own})

    run_bands(arguments["last"], int(row_work), worker, threads, least, most)


def working_arrays(loop: Loop, types: Mapping[str, str], arguments: Mapping[str, Any]) -> dict[str, Any]:
    """One thread's arrays, as large as the loop declares them for these arguments."""
    working = [one for one in parameters(loop) if one.access == "~"]
    if not working:
        return {}
    sizes = extents(loop, arguments)
    for one in working:
        require(2 * sizes[one.name], types.get(one.type, one.type), f"the array {one.name}")
    return {
        one.name: buffer(sizes[one.name], types.get(one.type, one.type), f"the array {one.name}") for one in working
    }

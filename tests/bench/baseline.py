"""`python -m tests.bench --baseline x86-64-v3`: loops compiled for a baseline, beside OpenCV held to the same
instructions."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import Any

from tests.bench.cases import CASES, Case
from tests.bench.libraries import Peer
from tests.bench.results import Cell, Row, Target, faster

VARIABLES = {
    "x86-64-v3": {
        "NUMBA_CPU_NAME": "x86-64-v3",
        "NUMBA_CPU_FEATURES": "",
        "OPENCV_CPU_DISABLE": "AVX512-SKX",
        "OPENCV_IPP": "avx2",
    }
}
"""What holds imgconv and OpenCV to a baseline; both read it when they are imported."""
ALLOWED = {"x86-64-v3": {"SSE4.1", "SSE4.2", "AVX", "FP16", "AVX2", "FMA3"}}
"""Features, as OpenCV names those beyond what all of its code has."""
GOALS = {
    "vertical 3×3": 2.5,
    "sharpen 3×3": 2.5,
    "dense 3×3": 2.5,
    "dense 5×5": 3.5,
    "dense 7×7": 3.5,
    "dense 11×11": 3.5,
    "dense 15×15": 5,
    "dense 31×31": 2.5,
    "dense 63×63": 2,
    "Gaussian σ 2": 1.3,
    "Gaussian σ 10": 2,
    "box 31×31": 1.5,
}
"""How much faster than OpenCV on bytes, by the beginning of a case's title."""
POOLS = ("max 2×2/2", "avg 2×2/2")


@dataclass(frozen=True)
class Held(Case):
    """A case beside OpenCV alone, with goals of its own."""

    def peers(self) -> dict[str, Peer]:
        return {name: peer for name, peer in super().peers().items() if peer.library == "OpenCV"}

    @property
    def targets(self) -> tuple[Target, ...]:
        if self.dtype != "uint8":
            return ()
        if self.operation.title in POOLS:
            return (faster("OpenCV area resize", 1.2),)
        goals = [goal for title, goal in GOALS.items() if self.operation.title.startswith(title)]
        return tuple(faster("OpenCV", goal) for goal in goals)


HELD = tuple(Held(case.operation, case.image) for case in CASES if case.image.endswith("large"))


def hold(name: str) -> None:
    """Sets the variables, before either is imported."""
    os.environ.update(VARIABLES[name])


def features() -> str:
    """What OpenCV says that it uses: * is chosen while it runs, ? is not used."""
    import cv2

    return str(cv2.getCPUFeaturesLine())


def beyond(name: str, line: str) -> list[str]:
    """The features of OpenCV's line that a baseline does not have."""
    used = [word.removeprefix("*") for word in line.split() if word.startswith("*") and not word.endswith("?")]
    return [word for word in used if word not in ALLOWED[name]]


def marked(row: Row, more: list[str]) -> Row:
    """The row without OpenCV's times, if it uses more than the baseline has."""
    if not more:
        return row
    void = Cell(note=f"void: uses {', '.join(more)}")
    return replace(row, cells={name: void if cell.role == "peer" else cell for name, cell in row.cells.items()})


def run(name: str) -> Any:
    """What measures a case of HELD, as `arrays.run` does."""
    from tests.bench import arrays

    def measure(case: Case, **options: Any) -> Row:
        return marked(arrays.run(case, **options), beyond(name, features()))

    return measure

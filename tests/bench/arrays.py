"""Cases on arrays, in this process: every result is compared with ours first, then all take turns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tests.bench import timing
from tests.bench.agreement import difference, objection
from tests.bench.cases import FLOOR, Case
from tests.bench.inputs import Pixels, image
from tests.bench.libraries import LIBRARIES, Peer, module_of
from tests.bench.results import OURS, Cell, Row

_TRIAL = 512  # rows and columns of the corner on which a peer's time is predicted


@dataclass
class Contestants:
    """Calls ready to be timed, their cost by the warm-up, and the cells to fill."""

    calls: dict[str, Callable[[], Any]] = field(default_factory=dict)
    costs: dict[str, float] = field(default_factory=dict)
    cells: dict[str, Cell] = field(default_factory=dict)

    def enter(self, name: str, call: Callable[[], Any], role: str) -> Any:
        """Warms a contestant up, twice if that is quick (the first call of a library may set things up)."""
        self.cells.setdefault(name, Cell(role))
        cost, result = timing.once(call)
        if cost < 1:
            cost, result = timing.once(call)
        self.calls[name], self.costs[name] = call, cost
        return result


def run(case: Case, *, budget: float, cap: float, rounds: int) -> Row:
    """The row of a case. Peers predicted to take longer than `cap` seconds a run are left out, by name."""
    pixels = image(case.image)
    entered = Contestants()
    try:
        ours = entered.enter(OURS, lambda: case.operation.ours(pixels), "ours")
    except Exception as error:
        return Row(case.name, "arrays", {OURS: Cell("ours", note=f"failed: {error}")}, case.targets)
    entered.enter(FLOOR, pixels.copy, "floor")
    for name, peer in case.peers().items():
        entered.cells[name] = Cell("yardstick" if peer.yardstick else "peer")
        try:
            entered.cells[name].note = _enter(entered, name, peer, pixels, ours, case.tolerance, cap)
        except Exception as error:
            entered.cells[name].note = f"failed: {type(error).__name__}: {error}"[:200]
        if entered.cells[name].note:
            entered.calls.pop(name, None)
            entered.costs.pop(name, None)
    del ours
    samples = {name: timing.sample_of(call, entered.costs[name]) for name, call in entered.calls.items()}
    found = timing.interleave(samples, timing.plan(entered.costs, budget, rounds, min(rounds, timing.LEAST_ROUNDS)))
    for name, seconds in found.items():
        cell = entered.cells[name]
        (cell.seconds, cell.spread), cell.runs = timing.summary(seconds), len(seconds)
    return Row(case.name, "arrays", entered.cells, case.targets)


def _enter(
    entered: Contestants, name: str, peer: Peer, pixels: Pixels, ours: Pixels, tolerance: float, cap: float
) -> str:
    """Enters a peer; returns why not, if not."""
    library, module = LIBRARIES[peer.library], module_of(peer.library)
    if module is None:
        return f"absent: {peer.library} is not installed"
    call = peer.make(module)
    if pixels.size > 2 * _TRIAL * _TRIAL * 3:
        corner = library.prepare(module, np.ascontiguousarray(pixels[:_TRIAL, :_TRIAL]))
        seconds = min(timing.once(lambda: call(corner))[0] for _ in range(2))
        predicted = seconds * pixels.size / (_TRIAL * _TRIAL * pixels[0, 0].size)
        if predicted > cap:
            return f"not run: about {predicted:.0f} s"
    native = library.prepare(module, pixels)
    result = entered.enter(name, lambda: call(native), "peer")
    return "" if peer.yardstick else objection(difference(ours, library.read(result, ours), peer.crop), tolerance)


def compare(case: Case, name: str, pixels: Pixels) -> float:
    """The greatest difference between our result and a peer's, without timing (for the tests)."""
    peer = case.peers()[name]
    library, module = LIBRARIES[peer.library], module_of(peer.library)
    ours = case.operation.ours(pixels)
    return difference(ours, library.read(peer.make(module)(library.prepare(module, pixels)), ours), peer.crop)

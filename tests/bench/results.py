"""What a run found: cells of contestants, rows of cases, and how targets are judged."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

OURS = "imgconv"


@dataclass(frozen=True)
class Target:
    """Ours ≤ limit × another contestant's (or ≤ limit, against nobody); `beyond` is the limit of the second, harder
    goal.

    `measure` is seconds, bytes (of the file written) or memory (MB at the peak).
    """

    text: str
    against: str
    limit: float
    beyond: float | None = None
    measure: str = "seconds"


def faster(against: str, times: float, beyond: float | None = None) -> Target:
    """At least `times` as fast as another."""
    return Target(f"≥ {times:g}× as fast as {against}", against, 1 / times, beyond and 1 / beyond)


def within(against: str, limit: float, beyond: float | None = None, measure: str = "seconds") -> Target:
    """At most `limit` times another's time (or bytes, or memory)."""
    what = {"seconds": "", "bytes": "file ", "memory": "memory "}[measure]
    return Target(f"{what}≤ {limit:g}× {against}", against, limit, beyond, measure)


def at_most(limit: float, beyond: float | None = None, measure: str = "seconds") -> Target:
    """An absolute limit."""
    return Target(f"≤ {limit:g} {'MB' if measure == 'memory' else 's'}", "", limit, beyond, measure)


@dataclass
class Cell:
    """One contestant of one case. A `note` says why there is no figure: absent, void, failed, or not run."""

    role: str = "peer"  # ours, peer, floor, yardstick (timed beside, but computes something else)
    seconds: float | None = None
    spread: float | None = None  # (third quartile - first) / median
    runs: int = 0
    memory: float | None = None  # MB at the peak; commands only
    bytes: int | None = None  # of the file written; commands only
    note: str = ""


@dataclass
class Row:
    """One case with all its contestants."""

    name: str
    group: str  # arrays or commands
    cells: dict[str, Cell] = field(default_factory=dict)
    targets: tuple[Target, ...] = ()

    @property
    def ours(self) -> Cell:
        return self.cells[OURS]

    def best(self) -> str:
        """The fastest peer that agrees; "" where there is none."""
        timed = {name: cell.seconds for name, cell in self.cells.items() if cell.role == "peer" and cell.seconds}
        return min(timed, key=lambda name: timed[name]) if timed else ""

    def ratio(self, name: str) -> float | None:
        """Another's time by ours: above 1 we are faster."""
        cell = self.cells.get(name)
        return cell.seconds / self.ours.seconds if cell and cell.seconds and self.ours.seconds else None

    def floor(self) -> float | None:
        """Our time by the physical floor's."""
        found = next((self.ratio(name) for name, cell in self.cells.items() if cell.role == "floor"), None)
        return 1 / found if found else None

    def verdict(self, target: Target) -> str:
        """beyond, met, missed (by how much), or "not measured"."""
        ours = getattr(self.ours, target.measure)
        theirs = 1.0 if not target.against else getattr(self.cells.get(target.against, Cell()), target.measure)
        if not ours or not theirs:
            return "not measured"
        reached = ours / theirs
        if target.beyond is not None and reached <= target.beyond:
            return "beyond"
        return "met" if reached <= target.limit else f"missed by {reached / target.limit:.2f}×"


def row_from(data: dict[str, Any]) -> Row:
    """A row as `dataclasses.asdict` gave it to the JSON file."""
    cells = {name: Cell(**cell) for name, cell in data["cells"].items()}
    return Row(data["name"], data["group"], cells, tuple(Target(**target) for target in data["targets"]))

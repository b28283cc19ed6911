"""Ratios of one run, kept in the tree, and what a later run says of them: which cases have fallen behind by more than
the noise.

A ratio is a peer's time by ours, taken in turns, so machines that differ in speed alone give the same.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.bench.results import OURS, Row

KEPT = Path(__file__).with_name("kept.json")
LEAST = 0.1
"""A fall below this share is noise, whatever the spreads say."""


def keep(rows: Sequence[Row], cpu: str, path: Path = KEPT) -> int:
    """Keeps the ratios of rows that have one, beside those of other cases; their number."""
    known = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    found = {row.name: {"cpu": cpu, **ratio} for row in rows if (ratio := _ratio(row, row.best()))}
    lines = [f"{json.dumps(name, ensure_ascii=False)}: {json.dumps(one)}" for name, one in (known | found).items()]
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
    return len(found)


def _ratio(row: Row, peer: str) -> dict[str, Any] | None:
    """How many times a peer's time is ours, and how much of that is noise; None where one of them has no time."""
    times = row.ratio(peer) if peer else None
    if times is None:
        return None
    spreads = [row.cells[name].spread or 0 for name in (OURS, peer)]
    return {"peer": peer, "ratio": round(times, 3), "noise": round(sum(spreads) / 2, 3)}


def compared(rows: Sequence[Row], cpu: str, path: Path = KEPT) -> tuple[list[str], bool]:
    """A line for each case that has fallen or risen by more than the noise, and a last one; whether any has fallen."""
    known: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    lines, fallen, seen, elsewhere = list[str](), 0, 0, 0
    for row in rows:
        before = known.get(row.name)
        now = before and _ratio(row, before["peer"])
        if not before or not now:
            continue
        seen, elsewhere = seen + 1, elsewhere + (before["cpu"] != cpu)
        change, noise = now["ratio"] / before["ratio"] - 1, max(LEAST, before["noise"] + now["noise"])
        if abs(change) > noise:
            fallen += change < 0
            how = "FALLEN" if change < 0 else "risen"
            lines.append(
                f"{row.name}: {how} from {before['ratio']:.2f} to {now['ratio']:.2f} times {before['peer']}"
                f" ({change:+.0%}; noise {noise:.0%})"
            )
    strange = f"; {elsewhere} of them were kept on another processor" if elsewhere else ""
    return [*lines, f"{seen} cases compared, {fallen} fallen{strange}"], fallen > 0

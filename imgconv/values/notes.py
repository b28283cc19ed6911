"""What is said about many images: one outcome each, one exit code for all."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from imgconv import errors
from imgconv.values.frozen import field, record


@record
class Note:
    """Something that must be said of a result: `code` for programs (a row of `losses`), `text` for people, and whether
    something was lost."""

    code: str
    text: str
    loss: bool = True

    def __str__(self) -> str:
        return self.text


@record
class Outcome:
    """What became of one image: where it went and what is to be said, or the error that stopped it.

    `facts` are fields of the report (`batch.journal.FIELDS`), as many as were known.
    """

    source: str
    target: str = ""
    said: tuple[str, ...] = ()
    notes: tuple[Note, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    error: errors.ImgconvError | None = None

    def __str__(self) -> str:
        if self.error is not None:
            return str(self.error)
        return f"{self.source} -> {self.target}: {'; '.join([*self.said, *map(str, self.notes)])}"


@record(frozen=False)
class Report:
    """The outcomes of one run, and the exit code that follows from them."""

    outcomes: list[Outcome] = field(default_factory=list)

    def add(self, outcome: Outcome) -> None:
        self.outcomes.append(outcome)

    @property
    def exit_code(self) -> int:
        """0, or the gravest code of what failed."""
        return max(
            (outcome.error.exit_code for outcome in self.outcomes if outcome.error is not None), default=errors.DONE
        )


def response_text(low: float, high: float) -> str:
    """The least and greatest value before settling."""
    return f"response {_shown(low)}…{_shown(high)}"


def settling(below: int, above: int, missing: int, count: int, limits: tuple[float, float]) -> tuple[Note, ...]:
    """What settling lost: `below` and `above` of `count` values were clamped to the `limits`, `missing` were NaN."""
    notes = []
    parts = [
        f"{_percent(n, count)} {where} {_shown(limit)}"
        for n, where, limit in ((below, "below", limits[0]), (above, "above", limits[1]))
        if n
    ]
    if parts:
        keeps = f"--range abs, shift, stretch or --dtype float32 keep {'it' if len(parts) == 1 else 'them'}"
        notes.append(Note("clamped", f"{' and '.join(parts)} clamped ({keeps})"))
    if missing:
        notes.append(
            Note("not-a-number", f"{_percent(missing, count)} not a number, set to 0 (--dtype float32 keeps it)")
        )
    return tuple(notes)


def _shown(value: float) -> str:
    """Six significant digits at most, and nothing finer than a thousandth: pixel units need no more."""
    return f"{round(value, 3) + 0.0:.6g}".replace("-", "\N{MINUS SIGN}", 1)


def _percent(n: int, count: int) -> str:
    share = 100 * n / count
    return f"{share:.1f} %" if share >= 0.1 else "less than 0.1 %"

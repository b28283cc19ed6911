"""Outcomes: what became of each image of a run, and one exit code for all."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from imgconv import errors
from imgconv.values.frozen import field, record
from imgconv.values.notes import Note


@record
class Outcome:
    """What became of one image: where it went and what is to be said, or the error that stopped it.

    `facts` are fields of the report (`run_report.FIELDS`), as many as were known.
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
class Outcomes:
    """What became of all images of one run, and the exit code that follows."""

    images: list[Outcome] = field(default_factory=list)

    def add(self, outcome: Outcome) -> None:
        self.images.append(outcome)

    @property
    def exit_code(self) -> int:
        """0, or the gravest code of what failed."""
        return max(
            (outcome.error.exit_code for outcome in self.images if outcome.error is not None), default=errors.DONE
        )

"""Outcomes: the result of each image of a run, and one exit code for all."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from imgconv import errors
from imgconv.values.frozen import field, record
from imgconv.values.notes import Note

if TYPE_CHECKING:
    from imgconv.batches.clamping import Clamping


@record
class Outcome:
    """The result of one image: where it went, a summary and notes, or the error that stopped it.

    `facts` are fields of the report (`run_report.FIELDS`), as far as they are known; `clamping` is what was lost when
    values were quantised.
    """

    source: str
    target: str = ""
    summary: tuple[str, ...] = ()
    notes: tuple[Note, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    error: errors.ImgconvError | None = None
    clamping: Clamping | None = None

    def __str__(self) -> str:
        if self.error is not None:
            return str(self.error)
        return f"{self.source} -> {self.target}: {'; '.join([*self.summary, *map(str, self.notes)])}"


@record(frozen=False)
class Outcomes:
    """The outcomes of one run."""

    images: list[Outcome] = field(default_factory=list)

    def add(self, outcome: Outcome) -> None:
        self.images.append(outcome)

    @property
    def advice(self) -> str:
        """The options that would keep what was clamped in these images, written or refused for that; empty if nothing
        was."""
        lost = [
            outcome.clamping
            for outcome in self.images
            if outcome.clamping is not None and (outcome.error is None or outcome.error.exit_code == errors.LOSSY)
        ]
        if not lost:
            return ""
        from imgconv.batches.clamping import advice

        return advice(lost)

    @property
    def exit_code(self) -> int:
        """0, or the highest exit code of an image that failed."""
        return max(
            (outcome.error.exit_code for outcome in self.images if outcome.error is not None), default=errors.DONE
        )

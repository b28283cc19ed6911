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


class Skipped(Exception):  # noqa: N818 (an ending, not an error)
    """A job whose result is there already, at these paths."""

    def __init__(self, *paths: str) -> None:
        self.paths = paths
        super().__init__(*paths)


@record
class Outcome:
    """The result of one image: where it went, a summary and notes, or the error that stopped it.

    `facts` are fields of the report (`run_report.FIELDS`), as far as they are known; `clamping` is what was lost when
    values were quantised; `skipped` is why there was nothing to do, if so: "there already" or "up to date".
    """

    source: str
    target: str = ""
    summary: tuple[str, ...] = ()
    notes: tuple[Note, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    error: errors.ImgconvError | None = None
    clamping: Clamping | None = None
    skipped: str = ""

    def __str__(self) -> str:
        if self.error is not None:
            return str(self.error)
        return f"{self.source} -> {self.target}: {'; '.join([*self.summary, *map(str, self.notes)])}"


class Outcomes:
    """What is left to know of the outcomes of one run of so many images: how many are of which kind, the errors, and
    what was clamped."""

    def __init__(self, total: int) -> None:
        self.total, self.written, self.skipped = total, 0, 0
        self.why_skipped = ""
        self.failures: list[errors.ImgconvError] = []
        self.clamped: list[Clamping] = []

    def add(self, outcome: Outcome) -> None:
        if outcome.error is not None:
            self.failures.append(outcome.error)
        elif outcome.skipped:
            self.skipped += 1
            self.why_skipped = outcome.skipped
        else:
            self.written += 1
        if outcome.clamping is not None and (outcome.error is None or outcome.error.exit_code == errors.LOSSY):
            self.clamped.append(outcome.clamping)

    @property
    def advice(self) -> str:
        """The options that would keep what was clamped in these images, written or refused for that; empty if nothing
        was."""
        if not self.clamped:
            return ""
        from imgconv.batches.clamping import advice

        return advice(self.clamped)

    @property
    def exit_code(self) -> int:
        """0, or the highest exit code of an image that failed."""
        return max((error.exit_code for error in self.failures), default=errors.DONE)


class MemoryWanted(Exception):  # noqa: N818 (a question, not an error)
    """A job needs more memory than it was given, and less than is allowed."""

    def __init__(self, needed: float) -> None:
        self.needed = needed
        super().__init__(needed)

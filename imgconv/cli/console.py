"""What a run over images says: a line for each, the progress, and in the end the sums."""

from __future__ import annotations

from imgconv.batches.outcomes import Outcome, Outcomes
from imgconv.cli.messages import complain
from imgconv.cli.progress import Progress

_SCREEN = 10
"""Images whose lines are seen together; of more, failures are listed again in the end."""


class Console:
    """Says what becomes of so many images; with `quiet` only errors."""

    def __init__(self, total: int, *, quiet: bool) -> None:
        self.total, self.quiet = total, quiet
        self.progress = Progress(0 if quiet else total)

    def done(self, outcome: Outcome) -> None:
        """Counts an image as soon as it is done."""
        self.progress.add(failed=outcome.error is not None)

    def report(self, outcome: Outcome) -> None:
        """The line of an image, when it is its turn; what was left as it is has none."""
        if outcome.error is not None or not (self.quiet or outcome.skipped):
            self.progress.clear()
            complain(str(outcome))
            self.progress.draw()

    def end(self, outcomes: Outcomes) -> None:
        """The failures together, the advice on what was clamped, and the sums."""
        self.progress.clear()
        if self.quiet:
            return
        if self.total > _SCREEN:
            for error in outcomes.failures:
                complain(f"failed: {error}")
        if outcomes.advice:
            complain(outcomes.advice)
        if self.total > 1 or outcomes.skipped:  # nothing else says why one image made no line
            complain(sums(outcomes))


def sums(outcomes: Outcomes, written: str = "written", failed: str = "failed") -> str:
    """`2,988 written, 12 failed, 40 up to date`."""
    parts = [f"{outcomes.written:,} {written}"]
    parts += [f"{len(outcomes.failures):,} {failed}"] if outcomes.failures else []
    parts += [f"{outcomes.skipped:,} {outcomes.why_skipped}"] if outcomes.skipped else []
    left = outcomes.total - outcomes.written - outcomes.skipped - len(outcomes.failures)
    return ", ".join([*parts, *([f"{left:,} not begun"] if left else [])])

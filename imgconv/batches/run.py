"""Runs one job: a file, a stream and each of many files take the same way."""

from __future__ import annotations

import time
from collections.abc import Callable

from imgconv import errors
from imgconv.batches import by_frames, by_rows
from imgconv.batches.inputs import STREAM
from imgconv.batches.outcomes import Outcome, Skipped
from imgconv.batches.preflight import named_by_content, predicted_summary, skip_existing
from imgconv.batches.prepared import Prepared
from imgconv.batches.whole import PagesJob, WholeJob
from imgconv.batches.work import JobWork


class JobRun(JobWork):
    """One job from its names to its outcome."""

    def outcome(self) -> Outcome:
        """Runs the job; an error is part of the outcome."""
        return self._outcome(self._run)

    def foretold(self) -> Outcome:
        """What the outcome would be, as far as names and the header show it; nothing is written."""
        return self._outcome(self._foretell)

    def _outcome(self, work: Callable[[], tuple[str, tuple[str, ...]]]) -> Outcome:
        name, start = self.job.source_name, time.perf_counter()
        target, words, failure, skipped = "", tuple[str, ...](), None, ""
        try:
            target, words = work()
        except Skipped as left:
            target, skipped = left.paths[0], "there already"
            self.facts |= {"output": target, "outputs": [*left.paths]}
        except (errors.WindowError, errors.PixelError) as error:
            failure = errors.named(name, error)
        except errors.ImgconvError as error:
            failure = error
        except MemoryError:
            failure = errors.no_memory(name)
        self.facts["seconds"] = round(time.perf_counter() - start, 6)
        return Outcome(name, target, words, tuple(self.notes), self.facts, failure, self.clamping, skipped)

    def _foretell(self) -> tuple[str, tuple[str, ...]]:
        self._refuse_existing()
        prepared = self.opened()
        with prepared.header as header:
            return prepared.path, (predicted_summary(header, self.pipeline, self.settings),)

    def _run(self) -> tuple[str, tuple[str, ...]]:
        """From file to file; where the result went, and its summary."""
        self._refuse_existing()
        stamped = None
        if self.settings.operation:
            from imgconv.batches import stamps

            stamped = stamps.begun(self.job, self.settings.operation)
        shown, words = self._done()
        if stamped is not None:
            self.facts["stamp"] = stamped.stamp(self.facts["outputs"])
        return shown, words

    def _done(self) -> tuple[str, tuple[str, ...]]:
        """The same by the way that takes the least memory."""
        prepared = self.opened(whole=self.seen is not None)
        if self.seen is not None:
            return WholeJob(self).run(prepared)
        rows, frames = by_rows.goes(prepared), by_frames.goes(prepared)
        if rows or frames:
            if done := (self._by_rows if rows else self._by_frames)(prepared):
                return done
            prepared = self.checked(prepared.header, whole=True)  # all its pixels may be more than memory allows
        return (PagesJob if self.job.pages else WholeJob)(self).run(prepared)

    def _by_rows(self, prepared: Prepared) -> tuple[str, tuple[str, ...]] | None:
        from imgconv.batches import rows_job

        return rows_job.run(self, prepared)

    def _by_frames(self, prepared: Prepared) -> tuple[str, tuple[str, ...]] | None:
        from imgconv.batches import frames_job

        return frames_job.run(self, prepared)

    def _refuse_existing(self) -> None:
        if self.job.source_state is not None:
            from imgconv.batches import retries

            retries.refuse_changed(self.job)
        if self.settings.skip_existing and self.job.target != STREAM:
            skip_existing(self.job, [self.job.target])
        for job in (self.job, *self.job.auxiliary):
            if job.target != STREAM and not named_by_content(job) and job.is_refused(job.target):
                raise errors.file_exists(job.target)

"""Tasks side by side on an executor: in bounded memory, reported in a stable order."""

from __future__ import annotations

import pickle
from collections import deque
from collections.abc import Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, wait
from typing import Any

from imgconv import errors
from imgconv.batches.elsewhere import Elsewhere
from imgconv.batches.job import Job
from imgconv.batches.outcomes import Outcome, Outcomes
from imgconv.batches.retries import Retries
from imgconv.batches.task import Crew, Listener, Run, Task, perform, perform_in
from imgconv.values.frozen import replace

_AHEAD = 4
"""Tasks of ordinary size on their way to the executor, for each that runs at a time."""


class SideBySide:
    """Tasks on an executor.

    Each may take an equal share of the memory. One that needs more comes back with the amount, and waits until those
    under way leave it that much; meanwhile nothing else starts.
    """

    def __init__(self, tasks: Sequence[Task], run: Run, listener: Listener, outcomes: Outcomes, crew: Crew) -> None:
        self.tasks, self.run, self.listener, self.outcomes, self.crew = list(tasks), run, listener, outcomes, crew
        self.content = pickle.dumps(run)
        self.sharing = crew.sharing or crew.count
        self.share = crew.memory / self.sharing
        self.waiting = deque(range(len(tasks)))
        self.large = deque[tuple[int, float]]()
        self.running: dict[Future[Any], tuple[int, float]] = {}  # each with its number and its memory
        self.sent: dict[int, Elsewhere] = {}
        self.ready: dict[int, Outcome] = {}
        self.reported = 0
        self.stopped = False
        self.retries = Retries()

    def work(self) -> None:
        while self.waiting or self.large or self.running:
            self._start()
            if not self.running:
                continue
            for future in wait(self.running, return_when=FIRST_COMPLETED).done:
                self._take(future)
            self._report()
        self._report()

    def _start(self) -> None:
        """Starts what there is room for, and some more, so that nobody waits for the next one."""
        while self.large and self._fits(self.large[0][1]):
            number, memory = self.large.popleft()
            self._submit(number, memory)
        while self.waiting and not self.large and self._fits(self.share):
            number = self.waiting.popleft()
            job = self.listener.prepare(self.tasks[number].job)
            if isinstance(job, Outcome):
                self._add(number, job)
                continue
            self.tasks[number] = replace(self.tasks[number], job=self.retries.prepared(job))
            if job.stays_here:
                self._add(number, perform_in(self.run, self.tasks[number]))
            else:
                self._submit(number, self.share)

    def _fits(self, memory: float) -> bool:
        shares = sum(one <= self.share for _, one in self.running.values())
        large = sum(one for _, one in self.running.values() if one > self.share)
        if memory > self.share:
            return not self.running or min(shares, self.sharing) * self.share + large + memory <= self.crew.memory
        if large:
            return min(shares + 1, self.sharing) * self.share + large <= self.crew.memory
        return shares < _AHEAD * self.crew.count

    def _submit(self, number: int, memory: float) -> None:
        task = replace(self.tasks[number], memory=memory)
        if self.crew.elsewhere:
            self.sent[number] = Elsewhere(task)
            task = self.sent[number].task
        try:
            future = self.crew.executor.submit(perform, self.content, task)
        except Exception as error:  # the executor has broken down
            self._add(number, _failed(self.tasks[number].job, error))
        else:
            self.running[future] = number, memory

    def _take(self, future: Future[Any]) -> None:
        number, _ = self.running.pop(future)
        sent = self.sent.pop(number, None)
        try:
            outcome = future.result()
        except errors.ImgconvError:
            raise
        except (RuntimeError, CancelledError) as error:
            outcome = _failed(self.tasks[number].job, error)
        except Exception as error:
            if not _is_breakdown(error):
                raise
            outcome = _failed(self.tasks[number].job, error)
        self._add(number, sent.named(outcome) if sent and isinstance(outcome, Outcome) else outcome)

    def _add(self, number: int, outcome: Outcome | float) -> None:
        if not isinstance(outcome, Outcome):
            self.large.append((number, outcome))
            return
        self.ready[number] = outcome
        self.listener.done(self.tasks[number].job, outcome)
        if outcome.error is not None and self.listener.fail_fast:
            self.stopped = True
            self.waiting.clear()
            self.large.clear()

    def _report(self) -> None:
        """Reports what is known and whose turn it is; in the end, of a run that was stopped, all that is known."""
        for number in sorted(self.ready) if self.stopped and not self.running else self._turns():
            outcome = self.ready.pop(number)
            self.outcomes.add(outcome)
            self.listener.report(self.tasks[number].job, outcome)

    def _turns(self) -> Iterable[int]:
        while self.reported in self.ready:
            yield self.reported
            self.reported += 1


def _is_breakdown(error: Exception) -> bool:
    """Whether an error comes from the executor and not from a task."""
    return type(error).__module__.partition(".")[0] == "distributed"


def _failed(job: Job, error: BaseException) -> Outcome:
    """The outcome of a job whose worker broke down."""
    failure = errors.ImgconvError(f"{job.source_name}: {error or type(error).__name__}")
    return Outcome(job.source_name, facts={"input": job.source}, error=failure)

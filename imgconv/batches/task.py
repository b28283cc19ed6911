"""A task: one job with what its run has in common, as a small value that any executor can send to another process; who
performs tasks, and who hears of their outcomes."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING

from imgconv import __version__
from imgconv.batches.job import Job
from imgconv.batches.outcomes import MemoryWanted, Outcome
from imgconv.batches.run import JobRun
from imgconv.batches.settings import Settings
from imgconv.batches.work import Seen
from imgconv.operations.pipeline import Pipeline
from imgconv.values.frozen import record

if TYPE_CHECKING:
    from concurrent.futures import Executor


@record
class Run:
    """What all tasks of a run have in common.

    Attributes
    ----------
    pipeline : Pipeline
    settings : Settings
    own_process : bool
        Whether tasks run in processes of imgconv's own, one at a time: these are confined in memory, and their standard
        error may be silenced for a moment.
    version : str
        Of imgconv, where the run was made.
    seen : callable, optional
        Gets each job, its image as it was read, and as it is written; such a run stays in this process.
    """

    pipeline: Pipeline
    settings: Settings
    own_process: bool = False
    version: str = __version__
    seen: Seen | None = None


@record
class Task:
    """One job.

    Attributes
    ----------
    job : Job
    taken : tuple of (str, str)
        Paths that frames in files of their own may not have, each with the input it belongs to.
    memory : float, optional
        Bytes that the image may take; one that needs more is not run. None is what the settings allow.
    """

    job: Job
    taken: tuple[tuple[str, str], ...] = ()
    memory: float | None = None


@record
class Crew:
    """Who runs the tasks.

    Attributes
    ----------
    executor : Executor
    count : int
        How many tasks it runs at a time.
    memory : float
        The bytes that tasks may take together which share one memory.
    sharing : int
        How many tasks share one memory: on a cluster those of one worker. 0 is all of them.
    elsewhere : bool
        Whether tasks may run on other machines or in other folders.
    """

    executor: Executor
    count: int
    memory: float
    sharing: int = 0
    elsewhere: bool = False


Hear = Callable[[Job, Outcome], None]


def _nothing(job: Job, outcome: Outcome) -> None:
    pass


def _as_it_is(job: Job) -> Job | Outcome:
    return job


@record
class Listener:
    """Who hears of outcomes: `done` as soon as one is known, `report` in the order of the jobs. `prepare`
    gives a job as it is to be run, or its outcome if there is nothing to do. `fail_fast` starts nothing more once one
    has failed."""

    report: Hear = _nothing
    done: Hear = _nothing
    prepare: Callable[[Job], Job | Outcome] = _as_it_is
    fail_fast: bool = False


def perform(run: bytes, task: Task) -> Outcome | float:
    """Runs one task of a pickled run: its outcome, or the bytes that it needs if that is more than it may take."""
    return perform_in(_run(run), task)


def perform_in(run: Run, task: Task) -> Outcome | float:
    """The same for a run of this process."""
    try:
        taken = dict(task.taken)
        work = JobRun(task.job, run.pipeline, run.settings, taken, run.own_process, task.memory, run.seen)
        return work.outcome()
    except MemoryWanted as wanted:
        return wanted.needed


@lru_cache(maxsize=4)
def _run(pickled: bytes) -> Run:
    import pickle
    from concurrent.futures import BrokenExecutor

    run: Run = pickle.loads(pickled)
    if run.version != __version__:
        raise BrokenExecutor(f"its worker has imgconv {__version__} (here {run.version}); install the same version")
    return run

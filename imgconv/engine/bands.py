"""Bands of output rows, taken by threads from a shared counter.

A band that fails never becomes a wrong picture: the first error is raised, the other threads
stop, and a call returns only when as many bands were done as were planned.

No thread imports or compiles anything: the caller makes every thread's band function, and
does on request what a band finds missing (`imgconv.jit.delegation`).
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from imgconv import errors
from imgconv.engine.processors import available
from imgconv.jit.delegation import Requests

Band = Callable[[int, int], None]

WHOLE_BAND = 2**30
"""As the work of a row it makes each row a band of its own: for rows that are jobs."""
_BAND_WORK = 20_000_000  # multiply-adds in a band: a millisecond or a few, so Ctrl-C is quick
_MOST_THREADS = 256
_THREAD_WORK = 16_000_000  # multiply-adds that each thread should find: less is done before a second one has its arrays
_PATIENCE = 2.0  # seconds that an error or an interrupt waits for the bands under way


def available_threads() -> int:
    """Processors this process may use."""
    return available()


def run_bands(
    rows: int, row_work: int, worker: Callable[[], Band], threads: int | None, least: int = 1, most: int = sys.maxsize
) -> None:
    """Calls `worker()`, in this thread, once a thread for a band function with buffers of its own, and covers 0…rows-1
    with them.

    `row_work` is the cost of one output row in multiply-adds; `threads` None means as many processors as are worth it;
    a band has `least` rows or more, for loops that begin each band with work of their own, and no more than `most`.
    Any number of threads gives the same result, for bands are independent.
    """
    threads = min(threads or max(1, min(available_threads(), rows * row_work // _THREAD_WORK)), rows, _MOST_THREADS)
    share = (
        max(-(-rows // (4 * threads)), min(least, -(-rows // threads))) if threads > 1 else rows
    )  # four bands a thread, if that leaves them `least` rows
    height = max(1, min(max(_BAND_WORK // max(1, row_work), least), share, most))
    turns = max(1, round(rows / (threads * height)))
    height = min(-(-rows // (threads * turns)), most)  # as many bands for every thread
    team = _Team(rows, height)
    if threads <= 1:
        team.take(worker())
    else:
        _with_threads(team, worker, threads)
    team.finish()


def is_one_band(rows: int, row_work: int) -> bool:
    """Whether `run_bands` takes all rows at once, in the caller's thread."""
    return rows * row_work < min(_THREAD_WORK, _BAND_WORK)


def _with_threads(team: _Team, worker: Callable[[], Band], threads: int) -> None:
    requests, others = Requests(team.stop), list[threading.Thread]()
    try:
        for number in range(1, threads):
            band = worker()
            other = threading.Thread(
                target=requests.work, args=(partial(team.work, band),), name=f"imgconv-{number}", daemon=True
            )
            others.append(other)
            other.start()
        with requests.answered():
            team.take(worker(), requests.answer)
        requests.answer_until_done(len(others))
    except BaseException:
        team.stop.set()
        raise
    finally:
        _join(others)


def _join(threads: Sequence[threading.Thread]) -> None:
    """Waits for threads that are done or have been told to stop, but not for ever: one that hangs must not keep an
    interrupt from the caller."""
    ends = time.monotonic() + _PATIENCE
    for thread in threads:
        if thread.ident is not None:
            thread.join(max(0.0, ends - time.monotonic()))


class _Team:
    """The threads of one call: a counter of bands, the first error, and how many were done."""

    def __init__(self, rows: int, height: int) -> None:
        self.rows, self.height = rows, height
        self.planned = -(-rows // height)
        self.done = 0
        self.error: BaseException | None = None
        self.stop = threading.Event()
        self._lock = threading.Lock()
        self._starts: Iterator[int] = iter(range(0, rows, height))

    def take(self, band: Band, between: Callable[[], None] = lambda: None) -> None:
        """Does bands until none is left or work has stopped, and calls `between` after each."""
        while (start := self._next()) is not None:
            band(start, min(start + self.height, self.rows))
            with self._lock:
                self.done += 1
            between()

    def work(self, band: Band) -> None:
        """The same in a thread, where an error is kept for the caller and stops all."""
        try:
            self.take(band)
        except BaseException as error:
            with self._lock:
                self.error = self.error or error
            self.stop.set()

    def finish(self) -> None:
        if self.error is not None:
            raise self.error
        if self.done != self.planned:
            raise errors.LoopError(f"only {self.done} of {self.planned} bands were computed; no result was made")

    def _next(self) -> int | None:
        with self._lock:
            return None if self.stop.is_set() else next(self._starts, None)

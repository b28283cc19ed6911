"""Bands of output rows, taken by threads from a shared counter.

A band that fails never becomes a wrong picture: the first error is raised, the other threads
stop, and a call returns only when as many bands were done as were planned.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator

from imgconv import errors

Band = Callable[[int, int], None]

WHOLE_BAND = 2**30
"""As the work of a row it makes each row a band of its own: for rows that are jobs."""
_BAND_WORK = 20_000_000  # multiply-adds in a band: a millisecond or a few, so Ctrl-C is quick
_MOST_THREADS = 256
_THREAD_WORK = 16_000_000  # multiply-adds that each thread should find: less is done before a second one has its arrays


def available_threads() -> int:
    """Processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def run_bands(rows: int, row_work: int, worker: Callable[[], Band], threads: int | None, least: int = 1, most: int = sys.maxsize) -> None:
    """Calls `worker()` once a thread for a band function with buffers of its own, and covers 0…rows-1 with it.

    `row_work` is the cost of one output row in multiply-adds; `threads` None means as many processors as are worth it;
    a band has `least` rows or more, for loops that begin each band with work of their own, and no more than `most`.
    Any number of threads gives the same result, for bands are independent.
    """
    threads = min(threads or max(1, min(available_threads(), rows * row_work // _THREAD_WORK)), rows, _MOST_THREADS)
    share = max(-(-rows // (4 * threads)), min(least, -(-rows // threads))) if threads > 1 else rows  # four bands a thread, if that leaves them `least` rows
    height = max(1, min(max(_BAND_WORK // max(1, row_work), least), share, most))
    team = _Team(rows, height, worker)
    others = [threading.Thread(target=team.work, name=f"imgconv-{i}", daemon=True) for i in range(1, threads)]
    try:
        for other in others:
            other.start()
        team.work()
    except BaseException:
        team.stop.set()
        raise
    finally:
        for other in others:
            if other.ident is not None:
                other.join()
    team.finish()


class _Team:
    """The threads of one call: a counter of bands, the first error, and how many were done."""

    def __init__(self, rows: int, height: int, worker: Callable[[], Band]) -> None:
        self.rows, self.height, self.worker = rows, height, worker
        self.planned = -(-rows // height)
        self.done = 0
        self.error: BaseException | None = None
        self.stop = threading.Event()
        self._lock = threading.Lock()
        self._starts: Iterator[int] = iter(range(0, rows, height))

    def _next(self) -> int | None:
        with self._lock:
            return None if self.stop.is_set() else next(self._starts, None)

    def work(self) -> None:
        try:
            band = self.worker()
            while (start := self._next()) is not None:
                band(start, min(start + self.height, self.rows))
                with self._lock:
                    self.done += 1
        except BaseException as error:
            with self._lock:
                self.error = self.error or error
            self.stop.set()
            if threading.current_thread() is threading.main_thread() and not isinstance(error, Exception):
                raise

    def finish(self) -> None:
        if self.error is not None:
            raise self.error
        if self.done != self.planned:
            raise errors.bands_missing(self.done, self.planned)

"""Workers: processes of imgconv's own that perform tasks, as an executor.

They are neither forked (threads of the caller would vanish while they hold locks) nor started by `multiprocessing`
(which imports the caller's main module again). A worker that dies, for instance because the system was out of memory,
is started again and gets its task a second time.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor, Future
from queue import SimpleQueue
from typing import Any

_TRIES = 2
_START = "import sys; sys.path[:] = {path!r}; from imgconv.batches.worker import main; main()"
_Item = tuple["Future[Any]", Callable[..., Any], tuple[Any, ...]]


class Workers(Executor):
    """An executor of so many processes, which start at once and end with this one, however it ends."""

    def __init__(self, count: int) -> None:
        self._items: SimpleQueue[_Item | None] = SimpleQueue()
        self._processes = [_Process() for _ in range(count)]
        self._threads = [
            threading.Thread(target=self._serve, args=(process,), name=f"imgconv-worker-{number}", daemon=True)
            for number, process in enumerate(self._processes)
        ]
        for thread in self._threads:
            thread.start()

    def submit(self, function: Callable[..., Any], /, *arguments: Any, **named: Any) -> Future[Any]:
        """A future of the function's result; function and arguments must be picklable, and are not named."""
        if named:
            raise TypeError("workers take no named arguments")
        future: Future[Any] = Future()
        self._items.put((future, function, arguments))
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Ends the processes, at once if futures are cancelled."""
        if cancel_futures:
            while not self._items.empty():
                item = self._items.get()
                if item is not None:
                    item[0].cancel()
        for _ in self._threads:
            self._items.put(None)
        if cancel_futures:
            for process in self._processes:
                process.kill()
        for thread in self._threads if wait else ():
            thread.join()

    def _serve(self, process: _Process) -> None:
        """In a thread: hands tasks to one process, one after the other."""
        while (item := self._items.get()) is not None:
            future, function, arguments = item
            if future.set_running_or_notify_cancel():
                try:
                    ok, value = process.call(function, arguments)
                except Exception as error:
                    ok, value = False, error
                (future.set_result if ok else future.set_exception)(value)
        process.end()


class _Process:
    """One process, started again if it dies."""

    def __init__(self) -> None:
        self._killed = False
        self._start()

    def _start(self) -> None:
        code = _START.format(path=list(sys.path))
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-c", code],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={"OPENBLAS_NUM_THREADS": "1", **os.environ},
        )

    def call(self, function: Callable[..., Any], arguments: tuple[Any, ...]) -> tuple[bool, Any]:
        """Whether the function returned, and its result or its exception. Raises BrokenExecutor if the process dies
        each time."""
        content = pickle.dumps((function, arguments))
        for _ in range(_TRIES):
            assert self._process.stdin
            assert self._process.stdout
            try:
                self._process.stdin.write(content)
                self._process.stdin.flush()
                result: tuple[bool, Any] = pickle.load(self._process.stdout)
                return result
            except (OSError, EOFError, pickle.UnpicklingError):
                self.end()
                if self._killed:
                    break
                self._start()
        raise BrokenExecutor("its process died; perhaps the system was out of memory (--jobs 1 takes less)")

    def kill(self) -> None:
        self._killed = True
        self._process.kill()

    def end(self) -> None:
        """Tells the process to end, and waits for it."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):  # it is dead, and does not read the rest
                    pipe.close()
        self._process.wait()

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
from collections import deque
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor, Future
from queue import SimpleQueue
from typing import Any

_TRIES = 2
_AHEAD = 2
"""Tasks that a process has at most: what it performs, and the next."""
_ENVIRONMENT = {
    "OPENBLAS_NUM_THREADS": "1",
    # glibc gives memory back as soon as much of it is free; each image would then wait for its pages anew
    "MALLOC_MMAP_THRESHOLD_": str(2**25),
    "MALLOC_TRIM_THRESHOLD_": str(2**27),
}
"""Of workers, where the caller's does not say otherwise."""
_DIED = "its process died; perhaps the system was out of memory (--jobs 1 takes less)"
_DEAD = (OSError, EOFError, ValueError, pickle.UnpicklingError)
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
        """In a thread: hands tasks to one process. While it performs one it has the next, if there are enough."""
        under_way: deque[_Task] = deque()
        while self._fill(process, under_way):
            try:
                ok, value = process.receive()
            except _DEAD:
                self._revive(process, under_way)
                continue
            future = under_way.popleft().future
            (future.set_result if ok else future.set_exception)(value)
        process.end()

    def _fill(self, process: _Process, under_way: deque[_Task]) -> bool:
        """Sends tasks; whether any is under way. Waits for one if none is."""
        while not under_way or (len(under_way) < _AHEAD and self._items.qsize() > len(self._threads)):
            item = self._items.get()
            if item is None:
                self._items.put(None)  # for the next one, too
                return bool(under_way)
            future, function, arguments = item
            if future.set_running_or_notify_cancel():
                try:
                    task = _Task(future, pickle.dumps((function, arguments)))
                except Exception as error:
                    future.set_exception(error)
                    continue
                under_way.append(task)
                process.send(task.content)
        return True

    def _revive(self, process: _Process, under_way: deque[_Task]) -> None:
        """Starts a process that died again, and gives it its tasks again but one that was tried often enough."""
        process.end()
        under_way[0].tries += 1
        if under_way[0].tries >= _TRIES:
            under_way.popleft().future.set_exception(BrokenExecutor(_DIED))
        if not process.killed:
            try:
                process.start()
            except OSError:  # no more processes, or no memory for one
                process.killed = True
        while process.killed and under_way:
            under_way.popleft().future.set_exception(BrokenExecutor(_DIED))
        for task in under_way:
            process.send(task.content)


class _Task:
    """A task on its way."""

    def __init__(self, future: Future[Any], content: bytes) -> None:
        self.future, self.content, self.tries = future, content, 0


class _Process:
    """One process, which may be started again."""

    def __init__(self) -> None:
        self.killed = False
        self.start()

    def start(self) -> None:
        code = _START.format(path=list(filter(None, sys.path)))  # not the current folder
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-c", code],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=_ENVIRONMENT | os.environ,
        )

    def send(self, content: bytes) -> None:
        """Sends a call; if the process is dead, `receive` says so."""
        assert self._process.stdin
        with contextlib.suppress(OSError, ValueError):  # ValueError: the pipe is closed
            self._process.stdin.write(content)
            self._process.stdin.flush()

    def receive(self) -> tuple[bool, Any]:
        """Whether the first call under way returned, and its result or its exception. Raises one of _DEAD."""
        assert self._process.stdout
        result: tuple[bool, Any] = pickle.load(self._process.stdout)
        return result

    def kill(self) -> None:
        self.killed = True
        self._process.kill()

    def end(self) -> None:
        """Tells the process to end, and waits for it."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):  # it is dead, and does not read the rest
                    pipe.close()
        self._process.wait()

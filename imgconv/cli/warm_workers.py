"""Tasks of `imgconv warm` side by side: in this process, and in others as soon as one has to be compiled.

Numba compiles in one thread of a process at a time. Another process is sent a task as a line of JSON and answers with
the loops that it loaded for it; if it ends, its task is done here.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Callable, Sequence
from typing import Any

from imgconv.cli.warm_tasks import Task, run_task
from imgconv.jit import build, process

MOST_PROCESSES = 4
"""Each takes some 300 MB."""
PACKAGES = ("numpy", "numba", "llvmlite", "PIL", "isal", "tifffile", "safetensors")
Loaded = Sequence[Sequence[str]]
"""Loops with their types, and their origins: pairs."""
_RANKS = {build.STORED: 0, build.COMPILED: 1, build.STOCK: 2}


class Progress:
    """The tasks of a run, the origin of each loop that was loaded, whichever process loaded it, and what is done."""

    def __init__(self, tasks: Sequence[Task]) -> None:
        self.origins: dict[str, str] = {}
        self.done = 0
        self._waiting = list(tasks)
        self._lock = threading.Lock()

    def take(self, place: int) -> Task | None:
        """A task from the beginning (0) or the end (-1) of those that wait: neighbours need the same loops."""
        with self._lock:
            return self._waiting.pop(place) if self._waiting else None

    def put_back(self, task: Task) -> None:
        """A task that was not done after all."""
        with self._lock:
            self._waiting.append(task)

    def add(self, loaded: Loaded) -> None:
        """One more task, which loaded these loops. What one process compiles another one loads."""
        with self._lock:
            self.done += 1
            for loop, origin in loaded:
                before = self.origins.get(loop, build.STORED)
                self.origins[loop] = max(before, origin, key=lambda one: _RANKS[one])

    def count(self, origin: str) -> int:
        with self._lock:
            return sum(one == origin for one in self.origins.values())


def run_all(tasks: Sequence[Task], cpu: str | None, show: Callable[[Progress], None]) -> Progress:
    """Runs every task; `show` is called after each that is run here, and while others end theirs."""
    progress, helpers = Progress(tasks), list[threading.Thread]()
    while True:
        helpers = [helper for helper in helpers if helper.is_alive()]
        task = progress.take(0)
        if task is None and not helpers:
            return progress
        if task is None:
            helpers[0].join(0.1)
            show(progress)
            continue
        loaded = _run(task)
        progress.add(loaded)
        if not helpers and any(origin == build.COMPILED for _, origin in loaded):
            helpers = [threading.Thread(target=_help, args=(progress, cpu)) for _ in range(_processors() - 1)]
            for helper in helpers:
                helper.start()
        show(progress)


def _help(progress: Progress, cpu: str | None) -> None:
    """Has another process run tasks, until there are no more or it has ended."""
    script = f"from imgconv.cli import warm_workers; warm_workers.serve({cpu!r})"
    child = process.started(script, PACKAGES, process.PIPE)
    while child is not None and (task := progress.take(-1)) is not None:
        loaded = _asked(child, task)
        if loaded is None:
            progress.put_back(task)
            break
        progress.add(loaded)
    if child is not None:
        child.communicate()


def _processors() -> int:
    from imgconv.engine.bands import available_threads

    return min(available_threads(), MOST_PROCESSES)


def _asked(child: Any, task: Task) -> Loaded | None:
    """What the child loaded for a task; None if it has ended."""
    try:
        child.stdin.write(json.dumps(task).encode() + b"\n")
        child.stdin.flush()
        answer: Loaded = json.loads(child.stdout.readline())
    except (OSError, ValueError):
        return None
    return answer


def _run(task: Task) -> Loaded:
    """Runs a task here; what it loaded."""
    before = len(build.log)
    run_task(task)
    return [(f"{made.loop} {made.types}", made.origin) for made in build.log[before:]]


def serve(cpu: str | None) -> None:
    """Another process: runs tasks from standard input until it is closed."""
    from imgconv.jit import machine

    if cpu is not None:
        machine.choose(cpu)
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    for line in sys.stdin.buffer:
        print(json.dumps(_run(tuple(json.loads(line)))), flush=True)

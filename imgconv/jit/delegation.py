"""Imports and compilations that a thread of `engine.bands` needs are made by the thread that started it.

A KeyboardInterrupt can break off an import in the main thread and leave the module's lock taken. A thread that then
imports the same module waits for ever, and so does whoever waits for that thread. So threads of ours import nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from queue import SimpleQueue

Function = TypeVar("Function", bound=Callable[..., Any])
_POLL = 0.1  # seconds after which a waiting thread looks whether anybody still serves it


class Abandoned(Exception):  # noqa: N818 (an ending, not an error)
    """The thread that should have answered has stopped."""


class Requests:
    """What the threads of one call ask of the thread that started them, and who of them is done."""

    def __init__(self, stop: threading.Event) -> None:
        from queue import SimpleQueue  # here: most calls start no thread

        self._queue: SimpleQueue[_Request | None] = SimpleQueue()
        self._stop, self._done = stop, 0

    def work(self, task: Callable[[], None]) -> None:
        """In a thread: runs the task, which may delegate."""
        _here.requests = self
        try:
            task()
        finally:
            self._queue.put(None)

    def ask(self, function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
        """In a thread: the function's result, or what it raises, from the thread that started this one. Raises
        Abandoned once work has stopped."""
        request = _Request(function, arguments)
        self._queue.put(request)
        while not request.answered.wait(_POLL):
            if self._stop.is_set():
                raise Abandoned
        if request.error is not None:
            raise request.error
        return request.result

    @contextmanager
    def answered(self) -> Iterator[None]:
        """While it lasts, whatever this thread itself imports or compiles is followed by answers: the others are likely
        to wait for the same."""
        before, _here.answering = _here.answering, self
        try:
            yield
        finally:
            _here.answering = before

    def answer(self) -> None:
        """In the thread that started the others: answers what has been asked so far."""
        while not self._queue.empty():
            self._answer(self._queue.get())

    def answer_until_done(self, threads: int) -> None:
        """The same until so many threads are done."""
        while self._done < threads:
            self._answer(self._queue.get())

    def _answer(self, request: _Request | None) -> None:
        if request is None:
            self._done += 1
            return
        try:
            request.result = delegated(request.function, *request.arguments)
        except Exception as error:
            request.error = error
        request.answered.set()


class _Request:
    def __init__(self, function: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
        self.function, self.arguments = function, arguments
        self.answered = threading.Event()
        self.result: Any = None
        self.error: Exception | None = None


class _Here(threading.local):
    requests: Requests | None = None  # of a thread's
    answering: Requests | None = None  # of those that it started


_here = _Here()


def delegated(function: Callable[..., Any], *arguments: Any) -> Any:
    """The function's result, computed by this thread or, where it is one of ours, by the thread that started it."""
    if _here.requests is not None:
        return _here.requests.ask(function, arguments)
    result = function(*arguments)
    if _here.answering is not None:
        _here.answering.answer()
    return result


def loads(function: Function) -> Function:
    """A decorator for functions that import modules: the first call is delegated, later ones find the modules
    loaded."""
    loaded = False

    @wraps(function)
    def call(*arguments: Any) -> Any:
        nonlocal loaded
        if loaded:
            return function(*arguments)
        result = delegated(function, *arguments)
        loaded = True
        return result

    return call  # type: ignore[return-value]

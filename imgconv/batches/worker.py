"""The process of a worker: performs pickled calls from standard input, until that ends."""

from __future__ import annotations

import os
import pickle
import signal
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import IO, Any, NoReturn


def main() -> NoReturn:
    """Reads calls, performs them one after the other, and writes what they return or raise.

    The end of standard input is the end of the process that asks: then this one ends at once, also during a call.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a Ctrl-C ends the process that asks, and this one with it
    calls, results = _pipes()
    waiting: SimpleQueue[tuple[Callable[..., Any], tuple[Any, ...]]] = SimpleQueue()
    threading.Thread(target=_read, args=(calls, waiting.put), daemon=True).start()
    while True:
        function, arguments = waiting.get()
        try:
            content = pickle.dumps((True, function(*arguments)))
        except Exception as error:
            content = pickle.dumps((False, _sendable(error)))
        try:
            results.write(content)
            results.flush()
        except OSError:
            _end()


def _pipes() -> tuple[IO[bytes], IO[bytes]]:
    """Standard input and output, moved away so that nothing else reads or prints there."""
    while (nowhere := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass  # standard error was closed, and nothing else may get its number
    calls, results = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(nowhere, 0)
    os.dup2(2, 1)
    os.close(nowhere)
    return calls, results


def _read(calls: IO[bytes], put: Callable[[Any], None]) -> None:
    while True:
        try:
            put(pickle.load(calls))
        except (EOFError, OSError, pickle.UnpicklingError):
            _end()


def _end() -> NoReturn:
    """Ends this process without half files."""
    from imgconv.values import unfinished

    unfinished.remove_all()
    os._exit(0)


def _sendable(error: Exception) -> Exception:
    """The error, or its text where it cannot be pickled and unpickled."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error

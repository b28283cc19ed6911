"""Forks wait while this process compiles: a child that was made meanwhile would wait for ever for locks of threads that
it does not have."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator

PATIENCE = 20.0
"""Seconds that a fork waits at most; then the child is told that it cannot compile."""

_making = threading.RLock()  # a thread that compiles may fork by itself
_watched: list[bool] = []
_forking: set[int] = set()  # threads that hold the lock because they fork
_late: list[bool] = []


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """One thread at a time is in here."""
    with _making:
        yield


def watch() -> None:
    """From now on no fork comes in while a thread is `alone`. Called before a compiler is loaded: who compiles nothing
    has nothing to wait for."""
    if _watched or not hasattr(os, "register_at_fork"):
        return
    # whose locks compilers need are to be taken after ours, and the hooks that are registered last are called first
    import concurrent.futures.thread  # noqa: F401
    import logging  # noqa: F401

    _watched.append(True)
    os.register_at_fork(before=_before, after_in_parent=_in_parent)


def midway() -> bool:
    """Whether this process was forked while another thread compiled nevertheless: locks of the compiler may be taken
    for good."""
    return bool(_late)


def _before() -> None:
    if _making.acquire(timeout=PATIENCE):
        _forking.add(threading.get_ident())


def _in_parent() -> None:
    if threading.get_ident() in _forking:
        _forking.discard(threading.get_ident())
        _making.release()


def _in_child() -> None:
    global _making  # noqa: PLW0603
    if _watched and threading.get_ident() not in _forking:
        _late.append(True)
    _forking.clear()
    _making = threading.RLock()  # whoever held the other one is not here


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_in_child)

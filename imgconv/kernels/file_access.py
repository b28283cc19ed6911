"""Whether texts of kernels may name files."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_allowed: ContextVar[bool] = ContextVar("allowed", default=True)


def allowed() -> bool:
    """Whether kernels that are files are opened."""
    return _allowed.get()


@contextmanager
def without_files() -> Iterator[None]:
    """While it lasts, kernels that are files are refused: a text from somewhere else must not choose what is opened."""
    token = _allowed.set(False)
    try:
        yield
    finally:
        _allowed.reset(token)

"""The memory that a command may take."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def bounded(most: int | None = None) -> Iterator[None]:
    """While it lasts, what is read and computed takes no more memory than `--max-memory` allows."""
    from imgconv.engine.memory import confined, limited

    with confined(most), limited(most):
        yield

"""Standard error, silenced while a decoder written in C prints on it: the command has a sentence of its own."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

PRINTING = ("tiff",)
"""Formats whose library prints errors of its own, unless `files.libtiff` catches them."""


@contextlib.contextmanager
def quiet_stderr(form: str) -> Iterator[None]:
    """While an image of this format is decoded, standard error leads nowhere. It belongs to the process, so only the
    command may do that."""
    copy = _standard_error() if form in PRINTING else None
    if copy is None:
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(copy, 2)
        os.close(copy)
        os.close(nowhere)


def _standard_error() -> int | None:
    """A copy of its descriptor; None where it is closed, or where libtiff's messages are caught."""
    from imgconv.files.tiff import libtiff

    try:
        return None if libtiff.is_heard() else os.dup(2)
    except OSError:
        return None

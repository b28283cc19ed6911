"""Decoders written in C that print on standard error are silenced where they cannot be heard otherwise: the command's
own sentence says what is wrong."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

TALKATIVE = ("tiff",)
"""Formats whose library prints errors of its own, unless `files.libtiff` reaches it."""


@contextlib.contextmanager
def hushed(form: str) -> Iterator[None]:
    """While an image of this format is decoded, standard error leads nowhere. Only the command may do that: it is the
    process's."""
    kept = _standard_error() if form in TALKATIVE else None
    if kept is None:
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def _standard_error() -> int | None:
    """A copy of its descriptor; None where it is closed, or need not be silenced."""
    from imgconv.files.tiff import libtiff

    try:
        return None if libtiff.is_heard() else os.dup(2)
    except OSError:
        return None

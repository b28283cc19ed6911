"""Decoders written in C that talk to standard error themselves are not heard: the command's own sentence says what is wrong."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

TALKATIVE = ("tiff",)
"""Formats whose library (libtiff, inside Pillow) prints warnings of its own."""


@contextlib.contextmanager
def hushed(form: str) -> Iterator[None]:
    """While an image of this format is decoded, standard error leads nowhere. Only the command may do that: it is the process's."""
    try:
        kept = os.dup(2) if form in TALKATIVE else None
    except OSError:  # it is closed
        kept = None
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

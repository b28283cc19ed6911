"""The classes of errors and their exit codes, and how sentences show what came."""

from __future__ import annotations

from collections.abc import Iterable

DONE, FAILED, MISUSED, LOSSY, OUR_BUG, INTERRUPTED, PIPE_CLOSED, TERMINATED = 0, 1, 2, 3, 70, 130, 141, 143


class ImgconvError(Exception):
    """The base of everything that imgconv raises on purpose.

    Attributes
    ----------
    exit_code : int
        What the command ends with.
    """

    exit_code = FAILED


class UsageError(ImgconvError, ValueError):
    """An option, a kernel, a pipeline or an argument that makes no sense. Also a ValueError."""

    exit_code = MISUSED


class WindowError(ImgconvError, ValueError):
    """A window that does not fit the image. Also a ValueError."""


class PixelError(ImgconvError, ValueError):
    """An array whose type or shape cannot be computed with. Also a ValueError."""


class FileError(ImgconvError, OSError):
    """A file that cannot be read or written. Also an OSError.

    Attributes
    ----------
    reason : str
        What is wrong with a damaged file, without its name; empty of other errors.
    recoverable : bool
        Whether the file is damaged, and what is there could be read (`allow_truncated`).
    """

    def __init__(self, text: str, *, reason: str = "", recoverable: bool = False) -> None:
        super().__init__(text)
        self.reason, self.recoverable = reason, recoverable


class LossError(ImgconvError):
    """A result that lost something where nothing may be lost (`--strict`)."""

    exit_code = LOSSY


class LoopError(ImgconvError, RuntimeError):
    """Compiled code that did not do its work: a bug in imgconv, never a wrong picture. Also a RuntimeError."""

    exit_code = OUR_BUG


class ObjectError(LoopError):
    """Machine code that cannot be emitted or linked here; the next way is tried."""


def suggestion(word: str, known: Iterable[str]) -> str:
    """`; did you mean …?` for a near miss, else an empty text."""
    from difflib import get_close_matches

    spelled = {name.lower(): name for name in known}
    close = [spelled[name] for name in get_close_matches(word.lower()[:80], spelled, n=2, cutoff=0.6)]
    return f"; did you mean {' or '.join(close)}?" if close else ""


def shown(value: object) -> str:
    """A value as sentences show it, short enough for one line; its type where it does not show itself."""
    if isinstance(value, str):
        value = value[:_LONGEST]  # the rest would be cut, and may be millions
    try:
        return cut(" ".join(repr(value).split()) if not isinstance(value, str) else repr(value))
    except (
        Exception
    ):  # a caller's object may raise what it likes, an int of 5000 digits is not printed, nor is a list in itself
        return f"of {value.bit_length()} bits" if isinstance(value, int) else f"of type {type(value).__name__}"


_LONGEST = 100


def cut(text: str) -> str:
    """A text short enough for one line."""
    return text if len(text) <= 60 else text[:57] + "..."


def amount(count: float) -> str:
    """A number of bytes in words: `1.5 GiB`."""
    steps = 0
    while count >= 1000 and steps < 4:
        count, steps = count / 1024, steps + 1
    return f"{count:.3g} {('bytes', 'KiB', 'MiB', 'GiB', 'TiB')[steps]}"

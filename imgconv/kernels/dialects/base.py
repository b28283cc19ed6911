"""Dialect: a way of writing kernels, with what recognises, reads and writes it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from imgconv.kernels.kernel import Kernel, require_total
from imgconv.kernels.text_errors import too_many_kernels
from imgconv.values.frozen import record

LARGEST_FILE = 64 * 2**20
"""Bytes of a file with kernels."""
MOST_KERNELS = 100_000
"""Of one text or file."""

_MINUS = (
    "\N{MINUS SIGN}\N{HYPHEN}\N{NON-BREAKING HYPHEN}\N{FIGURE DASH}\N{EN DASH}\N{SMALL HYPHEN-MINUS}"
    "\N{FULLWIDTH HYPHEN-MINUS}"
)
_SIGNS = str.maketrans(dict.fromkeys(_MINUS, "-"))
_AROUND = 16
_COMMENTS = re.compile(r"(?:\s*#[^\n]*(?:\n|$))+")
_LINE = re.compile(r"[^\n]+")
_FILLED = re.compile(r"\S[^\n]*")


def with_minuses(text: str) -> str:
    """The text with a minus for every sign that stands for one; no character moves."""
    return text if text.isascii() else text.translate(_SIGNS)


class KernelText:
    """A text with kernels, and how places in it are named.

    Before it is read, every sign that stands for a minus becomes one, and every line end a line feed.
    """

    def __init__(self, text: str) -> None:
        text = with_minuses(text)
        self.text = text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text

    def place(self, start: int, end: int | None = None) -> str:
        """Line and column (of characters, from 1) with the piece from `start` to `end` marked: `line 1, column 5, 1 2
        «x» 4`."""
        end = start if end is None else end
        line = self.text.count("\n", 0, start) + 1
        first = self.text.rfind("\n", 0, start) + 1
        last = self.text.find("\n", start)
        last = len(self.text) if last < 0 else last
        end = min(end, last)
        before, piece, after = self.text[first:start], self.text[start:end], self.text[end:last]
        before = before if len(before) <= _AROUND else f"…{before[1 - _AROUND :]}"
        piece = piece if len(piece) <= 2 * _AROUND else f"{piece[: 2 * _AROUND - 1]}…"
        after = after if len(after) <= _AROUND else f"{after[: _AROUND - 1]}…"
        shown = "".join(c if c.isprintable() else " " for c in f"{before.lstrip()}«{piece}»{after.rstrip()}")
        return f"line {line}, column {start - first + 1}, {shown}"


def lines(text: str, start: int = 0) -> Iterator[tuple[int, int]]:
    """Where lines begin and end, from `start` on; blank lines are skipped, however many there are."""
    for filled in _FILLED.finditer(text, start):
        first, end = filled.span()
        if first > start and text[first - 1] != "\n":  # blanks stand before it
            first = max(start, text.rfind("\n", start, first) + 1)
        yield first, end


def pieces(text: str, mark: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Where the pieces between marks lie, empty ones too; lazily, since there may be millions."""
    while (at := text.find(mark, start, end)) >= 0:
        yield start, at
        start = at + 1
    yield start, end


def gathered(kernels: Iterable[Kernel], most: int = MOST_KERNELS) -> tuple[Kernel, ...]:
    """All kernels of a text; UsageError as soon as they, or their weights, are too many."""
    collected: list[Kernel] = []
    weights = 0
    for kernel in kernels:
        collected.append(kernel)
        weights += kernel.shape[0] * kernel.shape[1]
        require_total(weights)
        if len(collected) > most:
            raise too_many_kernels(most)
    return tuple(collected)


def uncommented(text: str) -> str:
    """The text with blanks in place of the comment lines that it begins with; no character moves."""
    comments = _COMMENTS.match(text)
    return _LINE.sub(lambda line: " " * len(line[0]), comments[0]) + text[comments.end() :] if comments else text


@record
class Written:
    """A kernel in a dialect: text, or bytes where the dialect is binary; and notes on what was changed."""

    content: str | bytes
    notes: tuple[str, ...] = ()


def _never(text: str) -> bool:
    return False


def _certain(text: str) -> str:
    return ""


@record
class Dialect:
    """A row of DIALECTS.

    Attributes
    ----------
    name, aliases : str
        What is written before a colon to name it: `vips:blur.mat`.
    claims : str -> bool
        Whether a text is, by its content, written in this dialect.
    doubt : str -> str
        The two readings of a text that this dialect claims and plain rows could be too; empty where they could not.
    suffixes : tuple of str
        Files so named are this dialect's where there is a doubt.
    cut : str -> bool
        Whether a text is only the beginning of one in this dialect, and could be plain rows; a file of `suffixes` is
        then this dialect's, and refused.
    inline : str -> bool
        Whether what follows `name:` is a text and not a path.
    mark : str
        What may stand before a path, as for the peer's command (`@`, `-matrixfile=`).
    read : KernelText -> kernels, or None
        Every kernel in a text.
    opens : (bytes, path, member, index) -> kernels, or None
        Every kernel in a binary file.
    write : Kernel -> Written, or None
        None where it is only read.
    """

    name: str
    summary: str
    example: str = ""
    aliases: tuple[str, ...] = ()
    claims: Callable[[str], bool] = _never
    doubt: Callable[[str], str] = _certain
    suffixes: tuple[str, ...] = ()
    cut: Callable[[str], bool] = _never
    inline: Callable[[str], bool] = _never
    mark: str = ""
    read: Callable[[KernelText], tuple[Kernel, ...]] | None = None
    opens: Callable[[bytes, str, str, str], tuple[Kernel, ...]] | None = None
    write: Callable[[Kernel], Written] | None = None

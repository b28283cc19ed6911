"""What the commands that show pictures share: the screen, and writing to it."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from typing import TYPE_CHECKING

from imgconv import errors
from imgconv.cli import terminal
from imgconv.terminals.screen import USUAL_CELL, Screen, protocol_of
from imgconv.values.parameters import Kind, pair, whole

if TYPE_CHECKING:
    from imgconv.terminals.query import Answers

_MOST = 1000
"""Rows and columns of the largest picture."""
_BENEATH = 4
"""Lines of the terminal that are left to words and the prompt."""


def _size(value: object) -> tuple[int | None, int]:
    """Rows, None where they follow from the picture, and columns."""
    if isinstance(value, str) and value.strip().isdigit():
        return None, whole(value, "size", least=1, most=_MOST)
    rows, columns = pair("size").read(value)
    return whole(rows, "size", most=_MOST), whole(columns, "size", most=_MOST)


SIZE = Kind("COLUMNS|RxC", _size)


def screen_of(protocol: str | None, size: tuple[int | None, int] | None = None) -> Screen:
    """The screen that standard output leads to; a terminal is asked what it shows unless a protocol is named.

    Raises UsageError where standard output is no terminal and no protocol is named.
    """
    on_terminal = sys.stdout is not None and sys.stdout.isatty()
    if protocol is None and not on_terminal:
        raise errors.UsageError(
            "standard output is no terminal, so no picture can be shown; name a protocol to write it all the same"
            " (--protocol blocks), or write a file (-o out.png)"
        )
    columns, rows = shutil.get_terminal_size((80, 24))
    answers = None
    if protocol is None:
        protocol, answers = _asked()
    cell = (_cell() if on_terminal else None) or (answers.cell if answers else None)
    rows = max(4, rows - _BENEATH)
    if size is not None:
        rows, columns = size[0] or 2 * size[1], size[1]
    return Screen(
        protocol,
        min(rows, 2 * _MOST),
        min(columns, _MOST),
        cell or USUAL_CELL,
        terminal.colours() if terminal.unicode_shown() else 0,
        (answers.registers if answers else 0) or 256,
        size is not None,
    )


def _asked() -> tuple[str, Answers | None]:
    """The protocol of the terminal, and what it answered; letters and blocks where it is known to show nothing
    else."""
    term, program = os.environ.get("TERM", ""), os.environ.get("TERM_PROGRAM", "")
    if term in ("", "dumb", "unknown", "linux") or program == "Apple_Terminal":
        return "blocks", None
    from imgconv.terminals.query import ask

    multiplexed = "TMUX" in os.environ or "STY" in os.environ or term.startswith(("screen", "tmux"))
    sys.stdout.flush()
    answers = ask(multiplexed=multiplexed)
    return protocol_of(answers, term, program, multiplexed), answers


def _cell() -> tuple[int, int] | None:
    """Height and width in pixels of a character, where the terminal's driver knows them."""
    with contextlib.suppress(ImportError, OSError, ValueError):
        import fcntl
        import struct
        import termios

        rows, columns, width, height = struct.unpack(
            "HHHH", fcntl.ioctl(sys.stdout.fileno(), termios.TIOCGWINSZ, bytes(8))
        )
        if rows and columns and width >= columns and height >= rows:
            return height // rows, width // columns
    return None


def put(picture: str) -> None:
    """Writes a picture's text, escape sequences and all."""
    sys.stdout.write(picture)
    sys.stdout.flush()

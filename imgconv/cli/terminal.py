"""What the terminal can show: Unicode, colour, width."""

from __future__ import annotations

import os
import shutil
import sys

import click

NEGATIVE, POSITIVE, FAINT = "34", "31", "2"
"""Colours by their ANSI numbers: blue below 0, red above, as in the pictures of kernels."""


def unicode_shown() -> bool:
    """Whether standard output can show shades and bars."""
    try:
        "░█▁".encode(getattr(sys.stdout, "encoding", None) or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def say(text: str) -> None:
    """Prints the text, in ASCII where standard output takes nothing else."""
    click.echo(text if unicode_shown() else text.replace("…", "..").encode("ascii", "replace").decode())


def colour_shown() -> bool:
    """Whether standard output is a terminal on which colours are not turned off (https://no-color.org)."""
    return (
        sys.stdout is not None
        and sys.stdout.isatty()
        and not os.environ.get("NO_COLOR")
        and os.environ.get("TERM") != "dumb"
    )


def painted(text: str, colour: str) -> str:
    """The text in a colour, where colours are shown."""
    return f"\x1b[{colour}m{text}\x1b[0m" if colour and colour_shown() else text


def width() -> int:
    """Columns of the terminal; 100 where there is none."""
    return shutil.get_terminal_size((100, 24)).columns

"""What the terminal can show: Unicode, colour, width.

Colours follow https://no-color.org, https://force-color.org and https://bixense.com/clicolors: `NO_COLOR` turns them
off, `FORCE_COLOR` and `CLICOLOR_FORCE` turn them on in a pipe too, `CLICOLOR=0` off on a terminal.
"""

from __future__ import annotations

import os
import shutil
import sys

import click

NEGATIVE, POSITIVE, FAINT, STRONG = "34", "31", "2", "1"
"""Colours by their ANSI numbers: blue below 0, red above, as in the pictures of kernels."""
_TRUE_COLOUR = ("iTerm.app", "WezTerm", "ghostty", "vscode", "mintty")
"""TERM_PROGRAM of terminals that show colours of 24 bits."""


def unicode_shown() -> bool:
    """Whether standard output can show shades and bars."""
    try:
        "░█▁".encode(getattr(sys.stdout, "encoding", None) or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def say(text: str) -> None:
    """Prints the text, in ASCII where standard output takes nothing else."""
    shown = text if unicode_shown() else text.replace("…", "..").encode("ascii", "replace").decode()
    click.echo(shown, color=colour_shown() or None)


def colour_shown() -> bool:
    """Whether standard output is a terminal that shows colours and the environment does not turn them off, or it asks
    for them anyway."""
    if sys.stdout is None or os.environ.get("NO_COLOR"):
        return False
    if (forced := os.environ.get("FORCE_COLOR")) is not None:
        return forced not in ("", "0", "false")
    if os.environ.get("CLICOLOR_FORCE", "0") != "0":
        return True
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb" and os.environ.get("CLICOLOR") != "0"


def true_colour_shown() -> bool:
    """Whether colours of 24 bits are: what COLORTERM, TERM and TERM_PROGRAM say, or `FORCE_COLOR=3`."""
    term = os.environ.get("TERM", "")
    known = (
        os.environ.get("COLORTERM", "").lower() in ("truecolor", "24bit")
        or term.endswith(("-direct", "-truecolor"))
        or os.environ.get("TERM_PROGRAM") in _TRUE_COLOUR
        or "WT_SESSION" in os.environ  # Windows Terminal
    )
    return colour_shown() and (known or os.environ.get("FORCE_COLOR") == "3")


def colours() -> int:
    """How many colours are shown: 2**24, 256, or 0."""
    if true_colour_shown():
        return 2**24
    if not colour_shown():
        return 0
    return 256 if "256" in os.environ.get("TERM", "") or _terminfo_colours() >= 256 else 0


def _terminfo_colours() -> int:
    """The number of colours in the description of TERM; 0 where there is none."""
    try:
        import curses

        curses.setupterm(os.environ.get("TERM", "dumb"), 1)
        return curses.tigetnum("colors")
    except Exception:  # no curses (Windows), or no description
        return 0


def swatch(text: str, paper: tuple[int, int, int], ink: tuple[int, int, int]) -> str:
    """The text in one true colour on another."""
    return f"\x1b[48;2;{';'.join(map(str, paper))};38;2;{';'.join(map(str, ink))}m{text}\x1b[0m"


def painted(text: str, colour: str) -> str:
    """The text in a colour, where colours are shown."""
    return f"\x1b[{colour}m{text}\x1b[0m" if colour and colour_shown() else text


def width() -> int:
    """Columns of the terminal; 100 where there is none."""
    return shutil.get_terminal_size((100, 24)).columns

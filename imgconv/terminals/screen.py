"""The screen that pictures are fitted to: its protocol, its size, and what its blocks look like."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imgconv.values.frozen import record

if TYPE_CHECKING:
    from imgconv.terminals.query import Answers

TRUE_COLOURS = 2**24
USUAL_CELL = 16, 8
"""Height and width in pixels of a character where the terminal does not say."""
_ITERM = ("iTerm2", "WezTerm", "mintty")
"""Beginnings of the names of terminals that know iTerm's protocol."""
_HINTS = {"iTerm.app": "iterm", "WezTerm": "iterm", "mintty": "iterm", "ghostty": "kitty"}
"""TERM_PROGRAM of terminals that could not be asked."""


@record
class Screen:
    """Where a picture goes.

    Attributes
    ----------
    protocol : str
        One of `values.protocols.PROTOCOL`.
    rows, columns : int
        Characters that a picture may take.
    cell : (int, int)
        Height and width in pixels of a character.
    colours : int
        Of blocks: `TRUE_COLOURS`, 256, or 0 for characters without colours.
    registers : int
        Colours of a picture in sixels.
    filled : bool
        Whether small pictures are made as large as there is room.
    """

    protocol: str
    rows: int = 24
    columns: int = 80
    cell: tuple[int, int] = USUAL_CELL
    colours: int = TRUE_COLOURS
    registers: int = 256
    filled: bool = False

    @property
    def pixel_cell(self) -> tuple[int, int]:
        """Height and width in picture's pixels of a character: a block shows one above another."""
        return (2, 1) if self.protocol == "blocks" else self.cell

    @property
    def box(self) -> tuple[int, int]:
        """Height and width in pixels of the largest picture."""
        height, width = self.pixel_cell
        return self.rows * height, self.columns * width


def protocol_of(answers: Answers | None, term: str, program: str, multiplexed: bool) -> str:
    """The protocol of a terminal by what it answered (None: it could not be asked).

    `term` and `program` are TERM and TERM_PROGRAM, which in a `multiplexed` terminal (tmux, screen) speak of another
    one.
    """
    if answers is None:
        if multiplexed:
            return "blocks"
        return "kitty" if term in ("xterm-kitty", "xterm-ghostty") else _HINTS.get(program, "blocks")
    if answers.kitty:
        return "kitty"
    if not multiplexed and (answers.name.startswith(_ITERM) or (answers.complete and program == "iTerm.app")):
        return "iterm"
    return "sixel" if answers.sixel else "blocks"

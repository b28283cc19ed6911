"""Rows of numbers: from cells to weights in one pass, with the place of an error."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction

from imgconv import errors
from imgconv.kernels.dialects.base import KernelText
from imgconv.kernels.kernel import MOST_SIDE, require_size
from imgconv.kernels.text_errors import KernelTextError, empty_cell, number_expected, ragged_rows, wrong_count
from imgconv.values.numbers import Number, number

_WHOLE = re.compile(r"[+-]?[0-9]{1,18}")
_DECIMAL = re.compile(r"([+-]?[0-9]{0,9})\.([0-9]{1,9})")
_CELL = re.compile(r'[^\s,;"]+')
_TIGHT_COMMA = re.compile(r"[^\s,],[^\s,]")
_GROUP = re.compile(r"0[0-9]{2}")
_SPACED_GROUP = re.compile(
    "[0-9][\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}\N{THIN SPACE}\N{FIGURE SPACE}][0-9]{3}(?![0-9])"
)
HOLES = ("-", ".")
_MOST_KNOWN = 2**16  # words that are remembered: kernels that repeat their numbers have fewer


def split_words(text: str, most: int = MOST_SIDE) -> list[str]:
    """The words between blanks; UsageError where a row would have too many of them, before they are all made."""
    words = text.split(None, most)
    require_size(1, len(words))
    return words


class Cells:
    """Reads the rows of one source; `holes` are the words for a cell without a weight.

    Each distinct word is parsed once, since kernels repeat their numbers.
    """

    def __init__(self, source: KernelText, holes: Sequence[str] = ()) -> None:
        self._source = source
        self._known: dict[str, Number] = dict.fromkeys(holes, 0)
        if not source.text.isascii() and (group := _SPACED_GROUP.search(source.text)):
            raise _thousands(source.place(group.start(), group.end()), group[0])

    def row(self, start: int, end: int, *, most: int | None = None) -> list[Number]:
        """The numbers between two places of the text, separated by commas or by blanks.

        Raises
        ------
        UsageError
            For a cell that is not a number or empty, for a comma or blank that can be read in two ways,
            and for more than `most` cells.
        """
        words = self.words(start, end)
        if most is not None and len(words) > most:
            raise wrong_count(self.cell_place(start, end, most), most, len(words))
        return self.numbers(words, start, end)

    def words(self, start: int, end: int) -> list[str]:
        """The cells between two places as they are written."""
        piece = self._source.text[start:end]
        if "," not in piece:
            return split_words(piece)
        require_size(1, piece.count(",") + 1)
        cells: list[str] = []
        for part in piece.split(","):
            words = split_words(part)
            if not words:
                raise self._empty(start, piece, len(cells))
            cells += words
            require_size(1, len(cells))
        if len(cells) > piece.count(",") + 1 and _TIGHT_COMMA.search(piece):
            first = len(piece) - len(piece.lstrip())
            raise KernelTextError(
                self._source.place(start + first, start + len(piece.rstrip())),
                "commas and blanks both separate numbers here, which can be read in two ways, as the cells"
                f" {' '.join(_CELL.findall(piece.strip()[:40])[:4])}… or with commas inside numbers; separate cells by"
                " one of them, and write decimals with a point",
            )
        if any(len(word) == 3 and _GROUP.fullmatch(word) for word in cells):
            where = next(i for i, word in enumerate(cells) if _GROUP.fullmatch(word))
            raise _thousands(self.cell_place(start, end, where), ",".join(cells[max(0, where - 1) : where + 1]))
        return cells

    def numbers(self, words: Sequence[str], start: int, end: int) -> list[Number]:
        """The numbers that the words between two places are."""
        known = self._known
        numbers = []
        for index, word in enumerate(words):
            value = known.get(word)
            if value is None:
                value = _number(word)
                if value is None:
                    raise number_expected(self.cell_place(start, end, index), word)
                if len(known) < _MOST_KNOWN:
                    known[word] = value
            numbers.append(value)
        return numbers

    def cell_place(self, start: int, end: int, index: int) -> str:
        """Where the cell of this index lies between two places."""
        for count, cell in enumerate(_CELL.finditer(self._source.text, start, end)):
            if count == index:
                return self._source.place(cell.start(), cell.end())
        return self._source.place(start, end)

    def _empty(self, start: int, piece: str, before: int) -> errors.UsageError:
        comma = -1
        for _ in range(before + (before == 0)):
            comma = piece.find(",", comma + 1)
        at = start + max(comma, 0)
        return empty_cell(self._source.place(at, at + 1))


def _thousands(place: str, piece: str) -> KernelTextError:
    return KernelTextError(
        place,
        f"{errors.shown(piece)} looks like thousands, and could be cells of its own; write numbers without separators,"
        " cells without leading zeros",
    )


def _number(word: str) -> Number | None:
    """As `numbers.number` reads it, with a short cut for the usual forms; None for what is not a finite number."""
    if _WHOLE.fullmatch(word):
        return int(word)
    if decimal := _DECIMAL.fullmatch(word):
        value = Fraction(int(decimal[1] + decimal[2]), 10 ** len(decimal[2]))
        return value.numerator if value.denominator == 1 else value
    try:
        return number(word)
    except errors.UsageError:
        return None


def check_rows(source: KernelText, rows: Sequence[Sequence[Number]], start: int, end: int) -> None:
    """Whether the last row read is as long as the first, and the rows are not too many."""
    if len(rows[-1]) != len(rows[0]):
        raise ragged_rows(f"row {len(rows)} ({source.place(start, end)})", len(rows[0]), len(rows[-1]))
    require_size(len(rows), len(rows[0]))

"""Kernel syntaxes: text to rows of numbers. A new dialect is one row of SYNTAXES."""

from __future__ import annotations

import re
from collections.abc import Callable

from imgconv import errors
from imgconv.exact import Number, number, number_text
from imgconv.kernels import Kernel, require_size
from imgconv.records import record

_SEPARATOR = re.compile(r"\s*,\s*|\s+")


@record
class Syntax:
    """One dialect: how to tell it from the others by its content, and how to read it."""

    name: str
    recognises: Callable[[str], bool]
    read: Callable[[str, bool], Kernel]


def _rows(text: str, lines: bool) -> Kernel:
    """Rows on lines or between `;`, cells between commas or blanks, `#` starts a comment."""
    rows: list[list[Number]] = []
    lines = lines or "\n" in text.strip()
    for line_number, line in enumerate(text.splitlines(), 1):
        for row_number, row in enumerate(line.partition("#")[0].split(";"), 1):
            if not row.strip():
                continue
            place = f"line {line_number}" if lines else f"row {row_number}"
            rows.append(_row(row, place))
            if len(rows[-1]) != len(rows[0]):
                raise errors.kernel_ragged(place, len(rows[0]), len(rows[-1]))
            require_size(len(rows), len(rows[0]))
    if not rows:
        raise errors.kernel_empty("the text")
    return Kernel(rows)


def _row(row: str, place: str) -> list[Number]:
    cells, found = [], _SEPARATOR.split(row.strip())
    require_size(1, len(found))
    for column, cell in enumerate(found, 1):
        try:
            cells.append(number(cell))
        except errors.UsageError:
            raise errors.kernel_cell(f"{place}, column {column}", cell) from None
    return cells


def rows_text(kernel: Kernel) -> str:
    """The weights as inline rows: `-1 0 1;-2 0 2`. Divisor, bias and anchor are not part of it."""
    return ";".join(" ".join(number_text(cell) for cell in row) for row in kernel.weights)


SYNTAXES = (Syntax("rows", lambda text: True, _rows),)


def read(text: str, *, lines: bool = False) -> Kernel:
    """A kernel from the content of a file (errors then name `lines`) or an inline text, in whichever dialect recognises it."""
    return next(syntax for syntax in SYNTAXES if syntax.recognises(text)).read(text, lines)

"""CSV: rows on lines, cells between `,`, `;` or tabs, as spreadsheets and programs write them."""

from __future__ import annotations

import re
from itertools import islice

from imgconv.kernels.dialects.base import Dialect, KernelText, Written, lines
from imgconv.kernels.dialects.cells import Cells, check_rows
from imgconv.kernels.dialects.placing import centred, decimal, divided, middle, rounding
from imgconv.kernels.kernel import Kernel, require_size
from imgconv.kernels.text_errors import cannot_write, empty_cell, no_numbers, number_expected
from imgconv.values.numbers import Number

_BLANK_BETWEEN = re.compile(r"[^\s;][^\S\n]+[^\s;]")
_SEP = re.compile(r"\s*sep=([,;\t])\s*\n")
_DECIMAL_COMMA = re.compile(r"(?<![0-9])([-+]?[0-9]*),([0-9]+)(?![0-9,])")


def read(source: KernelText) -> tuple[Kernel, ...]:
    """One kernel. Cells stand between `;` where there is one, else tabs, else commas; beside `;` and tabs a comma is
    the decimal sign."""
    stated = _SEP.match(source.text)
    begin = stated.end() if stated else 0
    separator = stated[1] if stated else next((mark for mark in ";\t" if mark in source.text), ",")
    cells = Cells(source)
    rows: list[list[Number]] = []
    for start, end in lines(source.text, begin):
        rows.append(_row(source, cells, start, end, separator))
        check_rows(source, rows, start, end)
    if not rows:
        raise no_numbers()
    return (Kernel(rows),)


def _row(source: KernelText, cells: Cells, start: int, end: int, separator: str) -> list[Number]:
    words = []
    at = start
    require_size(1, source.text.count(separator, start, end) + 1)
    for cell in source.text[start:end].split(separator):
        word = cell.strip(" \"'\t\n")
        if not word:
            raise empty_cell(source.place(at, at + max(1, len(cell))))
        if "," in word:
            decimal = _DECIMAL_COMMA.fullmatch(word)
            if decimal is None or "." in word:
                raise number_expected(source.place(at, at + len(cell)), word)
            word = f"{decimal[1]}.{decimal[2]}"
        words.append(word)
        at += len(cell) + 1
    return cells.numbers(words, start, end)


def claims(text: str) -> bool:
    """Several lines with `;` or quotation marks inside them: there a `;` separates cells, for rows are on lines."""
    if '"' not in text and ";" not in text and not _SEP.match(text):
        return False
    if _SEP.match(text) or text.lstrip().startswith('"'):
        return True
    filled = (text[start:end].strip() for start, end in lines(text))
    separated = [";" in line[:-1] and not _BLANK_BETWEEN.search(line.split("#")[0]) for line in islice(filled, 2)]
    return (
        len(separated) > 1
        and all(separated)
        and all(";" in line[:-1] and not _BLANK_BETWEEN.search(line.split("#")[0]) for line in filled)
    )


def doubt(text: str) -> str:
    """Several plain rows a line too, if there are commas beside the `;`: they may be decimal signs."""
    return (
        "CSV with decimal commas, or several rows a line with commas between their cells"
        if "," in text and ";" in text and not _SEP.match(text)
        else ""
    )


def write(kernel: Kernel) -> Written:
    """The weights with the divisor in them. There is neither bias nor anchor: zeros move it."""
    if kernel.bias != 0:
        raise cannot_write("csv", f"the bias {decimal(kernel.bias)}")
    notes: tuple[str, ...] = ()
    if kernel.anchor not in (None, middle(*kernel.shape)):
        kernel, notes = centred(kernel)
    rows = divided(kernel)
    return Written(
        "\n".join(",".join(decimal(cell) for cell in row) for row in rows),
        notes + rounding([cell for row in rows for cell in row]),
    )


CSV = Dialect(
    "csv",
    "rows on lines, cells between `,`, `;` or tabs; beside `;` and tabs a comma is the decimal sign",
    "csv:blur.csv",
    claims=claims,
    doubt=doubt,
    suffixes=(".csv",),
    inline=lambda text: bool(
        re.match(r"\s*[\"']?[-+\N{MINUS SIGN}]?\.?,?[0-9][-+\N{MINUS SIGN}0-9.,;\s/eE\"']*$", text)
    ),
    read=read,
    write=write,
)

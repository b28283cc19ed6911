"""libvips' matrix files: `W H [scale [offset]]`, then H lines of W numbers. Correlation; the centre is size // 2."""

from __future__ import annotations

import re
from itertools import islice

from imgconv import errors
from imgconv.kernels.dialects.base import Dialect, KernelText, Written, lines
from imgconv.kernels.dialects.cells import Cells, split_words
from imgconv.kernels.dialects.placing import anchor_of, centred, decimal, half, in_decimals, placed, rounding
from imgconv.kernels.kernel import MOST_SIDE, Kernel, require_size
from imgconv.kernels.text_errors import KernelTextError, no_numbers, wrong_count
from imgconv.values.numbers import Number

_HEADER = re.compile(r"\s*([0-9]{1,6})[\s,]+([0-9]{1,6})(?:[^\S\n,]+[^\s,]+){0,2}[^\S\n]*(?:\n|$)")
_HALF_HEADER = re.compile(r"\s*[0-9]{1,6}\s*")
_LOOSE = str.maketrans(
    ",\"'\t", "    "
)  # the manual allows commas and quotation marks, its parser blanks; both are read


def read(source: KernelText) -> tuple[Kernel, ...]:
    """One kernel: result = sum / scale + offset."""
    source = KernelText(source.text.translate(_LOOSE))
    text, cells = source.text, Cells(source)
    filled = lines(text)
    start, end = next(filled, (0, 0))
    if end == 0:
        raise no_numbers()
    head = cells.row(start, end)
    if not 2 <= len(head) <= 4 or not all(isinstance(side, int) and side >= 1 for side in head[:2]):
        raise KernelTextError(source.place(start, end), "invalid header; expected W H [scale [offset]], such as 3 3 9")
    columns, rows = int(head[0]), int(head[1])
    require_size(rows, columns)
    filled_lines = list(islice(filled, MOST_SIDE + 1))
    if len(filled_lines) != rows:
        remedy = (
            "; get a whole copy, or read it as plain rows by rows: before its name" if len(filled_lines) < rows else ""
        )
        raise KernelTextError(
            source.place(start, end),
            f"{len(filled_lines)} row{'s' * (len(filled_lines) != 1)} where {rows} were announced{remedy}",
        )
    weights = [_row(source, cells, line, columns) for line in filled_lines]
    return (placed(weights, half(rows, columns), head[2] if len(head) > 2 else 1, head[3] if len(head) > 3 else 0),)


def _row(source: KernelText, cells: Cells, line: tuple[int, int], columns: int) -> list[Number]:
    """As libvips, what follows the last number of a row is ignored; a number too many is not."""
    words = split_words(source.text[slice(*line)])
    if len(words) < columns:
        raise wrong_count(source.place(*line), columns, len(words))
    if len(words) > columns and re.match(r"[-+.]*[0-9]", words[columns]):
        raise wrong_count(cells.cell_place(*line, columns), columns, len(words))
    return cells.numbers(words[:columns], *line)


def claims(text: str) -> bool:
    """Whether the first line announces exactly the rows that follow, each as wide as announced."""
    return _follows(text) == "whole"


def cut(text: str) -> bool:
    """Whether the text is the beginning of a matrix: half a first line, or one that announces more than follows."""
    return bool(_HALF_HEADER.fullmatch(text)) or _follows(text) == "cut"


def _follows(text: str) -> str:
    """What follows a first line that may announce a matrix: one that is "whole", the beginning of one ("cut"), or
    something else (empty)."""
    head = _HEADER.match(text)
    columns, rows = (int(head[1]), int(head[2])) if head else (0, 0)
    if head is None or not (columns and rows) or "\n" in head[0].strip():
        return ""
    last, count = columns, 0
    for start, end in lines(text, head.end()):
        count += 1
        if last != columns or count > rows:
            return ""
        last = len(text[start:end].translate(_LOOSE).split(None, columns + 1))
    return "whole" if (count, last) == (rows, columns) else "cut" if last <= columns else ""


def doubt(text: str) -> str:
    """Plain rows too, if the line that announces the size is as wide as the rows that follow."""
    filled = (text[start:end].translate(_LOOSE).split() for start, end in lines(text))
    first, second = next(filled, []), next(filled, [])
    if len(first) != len(second) or not claims(text):
        return ""
    rows = 1 + int(first[1])
    return f"libvips' matrix of {errors.extent(rows - 1, int(first[0]))}, or {rows} plain rows of {len(first)}"


def write(kernel: Kernel) -> Written:
    """Whole weights with a scale where there are some, else decimals. The centre is libvips' own: zeros move it."""
    notes: tuple[str, ...] = ()
    if anchor_of(kernel) != half(*kernel.shape):
        kernel, notes = centred(kernel)
    rows, scale = in_decimals(kernel)
    notes += rounding([cell for row in rows for cell in row] + [scale, kernel.bias])
    head = [str(kernel.shape[1]), str(kernel.shape[0])]
    if (scale, kernel.bias) != (1, 0):
        head += [decimal(scale), decimal(kernel.bias)]
    return Written("\n".join([" ".join(head), *(" ".join(decimal(cell) for cell in row) for row in rows)]), notes)


VIPS = Dialect(
    "vips",
    "libvips' matrix file: a line `W H scale offset`, then rows",
    "vips:blur.mat",
    ("libvips", "mat"),
    claims=claims,
    doubt=doubt,
    cut=cut,
    suffixes=(".mat",),
    inline=lambda text: "\n" in text.strip() and bool(_HEADER.match(text)),
    read=read,
    write=write,
)

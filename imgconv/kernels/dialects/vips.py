"""libvips' matrix files: `W H [scale [offset]]`, then H lines of W numbers. Correlation; the centre is size // 2."""

from __future__ import annotations

import re

from imgconv import errors
from imgconv.kernels.dialects.base import Dialect, Source, Written
from imgconv.kernels.dialects.cells import Cells
from imgconv.kernels.dialects.placing import anchor_of, centred, decimal, half, in_decimals, placed, rounding
from imgconv.kernels.kernel import Kernel, require_size
from imgconv.values.numbers import Number

_HEADER = re.compile(r"\s*([0-9]{1,6})[\s,]+([0-9]{1,6})(?:[^\S\n,]+[^\s,]+){0,2}[^\S\n]*(?:\n|$)")
_LOOSE = str.maketrans(
    ",\"'\t", "    "
)  # the manual allows commas and quotation marks, its parser blanks; both are read


def read(source: Source) -> tuple[Kernel, ...]:
    """One kernel: result = sum / scale + offset."""
    source = Source(source.text.translate(_LOOSE))
    text, cells = source.text, Cells(source)
    lines = [(start, end) for start, end in _lines(text) if not text[start:end].isspace()]
    if not lines:
        raise errors.kernel_empty("the text")
    start, end = lines[0]
    head = cells.row(start, end)
    if not 2 <= len(head) <= 4 or not all(isinstance(side, int) and side >= 1 for side in head[:2]):
        raise errors.kernel_header(source.place(start, end), "W H [scale [offset]], such as 3 3 9")
    columns, rows = int(head[0]), int(head[1])
    require_size(rows, columns)
    if len(lines) - 1 != rows:
        raise errors.kernel_missing(source.place(start, end), rows, len(lines) - 1, "row")
    weights = [_row(source, cells, line, columns) for line in lines[1:]]
    return (placed(weights, half(rows, columns), head[2] if len(head) > 2 else 1, head[3] if len(head) > 3 else 0),)


def _row(source: Source, cells: Cells, line: tuple[int, int], columns: int) -> list[Number]:
    """As libvips, what follows the last number of a row is ignored; a number too many is not."""
    words = source.text[slice(*line)].split()
    if len(words) < columns:
        raise errors.kernel_missing(source.place(*line), columns, len(words))
    if len(words) > columns and re.match(r"[-+.]*[0-9]", words[columns]):
        raise errors.kernel_surplus(cells.cell_place(*line, columns), columns, len(words))
    return cells.numbers(words[:columns], *line)


def _lines(text: str) -> list[tuple[int, int]]:
    found, start = [], 0
    for line in text.split("\n"):
        if line:
            found.append((start, start + len(line)))
        start += len(line) + 1
    return found


def claims(text: str) -> bool:
    """Whether the first line announces exactly the rows that follow, each as wide as announced."""
    head = _HEADER.match(text)
    if head is None or head[0].strip() == text.strip():
        return False
    columns, rows = int(head[1]), int(head[2])
    lines = [line for line in text[head.end() :].split("\n") if line and not line.isspace()]
    return len(lines) == rows and all(len(line.translate(_LOOSE).split()) == columns for line in lines)


def doubt(text: str) -> str:
    """Plain rows too, if the line that announces the size is as wide as the rows that follow."""
    lines = [line.translate(_LOOSE).split() for line in text.split("\n") if line and not line.isspace()]
    return (
        f"libvips' matrix of {len(lines) - 1}x{lines[0][0]}, or {len(lines)} plain rows of {len(lines[0])}"
        if len(lines[0]) == len(lines[1])
        else ""
    )


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
    suffixes=(".mat",),
    inline=lambda text: "\n" in text.strip() and bool(_HEADER.match(text)),
    read=read,
    write=write,
)

"""G'MIC's matrix items: `(0,1,0;1,-4,1;0,1,0)`. Read as its command `convolve` uses them; `correlate` may be named
behind."""

from __future__ import annotations

import re
from collections.abc import Iterator

from imgconv.kernels.dialects.base import Dialect, KernelText, Written, gathered, pieces
from imgconv.kernels.dialects.cells import Cells, check_rows
from imgconv.kernels.dialects.placing import anchor_of, centred, decimal, divided, half, middle, placed, rounding
from imgconv.kernels.kernel import Kernel
from imgconv.kernels.text_errors import KernelTextError, cannot_write, empty_cell, no_numbers
from imgconv.values.numbers import Number

_ITEM = re.compile(r"\s*\(([^()]*)\)\s*(convolve|correlate)?\s*", re.I)
_STARTS = re.compile(r"\s*\(\s*[-+\N{MINUS SIGN}]?\.?[0-9][-+\N{MINUS SIGN}0-9.,;^/\s()eEa-z]*$")


def read(source: KernelText) -> tuple[Kernel, ...]:
    """A kernel for each channel (between `^`) of each item."""
    kernels = gathered(_items(source))
    if not kernels:
        raise no_numbers()
    return kernels


def _items(source: KernelText) -> Iterator[Kernel]:
    text, at = source.text, 0
    cells = Cells(source)
    while at < len(text):
        item = _ITEM.match(text, at)
        if item is None:
            raise KernelTextError(
                source.place(at, len(text)), "expected (v,v;v,v): `,` between columns, `;` between rows, in parentheses"
            )
        if "/" in item[1]:
            where = item.start(1) + item[1].index("/")
            raise KernelTextError(
                source.place(where, where + 1),
                "expected one slice; `/` begins a second, and a kernel has two dimensions",
            )
        for start, end in pieces(text, "^", *item.span(1)):
            weights = _rows(source, cells, start, end)
            yield placed(weights, middle(len(weights), len(weights[0])), turned=(item[2] or "").lower() != "correlate")
        at = item.end()


def _rows(source: KernelText, cells: Cells, start: int, end: int) -> list[list[Number]]:
    rows: list[list[Number]] = []
    for first, last in pieces(source.text, ";", start, end):
        rows.append(cells.row(first, last))
        if not rows[-1]:
            raise empty_cell(source.place(first, last))
        check_rows(source, rows, first, last)
    return rows


def write(kernel: Kernel) -> Written:
    """For `convolve`, which turns its kernel. There is no bias, and the centre is G'MIC's: zeros move it."""
    if kernel.bias != 0:
        raise cannot_write("gmic", f"the bias {decimal(kernel.bias)} (add it by a command of its own)")
    notes: tuple[str, ...] = ()
    if anchor_of(kernel) != half(*kernel.shape):  # (size - 1) // 2, turned
        kernel, notes = centred(kernel)
    rows = divided(kernel.turned())
    notes += rounding([cell for row in rows for cell in row])
    return Written(f"({';'.join(','.join(decimal(cell) for cell in row) for row in rows)})", notes)


GMIC = Dialect(
    "gmic",
    "G'MIC's matrix item in parentheses, as `convolve` applies it (turned); `correlate` may be named behind it",
    "(0,1,0;1,-4,1;0,1,0) correlate",
    ("g'mic",),
    claims=lambda text: bool(re.match(r"\s*\(", text)),
    inline=lambda text: bool(_STARTS.match(text)),
    read=read,
    write=write,
)

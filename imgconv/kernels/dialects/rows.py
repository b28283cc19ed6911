"""Plain rows: on lines or between `;`, cells between commas or blanks; the one dialect that loses nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator

from imgconv import errors
from imgconv.kernels.dialects.base import Dialect, KernelText, Written, lines
from imgconv.kernels.dialects.cells import HOLES, Cells, check_rows
from imgconv.kernels.kernel import Kernel, rows_text
from imgconv.kernels.text_errors import KernelTextError, no_numbers
from imgconv.values.numbers import Number, number_text

_HEADS = {"scale": "divisor", "divisor": "divisor", "offset": "bias", "bias": "bias", "anchor": "anchor"}
_HEAD = re.compile(r"\s*([A-Za-z_]+)\s*=(.*)", re.S)
_STARTS = re.compile(r"\s*(?:(?:[-+\N{MINUS SIGN}]\s*)?\.?[0-9]|(?:scale|divisor|offset|bias|anchor)\s*=)")
_ONLY_NUMBERS = re.compile(r"[-+\N{MINUS SIGN}0-9.,;\s/eExXpPa-fA-F#]*")
_HEADED = re.compile(
    r"(?:\s*(?:scale|divisor|offset|bias|anchor)\s*=[^;\n]*[;\n])+[-+\N{MINUS SIGN}0-9.,;\s/eExXpPa-fA-F#]*"
)

_PIECE = re.compile(r"[^;\s][^;]*")
_BRACKETS = re.compile(r'\s*\[[^\[\]{}"]*\]\s*')


def claims(text: str) -> bool:
    """MATLAB's brackets around rows: `[1 2 1; 2 4 2]`. (`[1, 2, 1]` is JSON, where it is not a kernel.)"""
    return text.lstrip()[:1] == "[" and (";" in text or "," not in text) and bool(_BRACKETS.fullmatch(text))


def read(source: KernelText) -> tuple[Kernel, ...]:
    """One kernel. Lines `scale=16`, `offset=128` and `anchor=1,1` may stand before the rows; `#` starts a comment; `-`
    and `.` are holes."""
    if claims(source.text):
        source = KernelText(source.text.replace("[", " ").replace("]", " "))
    cells = Cells(source, HOLES)
    stated: dict[str, object] = {}
    rows: list[list[Number]] = []
    for start, end in _pieces(source.text):
        if not rows and (head := _HEAD.match(source.text, start, end)):
            name = _HEADS.get(head[1].lower())
            if name is None:
                hint = errors.suggestion(head[1], _HEADS) or f"; expected {', '.join(_HEADS)}"
                raise KernelTextError(
                    source.place(head.start(1), end), f"{errors.shown(head[1])} cannot stand before the rows{hint}"
                )
            stated[name] = head[2].strip()
            continue
        rows.append(cells.row(start, end))
        check_rows(source, rows, start, end)
    if not rows:
        raise no_numbers()
    return (Kernel(rows, **stated),)  # type: ignore[arg-type]


def _pieces(text: str) -> Iterator[tuple[int, int]]:
    """Where each row begins and ends, comments and empty rows left out."""
    for start, end in lines(text):
        comment = text.find("#", start, end)
        last = end if comment < 0 else comment
        if ";" not in text[start:last]:
            if start < last and not text[start:last].isspace():
                yield start, last
            continue
        for piece in _PIECE.finditer(text, start, last):
            yield piece.span()


def inline(text: str) -> bool:
    """Numbers and nothing else, or behind their headers, or in brackets."""
    return claims(text) or bool(_STARTS.match(text) and (_ONLY_NUMBERS.fullmatch(text) or _HEADED.fullmatch(text)))


def write(kernel: Kernel) -> Written:
    """Rows on lines, after a line each for a divisor, bias and anchor that are not the usual ones."""
    heads = [f"scale={number_text(kernel.divisor)}"] * (kernel.divisor != 1) + [
        f"offset={number_text(kernel.bias)}"
    ] * (kernel.bias != 0)
    heads += [f"anchor={kernel.anchor[0]},{kernel.anchor[1]}"] if kernel.anchor else []
    return Written("\n".join([*heads, rows_text(kernel, "\n")]))


ROWS = Dialect(
    "rows",
    "plain rows on lines or between `;` (MATLAB's brackets may be around them), cells between blanks or commas;"
    " fractions, `#` comments, lines `scale=`, `offset=`, `anchor=`",
    "scale=16; 1 2 1; 2 4 2; 1 2 1",
    ("text",),
    claims=claims,
    inline=inline,
    read=read,
    write=write,
)

"""netpbm's pnmconvol: `-matrix` and `-matrixfile` texts, and the old PGM of weights. Correlation; odd sizes only."""

from __future__ import annotations

import re
from fractions import Fraction

from imgconv import errors
from imgconv.kernels.dialects.base import Dialect, KernelText, Written, lines
from imgconv.kernels.dialects.cells import Cells, check_rows
from imgconv.kernels.dialects.placing import centred, decimal, divided, rounding
from imgconv.kernels.kernel import MOST_WEIGHTS, Kernel, require_size
from imgconv.kernels.text_errors import KernelTextError, cannot_write, no_numbers, wrong_count
from imgconv.values.numbers import Number, number

_OPTION = re.compile(r"\s*--?(matrix|bias|normalize|nooffset)(?:[=\s]\s*([^\s=]+))?(?=\s|$)")
_PGM = re.compile(r"\s*P2\s")
_BINARY = re.compile(rb"P5\s+(?:#[^\n]*\n\s*)?([0-9]{1,6})\s+([0-9]{1,6})\s+([0-9]{1,5})\s")
_COMMENT = re.compile(r"#[^\n]*")
_STARTS = re.compile(
    r"\s*(?:--?(?:matrix|bias|normalize|nooffset)\b|[-+\N{MINUS SIGN}]?\.?[0-9][-+\N{MINUS SIGN}0-9.,;\s/eE]*$)"
)


def read(source: KernelText) -> tuple[Kernel, ...]:
    """One kernel: rows by `;` or lines, or a plain PGM whose value v means 2*v/maxval - 1 (v/maxval after -nooffset).

    The options -matrix=, -bias=N and -normalize may be written as for the command.
    """
    options, source = _options(source)
    kernel = _pgm(source, offset="nooffset" not in options) if _PGM.match(source.text) else _matrix(source)
    if not all(side % 2 for side in kernel.shape):
        raise errors.UsageError(
            f"no kernel for netpbm: {errors.extent(*kernel.shape)} has an even side, and pnmconvol takes odd ones;"
            " rows: reads it as it is"
        )
    divisor = "auto" if "normalize" in options else 1
    return (Kernel(kernel.weights, divisor, number(options.get("bias", "0"), "bias")),)


def _options(source: KernelText) -> tuple[dict[str, str], KernelText]:
    """The command's options, and the text of the matrix."""
    options: dict[str, str] = {}
    text, at = source.text, 0
    while option := _OPTION.match(text, at):
        name, value = option[1], option[2] or ""
        takes = name in ("matrix", "bias")
        options[name] = value if takes else ""
        at = option.end() if takes else option.end(1)
    if "matrix" in options:
        rest = text[at:].strip()
        if rest:
            start = len(text) - len(text[at:].lstrip())
            raise KernelTextError(source.place(start, len(text)), "nothing is expected to follow there")
        return options, KernelText(options["matrix"])
    return options, KernelText(text[at:] if options else text)


def _matrix(source: KernelText) -> Kernel:
    cells = Cells(source)
    rows: list[list[Number]] = []
    for start, end in lines(source.text.replace(";", "\n")):
        rows.append(cells.row(start, end))
        check_rows(source, rows, start, end)
    if not rows:
        raise no_numbers()
    return Kernel(rows)


def _pgm(source: KernelText, *, offset: bool) -> Kernel:
    """Plain PGM; samples may exceed the maxval, as pnmconvol allows."""
    words = _COMMENT.sub("", source.text).split(None, MOST_WEIGHTS + 5)[1:]
    if len(words) < 3 or not all(re.fullmatch("[0-9]{1,9}", word) for word in words[:3]) or "0" in words[:3]:
        raise KernelTextError(source.place(0, min(len(source.text), 20)), "invalid header; expected P2 W H maxval")
    columns, rows, maxval = map(int, words[:3])
    require_size(rows, columns)
    samples = words[3:]
    if len(samples) != rows * columns:
        raise wrong_count(source.place(0, 2), rows * columns, len(samples))
    values = [Fraction(value) / maxval for value in Cells(source).numbers(samples, 0, len(source.text))]
    values = [2 * value - 1 for value in values] if offset else values
    return Kernel([values[i : i + columns] for i in range(0, len(values), columns)])


def opened(content: bytes, path: str, member: str, index: str) -> tuple[Kernel, ...]:
    """A matrix file or a plain PGM; of a binary one the samples are written out first."""
    binary = _BINARY.match(content)
    if binary is None:
        return read(KernelText(content.decode("utf-8-sig", "replace")))
    wide = 2 if int(binary[3]) > 255 else 1
    columns, rows = int(binary[1]), int(binary[2])
    require_size(rows, columns)
    samples = content[binary.end() : binary.end() + wide * (rows * columns + 1)]
    values = (int.from_bytes(samples[i : i + wide], "big") for i in range(0, len(samples) // wide * wide, wide))
    return read(KernelText(" ".join(["P2", *(side.decode() for side in binary.groups()), *map(str, values)])))


def write(kernel: Kernel) -> Written:
    """A -matrix; a bias goes before it as the option -bias, for whole ones of at least 0 only."""
    kernel, notes = centred(kernel)
    rows = divided(kernel)
    notes += rounding([cell for row in rows for cell in row])
    matrix = ";".join(",".join(decimal(cell) for cell in row) for row in rows)
    if kernel.bias == 0:
        return Written(matrix, notes)
    if kernel.bias < 0 or not isinstance(kernel.bias, int):
        raise cannot_write("netpbm", f"the bias {decimal(kernel.bias)} (pnmconvol takes whole ones from 0)")
    return Written(f"-bias={kernel.bias} -matrix={matrix}", notes)


NETPBM = Dialect(
    "netpbm",
    "pnmconvol's -matrix, -matrixfile, and old PGM of weights (odd sizes)",
    "netpbm:.1,.2,.1;.2,.4,.2;.1,.2,.1",
    ("pnm", "pnmconvol"),
    claims=lambda text: bool(re.match(r"\s*--?(?:matrix|bias|normalize)\b", text)),
    inline=lambda text: bool(_STARTS.match(text)),
    mark="-matrixfile=",
    read=read,
    opens=opened,
    write=write,
)

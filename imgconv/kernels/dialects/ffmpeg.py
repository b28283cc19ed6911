"""ffmpeg's filter `convolution`: `0m=…:0rdiv=…:0bias=…` for each plane, or by position. Correlation."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction

from imgconv import errors
from imgconv.kernels.dialects.base import Dialect, KernelText, Written, pieces
from imgconv.kernels.dialects.cells import Cells, split_words
from imgconv.kernels.dialects.placing import centred, decimal, divided, whole
from imgconv.kernels.kernel import Kernel
from imgconv.kernels.text_errors import KernelTextError, cannot_write, no_numbers
from imgconv.values.numbers import Number, number

_POSITIONS = [f"{plane}{what}" for what in ("m", "rdiv", "bias") for plane in range(4)]
_NAMED = re.compile(r"\s*([0-3](?:m|rdiv|bias|mode)|planes)\s*=")
_FILTER = re.compile(r"\s*(?:convolution\s*=\s*)?")
_SIDES = ((3, 3), (5, 5), (7, 7), *((1, side) for side in range(3, 50, 2)), *((side, 1) for side in range(3, 50, 2)))
_MOST_OPTIONS = 1000
_SQUARES = {9: 3, 25: 5, 49: 7}
_MARK = re.compile(r"\s*(?:convolution\s*=|[0-3](?:m|rdiv|bias|mode)\s*=)")
_LONGEST_LINE = 49
_MOST_SUM = 2**31


def read(source: KernelText) -> tuple[Kernel, ...]:
    """One kernel where all planes named have the same, else one a plane.

    A plane without an rdiv, or with 0, is divided by its sum (1 where that is 0). Fractions, which ffmpeg truncates,
    are read as written.
    """
    options = dict(_options(source))
    planes = [plane for plane in "0123" if f"{plane}m" in options]
    if not planes:
        raise no_numbers()
    cells = Cells(source)
    kernels = [_plane(source, cells, options, plane) for plane in planes]
    return tuple(kernels) if any(kernel != kernels[0] for kernel in kernels) else (kernels[0],)


def _options(source: KernelText) -> Iterator[tuple[str, tuple[int, int]]]:
    """Names and where their values stand; values without a name are matrices, then rdivs, then biases."""
    filter_ = _FILTER.match(source.text)
    begin = filter_.end() if filter_ else 0
    for index, (start, end) in enumerate(pieces(source.text, ":", begin, len(source.text))):
        part = source.text[start:end]
        if named := _NAMED.match(source.text, start, end):
            yield named[1], (named.end(), end)
        elif index < len(_POSITIONS) and "=" not in part:
            if not part.strip(" '\"\n\t"):
                continue
            yield _POSITIONS[index], (start, end)
        elif index >= _MOST_OPTIONS or (part and not part.isspace()):
            raise KernelTextError(source.place(start, end), "expected options such as 0m=, 0rdiv=, 0bias= or 0mode=")


def _plane(source: KernelText, cells: Cells, options: dict[str, tuple[int, int]], plane: str) -> Kernel:
    start, end = options[f"{plane}m"]
    words = split_words(source.text[start:end].replace("|", " ").replace("'", " ").replace('"', " "))
    values = cells.numbers(words, start, end)
    mode = _text(source, options, f"{plane}mode") or "square"
    rows, columns = _shape(source, mode.lower(), len(values), start, end)
    reciprocal = number(_text(source, options, f"{plane}rdiv") or "0", f"{plane}rdiv")
    divisor: Number | str = (
        "auto"
        if reciprocal == 0
        else 1 / number(reciprocal)
        if isinstance(reciprocal, float)
        else number(_inverse(reciprocal))
    )
    bias = number(_text(source, options, f"{plane}bias") or "0", f"{plane}bias")
    return Kernel([values[i * columns : (i + 1) * columns] for i in range(rows)], divisor, bias)


def _inverse(value: Number) -> Number:
    return Fraction(1) / Fraction(value)


def _text(source: KernelText, options: dict[str, tuple[int, int]], name: str) -> str:
    start, end = options.get(name, (0, 0))
    return source.text[start:end].strip(" '\"\n\t")


def _shape(source: KernelText, mode: str, count: int, start: int, end: int) -> tuple[int, int]:
    if mode in ("row", "column"):
        if count % 2 and count <= _LONGEST_LINE:
            return (1, count) if mode == "row" else (count, 1)
        raise KernelTextError(
            source.place(start, end),
            f"expected an odd count of at most {_LONGEST_LINE} numbers in mode {mode}, not {count}",
        )
    if mode != "square":
        raise KernelTextError(source.place(start, end), "expected mode square, row or column")
    if count not in _SQUARES:
        raise KernelTextError(source.place(start, end), f"expected 9, 25 or 49 numbers (3x3, 5x5 or 7x7), not {count}")
    return _SQUARES[count], _SQUARES[count]


def _whole(kernel: Kernel) -> tuple[list[list[int]], Fraction, tuple[str, ...]]:
    """Whole weights, a divisor above 0, and a note where they had to be rounded; sums over 8-bit pixels stay below
    2**31."""
    rows, divisor = [[0]], Fraction(0)
    notes: tuple[str, ...] = ()
    if exact := whole(kernel):
        rows, divisor = exact
    if exact is None or sum(abs(cell) for row in rows for cell in row) * 255 >= _MOST_SUM:
        shares = [[Fraction(cell) for cell in row] for row in divided(kernel)]
        total = sum(abs(share) for row in shares for share in row)
        room = Fraction(_MOST_SUM, 255) / (total or 1)
        scale = Fraction(2) ** (
            room.numerator.bit_length() - room.denominator.bit_length() - 1
        )  # a power below the room
        rows, divisor = [[round(share * scale) for share in row] for row in shares], scale
        notes = (f"weights rounded to multiples of {decimal(1 / scale)}",)
    return (rows, divisor, notes) if divisor > 0 else ([[-cell for cell in row] for row in rows], -divisor, notes)


def write(kernel: Kernel) -> Written:
    """For the first plane. Weights are whole there: fractions are brought over one divisor, which becomes rdiv; doubles
    are rounded."""
    notes: tuple[str, ...] = ()
    mode = {1: "row"}.get(kernel.shape[0], "column" if kernel.shape[1] == 1 else "square")
    sides = [
        side for side in _SIDES if (1 in side) == (mode != "square") and (mode == "square" or side[mode == "row"] > 1)
    ]
    kernel, notes = centred(kernel, sides)
    if kernel.shape not in _SIDES:
        raise errors.UsageError(
            f"no kernel for ffmpeg: {errors.extent(*kernel.shape)} is too large (7x7, or one row or column of 49,"
            " is its most); use a smaller kernel"
        )
    rows, divisor, rounded = _whole(kernel)
    notes += rounded
    if kernel.bias < 0:
        raise cannot_write("ffmpeg", f"the negative bias {decimal(kernel.bias)}")
    text = f"0m={' '.join(str(cell) for row in rows for cell in row)}:0rdiv={decimal(1 / divisor)}"
    text += f":0bias={decimal(kernel.bias)}" * (kernel.bias != 0) + f":0mode={mode}" * (mode != "square")
    return Written(text, (*notes, "for the first plane; repeat it with 1m=, 2m= for the others"))


FFMPEG = Dialect(
    "ffmpeg",
    "ffmpeg's filter convolution: `0m=… 0rdiv=… 0bias=…`, several planes, modes row and column",
    "0m=0 -1 0 -1 5 -1 0 -1 0:0rdiv=1",
    ("convolution",),
    claims=lambda text: bool(_MARK.match(text)),
    inline=lambda text: bool(
        _MARK.match(text) or re.match(r"\s*[-+\N{MINUS SIGN}]?[0-9][-+\N{MINUS SIGN}0-9.\s|:/]*$", text)
    ),
    read=read,
    write=write,
)

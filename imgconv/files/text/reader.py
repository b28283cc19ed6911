"""Reading matrices: a row on each line, between the numbers commas, semicolons, tabs or blanks."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterator
from typing import IO

import numpy as np

from imgconv import errors
from imgconv.engine.memory import allowed_bytes
from imgconv.files import frames, limits
from imgconv.files.header import Header
from imgconv.files.source import Source
from imgconv.files.text.recognition import BOM
from imgconv.values.image import Frame, ImageData
from imgconv.values.layout import Layout
from imgconv.values.pixel_values import Pixels

_PIECE = 2**20
_CELL = 64
"""Bytes that a number of a line takes while the line is read: its text and its value."""
_MOST_WHOLE = 2**53
"""The greatest whole number below which float64 holds all."""
_DIGITS = 400
"""Digits of the longest whole number that a float64 comes near."""
_INT32 = np.iinfo(np.int32)


def header(source: Source) -> Header:
    """The header of a matrix, which is known once all its numbers are read.

    Raises FileError for what is no number, for lines of different lengths, and for more pixels than are allowed.
    """
    values, width, spent = array("d"), 0, 0
    for number, line in enumerate(_lines(source.stream), 1):
        if cells := _cells(source, line):
            width = width or len(cells)
            if len(cells) != width:
                raise _foreign(source, f"line {number} has {_counted(len(cells))}, and the first row {_counted(width)}")
            values.extend(_row(source, cells, number))
            _check_pixels(source, len(values))
            spent = limits.page(source, spent, 1, width, Layout(1, type="float64"))
    if not width:
        raise _foreign(source, "it has no numbers")
    pixels = _typed(np.frombuffer(values).reshape(-1, width))
    numbers = frames.chosen(source.options.frames, 1, source.name)
    height, width = pixels.shape

    def read() -> ImageData:
        with source.stream:
            return ImageData((Frame(pixels),) * len(numbers), "csv", notes=tuple(source.notes))

    return Header(source, height, width, Layout(1, type=pixels.dtype.name), "csv", read, numbers)


def _lines(stream: IO[bytes]) -> Iterator[bytes]:
    """The lines of a text. They are not read by `readline`, whose calls are limited."""
    waiting = list[bytes]()
    first = True
    while piece := stream.read(_PIECE):
        piece = piece.removeprefix(BOM) if first else piece
        first = False
        *whole, last = piece.split(b"\n")
        for line in whole:
            yield b"".join((*waiting, line))
            waiting = []
        waiting.append(last)
    yield b"".join(waiting)


def _cells(source: Source, line: bytes) -> list[bytes]:
    """The cells of a line without its comment. They stand between `;` where there is one, else tabs, else commas, else
    blanks; beside `;` and tabs a comma is the decimal sign, as spreadsheets write it."""
    line = line.partition(b"#")[0].strip()
    mark = next((mark for mark in (b";", b"\t", b",") if mark in line), None)
    most = (line.count(mark) if mark else len(line) // 2) + 1
    if mark:
        _check_pixels(source, most)
    allowed = allowed_bytes(source.options.max_memory)
    if most * _CELL > allowed:
        raise errors.too_much_memory(source.name, most * _CELL, allowed)
    if mark in (b";", b"\t"):
        line = line.replace(b",", b".")
    return line.split(mark)


def _row(source: Source, cells: list[bytes], line: int) -> list[float]:
    """The numbers of a line; only one that is wrong or large is looked at cell by cell."""
    try:
        values = list(map(float, cells))
    except ValueError:
        values = []
    if values and min(values) > -_MOST_WHOLE and max(values) < _MOST_WHOLE and b"_" not in b"".join(cells):
        return values
    return [_value(source, cell, line, place) for place, cell in enumerate(cells, 1)]


def _value(source: Source, cell: bytes, line: int, place: int) -> float:
    """A number; underscores in it are Python's. Raises PixelError for a whole one that no pixel type holds."""
    try:
        value = float(cell if b"_" not in cell else b"")
    except ValueError:
        shown = errors.shown(cell.strip().decode("utf-8", "replace")) if cell.strip() else "nothing"
        raise _foreign(source, f"line {line}, cell {place}: expected a number, got {shown}") from None
    if abs(value) >= _MOST_WHOLE and _is_whole(cell) and (math.isinf(value) or int(value) != int(cell[:_DIGITS])):
        raise errors.PixelError(
            f"{source.name}: line {line}, cell {place}: whole numbers beyond 2**53 are not kept exactly; write it as a"
            " float (1e16) if that will do"
        )
    return value


def _is_whole(cell: bytes) -> bool:
    """Whether a number is written without a point and an exponent."""
    return cell.strip().lstrip(b"+-").isdigit()


def _typed(numbers: Pixels) -> Pixels:
    """The numbers as int32 if they all are whole and fit, else as float64."""
    whole = bool((np.floor(numbers) == numbers).all()) and bool(np.isfinite(numbers).all())
    if whole and _INT32.min <= numbers.min() and numbers.max() <= _INT32.max:
        return numbers.astype(np.int32)
    return numbers


def _check_pixels(source: Source, pixels: int) -> None:
    if pixels > source.options.max_pixels:
        raise errors.too_many_pixels(source.name, pixels, source.options.max_pixels)


def _counted(count: int) -> str:
    return f"{count} number{'s' * (count > 1)}"


def _foreign(source: Source, why: str) -> errors.FileError:
    return errors.FileError(
        f"{source.name}: is text, not an image: {why} (a matrix has as many numbers on every line, between commas,"
        " semicolons, tabs or blanks)"
    )

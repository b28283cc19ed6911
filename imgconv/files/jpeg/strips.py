"""JPEG, written by Pillow strip by strip and joined at restart markers (ITU-T T.81, B.1.1.5 and E.1.3).

At a restart marker a decoder begins anew with bytes and with predictions, as an encoder does at the start of a file. So
files of the strips of an image, all made with the same tables, are one file: the head of the first, which is told the
height and how many units lie between markers, and what is coded in each. Pixels come out as from one encoder, and
Pillow's copy of the image (four bytes per pixel, each new page of which costs time) is never there at once.

This needs an encoder of baseline coding whose tables do not depend on the pixels, as libjpeg-turbo's. Others (mozjpeg
is progressive and optimises its tables) encode the image in one piece.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Callable, Iterable, Iterator
from typing import IO

import numpy as np

from imgconv.files.by_rows import Regrouped
from imgconv.values.frozen import replace
from imgconv.values.image import Frame
from imgconv.values.pixel_values import Pixels

STRIP = 2**20
"""Pixels of a strip, about; an image of less than two is one file of one encoder."""
_MOST_UNITS = 65535  # between two markers
_SIDE = 8  # of a block of samples
_START_OF_SCAN, _RESTART, _END, _INTERVAL = 0xDA, 0xD0, b"\xff\xd9", 0xDD
_START_OF_FRAME = 0xC0  # baseline: what Pillow writes unless asked otherwise
_QUANTISATION, _CODES = 0xDB, 0xC4  # tables

Save = Callable[[Frame, IO[bytes], bool], None]
"""Writes rows of a frame as a JPEG file into a stream, with the image's metadata if the flag is set."""


class _NotJoinableError(Exception):
    """The encoder writes files whose scans are not parts of one scan."""


def encode(frame: Frame, save: Save) -> bytes:
    """The frame as a JPEG file, by `save`. How it is cut depends on its size and on the encoder alone."""
    try:
        rows, units = _cut(frame, save)
        parts = (_part(frame, start, start + rows) for start in range(0, len(frame.pixels), rows))
        return b"".join(_in_strips(parts, save, len(frame.pixels), units))
    except _NotJoinableError:
        return _saved(frame, save, first=True)


def by_rows(frame: Frame, bands: Iterable[Pixels], save: Save) -> Iterator[bytes]:
    """What `encode` gives, in pieces, of a frame without pixels or alpha, and bands of its rows. Raises ValueError
    where the encoder turns out to choose tables by the pixels."""
    shape = frame.pixels.shape
    try:
        rows, units = _cut(frame, save)
    except _NotJoinableError:
        yield _saved(replace(frame, pixels=np.concatenate(list(bands)).reshape(shape)), save, first=True)
        return
    parts = (replace(frame, pixels=part.reshape(-1, *shape[1:])) for part in Regrouped(bands, rows))
    try:
        yield from _in_strips(parts, save, shape[0], units)
    except _NotJoinableError as error:
        raise ValueError(f"strips of this JPEG encoder cannot be joined: {error}; choose another format") from None


def _cut(frame: Frame, save: Save) -> tuple[int, int]:
    """The rows of a strip, and the units in it. Raises _NotJoinableError where strips are not possible, or not worth
    it."""
    height, width = frame.pixels.shape[:2]
    if height * width < 2 * STRIP:
        raise _NotJoinableError("few pixels")
    down, across = _unit(_saved(_part(frame, 0, 2 * _SIDE), save, first=True))
    units = -(-width // across)
    rows = min(max(STRIP // width, down), _MOST_UNITS // units * down) // down * down
    if rows == 0:
        raise _NotJoinableError("a row of units is more than a marker can count")
    return rows, rows // down * units


def _in_strips(parts: Iterable[Frame], save: Save, height: int, units: int) -> Iterator[bytes]:
    """A file of the strips of an image of so many rows."""
    files = (_saved(part, save, first=number == 0) for number, part in enumerate(parts))
    return _joined(files, height, units)


def _part(frame: Frame, start: int, stop: int) -> Frame:
    """Some rows."""
    alpha = None if frame.alpha is None else frame.alpha[start:stop]
    return replace(frame, pixels=frame.pixels[start:stop], alpha=alpha)


def _saved(frame: Frame, save: Save, *, first: bool) -> bytes:
    """A frame, or some rows of one, as a file of their own."""
    stream = io.BytesIO()
    save(frame, stream, first)
    return stream.getvalue()


def _joined(files: Iterator[bytes], height: int, interval: int) -> Iterator[bytes]:
    head, scan = _parted(next(files))
    meaning = _meaning(head)
    for at, marker, _ in _segments(head):
        if marker == _START_OF_FRAME:
            head = head[: at + 5] + struct.pack(">H", height) + head[at + 7 :]
        if marker == _START_OF_SCAN:
            head = head[:at] + struct.pack(">BBHH", 0xFF, _INTERVAL, 4, interval) + head[at:]
            break
    yield head
    yield scan
    for number, file in enumerate(files):
        other, scan = _parted(file)
        if _meaning(other) != meaning:
            raise _NotJoinableError("tables of its own for each strip")
        yield bytes((0xFF, _RESTART + number % 8))
        yield scan
    yield _END


def _meaning(head: bytes) -> list[bytes]:
    """What coded pixels mean: tables of quantisation and of codes, and the headers of frame and scan but for the
    height."""
    segments = dict.fromkeys((_QUANTISATION, _CODES, _START_OF_FRAME, _START_OF_SCAN), b"")
    for at, marker, length in _segments(head):
        if marker in segments:
            start = at + (7 if marker == _START_OF_FRAME else 2)
            segments[marker] += head[start : at + 2 + length]
    return list(segments.values())


def _parted(file: bytes) -> tuple[bytes, bytes]:
    """What stands before the coded pixels, and these: one scan of all components."""
    components = 0
    for at, marker, length in _segments(file):
        if marker == _START_OF_FRAME:
            components = file[at + 9]
        if marker == _INTERVAL:
            raise _NotJoinableError("restart markers of its own")
        if marker == _START_OF_SCAN and file[at + 4] != components:
            raise _NotJoinableError("several scans")
        start = at + 2 + length
    if not file.endswith(_END):
        raise _NotJoinableError("no end of the image")
    return file[:start], file[start : -len(_END)]


def _unit(file: bytes) -> tuple[int, int]:
    """Rows and columns of pixels that are coded together: blocks of every component, as many as its sampling says
    (A.2)."""
    at = next(at for at, marker, _ in _segments(file) if marker == _START_OF_FRAME)
    factors = [file[at + 11 + 3 * component] for component in range(file[at + 9])]
    if len(factors) == 1:  # a single component's unit is one block, whatever its factors
        return _SIDE, _SIDE
    return _SIDE * max(factor & 15 for factor in factors), _SIDE * max(factor >> 4 for factor in factors)


def _segments(file: bytes) -> Iterator[tuple[int, int, int]]:
    """Place, marker and length of each segment up to the first scan. _NotJoinableError for another coding than
    baseline."""
    at = 2
    while at + 4 <= len(file):
        mark, marker, length = struct.unpack_from(">BBH", file, at)
        if mark != 0xFF or marker == 0xFF or (0xC1 <= marker <= 0xCF and marker not in (_CODES, 0xC8, 0xCC)):
            raise _NotJoinableError(f"marker {marker:#x}")
        yield at, marker, length
        if marker == _START_OF_SCAN:
            return
        at += 2 + length
    raise _NotJoinableError("no scan")

"""The reader of 16-bit PNG, of which Pillow drops 8 bits; a package that reads all is 45 MB (docs/design/files.md).

Large ones of 8 bits too: ISA-L inflates in one thread while another undoes the row filters, in half of Pillow's time.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from typing import Any

import numpy as np

from imgconv import jit
from imgconv.files.png import unfilter_loops
from imgconv.files.png.datastream import Datastream
from imgconv.files.source import Source
from imgconv.jit.precompile import compile_ahead
from imgconv.values.image import Frame
from imgconv.values.pixel_values import Pixels

_TOGETHER = 64  # rows whose filters are undone at once
_PATIENCE = 2.0  # seconds that an error or an interrupt waits for the thread
_PART = 2**18  # bytes inflated at once
_WITH_ALPHA = (4, 6)  # of PNG's colour types


def ready() -> bool:
    """Whether the loop that undoes filters is compiled; if not, another process compiles it for the next time."""
    return compile_ahead(unfilter_loops.UNFILTER, {})


class LaterChunks(Exception):  # noqa: N818 (no error: Pillow will read them)
    """Metadata follows the pixels."""


def decode(source: Source, *, alone: bool = False) -> Frame:
    """The pixels of a PNG of 8 or 16 bits per sample, interlaced or not; a colour key becomes alpha.

    ValueError or EOFError for broken bytes; LaterChunks where nothing should follow the pixels (`alone`) and something
    does.
    """
    data = Datastream(source.stream)
    heading = data.heading
    if heading.depth not in (8, 16) or heading.colour == 3:
        raise ValueError("not a PNG of 8 or 16 bits per sample")
    channels, type_ = heading.channels, f"uint{heading.depth}"
    filtered = np.empty(heading.length, np.uint8)
    if len(heading.passes) == 1:
        with _Rows(filtered, heading.height, heading.width, channels, type_) as rows:
            _inflate(data, filtered, rows.come)
        pixels = rows.undone()
    else:
        _inflate(data, filtered)
        pixels = np.empty((heading.height, heading.width, channels), type_)
        for one in heading.passes:
            part = filtered[one.start : one.stop]
            pixels[one.top :: one.down, one.left :: one.right] = _Rows(
                part, one.rows, one.columns, channels, type_
            ).undone()
    source.end = data.stop
    if alone and data.order.later:
        raise LaterChunks
    return _frame(pixels, heading.colour, data.order.transparency)


def _inflate(data: Datastream, filtered: Pixels, come: Callable[[int], None] = lambda filled: None) -> None:
    """Fills the filtered rows, telling `come` how far."""
    filled = 0
    for part in data.rows(_PART):
        filtered[filled : filled + len(part)] = np.frombuffer(part, np.uint8)
        filled += len(part)
        come(filled)


def _frame(pixels: Pixels, colour: int, key: bytes) -> Frame:
    if colour in _WITH_ALPHA:
        shown, alpha = pixels[..., :-1], np.ascontiguousarray(pixels[..., -1])
        return Frame(np.ascontiguousarray(shown[..., 0] if colour == 4 else shown), alpha)
    opaque = None
    if key:
        one = np.frombuffer(key[: 2 * pixels.shape[2]], ">u2")
        opaque = np.where((pixels != one).any(axis=-1), np.iinfo(pixels.dtype).max, 0).astype(pixels.dtype)
    return Frame(pixels if colour == 2 else pixels[..., 0], opaque)


class _Rows:
    """Rows whose filters are undone, in a `with` as they come: by a thread beside the one that inflates them."""

    def __init__(self, filtered: Pixels, rows: int, columns: int, channels: int, type_: str) -> None:
        self.filtered, self.rows, self.done = filtered, rows, 0
        self.result = np.empty((rows, columns, channels), type_)
        self.row = self.result.itemsize * channels * columns
        arguments: dict[str, Any] = {
            "source": filtered,
            "rows": rows,
            "row": self.row,
            "zeros": np.zeros(self.row, np.uint8),
        }
        arguments |= {
            "pixel": self.result.itemsize * channels,
            "result": self.result.reshape(-1).view(np.uint8),
            "last": rows,
        }
        self._undo = jit.bind(unfilter_loops.UNFILTER, {}, arguments)
        self._here, self._over, self._news = 0, False, threading.Condition()
        self._thread = threading.Thread(target=self._follow, name="imgconv-png", daemon=True)

    def __enter__(self) -> _Rows:
        if self.rows > _TOGETHER:
            self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        with self._news:
            self._over = True
            self._news.notify()
        if self._thread.ident is not None:
            self._thread.join(None if kind is None else _PATIENCE)

    def come(self, filled: int) -> None:
        """So many bytes have been inflated."""
        with self._news:
            self._here = filled // (self.row + 1)
            if self._here >= self.done + _TOGETHER:
                self._news.notify()

    def undone(self) -> Pixels:
        """All rows."""
        self._undo(self.done, self.rows)
        swapped = self.result.itemsize > 1 and sys.byteorder == "little"
        return self.result.byteswap(inplace=True) if swapped else self.result

    def _follow(self) -> None:
        while True:
            with self._news:
                self._news.wait_for(lambda: self._over or self._here >= self.done + _TOGETHER)
                here = self._here
                if self._over and here < self.done + _TOGETHER:
                    return
            self._undo(self.done, here)
            self.done = here

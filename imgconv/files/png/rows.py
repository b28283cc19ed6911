"""PNG read some rows at a time: inflated in a thread, a few pieces ahead of the rows whose filters are undone."""

from __future__ import annotations

import queue
import sys
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np

from imgconv import jit
from imgconv.files.modes import sample_bits
from imgconv.files.png import unfilter_loops
from imgconv.files.png.datastream import Datastream
from imgconv.files.source import Source
from imgconv.values.layout import Layout
from imgconv.values.pixel_values import Pixels

_PART = 2**18  # bytes inflated at once
_AHEAD = 16  # parts that may wait
_PATIENCE = 2.0  # seconds that an error or an interrupt waits for the thread
_POLL = 0.1  # seconds after which a thread that waits looks whether it is still wanted


def opened(source: Source, image: Any, layout: Layout) -> PngRows | None:
    """The rows of a PNG that Pillow opened; None where it is interlaced, or has a transparent colour or small
    samples."""
    plain = image.mode in ("L", "LA", "RGB", "RGBA", "I;16") and "transparency" not in image.info
    deep = sample_bits(image) == 8 or layout.type == "uint16"
    if not plain or not deep or image.info.get("interlace"):
        return None
    return PngRows(source)


class PngRows:
    """The rows of a PNG of 8 or 16 bits, gray or RGB, with or without alpha, not interlaced."""

    def __init__(self, source: Source) -> None:
        self._source, self._data = source, Datastream(source.stream)
        heading = self._data.heading
        self.width, self.channels, self.type = heading.width, heading.channels, f"uint{heading.depth}"
        self._pixel = self.channels * heading.depth // 8
        self._row = self._pixel * self.width
        self._above = np.zeros(self._row, np.uint8)
        self._left = b""  # of the part at hand
        self._parts = _ahead(self._data.rows(_PART))

    def read(self, count: int) -> Pixels:
        """The next rows. Raises ValueError or EOFError for broken bytes."""
        filtered = self._filtered(count * (self._row + 1))
        rows = np.empty((count, self.width, self.channels), self.type)
        arguments = {
            "source": filtered,
            "rows": count,
            "row": self._row,
            "pixel": self._pixel,
            "zeros": self._above,
            "result": rows.reshape(-1).view(np.uint8),
            "last": count,
        }
        jit.bind(unfilter_loops.UNFILTER, {}, arguments)(0, count)
        self._above = arguments["result"][-self._row :].copy()
        return rows.byteswap(inplace=True) if rows.itemsize > 1 and sys.byteorder == "little" else rows

    def _filtered(self, size: int) -> Pixels:
        filtered, filled = np.empty(size, np.uint8), 0
        while filled < size:
            part = self._left or next(self._parts)
            taken = min(len(part), size - filled)
            filtered[filled : filled + taken] = np.frombuffer(part, np.uint8, taken)
            filled, self._left = filled + taken, part[taken:]
        return filtered

    def finish(self) -> None:
        """Reads on to the end, which checks what is left."""
        for _ in self._parts:
            pass
        self._source.end = self._data.stop

    def close(self) -> None:
        """Ends the thread."""
        self._parts.close()  # type: ignore[attr-defined]


def _ahead(parts: Iterator[bytes]) -> Iterator[bytes]:
    """The same parts, made by a thread."""
    made: queue.Queue[bytes | BaseException | None] = queue.Queue(_AHEAD)
    over = threading.Event()

    def put(part: bytes | BaseException | None) -> None:
        while not over.is_set():
            try:
                made.put(part, timeout=_POLL)
                return
            except queue.Full:
                continue

    def make() -> None:
        try:
            for part in parts:
                if over.is_set():
                    return
                put(part)
            put(None)
        except BaseException as error:
            put(error)

    yield next(parts)  # here, since this imports what inflates
    thread = threading.Thread(target=make, name="imgconv-png", daemon=True)
    thread.start()
    try:
        while (part := made.get()) is not None:
            if isinstance(part, BaseException):
                raise part
            yield part
    finally:
        over.set()
        thread.join(_PATIENCE)

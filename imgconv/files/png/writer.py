"""The writer of PNG: strips of rows are filtered and deflated in parallel and joined into one stream.

A strip is a piece of a raw deflate stream (RFC 1951) that ends on a byte, for a full flush ends it; so strips can
be put one behind the other. Around them stand zlib's two bytes of header and one Adler-32 (RFC 1950), which is
combined from those of the strips. How rows are cut depends on the image alone: any number of threads gives the
same bytes.
"""

from __future__ import annotations

import io
import struct
import threading
import zlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from imgconv import jit
from imgconv.engine.bands import WHOLE_BAND, Band, run_bands
from imgconv.files.by_rows import Regrouped, joined_shape, stand_in
from imgconv.files.deflate import loops as deflate_loops
from imgconv.files.deflate.compress import DEFAULT, FASTEST, LARGE, adler32_combine, checksums, coder, zlib_header
from imgconv.files.png import chunks
from imgconv.files.png import filter_loops as loops
from imgconv.values.image import Frame, ImageData
from imgconv.values.pixel_values import Pixels

STRIP = (
    256 * 1024
)  # bytes before deflate: a few milliseconds of one thread, within its cache; images below are one strip
_TOGETHER = 16  # strips that are there at one time where an image is written row by row

_COLOURS = {(1, False): 0, (3, False): 2, (1, True): 4, (3, True): 6}  # (channels, alpha?) -> PNG's colour type


def encode(frame: Frame, metadata: Mapping[str, Any], level: int = DEFAULT, threads: int | None = None) -> bytes:
    """The frame as a PNG file: uint8 or uint16, gray or RGB, with or without alpha.

    `level` is 0 (stored), 1 to 3 (ISA-L, the last with codes of bytes and runs alone where they are smaller) or 4 to 9
    (zlib). Of the metadata, what `chunks.carried` names is kept; ValueError for a resolution that PNG cannot hold.
    """
    file = io.BytesIO()
    file.write(head(frame, metadata))
    write_pixels(frame, file, level, threads)
    file.write(chunks.chunk(b"IEND", b""))
    return file.getvalue()


def head(frame: Frame, metadata: Mapping[str, Any]) -> bytes:
    """What stands before the pixels."""
    height, width, channels = (*frame.pixels.shape, 1)[:3]
    colour, depth = _COLOURS[channels, frame.alpha is not None], frame.pixels.dtype.itemsize
    start = chunks.chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8 * depth, colour, 0, 0, 0))
    return b"".join(
        [chunks.SIGNATURE, start, *(chunks.chunk(kind, content) for kind, content in chunks.carried(metadata))]
    )


def write_pixels(frame: Frame, file: io.BytesIO, level: int, threads: int | None, number: int | None = None) -> int:
    """A frame's strips as IDAT chunks; or, with the number of the first, as fdAT chunks of an animation. Returns how
    many."""
    strips = _Strips(frame, level, file, number)
    strips.write(0, strips.count, threads)
    return strips.count


def by_rows(
    image: ImageData, bands: Iterable[Pixels], level: int = DEFAULT, threads: int | None = None
) -> Iterator[bytes | memoryview]:
    """What `encode` gives, in pieces, from an image without pixels, and bands of its rows, alpha being the last
    channel."""
    (frame,), file = image.frames, io.BytesIO()
    file.write(head(frame, image.metadata))
    strips = _Strips(Frame(stand_in(joined_shape(image), frame.pixels.dtype)), level, file, None)
    first = 0
    for part in Regrouped(bands, _TOGETHER * strips.rows, above=True):
        strips.pixels, strips.first = part, max(0, first * strips.rows - 1)
        last = min(first + _TOGETHER, strips.count)
        strips.write(first, last, threads)
        first = last
        yield file.getvalue()
        file.seek(0)
        file.truncate()
    yield chunks.chunk(b"IEND", b"")


def prepare(size: int) -> None:
    """Starts the compilation of the loops that `encode` needs for an image of so many bytes, where they are missing."""
    from imgconv.jit.precompile import compile_ahead

    for loop in (loops.FILTER, *([deflate_loops.LOOP] if size >= LARGE else ())):
        compile_ahead(loop, {})


def level_for(level: int | None, fast: bool) -> int:
    """The level of the options, else the fastest or the default."""
    return level if level is not None else FASTEST if fast else DEFAULT


# ---------------------------------------------------------------- strips


class _Strips:
    """The strips of one image: how they are cut, and how each becomes a chunk of the file when its turn has come."""

    def __init__(self, frame: Frame, level: int, file: io.BytesIO, number: int | None) -> None:
        pixels = frame.pixels if frame.pixels.ndim == 3 else frame.pixels[..., None]
        height, width, channels = pixels.shape
        self.pixels, self.alpha, self.level, self.file = pixels, frame.alpha, level, file
        self.first = 0
        """The row of the image that the first of `pixels` is, of which not all need be there."""
        self.pixel = (channels + (frame.alpha is not None)) * pixels.dtype.itemsize
        self.row = width * self.pixel
        self.height, self.rows = (
            height,
            -(-height // -(-height * (1 + self.row) // STRIP)),
        )  # strips of one height, but for the last
        self.count: int = -(-height // self.rows)
        self._done: dict[int, tuple[bytes, int, int, int]] = {}  # of strips that wait for one above them
        self._lock, self._written, self._sum = threading.Lock(), 0, 1
        self._number = number

    def _start(self, strip: int) -> bytes:
        """The name of a strip's chunk and, of an animation's, its number, with which its data begin."""
        return b"IDAT" if self._number is None else b"fdAT" + struct.pack(">I", self._number + strip)

    def write(self, first: int, last: int, threads: int | None) -> None:
        """Writes the strips first…last-1, of which `pixels` are there, and the row above them."""
        run_bands(last - first, WHOLE_BAND, lambda: self._worker(first), threads)

    def _worker(self, before: int) -> Band:
        """A band function over the numbers of strips, from one on, with buffers of its own."""
        deflated, (crc32, adler32) = coder(self.level, self.height * self.row), checksums()
        filtered = np.empty(self.rows * (self.row + 1), np.uint8)
        run = self._filter(filtered)

        def band(first: int, last: int) -> None:
            for number in range(before + first, before + last):
                start = number * self.rows
                stop = min(start + self.rows, self.height)
                run(start - self.first, stop - self.first)
                content = filtered[: (stop - start) * (self.row + 1)]
                part = (zlib_header(self.level) if number == 0 else b"") + deflated(content, stop == self.height)
                self._append(number, part, crc32(part, zlib.crc32(self._start(number))), adler32(content), len(content))

        return band

    def _append(self, number: int, part: bytes, crc: int, adler: int, length: int) -> None:
        """Writes a finished strip, and those that waited for it: only these are held, never all. The last ends with the
        sum of all."""
        with self._lock:
            self._done[number] = part, crc, adler, length
            while self._written in self._done:
                part, crc, adler, length = self._done.pop(self._written)
                start = self._start(self._written)
                self._written += 1
                self._sum = adler32_combine(self._sum, adler, length)
                end = struct.pack(">I", self._sum) if self._written == self.count else b""
                self.file.write(struct.pack(">I", len(start) - 4 + len(part) + len(end)) + start)
                self.file.write(part)
                self.file.write(end + struct.pack(">I", zlib.crc32(end, crc)))

    def _filter(self, filtered: Pixels) -> Band:
        """A call that filters some rows: from where they are, or, if files hold them otherwise, from a copy of these
        rows."""
        allowed = 1 << loops.NONE if self.level == 0 else loops.ADAPTIVE
        arguments = {
            "row": self.row,
            "pixel": self.pixel,
            "allowed": allowed,
            "strip_rows": self.rows,
            "result": filtered,
            "lines": np.empty(2 * (self.pixel + self.row), np.uint8),
            "trial": np.empty(loops.FILTERS * self.row, np.uint8),
        }
        if self.alpha is None and self.pixels.dtype == np.uint8 and self.pixels.flags.c_contiguous:
            there = len(self.pixels)
            return jit.bind(loops.FILTER, {}, {**arguments, "source": self.pixels, "source_rows": there, "last": there})
        copy = np.empty((self.rows + 1, self.row), np.uint8)
        joined = copy.view(self.pixels.dtype.newbyteorder(">")).reshape(self.rows + 1, self.pixels.shape[1], -1)
        run = jit.bind(
            loops.FILTER, {}, {**arguments, "source": copy, "source_rows": self.rows + 1, "last": self.rows + 1}
        )
        channels = self.pixels.shape[2]

        def run_copied(start: int, stop: int) -> None:
            above = min(start, 1)  # the row above is needed too
            joined[: stop - start + above, :, :channels] = self.pixels[start - above : stop]
            if self.alpha is not None:
                joined[: stop - start + above, :, channels] = self.alpha[start - above : stop]
            run(above, stop - start + above)

        return run_copied

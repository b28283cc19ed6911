"""The rules for a PNG's chunks (PNG specification, third edition): the header's fields, the order, palette and
transparency.

What libpng refuses is refused, and so is what it warns of in IHDR, PLTE, tRNS, IDAT and IEND.
"""

from __future__ import annotations

import struct

from imgconv.values.frozen import record

_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # of colour types, alpha included
_DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
_INDEXED, _GRAY = 3, (0, 4)
_CRITICAL = (b"IHDR", b"PLTE", b"IDAT", b"IEND")
_ONCE_BEFORE_PIXELS = (b"PLTE", b"tRNS")
_FRAMES = (b"fcTL", b"fdAT")
_WHITE = (255,)  # a colour key of one bit as Pillow writes it
_LARGEST = 2**31 - 1  # of any number in a PNG
# Adam7: where each pass starts, and its steps, as (top, left, down, right)
_ADAM7 = ((0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1))


@record
class Pass:
    """A pass of an interlaced picture, or all of another: its pixels, and its bytes among the filtered rows."""

    top: int
    left: int
    down: int
    right: int
    rows: int
    columns: int
    row: int
    """Bytes of a row, with its filter's number."""
    start: int

    @property
    def stop(self) -> int:
        return self.start + self.rows * self.row

    def row_start(self, at: int) -> int:
        """Where the row begins that a byte belongs to."""
        return at - (at - self.start) % self.row


class Heading:
    """What IHDR says. Raises ValueError for fields that PNG does not allow."""

    def __init__(self, content: bytes) -> None:
        if len(content) != 13:
            raise ValueError(f"its header has {len(content)} bytes instead of 13")
        self.width, self.height, self.depth, self.colour, *methods = struct.unpack(">IIBBBBB", content)
        if not (0 < self.width <= _LARGEST and 0 < self.height <= _LARGEST):
            raise ValueError(f"invalid image size {self.width}x{self.height}")
        if self.depth not in _DEPTHS.get(self.colour, ()):
            raise ValueError(f"PNG has no {self.depth} bits of colour type {self.colour}")
        if methods not in ([0, 0, 0], [0, 0, 1]):
            raise ValueError("PNG has no compression {}, filters {}, interlacing {}".format(*methods))
        self.channels = _CHANNELS[self.colour]
        self.passes: list[Pass] = []
        """Those that have pixels."""
        self.length = 0
        """Bytes of all filtered rows."""
        for step in _ADAM7 if methods[-1] else ((0, 0, 1, 1),):
            self._add(*step)

    def _add(self, top: int, left: int, down: int, right: int) -> None:
        if top < self.height and left < self.width:
            rows, columns = -(-(self.height - top) // down), -(-(self.width - left) // right)
            row = 1 - (-columns * self.channels * self.depth // 8)
            self.passes.append(Pass(top, left, down, right, rows, columns, row, self.length))
            self.length += rows * row

    def pass_of(self, at: int) -> Pass:
        """The pass that a byte of the filtered rows belongs to."""
        return next(one for one in self.passes if at < one.stop)


class Order:
    """The chunks behind IHDR, each checked where it stands, then taken. Raises ValueError or EOFError."""

    def __init__(self, heading: Heading) -> None:
        self.heading, self.transparency = heading, b""
        self.later = False
        """Whether anything stands between the pixels and IEND."""
        self._seen, self._colours, self._frames = set[bytes](), 0, 0

    def check(self, kind: bytes, length: int) -> None:
        """Raises for a chunk that must not stand where it is."""
        pixels = b"IDAT" in self._seen
        if not (kind.isascii() and kind.isalpha()) or length > _LARGEST:
            raise ValueError("a chunk's name or length is not one that PNG allows")
        if kind[:1].isupper() and kind not in _CRITICAL:
            raise ValueError(f"unknown critical chunk {kind.decode()}")
        if kind == b"IHDR" or (kind in _ONCE_BEFORE_PIXELS and (pixels or kind in self._seen)):
            raise ValueError(f"a chunk ({kind.decode()}) is out of place")
        if (kind == b"IDAT" and self.later) or (kind == b"PLTE" and b"tRNS" in self._seen):
            raise ValueError(f"a chunk ({kind.decode()}) is out of place")
        if kind == b"IDAT" and self.heading.colour == _INDEXED and not self._colours:
            raise ValueError("its palette is missing")
        if kind == b"IEND" and not pixels:
            raise EOFError("its pixels are missing")
        if kind == b"IEND" and length:
            raise ValueError("its last chunk (IEND) is not empty")

    def take(self, kind: bytes, content: bytes) -> None:
        """Raises for a content that does not fit, and remembers the chunk. That of IDAT is not needed."""
        if kind == b"PLTE":
            self._check_palette(content)
            self._colours = len(content) // 3
        elif kind == b"tRNS":
            self._check_transparency(content)
            self.transparency = content
        elif kind in _FRAMES and b"acTL" in self._seen:
            if content[:4] != struct.pack(">I", self._frames):
                raise ValueError("its frames are not in order")
            self._frames += 1
        self.later = self.later or (b"IDAT" in self._seen and kind not in (b"IDAT", b"IEND"))
        self._seen.add(kind)

    def _check_palette(self, content: bytes) -> None:
        if self.heading.colour in _GRAY or len(content) % 3 or not 0 < len(content) <= 768:
            raise ValueError(f"a palette of {len(content)} bytes does not fit colour type {self.heading.colour}")

    def _check_transparency(self, content: bytes) -> None:
        colour, depth = self.heading.colour, self.heading.depth
        if colour == _INDEXED:
            fits = 0 < len(content) <= min(self._colours, 2**depth)
        elif fits := colour in (0, 2) and len(content) == 2 * self.heading.channels:
            keys = struct.unpack(f">{self.heading.channels}H", content)
            fits = max(keys) < 2**depth or (depth == 1 and keys == _WHITE)
        if not fits:
            raise ValueError(
                f"its transparency ({len(content)} bytes) does not fit colour type {colour} of {depth} bits"
            )

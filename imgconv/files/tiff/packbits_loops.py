"""TIFF's PackBits (TIFF 6.0, section 9) undone: bytes as they are, and bytes that are repeated."""

from __future__ import annotations

from typing import Any

import numpy as np

from imgconv.files.tiff.lzw_loops import STREAMS
from imgconv.loops import Body, Loop, subroutine

word = np.int64


def make() -> Body:
    """The body: unpacks streams first…last-1 of `source`, as the loop of LZW does, without a table."""

    def unpack_streams(source, source_size, streams, result, result_size, first, last):
        for i in range(first, last):
            start, length, place, size = streams.starts[i], streams.coded[i], streams.places[i], streams.sizes[i]
            streams.filled[i] = unpack(source[start : start + length], length, result[place : place + size], size)

    return unpack_streams


@subroutine
def unpack(stream: Any, length: Any, out: Any, size: Any) -> Any:
    """The number of bytes that a stream gave, at most `size`."""
    at, filled = word(0), word(0)
    while filled < size and at + 1 < length:
        head = word(stream[at])
        at += 1
        if head < 128:
            count = min(head + 1, length - at, size - filled)
            for k in range(count):
                out[filled + k] = stream[at + k]
            at += head + 1
            filled += count
        elif head > 128:
            count = min(257 - head, size - filled)
            for k in range(count):
                out[filled + k] = stream[at]
            at += 1
            filled += count
    return filled


DECODE = Loop(
    "tiff_packbits", make, ("source:uint8[source_size] source_size", STREAMS, "result:=uint8[result_size] result_size")
)

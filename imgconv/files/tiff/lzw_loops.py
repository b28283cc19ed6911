"""TIFF's LZW (TIFF 6.0, section 13) undone: codes of 9 to 12 bits, the highest bit first, each for a string of bytes.

Codes become longer one code early. In files from before TIFF 6.0 they do not, and the lowest bit comes first.
A string of the table is the one before it with one byte more, and so it stands in what was decoded already: the table
needs only where strings begin and how long they are.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from imgconv.loops import Body, Group, Loop, put_word, subroutine, take_word

CLEAR, END = 256, 257
STRINGS = 4096  # in the table at most
MARGIN = 2  # bytes behind the source that a code may be looked for in

byte, word = np.uint8, np.int64


def make() -> Body:
    """The body: decodes streams first…last-1 of `source`, which end MARGIN bytes before it does at the latest.

    Stream i is `coded[i]` bytes from `starts[i]` on; its first `sizes[i]` bytes go to `result` from `places[i]` on.
    `filled[i]` becomes the number of bytes that it gave, or -1 for a code that no encoder writes. `begins` and `spans`
    hold the table of strings.
    """

    def decode_streams(source, source_size, streams, begins, spans, result, result_size, first, last):
        for i in range(first, last):
            start, length, place, size = streams.starts[i], streams.coded[i], streams.places[i], streams.sizes[i]
            stream, target = source[start : start + length + MARGIN], result[place : place + size]
            streams.filled[i] = decode(stream, 8 * length, target, size, begins, spans)

    return decode_streams


@subroutine
def decode(stream: Any, bits: Any, out: Any, size: Any, begin: Any, span: Any) -> Any:
    """The number of bytes that a stream gave, at most `size`; -1 for a code that stands for no string yet."""
    at, bit, width, free = word(0), word(0), word(9), word(END)
    old = bits >= 16 and stream[0] == 0 and stream[1] & 1 == 1  # a clear code with the lowest bit first
    early = word(0) if old else word(1)
    before, long = word(0), word(0)  # the string of the code before
    while at < size and bit + width <= bits:
        i = bit >> 3
        a, b, c, mask = word(stream[i]), word(stream[i + 1]), word(stream[i + 2]), (1 << width) - 1
        if old:
            code = ((a | b << 8 | c << 16) >> (bit & 7)) & mask
        else:
            code = ((a << 16 | b << 8 | c) >> (24 - width - (bit & 7))) & mask
        bit += width
        if code == CLEAR:
            width, free = word(9), word(END)
            continue
        if code == END:
            break
        if END < free < STRINGS:  # the string before, and the first byte of this one
            begin[free], span[free] = before, long + 1
        if code < CLEAR:
            out[at] = byte(code)
            before, long = at, word(1)
        elif code > free:
            return word(-1)
        else:
            origin, long = begin[code], min(span[code], size - at)
            if origin + long <= at and at + long + 7 <= size:
                for k in range(0, long, 8):
                    put_word(out, at + k, take_word(out, origin + k))
            else:  # a string that runs into itself, or the last ones
                for k in range(long):
                    out[at + k] = out[origin + k]
            before = at
        at += long
        if free < STRINGS:
            free += 1
        if free == (1 << width) - early and width < 12:
            width += 1
    return at


STREAMS = Group(
    "streams",
    "starts:int64[streams_count] coded:int64[streams_count] places:int64[streams_count] sizes:int64[streams_count]"
    " filled:=int64[streams_count] count",
)
DECODE = Loop(
    "tiff_lzw",
    make,
    (
        "source:uint8[source_size] source_size",
        STREAMS,
        f"begins:~int64[{STRINGS}] spans:~int64[{STRINGS}] result:=uint8[result_size] result_size",
    ),
)

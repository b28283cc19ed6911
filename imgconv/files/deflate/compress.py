"""What deflates a strip of a file, and the sums over it: ISA-L, zlib, or the loop that codes bytes and runs."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from imgconv import jit
from imgconv.engine.run_loop import working_arrays
from imgconv.files.deflate import loops

Coder = Callable[[Any, bool], bytes]
"""`(content, whether it is the last)` to a piece of a raw deflate stream (RFC 1951) that ends on a byte. One thread's
own."""

FASTEST, DEFAULT = 1, 3
LARGE = 2**20
"""Bytes of an image from which on its bytes and runs are coded by the loop: what it saves on less is not worth its
compilation (two seconds, once)."""
_SAMPLE = 32 * 1024  # bytes by which a coder is chosen for a strip
_ADLER_BASE = 65521  # the largest prime below 2**16


def coder(level: int, size: int) -> Coder:
    """What deflates the strips of an image of `size` bytes at a level.

    After the row filters of a photograph codes of single bytes and of runs alone are as small as zlib's default search,
    for what else repeats is short and by chance; of drawings they know too little.
    """
    isal = _isal()
    if level == 0:
        return _zlib_coder(0, zlib.Z_DEFAULT_STRATEGY)
    if level > DEFAULT:
        return _zlib_coder(level, zlib.Z_FILTERED)
    searching = _isal_coder(isal, min(level, 2)) if isal is not None else _zlib_coder(level, zlib.Z_FILTERED)
    if level < DEFAULT:
        return searching
    return _smaller(runs_coder() if size >= LARGE else _zlib_coder(1, zlib.Z_RLE), searching)


def _zlib_coder(level: int, strategy: int) -> Coder:
    def deflate(content: Any, last: bool) -> bytes:
        stream = zlib.compressobj(level, zlib.DEFLATED, -15, 9, strategy)
        return stream.compress(content) + stream.flush(zlib.Z_FINISH if last else zlib.Z_FULL_FLUSH)

    return deflate


def _isal_coder(isal: Any, level: int) -> Coder:
    def deflate(content: Any, last: bool) -> bytes:
        stream = isal.compressobj(level, isal.DEFLATED, -15)
        coded: bytes = stream.compress(content) + stream.flush(isal.Z_FINISH if last else isal.Z_FULL_FLUSH)
        return coded

    return deflate


def runs_coder() -> Coder:
    """The loop, whose arrays serve every strip of the thread."""
    state, result = np.zeros(2, np.int64), np.empty(0, np.uint8)
    own = {"runs": loops.run_table(), "state": state}
    own |= working_arrays(loops.LOOP, {}, {"size": 0, "result_size": 0})

    def deflate(content: Any, last: bool) -> bytes:
        nonlocal result
        size, room = len(content), loops.room(len(content))
        if len(result) < room + loops.room(0):
            result = np.empty(room + loops.room(0), np.uint8)
        state[0] = last
        arguments = own | {"content": content, "size": size, "result": result, "result_size": room, "last": size}
        jit.bind(loops.LOOP, {}, arguments)(0, size)
        return result[: state[1]].tobytes()

    return deflate


def _smaller(one: Coder, other: Coder) -> Coder:
    """For each strip the coder that makes less of a piece from its middle."""

    def deflate(content: Any, last: bool) -> bytes:
        start = max(0, (len(content) - _SAMPLE) // 2)
        sample = content[start : start + _SAMPLE]
        return (one if len(one(sample, True)) <= len(other(sample, True)) else other)(content, last)

    return deflate


def checksums() -> tuple[Callable[..., int], Callable[..., int]]:
    """CRC-32 and Adler-32, by ISA-L where it is there: several times faster."""
    library = _isal() or zlib
    return library.crc32, library.adler32


def adler32_combine(first: int, second: int, length: int) -> int:
    """The Adler-32 of two texts in a row from the sums of both and the second's length (zlib, adler32.c:
    adler32_combine)."""
    low = (first & 0xFFFF) + (second & 0xFFFF) - 1
    high = (first >> 16) + (second >> 16) + length % _ADLER_BASE * ((first & 0xFFFF) - 1)
    return low % _ADLER_BASE | high % _ADLER_BASE << 16


def inflater(length: int, *, window: bool = False) -> Any:
    """What undoes zlib's compression piece by piece, of so many bytes in all: ISA-L's where that is worth loading it.

    With `window`, a distance beyond the window that the stream declares is an error. ISA-L does not check that.
    """
    if window:
        return zlib.decompressobj(0)
    library = (_isal() if length >= LARGE else None) or zlib
    return library.decompressobj()


@cache
def _isal() -> Any:
    """ISA-L's zlib, or None on platforms without it."""
    try:
        from isal import isal_zlib
    except ImportError:
        return None
    return isal_zlib


def zlib_header(level: int) -> bytes:
    """RFC 1950, 2.2: deflate with a window of 32 KiB, how much was tried (0 fastest … 3 most), and a check: a multiple
    of 31."""
    effort = 0 if level <= FASTEST else 1 if level < DEFAULT else 2 if level < 7 else 3
    header = 0x7800 | effort << 6
    return struct.pack(">H", header + -header % 31)

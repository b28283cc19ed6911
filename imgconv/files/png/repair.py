"""Repair of a broken PNG as far as it goes, so that every reader reads the same pixels.

Missing rows become 0, damaged chunks are left out.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np

from imgconv.files.png.chunks import SIGNATURE, checked, chunk, walk
from imgconv.files.png.filter_loops import PAETH
from imgconv.files.png.rules import Heading, Order

_PIECE = 2**12  # deflated bytes from one place to which the inflater can go back to the next
_HEAD = 2  # bytes of a zlib stream before its blocks (RFC 1950)


def repaired(content: bytes, *, pixels: bool = True) -> bytes:
    """A whole PNG of what is left of a broken one. Without `pixels` none are read: it is one to ask for its header.

    Raises ValueError or EOFError where no header or none of its rows is left.
    """
    chunks = _chunks(content)
    kind, head, right = next(chunks, (b"", b"", False))
    if kind != b"IHDR" or not right:
        raise ValueError("its header is damaged")
    heading = Heading(head)
    order = Order(heading)
    before, behind, deflated = [chunk(kind, head)], list[bytes](), list[bytes]()
    for kind, data, right in chunks:
        if kind == b"IDAT":
            if not deflated:
                order.check(kind, len(data))
                order.take(kind, b"")
            deflated.append(data)
        elif kind == b"IEND" and deflated:
            break
        elif right and _fits(order, kind, data):
            (behind if deflated else before).append(chunk(kind, data))
    rows = _rows(b"".join(deflated), heading) if pixels else b""
    return b"".join([SIGNATURE, *before, chunk(b"IDAT", zlib.compress(rows, 1)), *behind, chunk(b"IEND", b"")])


def _chunks(content: bytes) -> Iterator[tuple[bytes, bytes, bool]]:
    """Kind and content of each chunk, the last as far as it goes, and whether the checksum is right."""
    stream = io.BytesIO(content)
    for kind, length in walk(stream, beyond_end=True):
        data, damage = checked(stream, kind, length)
        yield kind, data, not damage


def _fits(order: Order, kind: bytes, data: bytes) -> bool:
    """Whether a chunk may stand where it is; one that may is taken."""
    try:
        order.check(kind, len(data))
        order.take(kind, data)
    except (ValueError, EOFError):
        return False
    return True


def _rows(deflated: bytes, heading: Heading) -> bytes:
    """The filtered rows up to the first that is not whole or has an unknown filter; then zeros."""
    rows = _inflated(deflated[_HEAD:], heading.length)
    end = len(rows) if len(rows) == heading.length else heading.pass_of(len(rows)).row_start(len(rows))
    values = np.frombuffer(rows, np.uint8)
    for one in heading.passes:
        unknown = np.flatnonzero(values[one.start : one.stop : one.row] > PAETH)
        if len(unknown):
            end = min(end, one.start + int(unknown[0]) * one.row)
    if not end:
        raise EOFError("none of its rows is left")
    return rows[:end] + bytes(heading.length - end)


def _inflated(deflated: bytes, most: int) -> bytes:
    """What raw deflate blocks give up to their end or the first error, and no more than `most` bytes."""
    inflate, parts, filled = zlib.decompressobj(-15), list[bytes](), 0
    for at in range(0, len(deflated), _PIECE):
        piece, before = deflated[at : at + _PIECE], inflate.copy()
        try:
            parts.append(inflate.decompress(piece, most - filled))
        except zlib.error:
            return b"".join(parts) + _bytewise(before, piece, most - filled)
        filled += len(parts[-1])
        if filled == most or inflate.eof:
            break
    return b"".join(parts)


def _bytewise(inflate: Any, piece: bytes, room: int) -> bytes:
    """What comes of a piece before the byte that is wrong."""
    content = b""
    for i in range(len(piece)):
        try:
            content += inflate.decompress(piece[i : i + 1], room - len(content))
        except zlib.error:
            break
        if len(content) == room:
            break
    return content

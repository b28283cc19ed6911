"""Ways to spoil a file: bits, numbers of headers, cuts (of what is coded, too, with its container put right), splices,
PNG chunks with right checksums."""

from __future__ import annotations

import random
import re
import struct
import zlib
from collections.abc import Callable

_NUMBERS = (
    0,
    1,
    2,
    3,
    7,
    8,
    16,
    24,
    32,
    255,
    256,
    257,
    1000,
    4096,
    32767,
    32768,
    65535,
    65536,
    100_000,
    2**24,
    2**31 - 1,
    2**31,
    2**32 - 1,
)
_PNG = b"\x89PNG\r\n\x1a\n"


def _place(content: bytes, rng: random.Random) -> int:
    """A position, headers more often than the rest."""
    return rng.randrange(min(len(content), 80) if rng.random() < 0.6 else len(content)) if content else 0


def flip_bits(content: bytes, other: bytes, rng: random.Random) -> bytes:
    spoilt = bytearray(content)
    for _ in range(rng.randint(1, 8)):
        if spoilt:
            spoilt[_place(content, rng)] ^= 1 << rng.randrange(8)
    return bytes(spoilt)


def set_byte(content: bytes, other: bytes, rng: random.Random) -> bytes:
    at = _place(content, rng)
    return content[:at] + bytes([rng.choice((0, 1, 127, 128, 255, rng.randrange(256)))]) + content[at + 1 :]


def set_number(content: bytes, other: bytes, rng: random.Random) -> bytes:
    at, number, size = _place(content, rng), rng.choice(_NUMBERS), rng.choice((2, 4, 4, 8))
    made = (number & (2 ** (8 * size) - 1)).to_bytes(size, rng.choice(("little", "big")))
    return content[:at] + made + content[at + size :]


def set_digits(content: bytes, other: bytes, rng: random.Random) -> bytes:
    """Numbers written as text: PNM, XPM, npy and IM headers."""
    found = list(re.finditer(rb"-?[0-9]+", content[:200]))
    if not found:
        return flip_bits(content, other, rng)
    one = rng.choice(found)
    made = rng.choice(
        (b"0", b"-1", b"1", b"99999", b"4294967296", b"9" * 30, b"1.5", b"nan", str(rng.choice(_NUMBERS)).encode())
    )
    return content[: one.start()] + made + content[one.end() :]


def cut(content: bytes, other: bytes, rng: random.Random) -> bytes:
    return content[: rng.randrange(len(content) + 1)]


def drop(content: bytes, other: bytes, rng: random.Random) -> bytes:
    start = _place(content, rng)
    return content[:start] + content[start + rng.randint(1, 64) :]


def repeat(content: bytes, other: bytes, rng: random.Random) -> bytes:
    start = _place(content, rng)
    piece = content[start : start + rng.randint(1, 64)]
    return content[:start] + piece * rng.randint(2, 40) + content[start:]


def insert(content: bytes, other: bytes, rng: random.Random) -> bytes:
    at = _place(content, rng)
    return content[:at] + rng.randbytes(rng.randint(1, 40)) + content[at:]


def splice(content: bytes, other: bytes, rng: random.Random) -> bytes:
    return content[: rng.randrange(len(content) + 1)] + other[rng.randrange(len(other) + 1) :]


def zeros(content: bytes, other: bytes, rng: random.Random) -> bytes:
    start = _place(content, rng)
    length = rng.randint(1, 200)
    return (
        content[:start]
        + bytes([rng.choice((0, 255))]) * len(content[start : start + length])
        + content[start + length :]
    )


def chunks(content: bytes, other: bytes, rng: random.Random) -> bytes:
    """PNG's chunks: one spoilt, left out, doubled or moved; checksums are right, so that what is behind them is
    reached."""
    if not content.startswith(_PNG):
        return flip_bits(content, other, rng)
    found, at = [], len(_PNG)
    while at + 8 <= len(content):
        length, kind = struct.unpack(">I4s", content[at : at + 8])
        found.append((kind, content[at + 8 : at + 8 + length]))
        at += 12 + length
    if not found:
        return content
    one = rng.randrange(len(found))
    kind, data = found[one]
    match rng.randrange(5):
        case 0:
            found[one] = kind, rng.choice(WAYS[:-1])(data, other, rng) if data else rng.randbytes(5)
        case 1:
            del found[one]
        case 2:
            found.insert(rng.randrange(len(found) + 1), found[one])
        case 3:
            found.insert(rng.randrange(len(found)), found.pop(one))
        case _:
            spoilt = (
                rng.choice(WAYS[:-1])(zlib.decompress(data), other, rng)
                if kind == b"IDAT" and _whole(data)
                else data[::-1]
            )
            found[one] = kind, zlib.compress(spoilt) if kind == b"IDAT" else spoilt
    return _PNG + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in found
    )


def fields(content: bytes, other: bytes, rng: random.Random) -> bytes:
    """TIFF's first directory: the tag, count or value of a field becomes a number that claims much, or another
    field's."""
    order = {b"II": "<", b"MM": ">"}.get(content[:2], "")
    if not order or len(content) < 10:
        return set_number(content, other, rng)
    (at,) = struct.unpack(f"{order}I", content[4:8])
    if at + 14 > len(content):
        return set_number(content, other, rng)
    (count,) = struct.unpack(f"{order}H", content[at : at + 2])
    places = [place for place in range(at + 2, at + 2 + 12 * count, 12) if place + 12 <= len(content)]
    if not places:
        return set_number(content, other, rng)
    tag, kind, number, value = struct.unpack(f"{order}HHII", content[(place := rng.choice(places)) : place + 12])
    match rng.randrange(4):
        case 0:
            tag = rng.choice((256, 257, 258, 259, 273, 277, 278, 279, 322, 323, 324, 325, 330, 338, 700, 34675))
        case 1:
            number = rng.choice(_NUMBERS)
        case 2:
            value = rng.choice(_NUMBERS)
        case _:
            value = struct.unpack(f"{order}I", content[(twin := rng.choice(places)) + 8 : twin + 12])[0]
    return content[:place] + struct.pack(f"{order}HHII", tag, kind, number, value) + content[place + 12 :]


def bomb(content: bytes, other: bytes, rng: random.Random) -> bytes:
    """A PNG with a chunk that inflates to megabytes, or another file with a long run of one byte."""
    at = 33 if content.startswith(_PNG) else _place(content, rng)
    if not content.startswith(_PNG):
        return (
            content[:at]
            + bytes([rng.choice((0, 1, 0x81, 255))]) * rng.choice((10_000, 100_000, 1_000_000))
            + content[at:]
        )
    kind, head = rng.choice(
        ((b"iCCP", b"x\0\0"), (b"zTXt", b"x\0\0"), (b"iTXt", b"x\0\1\0\0\0"), (b"fdAT", bytes(4)), (b"IDAT", b""))
    )
    data = head + zlib.compress(bytes(rng.choice((10**5, 10**6, 10**7))), 9)
    return (
        content[:at]
        + struct.pack(">I", len(data))
        + kind
        + data
        + struct.pack(">I", zlib.crc32(kind + data))
        + content[at:]
    )


def members(content: bytes, other: bytes, rng: random.Random) -> bytes:
    """What a zip archive's directory and its members say of their sizes, checksums, compression and places."""
    found = [
        (match.start(), offsets) for magic, offsets in _ZIP.items() for match in re.finditer(re.escape(magic), content)
    ]
    if not found:
        return flip_bits(content, other, rng)
    start, offsets = rng.choice(found)
    at, size = rng.choice(offsets)
    made = (rng.choice((*_NUMBERS, 12, 14, 93, len(content))) & (2 ** (8 * size) - 1)).to_bytes(size, "little")
    return content[: start + at] + made + content[start + at + size :]


_ZIP = {
    b"PK\x03\x04": ((6, 2), (8, 2), (14, 4), (18, 4), (22, 4), (26, 2), (28, 2)),
    b"PK\x01\x02": ((8, 2), (10, 2), (16, 4), (20, 4), (24, 4), (28, 2), (30, 2), (42, 4)),
    b"PK\x05\x06": ((8, 2), (10, 2), (12, 4), (16, 4), (20, 2)),
}
"""Of local headers, entries of the directory and its end: where numbers stand and how many bytes they have (APPNOTE
4.3)."""


def _whole(data: bytes) -> bool:
    try:
        return bool(zlib.decompress(data))
    except zlib.error:
        return False


WAYS: tuple[Callable[[bytes, bytes, random.Random], bytes], ...] = (
    flip_bits,
    set_byte,
    set_number,
    set_number,
    set_digits,
    cut,
    drop,
    repeat,
    insert,
    splice,
    zeros,
    fields,
    bomb,
    members,
    chunks,
)


def cut_inside(content: bytes, other: bytes, rng: random.Random) -> bytes:
    """Coded pixels are cut, and the container says that this is all: an end marker behind, lengths of strips, one block
    less."""
    at = rng.randrange(len(content) * 2 // 3, max(len(content) * 2 // 3 + 1, len(content) - 24))
    if content.startswith(b"\xff\xd8"):
        return content[:at] + b"\xff\xd9"
    if content.startswith((b"\xff\x4f", b"\0\0\0\x0cjP")):
        return content[: content.rfind(b"\xff\x90")] + b"\xff\xd9"
    if content.startswith(b"II*\0"):
        return _shorter_strips(content)
    if content.startswith(b"GIF8"):
        return content[:at] + b"\0;"
    return content[:at]


def _shorter_strips(content: bytes) -> bytes:
    """A little-endian TIFF whose strips are half as long as they were, in the first directory."""
    (start,) = struct.unpack_from("<I", content, 4)
    (count,) = struct.unpack_from("<H", content, start)
    made = bytearray(content)
    for at in range(start + 2, start + 2 + 12 * count, 12):
        tag, type_, number = struct.unpack_from("<HHI", content, at)
        if tag in (279, 325) and type_ in (3, 4):
            code = f"<{number}{'H' if type_ == 3 else 'I'}"
            place = at + 8 if struct.calcsize(code) <= 4 else struct.unpack_from("<I", content, at + 8)[0]
            struct.pack_into(code, made, place, *(length // 2 for length in struct.unpack_from(code, content, place)))
    return bytes(made)


def mutant(content: bytes, other: bytes, rng: random.Random) -> tuple[bytes, bool]:
    """A spoilt file, and whether it is only cut: then its pixels are as they were, or it is refused."""
    if rng.random() < 0.2:
        return rng.choice((cut, cut, cut_inside))(content, other, rng), True
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        content = rng.choice(WAYS)(content, other, rng)
    return content, False


_TOKENS = (
    "filter",
    "vertical",
    "box:3",
    "gaussian:1.5",
    "|",
    ";",
    ",",
    " ",
    "-1",
    "0",
    "1/9",
    "1e-3",
    ".5",
    "1e400",
    "nan",
    "inf",
    "−1",
    "#",
    "\n",
    "'",
    '"',
    "\\",
    "\0",
    "stride=2",
    "pad=same",
    "pad=1,2,3,4",
    "border=wrap",
    "constant:",
    "anchor=0,0",
    "divisor=auto",
    "bias=1/3",
    "convolve",
    "maxpool",
    "avgpool",
    "pool",
    "size=",
    "kind=avg",
    "relu",
    "sigmoid",
    "2x3",
    "x",
    "=",
    "9" * 40,
    "é",
    "٣",
    "\u2028",
    "../",
    ".txt",
    *"@()*%:+!^<>{}[]",
)


def text(valid: str, rng: random.Random) -> str:
    """A text that was valid once: pieces left out, doubled, replaced by words and marks that mean something
    elsewhere."""
    for _ in range(rng.choice((1, 1, 2, 3, 6))):
        start = rng.randrange(len(valid) + 1)
        stop = min(len(valid), start + rng.choice((0, 0, 1, 2, 5)))
        valid = (
            valid[:start]
            + rng.choice((rng.choice(_TOKENS), valid[start:stop] * 2, "", chr(rng.randrange(1, 0x3000))))
            + valid[stop:]
        )
    return valid

"""PNG files made by hand, of every colour type and depth, interlaced or not: whole ones, and attacks on them."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

Pixels = np.ndarray[Any, Any]

CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
KINDS = [
    (0, 1),
    (0, 2),
    (0, 4),
    (0, 8),
    (0, 16),
    (2, 8),
    (2, 16),
    (3, 1),
    (3, 2),
    (3, 4),
    (3, 8),
    (4, 8),
    (4, 16),
    (6, 8),
    (6, 16),
]
ADAM7 = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)]
SIZES = [(1, 1), (2, 3), (9, 6), (11, 17)]


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


@dataclass(frozen=True)
class Made:
    """A PNG in parts; `file` puts them together, whether they fit or not."""

    colour: int
    depth: int
    interlaced: bool
    samples: Pixels  # (height, width, channels), as stored
    rows: bytes  # filtered
    palette: bytes = b""
    header: dict[str, int] = field(default_factory=dict)  # fields of IHDR other than they should be
    before: tuple[bytes, ...] = ()  # chunks before the pixels
    behind: tuple[bytes, ...] = ()
    end: bytes = chunk(b"IEND", b"")

    @property
    def fields(self) -> dict[str, int]:
        height, width = self.samples.shape[:2]
        plain = {"width": width, "height": height, "depth": self.depth, "colour": self.colour}
        return plain | {"compression": 0, "filters": 0, "interlace": self.interlaced} | self.header

    @property
    def head(self) -> bytes:
        return struct.pack(">IIBBBBB", *self.fields.values())

    @cached_property
    def deflated(self) -> bytes:
        return zlib.compress(self.rows)

    @property
    def start(self) -> bytes:
        return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", self.head)

    @property
    def ahead(self) -> bytes:
        """The palette, and what stands behind it."""
        return (chunk(b"PLTE", self.palette) if self.palette else b"") + b"".join(self.before)

    def file(self, *deflated: bytes) -> bytes:
        """With one IDAT of each piece; of all rows where none is named."""
        pixels = b"".join(chunk(b"IDAT", piece) for piece in deflated or (self.deflated,))
        return self.start + self.ahead + pixels + b"".join(self.behind) + self.end

    @cached_property
    def passes(self) -> list[tuple[int, int]]:
        """Rows of each pass, and the bytes of one with its filter's number."""
        height, width, channels = self.samples.shape
        steps = ADAM7 if self.interlaced else [(0, 0, 1, 1)]
        sizes = [(len(range(top, height, down)), len(range(left, width, right))) for top, left, down, right in steps]
        return [(rows, 1 + (columns * channels * self.depth + 7) // 8) for rows, columns in sizes if rows * columns]

    @cached_property
    def pixels(self) -> Pixels:
        """What a reader must return: (height, width, channels), palettes expanded, samples of less than 8 bits
        scaled."""
        if self.palette:
            return np.frombuffer(self.palette, np.uint8).reshape(-1, 3)[self.samples[..., 0]]
        return self.samples * np.uint8(255 // (2**self.depth - 1)) if self.depth < 8 else self.samples


def filtered(part: Pixels, depth: int) -> bytes:
    """Rows in PNG's filters, one after the other, each behind its number, by the specification's formulas."""
    bits = part[..., None] >> np.arange(depth - 1, -1, -1) & 1
    lines = np.packbits(bits.reshape(len(part), -1).astype(np.uint8), axis=1).astype(int)
    step = max(1, part.shape[2] * depth // 8)
    above, out = np.zeros(lines.shape[1], int), b""
    for y, line in enumerate(lines):
        left, corner = (np.concatenate([np.zeros(step, int), row])[: len(line)] for row in (line, above))
        near = np.abs(np.stack([above - corner, left - corner, left + above - 2 * corner])).argmin(axis=0)
        paeth = np.choose(near, [left, above, corner])
        kind = y % 5
        out += bytes([kind, *((line - (0 * line, left, above, (left + above) // 2, paeth)[kind]) % 256)])
        above = line
    return out


def made(kind: tuple[int, int], size: tuple[int, int], *, interlaced: bool = False, seed: int = 0) -> Made:
    """A whole file of a colour type and depth."""
    colour, depth = kind
    values = np.random.default_rng(seed)
    samples = values.integers(0, 2**depth, (*size, CHANNELS[colour])).astype(f"uint{max(8, depth)}")
    parts = [samples[top::down, left::right] for top, left, down, right in (ADAM7 if interlaced else [(0, 0, 1, 1)])]
    rows = b"".join(filtered(part, depth) for part in parts if part.size)
    return Made(colour, depth, interlaced, samples, rows, values.bytes(3 * 2**depth) if colour == 3 else b"")


def all_made(sizes: list[tuple[int, int]]) -> Iterator[Made]:
    for kind in KINDS:
        for interlaced in (False, True):
            for size in sizes:
                yield made(kind, size, interlaced=interlaced)


# ---------------------------------------------------------------- attacks on the compressed rows


def _unfinished(content: bytes) -> bytes:
    """A zlib stream whose last block is not marked as the last."""
    deflate = zlib.compressobj()
    return deflate.compress(content) + deflate.flush(zlib.Z_FULL_FLUSH)


def _sum(content: bytes) -> bytes:
    return struct.pack(">I", zlib.adler32(content))


def _started(first: int, second: int | None = None) -> Callable[[Made], bytes]:
    """With other first bytes of the zlib stream: the second makes them a multiple of 31, unless it is given."""
    return lambda it: it.file(bytes([first, -(first << 8) % 31 if second is None else second]) + it.deflated[2:])


def _unknown_filter(it: Made, row: int) -> bytes:
    rows = bytearray(it.rows)
    rows[row] = 5
    return it.file(zlib.compress(rows))


STREAMS: dict[str, Callable[[Made], bytes]] = {
    "half of its rows": lambda it: it.file(zlib.compress(it.rows[: len(it.rows) // 2])),
    "no row": lambda it: it.file(zlib.compress(b"")),
    "a byte too few": lambda it: it.file(zlib.compress(it.rows[:-1])),
    "a byte too many": lambda it: it.file(zlib.compress(it.rows + b"\0")),
    "a row too many": lambda it: it.file(zlib.compress(it.rows + it.rows[-it.passes[-1][1] :])),
    "a bomb": lambda it: it.file(zlib.compress(it.rows + bytes(2**20))),
    "wrong sum": lambda it: it.file(it.deflated[:-1] + bytes([it.deflated[-1] ^ 1])),
    "no sum": lambda it: it.file(it.deflated[:-4]),
    "a byte of the sum": lambda it: it.file(it.deflated[:-3]),
    "no last block": lambda it: it.file(_unfinished(it.rows) + _sum(it.rows)),
    "no last block and no sum": lambda it: it.file(_unfinished(it.rows)),
    "half of the stream": lambda it: it.file(it.deflated[: len(it.deflated) // 2]),
    "nothing": lambda it: it.file(b""),
    "a byte": lambda it: it.file(b"\x78"),
    "bytes behind": lambda it: it.file(it.deflated + b"\0"),
    "bytes behind in their own chunk": lambda it: it.file(it.deflated, b"more"),
    "twice": lambda it: it.file(it.deflated, it.deflated),
    "block of unknown type": lambda it: it.file(b"\x78\x01\x07" + it.deflated[3:]),
    "wrong check of the head": lambda it: it.file(it.deflated[:1] + bytes([it.deflated[1] ^ 1]) + it.deflated[2:]),
    "unknown method": _started(0x77),
    "window too large": _started(0x88),
    "dictionary": _started(0x78, 0x20),
    "gzip": lambda it: it.file(zlib.compress(it.rows, wbits=31)),
    "raw": lambda it: it.file(zlib.compress(it.rows, wbits=-15)),
    "unknown filter first": lambda it: _unknown_filter(it, 0),
    "unknown filter last": lambda it: _unknown_filter(it, len(it.rows) - it.passes[-1][1]),
}

# ---------------------------------------------------------------- attacks on chunks


def _spoilt(it: Made, kind: bytes) -> bytes:
    """With a wrong checksum."""
    content = it.file()
    at = content.index(kind) - 4
    end = at + 12 + int.from_bytes(content[at : at + 4], "big")
    return content[: end - 1] + bytes([content[end - 1] ^ 1]) + content[end:]


def _between(it: Made, other: bytes) -> bytes:
    half = len(it.deflated) // 2
    return (
        it.start + it.ahead + chunk(b"IDAT", it.deflated[:half]) + other + chunk(b"IDAT", it.deflated[half:]) + it.end
    )


CHUNKS: dict[str, Callable[[Made], bytes]] = {
    "no pixels": lambda it: it.start + it.ahead + it.end,
    "no end": lambda it: replace(it, end=b"").file(),
    "half an end": lambda it: replace(it, end=it.end[:6]).file(),
    "end with a content": lambda it: replace(it, end=chunk(b"IEND", b"x")).file(),
    "end before the pixels": lambda it: replace(it, before=(*it.before, it.end)).file(),
    "checksum of the header": lambda it: _spoilt(it, b"IHDR"),
    "checksum of pixels": lambda it: _spoilt(it, b"IDAT"),
    "checksum of the end": lambda it: _spoilt(it, b"IEND"),
    "checksum of a text behind": lambda it: replace(it, behind=(chunk(b"tEXt", b"Comment\0abc")[:-1] + b"\0",)).file(),
    "header of 12 bytes": lambda it: it.file().replace(chunk(b"IHDR", it.head), chunk(b"IHDR", it.head[:-1])),
    "header of 14 bytes": lambda it: it.file().replace(chunk(b"IHDR", it.head), chunk(b"IHDR", it.head + b"\0")),
    "two headers": lambda it: replace(it, before=(chunk(b"IHDR", it.head),)).file(),
    "header second": lambda it: it.file().replace(
        chunk(b"IHDR", it.head), chunk(b"tEXt", b"Comment\0abc") + chunk(b"IHDR", it.head)
    ),
    "header behind the pixels": lambda it: replace(it, behind=(chunk(b"IHDR", it.head),)).file(),
    "a text among the pixels": lambda it: _between(it, chunk(b"tEXt", b"Comment\0abc")),
    "pixels behind a text": lambda it: replace(
        it, behind=(chunk(b"tEXt", b"Comment\0abc"), chunk(b"IDAT", b""))
    ).file(),
    "unknown chunk that is needed": lambda it: replace(it, before=(chunk(b"ABCD", b"x"),)).file(),
    "unknown chunk that is needed, behind": lambda it: replace(it, behind=(chunk(b"ABCD", b"x"),)).file(),
    "a name with a digit": lambda it: replace(it, before=(chunk(b"te1t", b"x"),)).file(),
    "a name with a digit, behind": lambda it: replace(it, behind=(chunk(b"te1t", b"x"),)).file(),
    "a length beyond all": lambda it: replace(
        it, behind=(b"\xff\xff\xff\xff" + chunk(b"tEXt", b"Comment\0abc")[4:],)
    ).file(),
    "palette behind the pixels": lambda it: replace(it, behind=(chunk(b"PLTE", it.palette or b"abc"),)).file(),
    "two palettes": lambda it: replace(it, palette=it.palette or b"abc", before=(chunk(b"PLTE", b"abc"),)).file(),
    "palette of 4 bytes": lambda it: replace(it, palette=b"abcd").file(),
    "palette of nothing": lambda it: replace(it, palette=b"", before=(chunk(b"PLTE", b""),)).file(),
    "palette of 257 colours": lambda it: replace(it, palette=bytes(771)).file(),
}


def _key(it: Made) -> bytes:
    """A transparency that is right; of colour types that have none, one that is not."""
    return b"\x80" if it.colour == 3 else bytes(2 * CHANNELS[it.colour])


TRANSPARENCIES: dict[str, Callable[[Made], bytes]] = {
    "none of it": lambda it: replace(it, before=(chunk(b"tRNS", b""),)).file(),
    "a byte too few": lambda it: replace(it, before=(chunk(b"tRNS", _key(it)[:-1]),)).file(),
    "too much": lambda it: replace(
        it, before=(chunk(b"tRNS", bytes(2**it.depth + 1) if it.colour == 3 else _key(it) + b"\0"),)
    ).file(),
    "twice": lambda it: replace(it, before=(chunk(b"tRNS", _key(it)),) * 2).file(),
    "behind the pixels": lambda it: replace(it, behind=(chunk(b"tRNS", _key(it)),)).file(),
    "checksum": lambda it: replace(it, before=(chunk(b"tRNS", _key(it))[:-4] + b"none",)).file(),
}
"""Of every colour type."""


def beyond_depth(it: Made) -> bytes | None:
    """A transparent sample that the depth does not hold; None where there is none."""
    if it.colour not in (0, 2) or it.depth == 16:
        return None
    return replace(it, before=(chunk(b"tRNS", struct.pack(">H", 2**it.depth) * CHANNELS[it.colour]),)).file()


def wrong_headers(it: Made) -> Iterator[tuple[str, bytes]]:
    """Every field of IHDR as PNG does not allow it, with rows that were right."""
    for name, values in {
        "width": (0, 2**31, 2**32 - 1),
        "height": (0, 2**31, 2**32 - 1),
        "depth": tuple(depth for depth in (0, 1, 2, 3, 4, 5, 7, 8, 16, 17, 32, 255) if (it.colour, depth) not in KINDS),
        "colour": tuple(colour for colour in (0, 1, 2, 3, 4, 5, 6, 7, 8, 255) if (colour, it.depth) not in KINDS),
        "compression": (1, 8, 255),
        "filters": (1, 64, 255),
        "interlace": (2, 255),
    }.items():
        for value in values:
            yield f"{name} {value}", replace(it, header={name: value}).file()


ATTACKS = {**STREAMS, **CHUNKS, **{f"transparency: {name}": attack for name, attack in TRANSPARENCIES.items()}}


def attacked(it: Made) -> Iterator[tuple[str, bytes]]:
    """Every attack by its name."""
    for name, attack in ATTACKS.items():
        yield name, attack(it)
    yield from wrong_headers(it)
    if (content := beyond_depth(it)) is not None:
        yield "transparency: beyond its depth", content
    if it.colour == 3:
        yield "no palette", replace(it, palette=b"").file()
        yield (
            "transparency before the palette",
            it.file().replace(chunk(b"PLTE", it.palette), chunk(b"tRNS", b"\x80") + chunk(b"PLTE", it.palette)),
        )
    elif it.colour in (0, 4):
        yield "a palette of gray", replace(it, palette=b"abc").file()

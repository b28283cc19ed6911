"""The writer of TIFF: any pixel type, any number of pages, strips deflated in parallel (TIFF 6.0, Adobe's deflate).

Pillow's compressing writer holds neither 16-bit colour nor EXIF. The byte order is always little-endian, for some
readers mistake compressed floats in the other.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from imgconv.engine.bands import WHOLE_BAND, Band, run_bands
from imgconv.files.by_rows import Patch, Regrouped
from imgconv.files.deflate import compress
from imgconv.files.metadata.exif import PREFIX
from imgconv.files.modes import joined
from imgconv.files.tiff import directories
from imgconv.files.tiff.directories import LONG, RATIONAL, SHORT, Entry, field, raw
from imgconv.files.tiff.pages import DESCRIPTIVE
from imgconv.values.image import Frame, ImageData
from imgconv.values.pixel_values import Pixels

STRIP = 256 * 1024  # bytes before deflate
_TOGETHER = 16  # strips that are there at one time where an image is written row by row
_LARGEST = 2**32 - 2**16  # bytes of a file whose offsets have 32 bits
_XMP, _PROFILE = 700, 34675
_RESOLUTION = frozenset({282, 283, 296})
_FORMATS = {"u": 1, "i": 2, "f": 3}
_PHOTOMETRICS = {
    "": {3: 2},
    "CMYK": {4: 5},
    "LAB": {3: 8},
}  # by what the channels mean and how many there are; 1 is gray, or anything


def encode(
    frames: Sequence[Frame],
    metadata: Mapping[str, Any],
    colour: str = "",
    level: int = compress.DEFAULT,
    threads: int | None = None,
) -> list[bytes | memoryview]:
    """The frames as the pages of a TIFF file, of any type, channels and size each.

    Of the metadata `icc_profile`, `exif`, `dpi` and `xmp` are written, the descriptive fields of EXIF as tags; the same
    on every page. The file comes in pieces, so that its strips are held once. ValueError for more than 4 GiB.
    """
    shared = _descriptive(metadata)
    before = bytearray(directories.head("<", 0))
    file: list[bytes | memoryview] = [memoryview(before)]
    size, link = len(before), 4  # where in the piece `before` the offset of the next directory is to be put
    for frame in frames:
        strips, page = _page(frame, colour, level, threads, size)
        strips.append(bytes(sum(map(len, strips), size) % 2))
        file += strips
        size += sum(map(len, strips))
        struct.pack_into("<I", before, link, size)
        before = bytearray(directories.packed([*page, *shared], "<", size))
        link = 2 + 12 * len([*page, *shared])
        file.append(memoryview(before))
        size += len(before)
        if size > _LARGEST:
            raise ValueError(f"{size / 2**30:.1f} GiB, and TIFF holds 4; write fewer frames, or npy")
    return file


def _page(
    frame: Frame, colour: str, level: int, threads: int | None, start: int
) -> tuple[list[bytes | memoryview], list[Entry]]:
    """A page's strips, the first of which begins at byte `start`, and the fields that tell how they lie."""
    pixels = joined(frame)
    pixels = pixels.reshape(*pixels.shape[:2], -1)
    if colour == "LAB":  # a and b are signed (section 23); in arrays they have 128 for 0
        pixels = np.dstack([pixels[..., :1], pixels[..., 1:3] ^ np.uint8(128), pixels[..., 3:]])
    strips = _strips(pixels, _rows_of_strip(pixels), _is_predicted(pixels), level, pixels.nbytes, threads)
    offsets = np.cumsum([start, *map(len, strips)])[:-1].tolist()
    return [*strips], _described(pixels, frame.alpha is not None, colour, offsets, list(map(len, strips)))


def by_rows(
    image: ImageData, bands: Iterable[Pixels], level: int = compress.DEFAULT, threads: int | None = None
) -> Iterator[bytes | Patch]:
    """What `encode` gives of one page, in pieces, from an image without pixels or alpha, and bands of its rows. The
    last piece says where the directory is."""
    pixels = image.pixels if image.pixels.ndim == 3 else image.pixels[..., None]
    start = directories.head("<", 0)
    rows, at, offsets, lengths = _rows_of_strip(pixels), len(start), list[int](), list[int]()
    yield start
    for part in Regrouped(bands, _TOGETHER * rows):
        for strip in _strips(part, rows, _is_predicted(pixels), level, pixels.nbytes, threads):
            offsets.append(at)
            lengths.append(len(strip))
            at += len(strip)
            yield strip
    entries = [*_described(pixels, False, image.colour, offsets, lengths), *_descriptive(image.metadata)]
    even = at + at % 2
    last = bytes(at % 2) + directories.packed(entries, "<", even)
    if at + len(last) > _LARGEST:
        raise ValueError(f"{at / 2**30:.1f} GiB, and TIFF holds 4; write npy")
    yield last
    yield 0, directories.head("<", even)


def _rows_of_strip(pixels: Pixels) -> int:
    return max(1, STRIP // int(pixels.shape[1] * pixels.shape[2] * pixels.itemsize))


def _is_predicted(pixels: Pixels) -> bool:
    return pixels.dtype.kind in "ui" and pixels.itemsize <= 2


def _described(pixels: Pixels, alpha: bool, colour: str, offsets: list[int], lengths: list[int]) -> list[Entry]:
    """The fields of a page, by the shape and the type of its pixels, alpha being the last channel."""
    height, width, samples = pixels.shape
    channels, type_, bits = samples - alpha, pixels.dtype, 8 * pixels.itemsize
    photometric = _PHOTOMETRICS.get(colour, {}).get(channels, 1)
    known = {1: 1, 2: 3, 5: 4, 8: 3}[photometric]  # channels that have a meaning; what is beyond them is extra
    extra = [0] * (channels - known) + [2] * (
        samples - channels
    )  # unspecified, and alpha that colours are not multiplied by
    return [
        field(256, LONG, width),
        field(257, LONG, height),
        field(258, SHORT, *[bits] * samples),
        field(259, SHORT, 8),
        field(262, SHORT, photometric),
        field(273, LONG, *offsets),
        field(277, SHORT, samples),
        field(278, LONG, _rows_of_strip(pixels)),
        field(279, LONG, *lengths),
        field(284, SHORT, 1),
        *([field(317, SHORT, 2)] if _is_predicted(pixels) else []),
        *([field(338, SHORT, *extra)] if extra else []),
        field(339, SHORT, *[_FORMATS[type_.kind]] * samples),
    ]


def _strips(pixels: Pixels, rows: int, predicted: bool, level: int, size: int, threads: int | None) -> list[bytes]:
    """The deflated strips of (a part of) an image of so many bytes; with prediction each sample is its difference from
    the one to its left (section 14)."""
    strips = [b""] * -(-len(pixels) // rows)

    def worker() -> Band:
        deflate, (_, adler32) = compress.coder(level, size), compress.checksums()

        def band(first: int, last: int) -> None:
            for number in range(first, last):
                part = pixels[number * rows : (number + 1) * rows]
                if predicted:
                    part = part.copy()
                    part[:, 1:] -= part[:, :-1].copy()
                content = (
                    np.ascontiguousarray(part.astype(part.dtype.newbyteorder("<"), copy=False))
                    .reshape(-1)
                    .view(np.uint8)
                )
                strips[number] = (
                    compress.zlib_header(level) + deflate(content, True) + struct.pack(">I", adler32(content))
                )

        return band

    run_bands(len(strips), WHOLE_BAND, worker, threads)
    return strips


def _descriptive(metadata: Mapping[str, Any]) -> list[Entry]:
    """The fields that every page has beside its own."""
    block = metadata.get("exif", b"").removeprefix(PREFIX)
    fetch, order = directories.fetch_from_bytes(block), directories.order_of(block)
    first = next(directories.chain(fetch, order), None) if order else None
    # a resolution in EXIF counts where the file has no other place for it
    tags = DESCRIPTIVE if metadata.get("dpi") else DESCRIPTIVE | _RESOLUTION
    entries = [] if first is None else list(directories.read(fetch, order, first, tags))
    entries = directories.swapped(entries) if order == ">" else entries
    if dpi := metadata.get("dpi"):
        for tag, value in zip((282, 283), dpi, strict=True):
            ratio = Fraction(float(value)).limit_denominator(10**4)
            entries.append(field(tag, RATIONAL, min(ratio.numerator, 2**32 - 1), ratio.denominator))
        entries.append(field(296, SHORT, 2))
    entries += [raw(tag, metadata[key]) for tag, key in ((_XMP, "xmp"), (_PROFILE, "icc_profile")) if metadata.get(key)]
    return entries

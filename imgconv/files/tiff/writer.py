"""The writer of TIFF and BigTIFF: any pixel type, any number of pages, strips or tiles (TIFF 6.0, Adobe's deflate).

Pillow's compressing writer holds neither 16-bit colour nor EXIF. The byte order is always little-endian, for some
readers mistake compressed floats in the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from imgconv.files.by_rows import Patch, Regrouped, joined_shape, stand_in
from imgconv.files.deflate import compress
from imgconv.files.metadata.exif import PREFIX
from imgconv.files.modes import joined
from imgconv.files.tiff import coding, directories, packing
from imgconv.files.tiff.coding import Cut
from imgconv.files.tiff.directories import LONG, LONG8, RATIONAL, SHORT, Entry
from imgconv.files.tiff.packing import field, raw
from imgconv.files.tiff.pages import DESCRIPTIVE
from imgconv.values.frozen import record
from imgconv.values.image import Frame, ImageData
from imgconv.values.pixel_values import Pixels

if TYPE_CHECKING:
    from imgconv.files.encoding import Encoding

_LARGEST = 2**32 - 2**26  # bytes of a file whose offsets have 32 bits: what deflate cannot shrink grows a little
_XMP, _PROFILE = 700, 34675
_RESOLUTION = frozenset({282, 283, 296})
_FORMATS = {"u": 1, "i": 2, "f": 3}
_PHOTOMETRICS = {
    "": {3: 2},
    "CMYK": {4: 5},
    "LAB": {3: 8},
}  # by what the channels mean and how many there are; 1 is gray, or anything


@record
class Manner:
    """How a file is written: the level of deflate, the side of tiles (None: strips), whether offsets have 64 bits
    whatever its size, and the number of threads."""

    level: int = compress.DEFAULT
    tile: int | None = None
    big: bool = False
    threads: int | None = None

    @classmethod
    def of(cls, encoding: Encoding) -> Manner:
        """The manner that the options ask for."""
        return cls(encoding.level, encoding.writing.tile, encoding.writing.bigtiff, encoding.threads)


def encode(
    frames: Iterable[Frame],
    expected: Sequence[Frame],
    metadata: Mapping[str, Any],
    colour: str = "",
    manner: Manner = Manner(),
) -> Iterator[bytes | memoryview]:
    """The frames as the pages of a TIFF file, of any type, channels and size each; `expected` are frames like them,
    which need no pixels.

    Of the metadata `icc_profile`, `exif`, `dpi` and `xmp` are written, the descriptive fields of EXIF as tags; the same
    on every page. The file comes in pieces, of which those of a page are held at one time. What may exceed 4 GiB is a
    BigTIFF. ValueError for more than 4 GiB where that was not to be expected.
    """
    shared = _descriptive(metadata)
    order = _order(expected, shared, manner)
    before = bytearray(packing.head(order, 0))
    size, link = len(before), packing.place_of_first(order)  # where in `before` the next directory's offset goes
    for frame in frames:
        pieces, page = _page(frame, colour, manner, size)
        pieces.append(bytes(sum(map(len, pieces), size) % 2))
        size += sum(map(len, pieces))
        offset = packing.offset(order, size)
        before[link : link + len(offset)] = offset
        yield memoryview(before)
        yield from pieces
        before = bytearray(packing.packed([*page, *shared], order, size))
        link = directories.place_of_following(order, len([*page, *shared]))
        size += len(before)
        if size >= 2**32 and not isinstance(order, directories.BigOrder):
            raise ValueError("its pages take more than 4 GiB; --bigtiff writes such a file")
    yield memoryview(before)


def _order(frames: Sequence[Frame], shared: Sequence[Entry], manner: Manner) -> str:
    """The byte order of a file: a BigOrder where it may become larger than 32 bits can tell. That follows from the
    pixels' size alone, for what they become is known too late."""
    values = sum(len(entry.value) for entry in shared)
    most = 0
    for frame in frames:
        height, width = frame.pixels.shape[:2]
        channels = frame.pixels.size // (height * width) + (frame.alpha is not None)
        pixels = stand_in((height, width, channels), frame.pixels.dtype)
        most += coding.cut(pixels, manner.tile).most_bytes(pixels) + values
    return directories.BigOrder("<") if manner.big or most > _LARGEST else "<"


def _page(frame: Frame, colour: str, manner: Manner, start: int) -> tuple[list[bytes | memoryview], list[Entry]]:
    """A page's strips or tiles, the first of which begins at byte `start`, and the fields that tell how they lie."""
    pixels = joined(frame)
    pixels = pixels.reshape(*pixels.shape[:2], -1)
    if colour == "LAB":  # a and b are signed (section 23); in arrays they have 128 for 0
        pixels = np.dstack([pixels[..., :1], pixels[..., 1:3] ^ np.uint8(128), pixels[..., 3:]])
    how = coding.cut(pixels, manner.tile)
    pieces = coding.coded(pixels, how, manner.level, pixels.nbytes, manner.threads)
    offsets = np.cumsum([start, *map(len, pieces)])[:-1].tolist()
    return [*pieces], _described(pixels, frame.alpha is not None, colour, how, (offsets, list(map(len, pieces))))


def by_rows(image: ImageData, bands: Iterable[Pixels], manner: Manner = Manner()) -> Iterator[bytes | Patch]:
    """What `encode` gives of one page, in pieces, from an image without pixels, and bands of its rows, alpha being the
    last channel. The last piece says where the directory is."""
    pixels = stand_in(joined_shape(image), image.pixels.dtype)
    shared, how = _descriptive(image.metadata), coding.cut(pixels, manner.tile)
    order = _order(image.frames, shared, manner)
    start = packing.head(order, 0)
    at, offsets, lengths = len(start), list[int](), list[int]()
    yield start
    for part in Regrouped(bands, how.together):
        for piece in coding.coded(part, how, manner.level, pixels.nbytes, manner.threads):
            offsets.append(at)
            lengths.append(len(piece))
            at += len(piece)
            yield piece
    entries = [*_described(pixels, image.alpha is not None, image.colour, how, (offsets, lengths)), *shared]
    even = at + at % 2
    yield bytes(at % 2) + packing.packed(entries, order, even)
    yield 0, packing.head(order, even)


def _described(pixels: Pixels, alpha: bool, colour: str, how: Cut, places: tuple[list[int], list[int]]) -> list[Entry]:
    """The fields of a page, by the shape and the type of its pixels, alpha being the last channel; `places` are the
    offsets and lengths of its pieces."""
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
        field(277, SHORT, samples),
        field(284, SHORT, 1),
        *([field(317, SHORT, 2)] if coding.is_predicted(pixels) else []),
        *_placed(how, *places),
        *([field(338, SHORT, *extra)] if extra else []),
        field(339, SHORT, *[_FORMATS[type_.kind]] * samples),
    ]


def _placed(how: Cut, offsets: list[int], lengths: list[int]) -> list[Entry]:
    """The fields about strips or tiles."""
    wide = LONG8 if offsets[-1] >= 2**32 else LONG
    if how.tiled:
        sides = [field(322, LONG, how.rows), field(323, LONG, how.rows)]
        return [*sides, field(324, wide, *offsets), field(325, LONG, *lengths)]
    return [field(273, wide, *offsets), field(278, LONG, how.rows), field(279, LONG, *lengths)]


def _descriptive(metadata: Mapping[str, Any]) -> list[Entry]:
    """The fields that every page has beside its own."""
    block = metadata.get("exif", b"").removeprefix(PREFIX)
    fetch, order = directories.fetch_from_bytes(block), directories.order_of(block)
    first = next(directories.chain(fetch, order), None) if order else None
    # a resolution in EXIF counts where the file has no other place for it
    tags = DESCRIPTIVE if metadata.get("dpi") else DESCRIPTIVE | _RESOLUTION
    entries = [] if first is None else list(directories.read(fetch, order, first, tags))
    entries = packing.swapped(entries) if order == ">" else entries
    if dpi := metadata.get("dpi"):
        for tag, value in zip((282, 283), dpi, strict=True):
            ratio = Fraction(float(value)).limit_denominator(10**4)
            entries.append(field(tag, RATIONAL, min(ratio.numerator, 2**32 - 1), ratio.denominator))
        entries.append(field(296, SHORT, 2))
    entries += [raw(tag, metadata[key]) for tag, key in ((_XMP, "xmp"), (_PROFILE, "icc_profile")) if metadata.get(key)]
    return entries

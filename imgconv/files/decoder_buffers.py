"""Decoder buffers: the memory that decoders take besides the pixels they return, as measured. A new decoder is one
row."""

from __future__ import annotations

from typing import Any

import numpy as np

from imgconv.engine.bands import available_threads
from imgconv.files.header import Selection
from imgconv.files.modes import LAYOUTS, MODES, mode_of
from imgconv.files.source import Source
from imgconv.values.layout import Layout

COMPOSED = ("GIF", "PNG")
"""Formats whose animations are composed here."""
_SMALL = {
    "1": 1,
    "L": 1,
    "P": 1,
    "I;16": 2,
    "I;16L": 2,
    "I;16B": 2,
    "I;16N": 2,
}  # bytes per pixel of Pillow's pictures; all others have four
_OF_PIXELS = {
    "WEBP": 12,
    "AVIF": 12,
    "IPTC": 8,
    "ICNS": 8,
    "ICO": 8,
}  # bytes per pixel: canvases, planes, conversions inside
_OF_SAMPLES = {"JPEG2000": 6}  # bytes per sample: whole numbers of 32 bits, and a tile
_IN_PYTHON = {
    "blp1": 5,
    "blp2": 5,
    "qoi": 3,
    "fits_gzip": 14,
    "dds_rgb": 3,
    "bmp_rle": 3,
    "msp": 3,
    "ppm": 3,
    "ppm_plain": 3,
    "xpm": 3,
    "sgi16": 8,
}
"""Bytes per sample of decoders written in Python, which put all samples together first."""
_PROGRESSIVE = 2  # bytes per sample: all coefficients
_BY_IMAGECODECS = 3  # copies of what it decodes
_CODED = 3  # copies of a frame's compressed bytes
_STRIPS_AT_ONCE = 3 * 2**24  # bytes of a TIFF's strips that are fetched ahead, and decoded ones that wait
_COMPRESSION, _PACKBITS, _AS_NUMBERS = 259, 32773, 9  # tifffile's own code makes a list of numbers of these
_WORDS, _BLOCK = 32, 2**20  # bytes for each byte of text, and of text at once
_GIF_PART, _PNG_PART = 12, 8  # bytes per pixel of a frame as it is stored


def bytes_of(source: Source, image: Any, layout: Layout, selection: Selection, *, composed: bool) -> int:
    """Bytes that decoding an opened image takes at most beside its pixels: those of its largest frame, because one is
    decoded at a time."""
    size = max((height * width for height, width in selection.sizes), default=image.height * image.width)
    if composed:
        return _of_animation(source, image, layout, selection, size)
    count = size * _own(image) + _of_words(source, image)
    if _is_read_here(image, layout):
        bytes_ = (layout.channels + layout.alpha + getattr(image, "dropped", 0)) * np.dtype(layout.type).itemsize
        by_pillow = count if image.mode and image.format != "TIFF" else 0
        count = max(by_pillow, _copies(source, image, layout) * size * bytes_)
        if image.format in ("JPEG2000", "AVIF"):  # all frames of an animation at once
            count *= getattr(image, "n_frames", 1)
    return count + (_of_strips(image, layout, selection.chunk, size) if image.format == "TIFF" else 0)


def _copies(source: Source, image: Any, layout: Layout) -> int:
    """Copies of the pixels that our readers make: as they are stored, in this machine's order, colour and alpha
    apart."""
    if image.format == "PNG":
        return 1 + layout.alpha + bool(image.info.get("interlace"))
    if image.format != "TIFF":
        return _BY_IMAGECODECS
    source.stream.seek(0)
    swapped = source.stream.read(2) == b"MM" and np.dtype(layout.type).itemsize > 1
    return layout.alpha + swapped


def _of_strips(image: Any, layout: Layout, chunk: int, size: int) -> int:
    """Strips or tiles of a TIFF: one in each thread that decodes, and coded ones fetched ahead."""
    if not _is_read_here(image, layout):
        return chunk
    page = size * (layout.channels + layout.alpha) * np.dtype(layout.type).itemsize
    count = max(chunk, min(page, chunk * available_threads())) + min(page, _STRIPS_AT_ONCE)
    return count * (_AS_NUMBERS if image.tag_v2.get(_COMPRESSION) == _PACKBITS else 1)


def _of_words(source: Source, image: Any) -> int:
    """Numbers written as words, which Pillow splits a block at a time."""
    if not any(tile[0] == "ppm_plain" for tile in image.tile):
        return 0
    before = source.stream.tell()
    size = source.stream.seek(0, 2)
    source.stream.seek(before)
    return _WORDS * min(size, _BLOCK)


def _is_read_here(image: Any, layout: Layout) -> bool:
    """Whether the pixels come from another reader than Pillow, which is for more bits, other channels or large
    files."""
    return image.mode not in MODES or LAYOUTS[MODES[image.mode].becomes] != layout or image.format == "PNG"


def _own(image: Any) -> int:
    """Bytes per pixel of Pillow's picture, of what it is converted to, and of the codec's buffers."""
    if image.mode not in MODES:
        return 0
    becomes = mode_of(image)
    bands = len(image.getbands())
    count = _SMALL.get(image.mode, 4) + (0 if becomes == image.mode else _SMALL.get(becomes, 4))
    count += _OF_PIXELS.get(image.format, 0) + bands * _OF_SAMPLES.get(image.format, 0)
    count += bands * max((_IN_PYTHON.get(str(tile[0]).lower(), 0) for tile in image.tile), default=0)
    return int(count + (bands * _PROGRESSIVE if image.info.get("progressive") else 0))


def _of_animation(source: Source, image: Any, layout: Layout, selection: Selection, size: int) -> int:
    """The canvas and what is restored of it, a stored frame, and of each frame the alpha and colour that the first one
    may be without."""
    part = max((height * width for height, width in selection.parts), default=size)
    itemsize = np.dtype(layout.type).itemsize
    channels = (1 if selection.gray else 3) if image.format == "GIF" else layout.channels
    missing = max(0, channels + 1 - layout.channels - layout.alpha)
    each = _GIF_PART if image.format == "GIF" else _PNG_PART + 4 * itemsize * (channels + 1)
    before = source.stream.tell()
    coded = _CODED * min(source.stream.seek(0, 2), part * each)
    source.stream.seek(before)
    return itemsize * size * (len(selection.numbers) * missing + 3 * (channels + 1)) + part * each + coded

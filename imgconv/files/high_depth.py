"""High depth: which files lose bits in Pillow, and what reads them whole."""

from __future__ import annotations

from collections.abc import Callable
from typing import IO, Any

import numpy as np

from imgconv import errors
from imgconv.files.modes import LAYOUTS, MODES, mode_of, sample_bits
from imgconv.files.pillow_settings import leniency
from imgconv.files.source import Source
from imgconv.values.arguments import items
from imgconv.values.frozen import record, replace
from imgconv.values.image import Frame
from imgconv.values.layout import Layout

TIFF_STARTS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_PACKED = "BGR;16"  # 16 bits of all samples together, 5-6-5, as in BMP
_WRAPPED = ("I;32", "I;32N", "I;32B")  # unsigned numbers that Pillow takes for signed
_BITS, _PHOTOMETRIC, _SAMPLES, _PLANES, _SIGN, _COMPRESSION, _DEPTH = (
    258,
    262,
    277,
    284,
    339,
    259,
    32997,
)  # tags of TIFF
_APART = {(2, 3), (2, 4), (5, 4)}  # photometric interpretation and samples (RGB, RGBA, CMYK) whose planes Pillow joins
_PLACES = (273, 324)  # where strips and tiles start
_YCBCR = 6  # of PhotometricInterpretation
_WEBP = 50001  # of Compression: Pillow's libtiff goes without
_ROUNDED = "F;64"
_LARGE = 2**21  # pixels


@record
class Deep:
    """A file that Pillow would narrow: the layout of its pixels, and a call that reads the current page."""

    layout: Layout
    read: Callable[[], Frame]


def narrows(image: Any) -> bool:
    """Whether Pillow would drop bits of an opened image's samples, by the raw modes in which it would decode them."""
    eight = _eight(image)
    modes = raw_modes(image)
    if (
        eight and image.format == "PPM" and any(mode.isdigit() and int(mode) > 255 for mode in modes)
    ):  # the greatest value
        return True
    return any(
        (eight and ((";16" in mode and mode != _PACKED) or mode == "SGI16" or mode.startswith("BC6")))
        or mode in _WRAPPED
        or mode.startswith(_ROUNDED)
        for mode in modes
    )


def _eight(image: Any) -> bool:
    return image.mode in MODES and LAYOUTS[MODES[image.mode].becomes].type == "uint8"


def raw_modes(image: Any) -> list[str]:
    """The names of the codecs and raw modes by which Pillow would decode an opened image."""
    return [
        str(part) for tile in image.tile for part in (tile[0], *(tile[3] if isinstance(tile[3], tuple) else (tile[3],)))
    ]


def reader_of(source: Source, image: Any) -> Deep | None:
    """A reader for an opened image that Pillow would not read whole; None where Pillow does.

    Raises FileError where there is no such reader, or it is not installed.
    """
    if image.format == "PNG" and (narrows(image) or (image.mode == "I;16" and "transparency" in image.info)):
        return _png(source, image)
    if image.format == "PNG" and _large(image):
        return _large_png(source, image)
    if image.format == "TIFF" and (narrows(image) or _misread_tiff(image)):
        return _tiff(source, image)
    if image.format in ("JPEG2000", "AVIF") and LAYOUTS[MODES[image.mode].becomes].type == "uint8":
        return _coded(source, image)
    if narrows(image):
        raise errors.FileError(
            f"{source.name}: has 16 bits per sample, of which only 8 would be read; refused rather than lost "
            "(--allow-narrowing reads those 8; or convert it to PNG or TIFF first)"
        )
    return None


def _coded(source: Source, image: Any) -> Deep | None:
    from imgconv.files import codecs

    form, depth = str(image.format), codecs.bits(image.format, source.stream)
    if depth <= 8:
        return None
    codecs.available(source.name, form, depth)
    layout, number = replace(LAYOUTS[mode_of(image)], type="uint16"), image.tell()
    return Deep(layout, lambda: codecs.decode(source, form, number, depth, layout.channels, layout.alpha))


def correct(image: Any) -> None:
    """Corrects uncompressed YCbCr in TIFF, which Pillow before 13 takes for RGB of four bytes per pixel."""
    if (
        image.format == "TIFF"
        and image.mode == "RGB"
        and image.tag_v2.get(_PHOTOMETRIC) == _YCBCR
        and raw_modes(image)[:2] == ["raw", "RGBX"]
    ):
        image._mode = "YCbCr"
        image.tile = [tile._replace(args=("YCbCr", *tile.args[1:])) for tile in image.tile]


def dropped(image: Any) -> int:
    """The number of channels of unspecified meaning that are left out; TIFF's raw modes call them X."""
    if image.format != "TIFF":
        return 0
    return int(getattr(image, "dropped", 0)) or max(
        (raw.split(";")[0].count("X") for raw in raw_modes(image)), default=0
    )


def hides_channel(image: Any, stream: IO[bytes]) -> bool:
    """Whether the fourth byte of an opened 32-bit BMP varies, to which its header gives no meaning; some programs store
    alpha there."""
    if image.format not in ("BMP", "DIB") or "BGRX" not in raw_modes(image):
        return False
    before = stream.tell()
    stream.seek(image.tile[0][2])
    fourth = np.frombuffer(stream.read(4 * image.width * image.height), np.uint8)[3::4]
    stream.seek(before)
    return fourth.size > 0 and bool((fourth != fourth[0]).any())


def _misread_tiff(image: Any) -> bool:
    """Whether an opened TIFF is of a kind that Pillow does not know or gets wrong.

    These are: separate planes of 16 bits, whose raw modes do not tell; separate planes of which it takes the first
    alone; signed 8 bits, whose sign it drops; signed 16 bits, which it widens; numbers in which 0 is white, which it
    does not invert; a second channel without a meaning, which is a channel; compressed 32 bits of the other byte order,
    which libtiff has swapped already; WebP's compression; volumes, of which it takes a layer; strips and
    tiles that are left out, for which it reads the file's start.
    """
    modes = raw_modes(image)
    if (
        image.mode == ""
        or {"I;16S", "I;16BS", "LX"} & set(modes)
        or ("libtiff" in modes and {"I;32BS", "F;32BF"} & set(modes))
    ):
        return True
    tags = image.tag_v2
    if tags.get(_DEPTH, 1) != 1:
        return True
    photometric, samples, bits = tags.get(_PHOTOMETRIC), tags.get(_SAMPLES, 1), max(tags.get(_BITS, (1,)))
    if samples > 1 and tags.get(_PLANES) == 2 and (photometric, samples) not in _APART:
        return photometric in (0, 1, 2, 5)
    if photometric in (0, 1, 2, 5) and any(0 in items(tags.get(tag, ())) for tag in _PLACES):
        return True
    if (bits == 8 and 2 in tags.get(_SIGN, ())) or tags.get(_COMPRESSION) == _WEBP:
        return True
    return bits > 8 and (photometric == 0 or LAYOUTS[MODES[image.mode].becomes].type == "uint8")


def _png(source: Source, image: Any) -> Deep:
    from imgconv.files.png import reader as png_reader

    raw = str(image.tile[0][3])
    alpha = raw.startswith(("LA", "RGBA")) or "transparency" in image.info
    layout = Layout(3 if raw.startswith("RGB") else 1, alpha, "uint16")
    return Deep(layout, lambda: png_reader.decode(source))


def _large(image: Any) -> bool:
    """Whether a PNG of 8 bits is large enough for two threads, and one picture without a colour key."""
    plain = (
        image.mode in ("L", "LA", "RGB", "RGBA")
        and "transparency" not in image.info
        and getattr(image, "n_frames", 1) == 1
    )
    return plain and sample_bits(image) == 8 and image.width * image.height >= _LARGE


def _large_png(source: Source, image: Any) -> Deep | None:
    """A reader that takes half of Pillow's time. It never waits for its loop to be compiled, and leaves files with
    chunks behind the pixels to Pillow."""
    from imgconv.files.modes import to_frame
    from imgconv.files.png import reader as png_reader

    if not png_reader.ready():
        return None

    def read() -> Frame:
        here = source.stream.tell()
        try:
            return png_reader.decode(source, alone=True)
        except png_reader.LaterChunks:
            source.stream.seek(here)
            with leniency(source):
                return to_frame(image)

    return Deep(LAYOUTS[image.mode], read)


def _tiff(source: Source, image: Any) -> Deep:
    from imgconv.files.tiff import reader as tiff_reader

    number = image.tell()
    page = tiff_reader.open_page(source, number)
    if {page.height, page.width} != {image.height, image.width}:
        raise errors.file_broken(
            source.name, f"its fields state two sizes, {image.width}x{image.height} and {page.width}x{page.height}"
        )
    if page.codec and _eight(image) and narrows(image):  # which Pillow would read in 8 bits, and rightly
        from imgconv.files import codecs

        raise codecs.missing(source.name, f"TIFF compressed by {page.codec}", 16)
    return Deep(page.layout, lambda: tiff_reader.decode(source, number))

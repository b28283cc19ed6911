"""TIFF of samples that Pillow narrows, wraps or does not know (16-bit and float colour, unsigned 32 bits, many
channels), read by tifffile."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import numpy as np

from imgconv import errors
from imgconv.files.source import Source
from imgconv.files.tiff import pages, segments, strip_limits
from imgconv.values.frozen import record
from imgconv.values.image import Frame
from imgconv.values.layout import Layout
from imgconv.values.pixel_values import Pixels, widened_type

_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _INKS = 0, 1, 2, 5
_COLOURS = {
    _WHITE_IS_ZERO: 1,
    _BLACK_IS_ZERO: 1,
    _RGB: 3,
    _INKS: 4,
}  # photometric interpretation (TIFF 6.0, section 8) -> channels that have a meaning
_PREMULTIPLIED, _ALPHA = 1, 2  # of ExtraSamples
_TAGS = {"orientation": 274, "xmp": 700, "icc_profile": 34675}
_COMPRESSION = 259
_FETCHED = 2**24  # bytes of strips and tiles that are fetched ahead
_TOGETHER = 2**18  # pixels divided by their alpha at once
_INCH = {2: 1.0, 3: 2.54}  # of ResolutionUnit

_Result = TypeVar("_Result")


@record
class Opened:
    """A page before its pixels are read, with the attributes of an image that Pillow opened."""

    height: int
    width: int
    layout: Layout
    tag_v2: dict[int, int]
    info: dict[str, Any]
    n_frames: int = 1
    dropped: int = 0  # channels of unspecified meaning
    format: str = "TIFF"
    mode: str = ""
    tile: tuple[()] = ()
    number: int = 0
    codec: str = ""  # what compressed the pixels, if the package for that is not there

    def tell(self) -> int:
        return self.number


def open_page(source: Source, number: int = 0) -> Opened:
    """A page of a file. Raises FileError for one that has no rule or is broken, IndexError for one that is not
    there."""
    return _with_page(source, number, lambda page: _described(source, page, number))


def decode(source: Source, number: int = 0) -> Frame:
    """The pixels of a page, upright as it says, alpha apart and colours not multiplied by it. Raises FileError."""
    return _with_page(source, number, lambda page: _pixels(source.name, page))


def _with_page(source: Source, number: int, call: Callable[[Any], _Result]) -> _Result:
    """The result of a call with one of the file's pages. Raises IndexError where it is not there, and FileError for
    what tifffile cannot do."""
    import tifffile

    offset = pages.offset_of(source, number)
    if not offset:
        raise IndexError(number)
    source.stream.seek(0)
    with _silent():
        try:
            with tifffile.TiffFile(source.stream) as file:
                if number == 0:
                    return call(file.pages[0])
                file.filehandle.seek(offset)  # or each page would be found by way of all before it
                return call(tifffile.TiffPage(file, number))
        except (errors.ImgconvError, MemoryError):
            raise
        except Exception as error:
            if "imagecodecs" in str(error):
                raise strip_limits.codec_missing(source.name, _codec_of(error)) from None
            raise


@contextmanager
def _silent() -> Iterator[None]:
    """Drops what tifffile logs in this thread: it raises the same."""
    logger, thread = logging.getLogger("tifffile"), threading.get_ident()

    def is_of_others(record: logging.LogRecord) -> bool:
        return record.thread != thread

    logger.addFilter(is_of_others)
    try:
        yield
    finally:
        logger.removeFilter(is_of_others)


def _codec_of(error: Exception) -> str:
    """The name in what tifffile says: `<COMPRESSION.LZW: 5> requires the 'imagecodecs' package`."""
    return str(error).split(" requires")[0].strip("<>'\"").split(":")[0].rpartition(".")[2]


def _described(source: Source, page: Any, number: int) -> Opened:
    import tifffile

    layout, alpha = _layout(source.name, page)
    height, width = page.imagelength, page.imagewidth
    info = {key: tag.value for key, number in _TAGS.items() if (tag := page.tags.get(number))}
    orientation = int(info.pop("orientation", 1))
    if orientation in (5, 6, 7, 8):
        height, width = width, height
    scale = _INCH.get(int(page.resolutionunit or 0))
    if scale and 282 in page.tags and 283 in page.tags:
        info["dpi"] = tuple(float(value) * scale for value in page.resolution)
    dropped = page.samplesperpixel - layout.channels - (alpha is not None)
    there = segments.decodes(page) or (
        page.compression in tifffile.TIFF.DECOMPRESSORS
        and (page.compression not in strip_limits.UNBOUNDED or strip_limits.has_imagecodecs())
    )
    codec = "" if there else page.compression.name
    several = bool(pages.offset_of(source, number + 1))
    known = {274: orientation, _COMPRESSION: int(page.compression)}
    return Opened(height, width, layout, known, info, 1 + several, dropped, number=number, codec=codec)


def _layout(name: str, page: Any) -> tuple[Layout, int | None]:
    """What a page's pixels are, and which sample is alpha."""
    what = int(page.photometric)
    if page.imagedepth != 1:
        raise errors.file_mode(name, f"of {page.imagedepth} layers in depth")
    if what not in _COLOURS or page.samplesperpixel < _COLOURS[what] or page.dtype is None:
        raise errors.file_mode(name, f"of {page.bitspersample} bits, TIFF's photometric interpretation {what}")
    known, extra = _COLOURS[what], [int(kind) for kind in page.extrasamples]
    first = page.samplesperpixel - len(extra)
    alpha = next((first + i for i, kind in enumerate(extra) if kind in (_PREMULTIPLIED, _ALPHA)), None)
    channels = known if known > 1 else page.samplesperpixel - (alpha is not None)
    return Layout(channels, alpha is not None, widened_type(page.dtype), "CMYK" if what == _INKS else ""), alpha


def _pixels(name: str, page: Any) -> Frame:
    layout, alpha = _layout(name, page)
    if any(
        start + length > page.parent.filehandle.size
        for start, length in zip(page.dataoffsets, page.databytecounts, strict=False)
    ):
        raise EOFError("pixels are missing")
    strip_limits.check_strips(name, page)
    samples = segments.decode(page) if segments.decodes(page) else _decoded_by_tifffile(page)
    samples = samples.astype(samples.dtype.newbyteorder("="), copy=False)
    if samples.dtype == np.bool_:  # black and white, as in Pillow's mode 1
        samples = samples.astype(np.uint8) * np.uint8(255)
    numbers = [i for i in range(page.samplesperpixel) if i != alpha][: layout.channels]
    pixels = samples if len(numbers) == samples.shape[2] else np.ascontiguousarray(samples[..., numbers])
    if int(page.photometric) == _WHITE_IS_ZERO and pixels.dtype.kind == "u":
        pixels = np.iinfo(pixels.dtype).max - pixels
    shown = None if alpha is None else np.ascontiguousarray(samples[..., alpha])
    if shown is not None and alpha is not None and page.extrasamples[alpha - page.samplesperpixel] == _PREMULTIPLIED:
        pixels = _divided(pixels, shown)
    frame = Frame(pixels[..., 0] if layout.channels == 1 else pixels, shown)
    turn = page.tags.get(_TAGS["orientation"])
    if turn is None or turn.value == 1:
        return frame
    from imgconv.files.metadata import fields as metadata

    return metadata.turn(frame, int(turn.value))


def _decoded_by_tifffile(page: Any) -> Pixels:
    samples: Pixels = page.asarray(buffersize=_FETCHED)
    if page.axes.startswith("S"):
        samples = np.moveaxis(samples, 0, -1)
    return samples.reshape(page.imagelength, page.imagewidth, page.samplesperpixel)


def _divided(pixels: Pixels, alpha: Pixels) -> Pixels:
    """Colours that were multiplied by alpha, divided by it; where that is 0 they are 0. Some rows at a time: the
    numbers between take ten times the memory."""
    divided = np.empty_like(pixels)
    rows = max(1, _TOGETHER // max(1, pixels.shape[1]))
    for top in range(0, len(pixels), rows):
        divided[top : top + rows] = _divided_rows(pixels[top : top + rows], alpha[top : top + rows])
    return divided


def _divided_rows(pixels: Pixels, alpha: Pixels) -> Pixels:
    most = np.iinfo(alpha.dtype).max if alpha.dtype.kind in "iu" else 1
    share = np.maximum(alpha, 0).astype(np.float64)[..., None] / most
    colours = np.divide(pixels, share, out=np.zeros(pixels.shape), where=share > 0)
    return (
        colours.astype(pixels.dtype)
        if pixels.dtype.kind == "f"
        else np.minimum(np.floor(colours + 0.5), most).astype(pixels.dtype)
    )

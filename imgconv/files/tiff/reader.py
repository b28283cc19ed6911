"""TIFF of samples that Pillow narrows, wraps or does not know (16-bit and float colour, unsigned 32 bits, many
channels), read by tifffile."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, Any, TypeVar

import numpy as np

from imgconv import errors
from imgconv.files.tiff import lzw
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
_DEFLATED, _LZMA, _ZSTD = (8, 32946), 34925, 50000  # values of Compression
_UNBOUNDED = (_LZMA, _ZSTD)  # which are not read without imagecodecs: rare, and not worth a bound of their own
_MOST_INFLATED = 1032  # bytes that deflate can make of one
_HARMLESS, _SLACK = 2**28, 2**26  # bytes that a strip or tile may become unexamined, and more than its pixels take
_INCH = {2: 1.0, 3: 2.54}  # of ResolutionUnit

_Found = TypeVar("_Found")


@record
class Opened:
    """What is known of a page before its pixels are read; it answers as an image that Pillow opened would."""

    height: int
    width: int
    layout: Layout
    tag_v2: dict[int, int]
    info: dict[str, Any]
    n_frames: int = 1
    dropped: int = 0  # channels without a meaning
    format: str = "TIFF"
    mode: str = ""
    tile: tuple[()] = ()
    number: int = 0
    codec: str = ""  # what compressed the pixels, if the package for that is not there

    def tell(self) -> int:
        return self.number


def opened(name: str, stream: IO[bytes], number: int = 0) -> Opened:
    """A page of a file. Raises FileError for one that has no rule or is broken."""
    return _of_pages(name, stream, lambda pages: _described(name, pages, number))


def decode(name: str, stream: IO[bytes], number: int = 0) -> Frame:
    """The pixels of a page, upright as it says, alpha apart and colours not multiplied by it. Raises FileError."""
    return _of_pages(name, stream, lambda pages: _pixels(name, pages[number]))


def _of_pages(name: str, stream: IO[bytes], use: Callable[[Any], _Found]) -> _Found:
    """What `use` makes of the file's pages; tifffile's failures, whatever they are, become a FileError."""
    import tifffile

    stream.seek(0)
    with _silent():
        try:
            with tifffile.TiffFile(stream) as file:
                return use(file.pages)
        except (errors.ImgconvError, MemoryError):
            raise
        except Exception as error:
            if "imagecodecs" in str(error):
                raise errors.file_needs_codecs(name, _codec_of(error)) from None
            raise


@contextmanager
def _silent() -> Iterator[None]:
    """tifffile tells its logger what it then raises."""
    logger = logging.getLogger("tifffile")
    before, logger.disabled = logger.disabled, True
    try:
        yield
    finally:
        logger.disabled = before


def _codec_of(error: Exception) -> str:
    """The name in what tifffile says: `<COMPRESSION.LZW: 5> requires the 'imagecodecs' package`."""
    return str(error).split(" requires")[0].strip("<>'\"").split(":")[0].rpartition(".")[2]


def _described(name: str, pages: Any, number: int) -> Opened:
    import tifffile

    page = pages[number]
    layout, alpha = _layout(name, page)
    height, width = page.imagelength, page.imagewidth
    found = {key: tag.value for key, number in _TAGS.items() if (tag := page.tags.get(number))}
    orientation = int(found.pop("orientation", 1))
    if orientation in (5, 6, 7, 8):
        height, width = width, height
    scale = _INCH.get(int(page.resolutionunit or 0))
    info = dict(found)
    if scale and 282 in page.tags and 283 in page.tags:
        info["dpi"] = tuple(float(value) * scale for value in page.resolution)
    dropped = page.samplesperpixel - layout.channels - (alpha is not None)
    there = lzw.reads(page) or (
        page.compression in tifffile.TIFF.DECOMPRESSORS and (page.compression not in _UNBOUNDED or _has_imagecodecs())
    )
    codec = "" if there else page.compression.name
    return Opened(height, width, layout, {274: orientation}, info, len(pages), dropped, number=number, codec=codec)


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
    _refuse_bombs(name, page)
    samples = lzw.decode(page) if lzw.reads(page) else _decoded_by_tifffile(page)
    samples = samples.astype(samples.dtype.newbyteorder("="), copy=False)
    if samples.dtype == np.bool_:  # black and white, as in Pillow's mode 1
        samples = samples.astype(np.uint8) * np.uint8(255)
    kept = [i for i in range(page.samplesperpixel) if i != alpha][: layout.channels]
    pixels = samples if len(kept) == samples.shape[2] else np.ascontiguousarray(samples[..., kept])
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

    return metadata.turned(frame, int(turn.value))


def _decoded_by_tifffile(page: Any) -> Pixels:
    samples: Pixels = page.asarray()
    if page.axes.startswith("S"):
        samples = np.moveaxis(samples, 0, -1)
    return samples.reshape(page.imagelength, page.imagewidth, page.samplesperpixel)


def _refuse_bombs(name: str, page: Any) -> None:
    """Inflates what could be a bomb as far as it may go: without imagecodecs tifffile lets a strip or tile become as
    large as it likes."""
    if page.compression not in (*_DEFLATED, *_UNBOUNDED) or _has_imagecodecs():
        return
    if page.compression in _UNBOUNDED:
        raise errors.file_needs_codecs(name, page.compression.name)
    from isal import isal_zlib

    most = math.prod(page.chunks) * page.dtype.itemsize + _SLACK
    for start, length in zip(page.dataoffsets, page.databytecounts, strict=False):
        if length * _MOST_INFLATED > _HARMLESS:
            page.parent.filehandle.seek(start)
            if len(isal_zlib.decompressobj().decompress(page.parent.filehandle.read(length), most + 1)) > most:
                raise ValueError("a strip or tile holds far more than its pixels")


def _has_imagecodecs() -> bool:
    try:
        import imagecodecs  # noqa: F401
    except ImportError:
        return False
    return True


def _divided(pixels: Pixels, alpha: Pixels) -> Pixels:
    """Colours that were multiplied by alpha, divided by it; where that is 0 they are 0."""
    most = np.iinfo(alpha.dtype).max if alpha.dtype.kind in "iu" else 1
    share = np.maximum(alpha, 0).astype(np.float64)[..., None] / most
    colours = np.divide(pixels, share, out=np.zeros(pixels.shape), where=share > 0)
    return (
        colours.astype(pixels.dtype)
        if pixels.dtype.kind == "f"
        else np.minimum(np.floor(colours + 0.5), most).astype(pixels.dtype)
    )

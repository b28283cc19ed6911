"""Strips and tiles of TIFF (stored, or compressed by LZW, PackBits or deflate), read without a package of codecs: they
are decoded in threads, and predictors undone by NumPy."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from imgconv import jit
from imgconv.engine.bands import Band, run_bands
from imgconv.engine.run_loop import working_arrays
from imgconv.files.tiff import lzw_loops, packbits_loops
from imgconv.loops import Loop
from imgconv.values.frozen import record
from imgconv.values.pixel_values import Pixels

STORED, DEFLATED = 1, (8, 32946)  # of Compression
_LOOPS: dict[int, Loop] = {5: lzw_loops.DECODE, 32773: packbits_loops.DECODE}
"""LZW and PackBits, by their numbers."""
_NONE, _HORIZONTAL, _FLOATING = 1, 2, 3  # of Predictor
_SAMPLE_FORMATS = 339
_LOW_BIT_FIRST = 2  # of FillOrder
_BYTE_WORK = 8  # of decoding one, in multiply-adds
TOGETHER = 2**25
"""Bytes of pixels that are decoded at once, beside the image."""
_MOST_EXPANDED = 2**12  # bytes that one can become: a code of LZW has 9 bits or more and stands for fewer than 4096
_MOST_BEYOND = 2**20  # bytes behind those of a strip or tile, as many as which it may have again
_MARGIN = lzw_loops.MARGIN
_SHORT = "a strip or tile ends before its pixels do"
_MIRRORED = np.packbits(np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1)[:, ::-1], axis=1).ravel()


@record
class Segment:
    """A strip or tile: where its bytes are in the file, and where its pixels belong in the image."""

    offset: int
    length: int
    plane: int
    top: int
    left: int
    rows: int  # within the image
    size: int  # of these rows' bytes, as wide as the segment is


def decodes(page: Any) -> bool:
    """Whether a page is compressed by what tifffile lacks or is slow at (LZW, PackBits, differences of floats), and is
    read here."""
    rare = page.compression in DEFLATED and page.predictor == _FLOATING
    return (page.compression in _LOOPS or rare) and reads(page)


def reads(page: Any) -> bool:
    """Whether the strips or tiles of a page of a TIFF are read here, which have samples of whole bytes."""
    formats = page.tags.get(_SAMPLE_FORMATS)
    return (
        page.compression in (STORED, *DEFLATED, *_LOOPS)
        and page.dtype is not None
        and page.dtype.kind in ("uif" if page.predictor != _FLOATING else "f")
        and page.bitspersample == 8 * page.dtype.itemsize
        and page.predictor in (_NONE, _HORIZONTAL, _FLOATING)
        and page.imagedepth == 1
        and not page.is_subsampled
        and (formats is None or formats.count == 1 or len(set(formats.value)) == 1)
    )


def height_of(page: Any) -> int:
    """The rows of a strip or tile."""
    return int(min(page.tilelength if page.is_tiled else page.rowsperstrip, page.imagelength))


def decode(page: Any, first: int = 0, last: int | None = None, together: int = TOGETHER) -> Pixels:
    """The samples of such a page, (rows, columns, samples), or of its rows of strips or tiles first…last-1.

    About `together` bytes are decoded at once. Raises EOFError or ValueError for damaged ones.
    """
    high = height_of(page)
    top, bottom = first * high, page.imagelength if last is None else min(last * high, page.imagelength)
    contiguous = page.planarconfig == 1
    samples = page.samplesperpixel if contiguous else 1
    planes = 1 if contiguous else page.samplesperpixel
    result = np.empty((planes, bottom - top, page.imagewidth, samples), page.dtype.newbyteorder("="))
    width = page.tilewidth if page.is_tiled else page.imagewidth
    group, waiting = list[Segment](), 0
    for segment in _segments(page, (top, bottom), planes, width * samples * result.itemsize, width):
        if segment.length == 0:  # left out, as in sparse files
            _place(result, segment, page.nodata)
            continue
        if group and waiting + segment.size > together:
            _decode_group(page, group, result, width)
            group, waiting = [], 0
        group.append(segment)
        waiting += segment.size
    if group:
        _decode_group(page, group, result, width)
    return result[0] if contiguous else np.ascontiguousarray(np.moveaxis(result[..., 0], 0, -1))


def _segments(page: Any, within: tuple[int, int], planes: int, row: int, width: int) -> Iterator[Segment]:
    """The strips or tiles of some rows of a page, plane by plane; `row` is the bytes of a row of one."""
    height, (first, last) = height_of(page), within
    down, lefts = -(-page.imagelength // height), range(0, page.imagewidth, width)
    if min(len(page.dataoffsets), len(page.databytecounts)) < planes * down * len(lefts):
        raise EOFError("strips or tiles are missing")
    for plane, top, (across, left) in itertools.product(range(planes), range(first, last, height), enumerate(lefts)):
        number = (plane * down + top // height) * len(lefts) + across
        rows, length = min(height, last - top), page.databytecounts[number]
        if 0 < length * _MOST_EXPANDED < rows * row:
            raise EOFError(_SHORT)
        # no encoder of LZW needs more than 12 bits for a byte, and codes to clear the table now and then
        length = min(length, 2 * height * row + 64)
        yield Segment(page.dataoffsets[number], length, plane, top - first, left, rows, rows * row)


def _decode_group(page: Any, group: Sequence[Segment], result: Pixels, width: int) -> None:
    """Decodes strips or tiles into the image, or a part of it."""
    lengths, sizes = [segment.length for segment in group], [segment.size for segment in group]
    starts, places = _running(lengths), _running(sizes)
    decoded, filled = np.empty(int(places[-1]), np.uint8), np.zeros(len(group), np.int64)
    arguments = {
        "source": _read(page, group, starts),
        "source_size": int(starts[-1]) + _MARGIN,
        "streams_starts": starts[:-1],
        "streams_coded": np.array(lengths, np.int64),
        "streams_places": places[:-1],
        "streams_sizes": np.array(sizes, np.int64),
        "streams_filled": filled,
        "streams_count": len(group),
        "result": decoded,
        "result_size": decoded.size,
        "last": len(group),
    }

    def worker() -> Band:
        run = _decoder(page, arguments)

        def band(first: int, last: int) -> None:
            run(first, last)
            for i in range(first, last):
                if filled[i] < 0:
                    raise ValueError("damaged LZW codes")
                if filled[i] < sizes[i]:
                    raise EOFError(_SHORT)
                samples = _samples(page, decoded[places[i] : places[i + 1]], group[i].rows, width, result.shape[3])
                _place(result, group[i], samples)

        return band

    run_bands(len(group), max(1, _BYTE_WORK * decoded.size // len(group)), worker, None)


def _decoder(page: Any, arguments: dict[str, Any]) -> Band:
    """What decodes the strips or tiles first…last-1 of a group, whose places the arguments of a loop tell."""
    if (loop := _LOOPS.get(page.compression)) is not None:
        return jit.bind(loop, {}, arguments | working_arrays(loop, {}, arguments))
    source, result, filled = arguments["source"], arguments["result"], arguments["streams_filled"]
    names = ("streams_starts", "streams_coded", "streams_places", "streams_sizes")
    most = page.tilelength * page.tilewidth if page.is_tiled else height_of(page) * page.imagewidth
    most *= (page.samplesperpixel if page.planarconfig == 1 else 1) * page.dtype.itemsize

    def decode_some(first: int, last: int) -> None:
        for i in range(first, last):
            start, coded, place, size = (int(arguments[name][i]) for name in names)
            content = source[start : start + coded]
            if page.compression != STORED:
                content = np.frombuffer(_inflated(content, most), np.uint8)
            filled[i] = min(size, content.size)
            result[place : place + filled[i]] = content[: filled[i]]

    return decode_some


def _inflated(content: Any, most: int) -> bytes:
    """The bytes of a deflated strip or tile of at most so many, and perhaps some beyond. What lies beyond is inflated,
    too, because the checksum comes last: damage can make a stream longer. Raises an error for a wrong checksum."""
    from isal import isal_zlib

    stream = isal_zlib.decompressobj()
    pixels: bytes = stream.decompress(content, most + 1)
    if len(pixels) > most and not stream.eof:
        stream.decompress(stream.unconsumed_tail, most + _MOST_BEYOND)
        if not stream.eof and stream.unconsumed_tail:
            raise ValueError("a strip or tile goes on far beyond its pixels")
    return pixels


def _running(sizes: Sequence[int]) -> Any:
    """Where each of pieces that lie behind each other begins, and where the last one ends."""
    return np.concatenate(([0], np.cumsum(sizes, dtype=np.int64)))


def _read(page: Any, group: Sequence[Segment], starts: Any) -> Any:
    """The bytes of strips or tiles behind each other, and those that loops may look beyond them."""
    file = page.parent.filehandle
    content = np.zeros(int(starts[-1]) + _MARGIN, np.uint8)
    for segment, start in zip(group, starts[:-1].tolist(), strict=True):
        file.seek(segment.offset)
        piece = np.frombuffer(file.read(segment.length), np.uint8)
        content[start : start + piece.size] = piece
    return _MIRRORED[content] if page.fillorder == _LOW_BIT_FIRST else content


def _samples(page: Any, content: Any, rows: int, width: int, samples: int) -> Pixels:
    """What decoded bytes are once the predictor is undone: (rows, width, samples) in this machine's byte order."""
    native: np.dtype[Any] = page.dtype.newbyteorder("=")
    predictor = _NONE if page.compression == STORED else page.predictor  # libtiff heeds none of stored pixels
    if predictor == _FLOATING:  # TIFF's Technical Note 3: differences of a row's bytes, sorted by significance
        differences = content.reshape(rows, width * native.itemsize, samples)
        np.cumsum(differences, axis=1, dtype=np.uint8, out=differences)
        numbers = differences.reshape(rows, native.itemsize, width * samples).transpose(0, 2, 1)
        floats: Pixels = np.ascontiguousarray(numbers).view(page.dtype.newbyteorder(">")).astype(native)
        return floats.reshape(rows, width, samples)
    values: Pixels = content.view(page.dtype.newbyteorder(page.parent.byteorder)).astype(native, copy=False)
    values = values.reshape(rows, width, samples)
    if predictor == _HORIZONTAL:
        unsigned = values.view(f"u{native.itemsize}")
        np.cumsum(unsigned, axis=1, dtype=unsigned.dtype, out=unsigned)
    return values


def _place(result: Pixels, segment: Segment, samples: Any) -> None:
    """Puts the samples of a strip or tile, or one value for all, where they belong; a tile may stand out."""
    area = result[segment.plane, segment.top : segment.top + segment.rows, segment.left :]
    if isinstance(samples, np.ndarray):
        area = area[:, : samples.shape[1]]
        area[...] = samples[:, : area.shape[1]]
    else:
        area[...] = samples

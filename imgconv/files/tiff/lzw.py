"""TIFF compressed by LZW, read without a package of codecs: strips and tiles are decoded by a loop in threads, and
predictors undone by NumPy."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from imgconv import jit
from imgconv.engine.bands import Band, run_bands
from imgconv.engine.run_loop import working_arrays
from imgconv.files.tiff import lzw_loops
from imgconv.values.frozen import record
from imgconv.values.pixel_values import Pixels

LZW = 5  # of Compression
_NONE, _HORIZONTAL, _FLOATING = 1, 2, 3  # of Predictor
_SAMPLE_FORMATS = 339
_LOW_BIT_FIRST = 2  # of FillOrder
_BYTE_WORK = 8  # of decoding one, in multiply-adds
_TOGETHER = 2**25  # bytes of pixels that are decoded at once, beside the image
_MOST_EXPANDED = 2**12  # bytes that one can become: a code of 9 bits or more stands for fewer than 4096
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


def reads(page: Any) -> bool:
    """Whether a page of a TIFF is compressed by LZW and has samples of whole bytes."""
    formats = page.tags.get(_SAMPLE_FORMATS)
    return (
        page.compression == LZW
        and page.dtype is not None
        and page.dtype.kind in ("uif" if page.predictor != _FLOATING else "f")
        and page.bitspersample == 8 * page.dtype.itemsize
        and page.predictor in (_NONE, _HORIZONTAL, _FLOATING)
        and page.imagedepth == 1
        and not page.is_subsampled
        and (formats is None or formats.count == 1 or len(set(formats.value)) == 1)
    )


def decode(page: Any) -> Pixels:
    """The samples of such a page: (rows, columns, samples). Raises EOFError or ValueError for damaged ones."""
    contiguous = page.planarconfig == 1
    samples = page.samplesperpixel if contiguous else 1
    planes = 1 if contiguous else page.samplesperpixel
    result = np.empty((planes, page.imagelength, page.imagewidth, samples), page.dtype.newbyteorder("="))
    width = page.tilewidth if page.is_tiled else page.imagewidth
    group, waiting = list[Segment](), 0
    for segment in _segments(page, planes, width * samples * result.itemsize, width):
        if segment.length == 0:  # left out, as in sparse files
            _place(result, segment, page.nodata)
            continue
        if group and waiting + segment.size > _TOGETHER:
            _decode_group(page, group, result, width)
            group, waiting = [], 0
        group.append(segment)
        waiting += segment.size
    if group:
        _decode_group(page, group, result, width)
    return result[0] if contiguous else np.ascontiguousarray(np.moveaxis(result[..., 0], 0, -1))


def _segments(page: Any, planes: int, row: int, width: int) -> Iterator[Segment]:
    """The strips or tiles of a page in the order of their numbers; `row` is the bytes of a row of one."""
    height = min(page.tilelength if page.is_tiled else page.rowsperstrip, page.imagelength)
    tops, lefts = range(0, page.imagelength, height), range(0, page.imagewidth, width)
    if min(len(page.dataoffsets), len(page.databytecounts)) < planes * len(tops) * len(lefts):
        raise EOFError("strips or tiles are missing")
    corners = itertools.product(range(planes), tops, lefts)
    for (plane, top, left), offset, length in zip(corners, page.dataoffsets, page.databytecounts, strict=False):
        rows = min(height, page.imagelength - top)
        if 0 < length * _MOST_EXPANDED < rows * row:
            raise EOFError(_SHORT)
        # no encoder needs more than 12 bits for a byte, and codes to clear the table now and then
        yield Segment(offset, min(length, 2 * rows * row + 64), plane, top, left, rows, rows * row)


def _decode_group(page: Any, group: Sequence[Segment], result: Pixels, width: int) -> None:
    """Decodes strips or tiles into the image."""
    lengths, sizes = [segment.length for segment in group], [segment.size for segment in group]
    starts, places = _running(lengths), _running(sizes)
    decoded, filled = np.empty(int(places[-1]), np.uint8), np.zeros(len(group), np.int64)
    arguments = {
        "source": _read(page, group, starts),
        "source_size": int(starts[-1]) + lzw_loops.MARGIN,
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
        run = jit.bind(lzw_loops.DECODE, {}, arguments | working_arrays(lzw_loops.DECODE, {}, arguments))

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


def _running(sizes: Sequence[int]) -> Any:
    """Where each of pieces that lie behind each other begins, and where the last one ends."""
    return np.concatenate(([0], np.cumsum(sizes, dtype=np.int64)))


def _read(page: Any, group: Sequence[Segment], starts: Any) -> Any:
    """The bytes of strips or tiles behind each other, and MARGIN bytes."""
    file = page.parent.filehandle
    content = np.zeros(int(starts[-1]) + lzw_loops.MARGIN, np.uint8)
    for segment, start in zip(group, starts[:-1].tolist(), strict=True):
        file.seek(segment.offset)
        piece = np.frombuffer(file.read(segment.length), np.uint8)
        content[start : start + piece.size] = piece
    return _MIRRORED[content] if page.fillorder == _LOW_BIT_FIRST else content


def _samples(page: Any, content: Any, rows: int, width: int, samples: int) -> Pixels:
    """What decoded bytes are once the predictor is undone: (rows, width, samples) in this machine's byte order."""
    native: np.dtype[Any] = page.dtype.newbyteorder("=")
    if page.predictor == _FLOATING:  # TIFF's Technical Note 3: differences of a row's bytes, sorted by significance
        differences = content.reshape(rows, width * native.itemsize, samples)
        np.cumsum(differences, axis=1, dtype=np.uint8, out=differences)
        numbers = differences.reshape(rows, native.itemsize, width * samples).transpose(0, 2, 1)
        floats: Pixels = np.ascontiguousarray(numbers).view(page.dtype.newbyteorder(">")).astype(native)
        return floats.reshape(rows, width, samples)
    values: Pixels = content.view(page.dtype.newbyteorder(page.parent.byteorder)).astype(native, copy=False)
    values = values.reshape(rows, width, samples)
    if page.predictor == _HORIZONTAL:
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

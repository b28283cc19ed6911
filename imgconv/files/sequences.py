"""Which pictures of a file that Pillow opened are frames or pages, and which of them are wanted."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from typing import IO, Any

import numpy as np

from imgconv import errors
from imgconv.files import frames
from imgconv.files.header import Wanted, parsed
from imgconv.files.options import Reading
from imgconv.files.png import apng_reader
from imgconv.files.tiff.directories import LONG, NUMBERS, SHORT, Entry
from imgconv.values.frozen import record, replace
from imgconv.values.image import Frame
from imgconv.values.notes import Note

TIMED = ("GIF", "PNG", "WEBP", "AVIF", "FLI")
"""Pillow's formats that say how long a frame is shown."""
_FRAMES = ("GIF", "PNG", "WEBP", "AVIF", "FLI", "DCX")
_ASKED_FOR = ("MPO",)  # a camera's JPEG with previews or depth maps behind it: frames only for those who ask
_KIND, _WIDTH, _HEIGHT, _ORIENTATION, _INSIDE = 254, 256, 257, 274, 330
_BITS, _SAMPLES, _ROWS, _TILE_WIDTH, _TILE_HEIGHT = 258, 277, 278, 322, 323
_ABOUT_PAGES = (_KIND, _WIDTH, _HEIGHT, _ORIENTATION, _BITS, _SAMPLES, _ROWS, _TILE_WIDTH, _TILE_HEIGHT)
_REDUCED, _MASK = 1, 4  # bits of NewSubfileType (TIFF 6.0, section 8)


def wanted(name: str, image: Any, stream: IO[bytes], reading: Reading, notes: list[Note]) -> Wanted:
    """The frames of an opened image that are wanted; notes of what is left out unasked. Raises FileError where they are
    not there."""
    if image.format == "TIFF" and (pages := _pages(name, stream, reading, notes)):
        numbers = frames.chosen(reading.frames, len(pages), name)
        chosen = [pages[i] for i in numbers]
        return Wanted(
            numbers,
            [page.place for page in chosen],
            tuple(page.size for page in chosen),
            chunk=max(page.chunk for page in chosen),
        )
    if image.format == "GIF":
        return _of_gif(name, stream, reading)
    count = _count(name, image, stream, reading)
    if image.format in (*_FRAMES, "TIFF") or (image.format in _ASKED_FOR and reading.frames is not None):
        numbers = frames.chosen(reading.frames, count, name)
    else:
        if count > 1:
            notes.append(
                Note(
                    "frames-dropped",
                    f"{count - 1} further picture{'s' * (count > 2)} left out ({image.format} keeps layers, sizes or"
                    " previews)",
                )
            )
        numbers = frames.chosen(reading.frames, 1, name)
    parts = (apng_reader.largest(stream),) if image.format == "PNG" and count > 1 else ()
    return Wanted(numbers, numbers, parts=parts, several=count > 1)


def _of_gif(name: str, stream: IO[bytes], reading: Reading) -> Wanted:
    """Counted here, no further than is asked for: Pillow would go through all of them."""
    from imgconv.files.gif import reader as gif_reader

    found = gif_reader.survey(stream, _most(reading))
    if isinstance(found.damage, EOFError) and reading.frames in (None, "all") and not reading.allow_truncated:
        raise errors.file_broken(name, str(found.damage))
    numbers = frames.chosen(reading.frames, max(1, found.count), name)
    several = found.count > 1
    return Wanted(numbers, numbers, parts=(found.largest,) if several else (), several=several, gray=found.gray)


def _most(reading: Reading) -> float:
    """How many frames are looked for: where all are wanted, one more than may be is enough."""
    return reading.max_frames if reading.frames in (None, "all") else math.inf


def _count(name: str, image: Any, stream: IO[bytes], reading: Reading) -> int:
    """How many pictures there are; of a damaged file that may be read as far as it goes, one at least."""
    if image.format == "PSD":
        return _layers(image, stream)
    try:
        return int(parsed(name, lambda: getattr(image, "n_frames", 1)))
    except OSError:
        if reading.allow_truncated:
            return 1
        raise


def _layers(image: Any, stream: IO[bytes]) -> int:
    """How many layers a Photoshop file has, one at least: counted where it says so, for Pillow would go through all of
    their rows."""
    at = getattr(image, "_layers_position", None)
    if at is None:
        return 1
    before = stream.tell()
    stream.seek(at)
    count = int.from_bytes(stream.read(2), "big", signed=True)
    stream.seek(before)
    return max(1, abs(count))


@record
class _Page:
    """A page of a TIFF file: which directory it is, its height and width, and the bytes of its largest strip or
    tile."""

    place: int
    size: tuple[int, int]
    chunk: int


def _pages(name: str, stream: IO[bytes], reading: Reading, notes: list[Note]) -> list[_Page]:
    """Every full page of a TIFF file; reduced versions of pages, masks and what is inside pages are none. Empty where
    that cannot be told. Raises FileError where the picture itself is inside a page that is its preview."""
    from imgconv.files.tiff import directories
    from imgconv.files.tiff import writer as tiff_writer

    fetch = tiff_writer.fetch_from(stream)
    order = directories.order_of(fetch(0, 16))
    pages: list[_Page] = []
    reduced = masks = inside = 0
    for number, at in enumerate(directories.chain(fetch, order) if order else ()):
        if number > _most(reading):
            break
        said = _first_numbers(directories.read(fetch, order, at, _ABOUT_PAGES), order)
        kind = said.get(_KIND, 0)
        if kind & (_REDUCED | _MASK) and pages:
            reduced, masks = reduced + (not kind & _MASK), masks + bool(kind & _MASK)
            continue
        kinds = [
            directories.numbers(fetch, order, place, (_KIND,)).get(_KIND, 0)
            for place in directories.offsets(fetch, order, at, _INSIDE)
        ]
        smaller = sum(bool(one & _REDUCED) for one in kinds)
        reduced, inside = reduced + smaller, inside + len(kinds) - smaller
        if kind & _REDUCED and smaller < len(kinds):
            raise errors.file_preview(name)
        height, width = said.get(_HEIGHT, 0), said.get(_WIDTH, 0)
        if not height * width and pages and reading.allow_truncated:
            break
        turned = said.get(_ORIENTATION, 1) in (5, 6, 7, 8) and not reading.no_orient
        pages.append(_Page(number, (width, height) if turned else (height, width), _chunk(said)))
    if reduced:
        notes.append(
            Note("overviews-dropped", f"{reduced} reduced version{'s' * (reduced > 1)} of pages left out", loss=False)
        )
    if inside:
        notes.append(Note("frames-dropped", f"{inside} picture{'s' * (inside > 1)} inside pages (SubIFDs) left out"))
    if masks:
        notes.append(Note("frames-dropped", f"{masks} mask{'s' * (masks > 1)} of pages left out"))
    return pages


def _first_numbers(entries: Sequence[Entry], order: str) -> dict[int, int]:
    """The fields of a directory that are one whole number, and the first of those that are one for each sample."""
    found = {}
    for entry in entries:
        width = {SHORT: 2, LONG: 4}.get(entry.type, 8)
        if isinstance(entry.value, bytes) and entry.type in NUMBERS and (entry.count == 1 or entry.tag == _BITS):
            found[entry.tag] = int.from_bytes(entry.value[:width], "little" if order == "<" else "big")
    return found


def _chunk(said: Mapping[int, int]) -> int:
    """Bytes of a page's strip or tile, of eight bytes per sample at most: a tile may be larger than the page."""
    height, width = said.get(_HEIGHT, 0), said.get(_WIDTH, 0)
    across, down = said.get(_TILE_WIDTH, 0), said.get(_TILE_HEIGHT, 0)
    pixels = across * down if across and down else width * min(height, said.get(_ROWS, height))
    return pixels * said.get(_SAMPLES, 1) * -(-min(64, said.get(_BITS, 16)) // 8)


def composed(
    image: Any, stream: IO[bytes], places: Sequence[int], decode: Callable[[bytes], Frame], *, alpha: bool
) -> list[Frame]:
    """The frames at these places as they are seen; without `alpha` they have it only where something is hidden.

    Of a damaged file those before the damage, if Pillow is lenient.
    """
    from PIL import ImageFile

    from imgconv.files.gif import reader as gif_reader

    made = (
        gif_reader.frames(stream, image.height, image.width, places)
        if image.format == "GIF"
        else apng_reader.frames(stream, decode, places)
    )
    found: list[Frame] = []
    try:
        for place, frame in enumerate(islice(made, places[-1] + 1)):
            if frame is not None and place in places:
                found.append(frame)
    except Exception:
        if not found or not ImageFile.LOAD_TRUNCATED_IMAGES:
            raise
    if len(found) < len(places) and not ImageFile.LOAD_TRUNCATED_IMAGES:
        raise EOFError(f"{len(places) - len(found)} frames are missing")
    if not found:
        raise EOFError("none of the wanted frames is there")
    if not alpha and all(
        frame.alpha is None or bool((frame.alpha == np.iinfo(frame.alpha.dtype).max).all()) for frame in found
    ):
        found = [replace(frame, alpha=None) for frame in found]
    return found


def plays(image: Any) -> int:
    """How often an animation is played, 0 for ever. GIF counts repetitions, and plays once where it says nothing; the
    others count plays."""
    loop = image.info.get("loop")
    if image.format == "GIF":
        return 1 if loop is None else 0 if loop == 0 else int(loop) + 1
    return int(loop or 0)

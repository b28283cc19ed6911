"""Sequences: which pictures of a file that Pillow opened are frames or pages, and which of them are read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import IO, Any

import numpy as np

from imgconv import errors
from imgconv.files import frames
from imgconv.files.header import Selection, parsed
from imgconv.files.pillow_settings import leniency
from imgconv.files.png import apng_reader
from imgconv.files.source import Source
from imgconv.files.tiff.directories import LONG, NUMBERS, SHORT, Entry
from imgconv.values.frozen import record, replace
from imgconv.values.image import Frame

TIMED = ("GIF", "PNG", "WEBP", "AVIF", "FLI")
"""Pillow's formats that say how long a frame is shown."""
_FRAMES = ("GIF", "PNG", "WEBP", "AVIF", "FLI", "DCX")
_ASKED_FOR = ("MPO",)  # a camera's JPEG with previews or depth maps behind it: frames only for those who ask
_KIND, _WIDTH, _HEIGHT, _ORIENTATION, _INSIDE = 254, 256, 257, 274, 330
_BITS, _SAMPLES, _ROWS, _TILE_WIDTH, _TILE_HEIGHT = 258, 277, 278, 322, 323
_ABOUT_PAGES = (_KIND, _WIDTH, _HEIGHT, _ORIENTATION, _BITS, _SAMPLES, _ROWS, _TILE_WIDTH, _TILE_HEIGHT)
_REDUCED, _MASK = 1, 4  # bits of NewSubfileType (TIFF 6.0, section 8)


def selection(source: Source, image: Any) -> Selection:
    """The frames of an opened image that the options ask for, with notes of what is left out unasked. Raises FileError
    where they are not there."""
    options, name = source.options, source.name
    if image.format == "TIFF" and (pages := _pages(source)):
        numbers = frames.chosen(options.frames, len(pages), name)
        chosen = [pages[i] for i in numbers]
        return Selection(
            numbers,
            [page.place for page in chosen],
            tuple(page.size for page in chosen),
            chunk=max(page.chunk for page in chosen),
        )
    if image.format == "GIF":
        return _of_gif(source)
    count = _count(source, image)
    if image.format in (*_FRAMES, "TIFF") or (image.format in _ASKED_FOR and options.frames is not None):
        numbers = frames.chosen(options.frames, count, name)
    else:
        if count > 1:
            kept = "previews, views or maps; --frames all" if image.format == "MPO" else "layers or sizes"
            source.note("frames-dropped", f"{count - 1} further picture{'s' * (count > 2)} left out ({kept})")
        numbers = frames.chosen(options.frames, 1, name)
    parts = (apng_reader.largest(source.stream),) if image.format == "PNG" and count > 1 else ()
    return Selection(numbers, numbers, parts=parts, several=count > 1)


def _of_gif(source: Source) -> Selection:
    """Counts frames no further than necessary; Pillow would go through all of them."""
    from imgconv.files.gif import reader as gif_reader

    options = source.options
    survey = gif_reader.survey(source.stream, frames.most(options))
    source.end = survey.end
    if isinstance(survey.damage, EOFError) and options.frames in (None, "all") and not options.allow_truncated:
        raise errors.file_broken(source.name, str(survey.damage))
    numbers = frames.chosen(options.frames, max(1, survey.count), source.name)
    several = survey.count > 1
    return Selection(numbers, numbers, parts=(survey.largest,) if several else (), several=several, gray=survey.gray)


def _count(source: Source, image: Any) -> int:
    """How many pictures there are; of a damaged file that may be read as far as it goes, one at least."""
    if image.format == "PSD":
        return _layers(image, source.stream)
    try:
        with leniency(source):
            return int(parsed(source.name, lambda: getattr(image, "n_frames", 1)))
    except OSError:
        if source.options.allow_truncated:
            return 1
        raise


def _layers(image: Any, stream: IO[bytes]) -> int:
    """The number of layers in a Photoshop file, at least one, read from its header: Pillow would go through all of
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


def _pages(source: Source) -> list[_Page]:
    """Every full page of a TIFF file; reduced versions of pages, masks and what is inside pages are none. Empty where
    that cannot be told. Raises FileError where the picture itself is inside a page that is its preview."""
    from imgconv.files.tiff import directories

    fetch = directories.fetch_from_stream(source.stream)
    order = directories.order_of(fetch(0, 16))
    pages: list[_Page] = []
    reduced = masks = inside = 0
    for number, at in enumerate(directories.chain(fetch, order) if order else ()):
        if number > frames.most(source.options):
            break
        tags = _first_numbers(directories.read(fetch, order, at, _ABOUT_PAGES), order)
        kind = tags.get(_KIND, 0)
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
            raise errors.FileError(
                f"{source.name}: holds a preview and, inside it, the picture itself (as cameras' raw files do); develop"
                " it first (darktable-cli in.dng out.tif)"
            )
        height, width = tags.get(_HEIGHT, 0), tags.get(_WIDTH, 0)
        if not height * width and pages and source.options.allow_truncated:
            break
        turned = tags.get(_ORIENTATION, 1) in (5, 6, 7, 8) and not source.options.no_orient
        pages.append(_Page(number, (width, height) if turned else (height, width), _chunk(tags)))
    if reduced:
        source.note("overviews-dropped", f"{_counted(reduced, 'reduced version')} of pages left out", loss=False)
    if inside:
        source.note("frames-dropped", f"{_counted(inside, 'picture')} inside pages (SubIFDs) left out")
    if masks:
        source.note("frames-dropped", f"{_counted(masks, 'mask')} of pages left out")
    return pages


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' * (number > 1)}"


def _first_numbers(entries: Sequence[Entry], order: str) -> dict[int, int]:
    """The fields of a directory that are one whole number, and the first of those that are one for each sample."""
    numbers = {}
    for entry in entries:
        width = {SHORT: 2, LONG: 4}.get(entry.type, 8)
        if isinstance(entry.value, bytes) and entry.type in NUMBERS and (entry.count == 1 or entry.tag == _BITS):
            numbers[entry.tag] = int.from_bytes(entry.value[:width], "little" if order == "<" else "big")
    return numbers


def _chunk(tags: Mapping[int, int]) -> int:
    """Bytes of a page's strip or tile, of eight bytes per sample at most: a tile may be larger than the page."""
    height, width = tags.get(_HEIGHT, 0), tags.get(_WIDTH, 0)
    across, down = tags.get(_TILE_WIDTH, 0), tags.get(_TILE_HEIGHT, 0)
    pixels = across * down if across and down else width * min(height, tags.get(_ROWS, height))
    return pixels * tags.get(_SAMPLES, 1) * -(-min(64, tags.get(_BITS, 16)) // 8)


def shown(source: Source, image: Any, places: Sequence[int], decode: Callable[[bytes], Frame]) -> Iterator[Frame]:
    """The frames at these places as they are seen, with alpha. Raises EOFError where some are missing, unless the
    source is lenient."""
    from imgconv.files.gif import reader as gif_reader

    pictures = (
        gif_reader.frames(source, image.height, image.width, places)
        if image.format == "GIF"
        else apng_reader.frames(source, decode, places)
    )
    left = len(places)
    for place, frame in enumerate(islice(pictures, places[-1] + 1)):
        if frame is not None and place in places:
            left -= 1
            yield frame
    if left and not source.lenient:
        raise EOFError(f"{left} frames are missing")


def composed(source: Source, pictures: Iterator[Frame], *, alpha: bool) -> list[Frame]:
    """All frames of `shown`; without `alpha` they have it only where something is hidden.

    Of a damaged file those before the damage, if the source is lenient.
    """
    there: list[Frame] = []
    try:
        for frame in pictures:
            there.append(frame)  # noqa: PERF402 (those before an error stay)
    except Exception:
        if not there or not source.lenient:
            raise
    if not there:
        raise EOFError("none of the requested frames is there")
    return there if alpha or any(map(hides, there)) else [replace(frame, alpha=None) for frame in there]


def hides(frame: Frame) -> bool:
    """Whether some of a frame is not opaque."""
    return frame.alpha is not None and not bool((frame.alpha == np.iinfo(frame.alpha.dtype).max).all())


def plays(image: Any) -> int:
    """How often an animation is played, 0 for ever. GIF counts repetitions, and plays once where it says nothing; the
    others count plays."""
    loop = image.info.get("loop")
    if image.format == "GIF":
        return 1 if loop is None else 0 if loop == 0 else int(loop) + 1
    return int(loop or 0)

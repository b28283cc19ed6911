"""Which pictures of a file that Pillow opened are frames or pages, and which of them are wanted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import islice
from typing import IO, Any

import numpy as np

from imgconv import errors
from imgconv.files import frames
from imgconv.files.header import parsed
from imgconv.files.options import Reading
from imgconv.values.frozen import replace
from imgconv.values.image import Frame
from imgconv.values.notes import Note

TIMED = ("GIF", "PNG", "WEBP", "AVIF", "FLI")
"""Pillow's formats that say how long a frame is shown."""
_FRAMES = ("GIF", "PNG", "WEBP", "AVIF", "FLI", "DCX")
_ASKED_FOR = ("MPO",)  # a camera's JPEG with previews or depth maps behind it: frames only for those who ask
_KIND, _WIDTH, _HEIGHT, _ORIENTATION, _INSIDE = 254, 256, 257, 274, 330
_REDUCED, _MASK = 1, 4  # bits of NewSubfileType (TIFF 6.0, section 8)


def wanted(
    name: str, image: Any, stream: IO[bytes], reading: Reading, notes: list[Note]
) -> tuple[Sequence[int], Sequence[int], tuple[tuple[int, int], ...]]:
    """The numbers of the frames that are wanted, their places as Pillow counts, and heights and widths of pages; notes
    of what is left out unasked.

    Raises FileError where the wanted ones are not there.
    """
    if image.format == "TIFF" and (pages := _pages(name, stream, reading, notes)):
        numbers = frames.chosen(reading.frames, len(pages), name)
        return numbers, [pages[i][0] for i in numbers], tuple(pages[i][1] for i in numbers)
    count = _count(name, image, reading)
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
    return numbers, numbers, ()


def _count(name: str, image: Any, reading: Reading) -> int:
    """How many pictures there are; of a damaged file that may be read as far as it goes, one at least."""
    try:
        return int(parsed(name, lambda: getattr(image, "n_frames", 1)))
    except OSError:
        if reading.allow_truncated:
            return 1
        raise


def _pages(name: str, stream: IO[bytes], reading: Reading, notes: list[Note]) -> list[tuple[int, tuple[int, int]]]:
    """Number, height and width of every full page of a TIFF file; reduced versions of pages, masks and what is inside
    pages are none. Empty where that cannot be told. Raises FileError where the picture itself is inside a page that is
    its preview."""
    from imgconv.files.tiff import directories
    from imgconv.files.tiff import writer as tiff_writer

    fetch = tiff_writer.fetch_from(stream)
    order = directories.order_of(fetch(0, 16))
    pages: list[tuple[int, tuple[int, int]]] = []
    reduced = masks = inside = 0
    for number, at in enumerate(directories.chain(fetch, order) if order else ()):
        if number > reading.max_frames:
            break
        said = directories.numbers(fetch, order, at, (_KIND, _WIDTH, _HEIGHT, _ORIENTATION))
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
        pages.append((number, (width, height) if turned else (height, width)))
    if reduced:
        notes.append(
            Note("overviews-dropped", f"{reduced} reduced version{'s' * (reduced > 1)} of pages left out", loss=False)
        )
    if inside:
        notes.append(Note("frames-dropped", f"{inside} picture{'s' * (inside > 1)} inside pages (SubIFDs) left out"))
    if masks:
        notes.append(Note("frames-dropped", f"{masks} mask{'s' * (masks > 1)} of pages left out"))
    return pages


def composes(image: Any) -> bool:
    """Whether an image is an animation that is composed here and not by Pillow."""
    return image.format in ("GIF", "PNG") and image.n_frames > 1


def composed(
    image: Any, stream: IO[bytes], places: Sequence[int], decode: Callable[[bytes], Frame], *, alpha: bool
) -> list[Frame]:
    """The frames at these places as they are seen; without `alpha` they have it only where something is hidden.

    Of a damaged file those before the damage, if Pillow is lenient.
    """
    from PIL import ImageFile

    from imgconv.files.gif import reader as gif_reader
    from imgconv.files.png import apng_reader

    made = (
        gif_reader.frames(stream, image.height, image.width)
        if image.format == "GIF"
        else apng_reader.frames(stream, decode)
    )
    found: list[Frame] = []
    try:
        for place, frame in enumerate(islice(made, places[-1] + 1)):
            if place in places:
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

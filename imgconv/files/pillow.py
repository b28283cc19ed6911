"""Images that Pillow opens."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from dataclasses import replace
from types import MappingProxyType
from typing import IO, Any

from imgconv import errors
from imgconv.files import metadata
from imgconv.files.formats import FORMATS
from imgconv.files.header import Header, first_line, loader, parsed
from imgconv.files.modes import MODES, to_frame
from imgconv.files.options import Reading
from imgconv.files.said import exif_and_xmp, metadata_of
from imgconv.image import Frame, Image
from imgconv.report import Note

_ORIENTATION = 274


def header(name: str, stream: IO[bytes], reading: Reading) -> Header:
    """The header of an image that Pillow recognises; FileError where it does not, or where it would narrow."""
    notes: list[Note] = []
    image = _opened(name, stream, notes)
    if image.mode not in MODES:
        raise errors.file_mode(name, image.mode, list(MODES))
    if any(";16" in str(part) for tile in image.tile for part in tile):
        raise errors.file_narrowed(name)
    mode = MODES[image.mode](image)
    more = _quietly(lambda: getattr(image, "n_frames", 1), notes, default=1) - 1
    if more:
        notes.append(Note("frames-dropped", f"{more} further frame{'s' * (more > 1)} left out"))

    height, width = _size(image, stream, reading)

    def read() -> Image:
        frame = _quietly(lambda: to_frame(image), notes)
        said, more = metadata_of(image, stream)
        frame, said = _as_meant(frame, said, image, reading)
        kept = MappingProxyType({} if reading.strip else said)
        return Image((frame,), _format(image), kept, notes=tuple(dict.fromkeys([*notes, *([] if reading.strip else more)])))

    channels = 3 if mode.startswith("RGB") else 1
    return Header(name, height, width, channels, mode == "RGBA", "uint8", _format(image), loader(name, stream, read), stream)


def _size(image: Any, stream: IO[bytes], reading: Reading) -> tuple[int, int]:
    """Height and width as the pixels are going to lie."""
    swapped = image.format == "TIFF" and image.tag_v2.get(_ORIENTATION) in (5, 6, 7, 8)  # which Pillow has done already
    swapped ^= not reading.no_orient and metadata.orientation(exif_and_xmp(image, stream)) >= 5
    return (image.width, image.height) if swapped else (image.height, image.width)


def _as_meant(frame: Frame, said: dict[str, Any], image: Any, reading: Reading) -> tuple[Frame, dict[str, Any]]:
    """Pixels turned as the metadata say, which then say that nothing is to be turned; or, with `no_orient`, both as they were stored."""
    turn = metadata.orientation(said)
    if turn == 1:
        return frame, said
    if image.format == "TIFF":  # Pillow has turned it
        turn = {6: 8, 8: 6}.get(turn, turn) if reading.no_orient else 1
    elif reading.no_orient:
        turn = 1
    alpha = None if frame.alpha is None else metadata.turned(frame.alpha, turn)
    return replace(frame, pixels=metadata.turned(frame.pixels, turn), alpha=alpha), said if reading.no_orient else metadata.upright(said)


def _opened(name: str, stream: IO[bytes], notes: list[Note]) -> Any:
    from PIL import Image as pillow
    from PIL import UnidentifiedImageError

    def opened() -> Any:
        try:
            return _quietly(lambda: pillow.open(stream), notes)
        except UnidentifiedImageError:
            raise errors.file_unknown(name) from None
        except pillow.DecompressionBombError as error:
            raise errors.too_many_pixels(name, *_pixels_of(error)) from None

    return parsed(name, opened)


def _pixels_of(error: Exception) -> tuple[int, int]:
    """How many pixels Pillow found, and half of how many it takes at most; it says so in words only."""
    found, most = (int(word) for word in re.findall(r"[0-9]+", str(error))[:2])
    return found, most // 2


def _format(image: Any) -> str:
    return next((row.name for row in FORMATS.values() if row.pillow == image.format), str(image.format).lower())


def _quietly(call: Callable[[], Any], notes: list[Note], default: Any = None) -> Any:
    """The call's result; Pillow's warnings become notes. With a default, a failure gives that: the pixels will tell."""
    from PIL.Image import DecompressionBombWarning

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warnings.simplefilter("ignore", DecompressionBombWarning)
        try:
            return call()
        except Exception:
            if default is None:
                raise
            return default
        finally:
            notes.extend(Note("reader-warning", first_line(warning.message), loss=False) for warning in caught)

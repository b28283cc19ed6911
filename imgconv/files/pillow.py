"""Images that Pillow opens."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from types import MappingProxyType
from typing import IO, Any

from imgconv import errors
from imgconv.files import deep, foreign
from imgconv.files.formats import FORMATS
from imgconv.files.header import Header, first_line, loader, parsed
from imgconv.files.modes import LAYOUTS, MODES, mode_of, to_frame
from imgconv.files.options import Reading
from imgconv.image import Frame, Image
from imgconv.report import Note

_ORIENTATION = 274
_ABOUT_PIXELS = {
    "transparency", "interlace", "background", "version", "extension", "duration", "loop", "disposal", "blend", "bbox", "default_image", "timestamp",
}  # fmt: skip


def header(name: str, stream: IO[bytes], reading: Reading) -> Header:
    """The header of an image that Pillow recognises; FileError where it does not, or where it would narrow."""
    notes: list[Note] = []
    image = _opened(name, stream, notes)
    whole = None
    try:
        whole = deep.reader_of(name, image, stream)
    except errors.FileError:
        if not reading.allow_narrowing:
            raise
        notes.append(Note("narrowed", "16 bits a channel read as 8"))
    if whole is None and image.mode not in MODES:
        raise errors.file_mode(name, image.mode)
    layout = whole.layout if whole else LAYOUTS[mode_of(image)]
    if unknown := deep.dropped(image):
        notes.append(Note("channels-dropped", f"{unknown} channel{'s' * (unknown > 1)} without a meaning left out"))
    more = _quietly(lambda: getattr(image, "n_frames", 1), notes, default=1) - 1
    if more:
        notes.append(Note("frames-dropped", f"{more} further frame{'s' * (more > 1)} left out"))

    height, width = _size(image, stream, reading)

    def read() -> Image:
        frame = whole.read(stream, 0) if whole else _quietly(lambda: to_frame(image), notes)
        frame, said, more = _as_meant(frame, image, stream, reading)
        return Image((frame,), _format(image), MappingProxyType(said), notes=tuple(dict.fromkeys([*notes, *more])), colour=layout.colour)

    return Header(name, height, width, layout, _format(image), loader(name, stream, read), stream)


def _says_something(image: Any) -> bool:
    """Whether a file says anything beside its pixels; most PNGs do not, and start without what would understand it."""
    return image.format == "TIFF" or not image.info.keys() <= _ABOUT_PIXELS


def _size(image: Any, stream: IO[bytes], reading: Reading) -> tuple[int, int]:
    """Height and width as the pixels are going to lie."""
    height, width = image.height, image.width
    if not _says_something(image):
        return height, width
    from imgconv.files import metadata, said

    swapped = image.format == "TIFF" and image.tag_v2.get(_ORIENTATION) in (5, 6, 7, 8)  # which Pillow has done already
    swapped ^= not reading.no_orient and metadata.orientation(said.exif_and_xmp(image, stream)) >= 5
    return (width, height) if swapped else (height, width)


def _as_meant(frame: Frame, image: Any, stream: IO[bytes], reading: Reading) -> tuple[Frame, dict[str, Any], list[Note]]:
    """Pixels turned as the file says, and what it says, then that nothing is to be turned; or, with `no_orient`, both as they were stored."""
    if not _says_something(image):
        return frame, {}, []
    from imgconv.files import metadata, said

    found, notes = said.metadata_of(image, stream)
    turn = metadata.orientation(found)
    if image.format == "TIFF" and turn > 1:  # Pillow has turned it
        frame = metadata.turned(frame, {6: 8, 8: 6}.get(turn, turn)) if reading.no_orient else frame
    elif turn > 1 and not reading.no_orient:
        frame = metadata.turned(frame, turn)
    if reading.strip:
        return frame, {}, []
    return frame, found if reading.no_orient else metadata.upright(found), notes


def _opened(name: str, stream: IO[bytes], notes: list[Note]) -> Any:
    from PIL import Image as pillow
    from PIL import UnidentifiedImageError

    def opened() -> Any:
        try:
            return _quietly(lambda: _by_plugin(stream) or pillow.open(stream), notes)
        except UnidentifiedImageError:
            stream.seek(0)
            start = stream.read(4096)
            if not start.startswith(deep.TIFF_STARTS):
                foreign.refuse(name, start)
            from imgconv.files import tiff_read

            return tiff_read.opened(name, stream)
        except pillow.DecompressionBombError as error:
            raise errors.too_many_pixels(name, *_pixels_of(error)) from None

    return parsed(name, opened)


_PLUGINS = {
    b"\x89PNG\r\n\x1a\n": ("PngImagePlugin", "PngImageFile"),
    b"\xff\xd8\xff": ("JpegImagePlugin", "jpeg_factory"),
    b"II*\0": ("TiffImagePlugin", "TiffImageFile"),
    b"MM\0*": ("TiffImagePlugin", "TiffImageFile"),
}


def _by_plugin(stream: IO[bytes]) -> Any:
    """The image, opened by the one plugin that its start calls for; Pillow would load five first. None where that fails: Pillow then says why."""
    start = stream.read(8)
    stream.seek(0)
    found = next((where for magic, where in _PLUGINS.items() if start.startswith(magic)), None)
    if found is None:
        return None
    from importlib import import_module

    try:
        return getattr(import_module(f"PIL.{found[0]}"), found[1])(stream)
    except Exception:  # what broken bytes lead it to; Pillow's own way is next
        stream.seek(0)
        return None


def _pixels_of(error: Exception) -> tuple[int, int]:
    """How many pixels Pillow found, and half of how many it takes at most; it says so in words only."""
    found, most = (int(word) for word in re.findall(r"[0-9]+", str(error))[:2])
    return found, most // 2


def _format(image: Any) -> str:
    """Our name of an image's format, else Pillow's."""
    name = "ppm" if image.format == "PPM" and image.mode == "RGB" else "pgm" if image.format == "PPM" else image.format
    return next((row.name for row in FORMATS.values() if name in (row.pillow, row.name)), str(name).lower())


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

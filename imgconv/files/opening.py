"""A file, opened by the part of Pillow that knows it, or refused by a sentence that says what it is."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, Any

from imgconv import errors
from imgconv.files import high_depth, signatures
from imgconv.files.header import first_line, parsed
from imgconv.files.png.chunks import SIGNATURE
from imgconv.values.notes import Note

_BIG_ENDIAN = b"MM\0+"
"""How a BigTIFF file starts that Pillow takes for another, and warns of."""


def opened(name: str, stream: IO[bytes], notes: list[Note]) -> Any:
    """An image as Pillow, or for some TIFF files tifffile, opens it; its warnings are added to the notes. FileError
    where nobody does."""
    from PIL import Image as pillow
    from PIL import UnidentifiedImageError

    def recognised() -> Any:
        warned: list[Note] = []
        try:
            image = quietly(lambda: _by_plugin(stream) or pillow.open(stream), warned)
            notes.extend(warned)
            return _checked(image, stream)
        except UnidentifiedImageError:
            stream.seek(0)
            start = stream.read(4096)
            if start.startswith(SIGNATURE):
                _why_broken(stream)
            if not start.startswith(high_depth.TIFF_STARTS):
                signatures.refuse(name, start)
            from imgconv.files.tiff import reader as tiff_reader
            from imgconv.files.tiff import writer as tiff_writer

            if not start.startswith(_BIG_ENDIAN):
                notes.extend(warned)
            elif tiff_writer.is_cut(stream):
                notes.append(Note("reader-warning", "Truncated fields", loss=False))
            try:
                return tiff_reader.opened(name, stream)
            except IndexError:  # no page
                signatures.refuse(name, start)
        except pillow.DecompressionBombError as error:
            raise errors.too_many_pixels(name, *_pixels_of(error)) from None
        except MemoryError:
            raise errors.file_broken(name, "its header asks for more memory than there is") from None

    return typed(parsed(name, recognised))


MISTYPED = "mistyped"
"""Under which `Image.info` names what `typed` took out."""
_TYPES: dict[str, tuple[type, ...]] = {"icc_profile": (bytes,), "xmp": (bytes, str)}


def typed(image: Any) -> Any:
    """The image, in whose `info` a colour profile and XMP are bytes: a TIFF's tag may hold numbers or a text instead,
    over which Pillow trips, too."""
    info = image.info
    if image.format == "TIFF" and isinstance(xmp := info.get("xmp"), str):
        info["xmp"] = xmp.encode("latin-1")  # by which Pillow decodes texts
    if mistyped := [key for key, types in _TYPES.items() if key in info and not isinstance(info[key], types)]:
        for key in mistyped:
            del info[key]
        info[MISTYPED] = mistyped
    return image


def _why_broken(stream: IO[bytes]) -> None:
    """Raises ValueError or EOFError for what makes a PNG broken, for Pillow does not say."""
    from imgconv.files.png.datastream import Datastream

    Datastream(stream).check()


def _checked(image: Any, stream: IO[bytes]) -> Any:
    """The image. That of a still PNG fails to load if the file is broken; Pillow alone stops looking at the last
    row."""
    if image.format == "PNG" and image.n_frames == 1:
        from imgconv.files.png.datastream import Feed

        image.load_read = Feed(stream).read
    return image


_PLUGINS = {
    SIGNATURE: ("PngImagePlugin", "PngImageFile"),
    b"\xff\xd8\xff": ("JpegImagePlugin", "jpeg_factory"),
    b"II*\0": ("TiffImagePlugin", "TiffImageFile"),
    b"MM\0*": ("TiffImagePlugin", "TiffImageFile"),
}


def _by_plugin(stream: IO[bytes]) -> Any:
    """The image, opened by the one plugin that its start calls for; Pillow would load five first. None where that
    fails: Pillow then says why."""
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


def quietly(call: Callable[[], Any], notes: list[Note]) -> Any:
    """The call's result; Pillow's warnings become notes, and nothing that it logs is printed."""
    from PIL.Image import DecompressionBombWarning

    with warnings.catch_warnings(record=True) as caught, _unprinted():
        warnings.simplefilter("always")
        for kind in (DecompressionBombWarning, ResourceWarning, DeprecationWarning):  # which are not about the file
            warnings.simplefilter("ignore", kind)
        try:
            return call()
        finally:
            notes.extend(Note("reader-warning", first_line(warning.message), loss=False) for warning in caught)


@contextmanager
def _unprinted() -> Iterator[None]:
    """What Pillow logs is printed on standard error where a program has set up no logging: unless there is a
    handler."""
    import logging  # as Pillow has done

    handler, logger = logging.NullHandler(), logging.getLogger("PIL")
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)

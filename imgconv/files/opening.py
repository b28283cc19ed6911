"""Opening: a file by the plugin of Pillow that knows it, or a refusal that says what it is."""

from __future__ import annotations

import re
from typing import IO, Any

from imgconv import errors
from imgconv.files import high_depth, signatures
from imgconv.files.header import parsed
from imgconv.files.pillow_settings import leniency
from imgconv.files.png.chunks import SIGNATURE
from imgconv.files.source import Source

_BIG_ENDIAN = b"MM\0+"
"""The start of a big-endian BigTIFF, which Pillow takes for another file, with warnings."""


def open_image(source: Source) -> Any:
    """An image as Pillow, or for some TIFF files tifffile, opens it. Raises FileError where neither does."""
    from PIL import Image as pillow
    from PIL import UnidentifiedImageError

    def recognised() -> Any:
        warnings = len(source.notes)
        try:
            with leniency(source):
                image = _by_plugin(source.stream) or pillow.open(source.stream)
                return _checked(_with_index(image), source)
        except UnidentifiedImageError:
            return _by_tifffile(source, warnings)
        except pillow.DecompressionBombError as error:
            raise errors.too_many_pixels(source.name, *_pixels_of(error)) from None
        except MemoryError:
            raise errors.file_broken(source.name, "its header asks for more memory than there is") from None

    return typed(parsed(source.name, recognised))


def _by_tifffile(source: Source, warnings: int) -> Any:
    """A TIFF that Pillow does not recognise; its warnings are the notes from number `warnings` on."""
    source.stream.seek(0)
    start = source.stream.read(4096)
    if start.startswith(SIGNATURE):
        _why_broken(source.stream)
    if not start.startswith(high_depth.TIFF_STARTS):
        signatures.refuse(source.name, start)
    from imgconv.files.tiff import pages
    from imgconv.files.tiff import reader as tiff_reader

    if start.startswith(_BIG_ENDIAN):
        del source.notes[warnings:]
        source.shortage = source.missing_values = ""
        if pages.is_cut(source):
            source.shortage = "Truncated fields"
            source.note("reader-warning", source.shortage, loss=False)
    try:
        return tiff_reader.open_page(source)
    except IndexError:  # no page
        signatures.refuse(source.name, start)


MISTYPED = "mistyped"
"""Under which `Image.info` names what `typed` took out."""
_TYPES: dict[str, tuple[type, ...]] = {"icc_profile": (bytes,), "xmp": (bytes, str)}


def typed(image: Any) -> Any:
    """The image, whose `info` has a colour profile and XMP only as bytes: a TIFF's tag may hold numbers or a text."""
    info = image.info
    if image.format == "TIFF" and isinstance(xmp := info.get("xmp"), str):
        info["xmp"] = xmp.encode("latin-1")  # by which Pillow decodes texts
    if mistyped := [key for key, types in _TYPES.items() if key in info and not isinstance(info[key], types)]:
        for key in mistyped:
            del info[key]
        info[MISTYPED] = mistyped
    return image


def _why_broken(stream: IO[bytes]) -> None:
    """Raises ValueError or EOFError for what is wrong with a PNG; Pillow does not say."""
    from imgconv.files.png.datastream import Datastream

    Datastream(stream).check()


def _with_index(image: Any) -> Any:
    """The image, as an MPO where it is a JPEG with an index of pictures (MPF)."""
    if image.format != "JPEG" or "mp" not in image.info:
        return image
    from imgconv.files.jpeg import pictures

    return pictures.with_index(image)


def _checked(image: Any, source: Source) -> Any:
    """The image. A broken still PNG then fails to load; Pillow alone stops checking at the last row."""
    if image.format == "PNG" and image.n_frames == 1:
        from imgconv.files.png.datastream import Feed

        image.load_read = Feed(source).read
    return image


_PLUGINS = {
    SIGNATURE: ("PngImagePlugin", "PngImageFile"),
    b"\xff\xd8\xff": ("JpegImagePlugin", "jpeg_factory"),
    b"II*\0": ("TiffImagePlugin", "TiffImageFile"),
    b"MM\0*": ("TiffImagePlugin", "TiffImageFile"),
}


def _by_plugin(stream: IO[bytes]) -> Any:
    """The image, opened by the plugin for its start; Pillow would load five first. None where that fails, so that
    Pillow says why."""
    start = stream.read(8)
    stream.seek(0)
    plugin = next((plugin for magic, plugin in _PLUGINS.items() if start.startswith(magic)), None)
    if plugin is None:
        return None
    from importlib import import_module

    module, opens = plugin
    try:
        return getattr(import_module(f"PIL.{module}"), opens)(stream)
    except Exception:  # what broken bytes lead it to; Pillow's own way is next
        stream.seek(0)
        return None


def _pixels_of(error: Exception) -> tuple[int, int]:
    """The pixels of a refused image, and half of the most that Pillow takes; it says so in words only."""
    pixels, most = (int(word) for word in re.findall(r"[0-9]+", str(error))[:2])
    return pixels, most // 2

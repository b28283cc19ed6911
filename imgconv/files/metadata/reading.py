"""Metadata of an image that Pillow opened: one name for one thing, wherever a format stores it."""

from __future__ import annotations

import io
import math
import struct
import zlib
from typing import Any

from imgconv.files.metadata.containers import container_metadata
from imgconv.files.metadata.exif import PREFIX
from imgconv.files.metadata.unknown_chunks import listed, unknown
from imgconv.files.opening import MISTYPED
from imgconv.files.pillow_settings import leniency
from imgconv.files.png import apng_reader
from imgconv.files.png.chunks import SIGNATURE, chunk, leading
from imgconv.files.source import Source
from imgconv.values.notes import Note

_X_RESOLUTION = 282


def metadata_of(source: Source, image: Any) -> tuple[dict[str, Any], list[Note]]:
    """The metadata of an image opened from a source by the names of `fields`, and notes of what has no name there.

    What stands behind a PNG's pixels is there once these are loaded.
    """
    contained, passed = container_metadata(image, source.stream)
    colours, others = unknown(source, image)
    values = _values(source, image) | {key: contained[key] for key in ("icc_profile", "cicp") if key in contained}
    if image.info.get("icc_profile"):
        values["icc_profile"] = image.info["icc_profile"]
    if "cICP" in colours:
        values["cicp"] = leading(source)[b"cICP"]
    return values, [*_dropped_profiles(image, colours, passed), *_dropped_fields(source, image, others, passed)]


def _values(source: Source, image: Any) -> dict[str, Any]:
    """The metadata that Pillow has read."""
    info = image.info
    values: dict[str, Any] = exif_and_xmp(source, image) | _resolution(image)
    values |= {key: info[key] for key in ("comment", "gamma", "chromaticity") if info.get(key)}
    if "srgb" in info:
        values["srgb"] = info["srgb"]
    if image.format == "PNG" and (
        texts := {key: value for key, value in _texts(image).items() if key not in _KNOWN_TEXTS}
    ):
        values["text"] = texts
    return values


def _dropped_profiles(image: Any, colours: list[str], passed: list[str]) -> list[Note]:
    """Notes of colours that no result can state: PNG's chunks, a tag that holds no bytes, a container's own words."""
    notes = [Note("profile-dropped", f"colour profile dropped (PNG's {' and '.join(colours)})")] if colours else []
    if "icc_profile" in image.info.get(MISTYPED, ()):
        notes.append(Note("profile-dropped", "colour profile dropped (its tag holds no bytes)"))
    if image.format in ("BMP", "DIB", "AVIF") and passed:
        notes.append(Note("profile-dropped", f"{passed[0]} dropped"))
    return notes


def _dropped_fields(source: Source, image: Any, others: list[str], passed: list[str]) -> list[Note]:
    """A note of all other metadata that have no name here, if there are any."""
    lost = ["IPTC (Photoshop's block)"] if image.info.get("photoshop") else []
    if "xmp" in image.info.get(MISTYPED, ()):
        lost.append("XMP (its tag holds no bytes)")
    lost += others
    if image.format == "JPEG2000" and passed:
        lost.append(listed("JPEG 2000 part", passed))
    if image.format == "TIFF":
        from imgconv.files.tiff import pages

        if tags := pages.other_tags(source, image.tell()):
            lost.append(listed("TIFF tag", tags))
    return [Note("metadata-dropped", f"{' and '.join(lost)} dropped")] if lost else []


def exif_and_xmp(source: Source, image: Any) -> dict[str, bytes]:
    """What may tell how the pixels lie."""
    more, _ = container_metadata(image, source.stream)
    if image.format == "TIFF":
        from imgconv.files.tiff import pages

        exif = pages.exif_of_page(source, image.tell())
    else:
        exif = more.get("exif") or image.info.get("exif") or _raw_profile(image, "exif") or _raw_profile(image, "APP1")
    xmp = more.get("xmp") or image.info.get("xmp") or _raw_profile(image, "xmp")
    values = {
        "exif": PREFIX + exif.removeprefix(PREFIX) if exif else b"",
        "xmp": xmp.encode("utf-8") if isinstance(xmp, str) else xmp,
    }
    return {key: value for key, value in values.items() if value}


def take_late(source: Source, image: Any) -> None:
    """Adds to an opened PNG what stands behind its pixels, if Pillow has not come so far because they were read by
    others."""
    from PIL import Image as pillow

    late = [part for part in apng_reader.behind_pixels(source) if part[0] in _SAYING]
    if not late:
        return
    tiny = (
        chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
        + b"".join(chunk(*part) for part in late)
        + chunk(b"IDAT", zlib.compress(b"\0\0"))
    )
    with leniency(source), pillow.open(io.BytesIO(SIGNATURE + tiny + chunk(b"IEND", b""))) as opened:
        image.info.update({key: value for key, value in opened.info.items() if key not in image.info})


_SAYING = (b"tEXt", b"zTXt", b"iTXt", b"eXIf")


def _texts(image: Any) -> dict[str, str]:
    last = not image.is_animated or image.tell() == image.n_frames - 1
    if last and image.tile == []:  # loaded: asking an animation earlier would make Pillow read all of its frames
        return dict(image.text)
    return {key: value for key, value in image.info.items() if isinstance(value, str)}


_KNOWN_TEXTS = {"XML:com.adobe.xmp", "Raw profile type exif", "Raw profile type APP1", "Raw profile type xmp"}


def _raw_profile(image: Any, name: str) -> bytes:
    """What ImageMagick has written among PNG's texts: a line of its name, one of its length, and hexadecimal digits."""
    try:
        return bytes.fromhex("".join(image.info[f"Raw profile type {name}"].split("\n")[3:]))
    except (KeyError, ValueError, AttributeError):
        return b""


def _resolution(image: Any) -> dict[str, Any]:
    """Dots per inch, or the ratio of pixels' sides where no unit is given; none that was only guessed."""
    info = image.info
    if image.format in ("JPEG", "MPO"):
        unit, density = info.get("jfif_unit"), info.get("jfif_density")
        if unit == 0 and density and density[0] != density[1] and all(density):
            return {"aspect": tuple(map(int, density))}
        if unit not in (1, 2) and _X_RESOLUTION not in image.getexif():  # then Pillow's 72 dots are a guess
            return {}
    if info.get("aspect") and all(info["aspect"]):
        return {"aspect": info["aspect"]}
    try:
        dpi = tuple(float(value) for value in info["dpi"])
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return {}
    return {"dpi": dpi} if len(dpi) == 2 and all(math.isfinite(value) and value > 0 for value in dpi) else {}

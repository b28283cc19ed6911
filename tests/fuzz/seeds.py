"""Small valid images of every format and mode that Pillow writes and reads, and of our own: what mutants are made
from."""

from __future__ import annotations

import contextlib
import io
import warnings
import zipfile
from functools import cache
from typing import Any

import numpy as np
from PIL import Image, PngImagePlugin

from imgconv.files import write
from imgconv.files.formats import FORMATS
from imgconv.values import image as images
from tests import png_files

HEIGHT, WIDTH = 9, 13
MODES = ("1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "LAB", "I;16", "I", "F")
NO_IMAGES = {"PDF", "EPS", "PALM", "BUFR", "GRIB", "HDF5", "WMF"}  # written only, or drawn by other programs


def picture(mode: str) -> Image.Image:
    """Smooth and noisy parts, the same each time."""
    rng = np.random.default_rng(len(mode))
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    colour = np.stack([rows * 20, columns * 15, rng.integers(0, 256, rows.shape)], axis=-1).astype("uint8")
    whole = Image.fromarray(colour)
    if mode in ("LA", "RGBA"):
        whole.putalpha(Image.fromarray((columns * 18).astype("uint8")))
        return whole.convert(mode)
    if mode in ("I;16", "I", "F"):
        return Image.fromarray(
            {"I;16": np.uint16, "I": np.int32, "F": np.float32}[mode](rng.integers(0, 65536, rows.shape))
        )
    return whole.convert("RGB").convert(mode) if mode != "LAB" else Image.frombytes("LAB", whole.size, colour.tobytes())


def _written(picture: Image.Image, form: str, **options: Any) -> bytes | None:
    stream = io.BytesIO()
    try:
        picture.save(stream, form, **options)
        with Image.open(io.BytesIO(stream.getvalue())) as again:
            again.load()
    except Exception:  # a mode that the format does not hold, or a format that is written only
        return None
    return stream.getvalue()


def _ours() -> dict[str, bytes]:
    """What our own writers make: every format in each depth that it holds."""
    found = {}
    for name, form in FORMATS.items():
        for type_ in ("uint8", "uint16", "int16", "int32", "float32", "float64"):
            for channels in (1, 3, 5):
                for alpha in (False, True):
                    values = np.random.default_rng(channels).integers(0, 255, (HEIGHT, WIDTH, channels)).astype(type_)
                    frame = images.Frame(values if channels > 1 else values[..., 0], values[..., 0] if alpha else None)
                    with contextlib.suppress(Exception):
                        pieces = write.encoded(images.ImageData((frame,)), form, name)
                        found[f"ours-{name}-{type_}-{channels}{'a' * alpha}"] = b"".join(pieces)
    return found


def archive(pixels: Any, method: int) -> bytes:
    """An array as the one member of an archive."""
    stream, array = io.BytesIO(), io.BytesIO()
    np.save(array, pixels)
    with zipfile.ZipFile(stream, "w", method) as made:
        made.writestr("image.npy", array.getvalue())
    return stream.getvalue()


@cache
def seeds() -> dict[str, bytes]:
    """Name to content."""
    Image.init()
    found: dict[str, bytes | None] = {}
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", "a text")
    exif = Image.Exif()
    exif[0x0112] = 6
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for form in sorted(set(Image.SAVE) - NO_IMAGES):
            for mode in MODES:
                found[f"{form}-{mode}"] = _written(picture(mode), form)
        three = [picture("RGB").rotate(90 * i) for i in range(3)]
        for form in ("GIF", "PNG", "WEBP", "TIFF", "MPO", "AVIF"):
            found[f"{form}-frames"] = _written(
                three[0], form, save_all=True, append_images=three[1:], duration=[40, 60, 80], loop=2
            )
        for form in ("PNG", "JPEG", "WEBP", "TIFF", "AVIF"):
            found[f"{form}-said"] = _written(picture("RGB"), form, exif=exif, dpi=(72, 72), icc_profile=b"\0" * 200)
        found["PNG-text"] = _written(picture("L"), "PNG", pnginfo=text, transparency=3)
        found["PNG-bits"] = _written(picture("P").quantize(4), "PNG", bits=2, transparency=b"\x10\x80")
        found["JPEG-progressive"] = _written(picture("RGB"), "JPEG", progressive=True, quality=30)
        found["GIF-interlaced"] = _written(picture("P"), "GIF", interlace=True, transparency=2)
        for name in ("tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg", "group4"):
            found[f"TIFF-{name}"] = _written(picture("1" if name == "group4" else "RGB"), "TIFF", compression=name)
        for it in png_files.all_made([(HEIGHT, WIDTH)]):
            found[f"PNG-{it.colour}-{it.depth}{'-interlaced' * it.interlaced}"] = it.file()
        for method in (zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
            found[f"NPZ-{zipfile.compressor_names[method]}"] = archive(np.asarray(picture("RGB")), method)
        found["TGA-rle"] = _written(picture("RGB"), "TGA", compression="tga_rle")
    return {name: content for name, content in (found | _ours()).items() if content}

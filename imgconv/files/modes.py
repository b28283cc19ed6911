"""MODES: what images of Pillow's pixel modes become, and LAYOUTS: how pixels lie in arrays. A new mode is one row."""

from __future__ import annotations

from typing import Any

import numpy as np

from imgconv.files.formats import ARRAY
from imgconv.values.frozen import record
from imgconv.values.image import Frame
from imgconv.values.layout import Layout
from imgconv.values.pixel_values import Pixels

LAYOUTS = {
    "L": Layout(1),
    "LA": Layout(1, True),
    "RGB": Layout(3),
    "RGBA": Layout(3, True),
    "CMYK": Layout(4, colour="CMYK"),
    "LAB": Layout(3, colour="LAB"),
    "I;16": Layout(1, type="uint16"),
    "I": Layout(1, type="int32"),
    "F": Layout(1, type="float32"),
}
"""The Pillow modes whose pixels are read and written as they lie."""

DEEP = {
    "LA;16": Layout(1, True, "uint16"),
    "RGB;16": Layout(3, type="uint16"),
    "RGBA;16": Layout(3, True, "uint16"),
    "RGB;F": Layout(3, type="float32"),
    "I;16S": Layout(1, type="int16"),
    "D": Layout(1, type="float64"),
}
"""Layouts that Pillow has no mode for and files hold nevertheless; the names are ours."""

_NAMES = {layout: name for name, layout in (LAYOUTS | DEEP).items()}


@record
class Mode:
    """A row of MODES: the mode in LAYOUTS that an image becomes, and the rule in words."""

    becomes: str
    rule: str


_AS_IS = "as it is"
MODES = {
    "1": Mode("L", "black is 0, white 255"),
    "L": Mode("L", _AS_IS),
    "LA": Mode("LA", _AS_IS),
    "La": Mode("LA", "divided by alpha"),
    "P": Mode("RGB", "expanded to the palette's colours; gray if they all are"),
    "PA": Mode("RGBA", "expanded to the palette's colours"),
    "RGB": Mode("RGB", _AS_IS),
    "RGBA": Mode("RGBA", _AS_IS),
    "RGBa": Mode("RGBA", "divided by alpha"),
    "RGBX": Mode("RGB", "the fourth channel has no meaning and is left out"),
    "CMYK": Mode("CMYK", "all four planes"),
    "YCbCr": Mode("RGB", "converted to RGB, in which viewers show it"),
    "LAB": Mode("LAB", "all three planes, a and b with 128 for 0"),
    "HSV": Mode("RGB", "converted to RGB: a hue is an angle, whose mean is no hue"),
    "I;16": Mode("I;16", _AS_IS),
    "I;16L": Mode("I;16", _AS_IS),
    "I;16B": Mode("I;16", _AS_IS),
    "I;16N": Mode("I;16", _AS_IS),
    "I": Mode("I", _AS_IS),
    "F": Mode("F", _AS_IS),
}
"""Each of Pillow's modes; one with transparency beside it (a colour key, a palette's alpha) gets alpha."""

_WITH_ALPHA = {"L": "LA", "RGB": "RGBA"}
_BYTES = {
    "I;16": "<u2",
    "I;16L": "<u2",
    "I;16B": ">u2",
    "I;16N": "=u2",
}  # Pillow converts between these by way of 8 bits
_SIGN = np.uint8(128)  # Pillow gives and takes a and b as files have them: signed
_STRIP = 32  # rows taken from Pillow at a time: in the processor's cache, and no second copy of the image


def mode_of(image: Any) -> str:
    """The mode in LAYOUTS that an opened image's pixels are taken in."""
    mode = MODES[image.mode].becomes
    if image.mode == "I" and image.format == "PPM":
        return "I;16"  # a gray of 16 bits written in figures, which Pillow widens
    if image.mode == "P" and image.palette is not None and _gray_palette(image):
        mode = "L"
    has_alpha = "transparency" in image.info or getattr(image.palette, "mode", "RGB") == "RGBA"
    return _WITH_ALPHA.get(mode, mode) if has_alpha else mode


def _gray_palette(image: Any) -> bool:
    """Whether all of a palette's colours are gray, by the palette as stored: Pillow's `getpalette` loads the
    pixels."""
    raw, data = image.palette.getdata()
    if not raw or not data:
        return False
    planes = np.frombuffer(bytes(data), np.uint8)
    planes = (
        planes.reshape(3, -1)
        if raw.endswith(";L")
        else planes[: len(planes) // len(raw) * len(raw)].reshape(-1, len(raw)).T[:3]
    )
    return bool((planes == planes[0]).all())


def beyond_palette(image: Any) -> str:
    """A warning if pixels of a loaded picture exceed its palette; empty otherwise."""
    raw, data = image.palette.getdata()
    count, most = len(data) // len(raw.partition(";")[0]), image.getextrema()[1]
    return f"colours up to number {most} of a palette of {count}: those beyond it are black" if count <= most else ""


def to_frame(image: Any) -> Frame:
    """An opened Pillow image of a mode in MODES as a Frame."""
    key = image.info.get("transparency") if image.mode in ("1", "L", "RGB") else None
    depth = sample_bits(image)
    image.load()
    if key is not None:
        frame = to_frame_as(image, "RGB" if image.mode == "RGB" else "L")
        return Frame(
            frame.pixels,
            _keyed(frame.pixels, 255 * bool(key) if image.mode == "1" else np.multiply(key, 255 // (2**depth - 1))),
        )
    return to_frame_as(image, mode_of(image))


def to_frame_as(image: Any, mode: str) -> Frame:
    """An image's pixels in a mode of LAYOUTS, to which it is converted if need be."""
    layout = LAYOUTS[mode]
    image = image if image.mode == mode or (image.mode in _BYTES and mode == "I;16") else image.convert(mode)
    pixels = np.empty((image.height, image.width, layout.channels), layout.type)
    alpha = np.empty((image.height, image.width), layout.type) if layout.alpha else None
    for top in range(0, image.height, _STRIP):
        strip = image.crop((0, top, image.width, min(top + _STRIP, image.height)))
        if mode == "RGBA":  # for which Pillow has packers; a strided copy is slower
            pixels[top : top + _STRIP], taken = _array(strip, "RGB", 3, "uint8"), _array(strip, "A", 1, "uint8")
        else:
            taken = _array(strip, image.mode, layout.channels + layout.alpha, _BYTES.get(image.mode, layout.type))
            pixels[top : top + _STRIP] = taken[..., : layout.channels]
        if mode == "LAB":
            pixels[top : top + _STRIP, :, 1:] ^= _SIGN
        if alpha is not None:
            alpha[top : top + _STRIP] = taken[..., -1]
    return Frame(pixels[..., 0] if layout.channels == 1 else pixels, alpha)


def _array(image: Any, raw: str, channels: int, type_: str) -> Pixels:
    return np.frombuffer(image.tobytes("raw", raw), type_).reshape(image.height, image.width, channels)


def sample_bits(image: Any) -> int:
    """Bits of a gray sample as PNG stores it (1, 2, 4 or 8), for colour keys are in its units; known until the pixels
    are loaded."""
    modes = [tile[3] for tile in getattr(image, "tile", ())]
    return {"L;2": 2, "L;4": 4}.get(modes[0] if modes and isinstance(modes[0], str) else "", 8)


def _keyed(pixels: Pixels, key: Any) -> Pixels:
    """Alpha that is 0 where a pixel is of the one transparent colour, else opaque."""
    differs = pixels != np.asarray(key, pixels.dtype)
    differs = differs.any(axis=-1) if pixels.ndim == 3 else differs
    return np.where(differs, np.iinfo(pixels.dtype).max, 0).astype(pixels.dtype)


def holder(layout: Layout) -> str:
    """The mode that holds such pixels, or ARRAY where there is none."""
    return _NAMES.get(layout, ARRAY)


def to_pillow(frame: Frame, mode: str) -> Any:
    """A frame as a Pillow image of a mode in LAYOUTS."""
    from PIL import Image as pillow

    pixels = np.ascontiguousarray(joined(frame))
    if mode == "LAB":
        pixels = np.dstack([pixels[..., :1], pixels[..., 1:] ^ _SIGN])
    raw = "I;16N" if mode == "I;16" else mode
    return pillow.frombuffer(mode, (pixels.shape[1], pixels.shape[0]), pixels, "raw", raw, 0, 1)


def joined(frame: Frame) -> Pixels:
    """Colour and alpha in one array, as files hold them; alpha takes the colour's type."""
    pixels = frame.pixels[..., 0] if frame.pixels.ndim == 3 and frame.pixels.shape[2] == 1 else frame.pixels
    if frame.alpha is None:
        return pixels
    return np.dstack([pixels, _of_type(frame.alpha, pixels.dtype)])


def _of_type(alpha: Pixels, type_: Any) -> Pixels:
    """Alpha in the colour's type: a share of what is opaque, so between integers of 8 and 16 bits it is scaled."""
    if alpha.dtype == np.uint16 and type_ == np.uint8:
        return ((alpha.astype(np.uint32) + 128) // 257).astype(np.uint8)
    if alpha.dtype == np.uint8 and type_ == np.uint16:
        return alpha.astype(np.uint16) * np.uint16(257)
    return alpha.astype(type_)

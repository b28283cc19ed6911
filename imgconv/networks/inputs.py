"""Pictures made to fit a network: channels, size, scale; each thing that is done is said."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from imgconv import errors
from imgconv.operations import Operation
from imgconv.operations.base import Shape
from imgconv.operations.layers import Layer, Normalize
from imgconv.values.colours import COLOUR, Colour
from imgconv.values.frozen import record
from imgconv.values.parameters import choice
from imgconv.values.pixel_values import Pixels

if TYPE_CHECKING:
    from imgconv.values.image import Frame, ImageData

_WHITE = {"uint8": 255, "uint16": 65535}
IMAGENET = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Means and deviations of ImageNet's pixels in 0...1, as PyTorch publishes them for its networks."""


FIT = choice("fit", ("resize", "crop", "pad"))
SCALE = choice("scale", ("unit", "raw", "signed", "imagenet"))


@record
class Fitting:
    """How pictures are made to fit: `size` resize, crop, pad or empty (other sizes are refused); `scale` for networks
    without a `normalize` of their own."""

    size: str = ""
    scale: str = "unit"
    invert: bool = False
    flatten: Colour = (0, 0, 0)


def own_scale(steps: tuple[Operation, ...]) -> bool:
    """Whether a network scales pixels itself: it has a `normalize` before its first layer with weights."""
    for step in steps:
        if isinstance(step, Normalize):
            return True
        if isinstance(step, Layer) and step.roles:
            return False
    return False


def image_shape(image: ImageData) -> Shape:
    """Rows, columns and channels of an image's first frame, for a network that takes any size."""
    pixels = image.frames[0].pixels
    return pixels.shape[0], pixels.shape[1], pixels.shape[2] if pixels.ndim == 3 else 1


def fitted(frame: Frame, colour: str, shape: Shape, fitting: Fitting, own: bool) -> tuple[Pixels, list[str]]:
    """A frame as a network takes it, (H, W, C) float32, and what was done to it, in words.

    `colour` is the image's colour model where its channels do not say it; `own` whether the network scales pixels
    itself.

    Raises
    ------
    PixelError
        For channels or a size that do not fit.
    """
    done: list[str] = []
    pixels = _opaque(frame.pixels, frame.alpha, fitting.flatten, done)
    pixels = _channels(pixels, colour, shape[2], done)
    white = _WHITE.get(frame.pixels.dtype.name)
    levels = pixels.astype(np.float64) if white is None else pixels * (255.0 / white)
    levels = _sized(levels, shape, fitting.size, done)
    if fitting.invert:
        levels = (1 if white is None else 255) - levels
        done.append("inverted")
    if white is not None and not own:
        levels = _SCALES[fitting.scale](levels)
        done.append(f"scaled ({fitting.scale})")
    return levels.astype(np.float32), done


_SCALES: dict[str, Callable[[Any], Any]] = {
    "unit": lambda levels: levels / 255,
    "raw": lambda levels: levels,
    "signed": lambda levels: levels / 127.5 - 1,
    "imagenet": lambda levels: (levels / 255 - IMAGENET[0]) / IMAGENET[1],
}


def _opaque(pixels: Pixels, alpha: Pixels | None, colour: Colour, done: list[str]) -> Pixels:
    """Partly transparent pixels laid over a colour."""
    if alpha is None:
        return pixels
    opaque = np.iinfo(alpha.dtype).max if alpha.dtype.kind in "ui" else 1
    if (alpha == opaque).all():
        return pixels
    from imgconv.engine.colour.flatten import laid_over

    done.append(f"laid over {COLOUR.text(colour)}")
    return laid_over(pixels, alpha, colour)


def _channels(pixels: Pixels, colour: str, count: int, done: list[str]) -> Pixels:
    """(H, W, C) with that many channels: colour becomes gray by luma, gray is repeated."""
    levels = pixels.reshape(*pixels.shape[:2], -1)
    if levels.shape[2] == count and not colour:
        return levels
    if count == 1 and (levels.shape[2] == 3 or colour):
        from imgconv.engine.colour.luma import gray_plane

        done.append("to gray")
        return gray_plane(pixels, colour)[..., None]
    if levels.shape[2] == 1 and count == 3:
        done.append("gray repeated for three channels")
        return levels.repeat(3, axis=2)
    raise errors.PixelError(f"the network takes {count} channels; the picture has {levels.shape[2]}")


def _sized(levels: Pixels, shape: Shape, how: str, done: list[str]) -> Pixels:
    height, width, _ = levels.shape
    if (height, width) == shape[:2]:
        return levels
    if not how:
        raise errors.PixelError(
            f"the network takes pictures of {shape[1]}x{shape[0]}, this one has {width}x{height}; --fit resize, crop or"
            " pad makes it fit"
        )
    share = (min if how == "pad" else max)(shape[0] / height, shape[1] / width)
    size = shape[:2] if how == "resize" else (max(1, round(height * share)), max(1, round(width * share)))
    resized = _resized(levels, size)
    done.append(f"{how} {width}x{height} to {shape[1]}x{shape[0]}")
    return _centred(resized, shape)


def _resized(levels: Pixels, size: tuple[int, int]) -> Pixels:
    """Bilinear, over all pixels that a result covers, as Pillow does it; plane by plane in float32."""
    from PIL import Image

    planes = [Image.fromarray(plane.astype(np.float32)) for plane in np.moveaxis(levels, 2, 0)]
    turned = size[1], size[0]
    return np.stack([np.asarray(plane.resize(turned, Image.Resampling.BILINEAR)) for plane in planes], axis=2)


def _centred(levels: Pixels, shape: Shape) -> Pixels:
    """The middle of pixels that are larger, zeros around those that are smaller."""
    for axis in (0, 1):
        more = shape[axis] - levels.shape[axis]
        if more < 0:
            levels = levels.take(range(-more // 2, -more // 2 + shape[axis]), axis=axis)
        elif more > 0:
            around = [(0, 0)] * 3
            around[axis] = more // 2, more - more // 2
            levels = np.pad(levels, around)
    return levels

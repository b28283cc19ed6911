"""What a page is about: the channels of a picture that take part, without alpha and as the image holds them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from imgconv.api.pixel.explanation import channel_names
from imgconv.api.pixel.light import colours_of, encoded_input
from imgconv.values.frozen import record, replace

if TYPE_CHECKING:
    from imgconv.api.image import Image
    from imgconv.values.pixel_values import Pixels

_OVER = "white"


@record(eq=False)
class Source:
    """Pixels (H, W, C), the names of their channels, what was done to them in words, and the name of their file."""

    name: str
    pixels: Pixels
    names: tuple[str, ...]
    words: str = ""


def source_of(image: Image, name: str, *, alpha: str = "auto", channels: Any = "all") -> Source:
    """The chosen channels of an image's one frame, laid over white where alpha would weight them.

    Raises
    ------
    PixelError
        For channels that the image does not have.
    UsageError
        For luma beside chroma, whose result is no channel's.
    """
    from imgconv.engine.alpha.plane import is_opaque

    words, plane = "", image.frames[0].alpha
    colours = colours_of(image, alpha, channels, linear=False)
    alone = colours.chosen.numbers == ()
    if plane is not None and alpha == "auto" and not alone and not is_opaque(plane):
        image, words = image.flatten(_OVER), f"laid over {_OVER}"
        colours = colours_of(image, alpha, channels, linear=False)
    frame = image.frames[0]
    pixels = encoded_input(colours, frame).pixels
    return Source(name, pixels, _names(replace(image, frames=(frame,)), colours.chosen.numbers, pixels.shape[2]), words)


def _names(image: Image, chosen: tuple[int, ...] | None, count: int) -> tuple[str, ...]:
    """What the chosen channels are called: None for all colours, none for alpha."""
    if chosen is None:
        return channel_names(count, image.colour)
    every = channel_names(image.layout.channels, image.colour)
    return tuple(every[number] for number in chosen) or ("alpha",)

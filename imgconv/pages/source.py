"""What a page is about: the channels of a picture that take part, without alpha and as the image holds them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from imgconv.api.pixel.explanation import channel_names
from imgconv.api.pixel.light import colours_of, encoded_input
from imgconv.values.frozen import record, replace

if TYPE_CHECKING:
    from imgconv.api.image import Image
    from imgconv.values.pixel_values import Pixels

STANDARD_INPUT = "standard input"
"""The name of a picture that has none."""
_OVER = "white"


@record(eq=False)
class Source:
    """Pixels (H, W, C), the names of their channels, what was done to them in words and as options of a command, and
    the name of their file."""

    name: str
    pixels: Pixels
    names: tuple[str, ...]
    words: str = ""
    options: tuple[str, ...] = ()


def source_of(
    image: Image, name: str, *, alpha: str = "auto", channels: Any = "all", options: tuple[str, ...] = ()
) -> Source:
    """The chosen channels of an image's one frame, laid over white where alpha would weight them; `options` are what a
    command has said to make the image.

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
        image, words, options = image.flatten(_OVER), f"laid over {_OVER}", (*options, "--flatten", _OVER)
        colours = colours_of(image, alpha, channels, linear=False)
    frame = image.frames[0]
    pixels = encoded_input(colours, frame).pixels
    names = _names(replace(image, frames=(frame,)), colours.chosen.numbers, pixels.shape[2])
    return Source(name, pixels, names, words, options)


def _names(image: Image, chosen: tuple[int, ...] | None, count: int) -> tuple[str, ...]:
    """What the chosen channels are called: None for all colours, none for alpha."""
    if chosen is None:
        return channel_names(count, image.colour)
    every = channel_names(image.layout.channels, image.colour)
    return tuple(every[number] for number in chosen) or ("alpha",)

"""Which channels a pipeline is for: all, luma, or some by name or number; the others pass as they are."""

from __future__ import annotations

import numpy as np

from imgconv import errors
from imgconv.values.frozen import record
from imgconv.values.parameters import ALL_CHANNELS, LUMA, Channels
from imgconv.values.pixel_values import Pixels, Values

NAMES: dict[str, dict[int, tuple[str, ...]]] = {
    "": {1: ("l",), 3: ("r", "g", "b")},
    "CMYK": {4: ("c", "m", "y", "k")},
    "LAB": {3: ("l", "a", "b")},
}
"""The channels' names, by colour model and number."""


@record
class Chosen:
    """Numbers of the colour channels that are filtered (None: all), whether it is their luma, and whether alpha is
    among them."""

    numbers: tuple[int, ...] | None = None
    luma: bool = False
    alpha: bool = True

    @property
    def everything(self) -> bool:
        return self.numbers is None and not self.luma and self.alpha

    def taken(self, colour: Values) -> Values:
        """The chosen channels."""
        if self.numbers is None:
            return colour
        return Values(np.ascontiguousarray(colour.pixels[..., list(self.numbers)]), colour.span)

    def returned(self, made: Pixels, others: Pixels) -> Pixels:
        """All channels: those that were chosen as made, the others as they are."""
        if self.numbers is None:
            return made
        result = others.copy()
        result[..., list(self.numbers)] = made
        return result


def chosen(words: Channels, channels: int, colour: str, alpha: bool) -> Chosen:
    """What the words mean for an image with so many colour channels of a colour model, and perhaps alpha.

    Raises
    ------
    PixelError
        For a channel that the image has not, or luma of colours that have none.
    """
    if words == ALL_CHANNELS:
        return Chosen()
    if words == LUMA:
        if colour or channels not in (1, 3):
            raise errors.PixelError(
                f"{colour or f'{channels} channels'} have no luma here; --channels luma expects gray or RGB"
            )
        return Chosen(luma=channels == 3, alpha=False)
    names = list(NAMES.get(colour, {}).get(channels) or map(str, range(channels)))
    known = [*names, "alpha"] if alpha else names
    places = {name: place for place, name in enumerate(known)} | {str(place): place for place in range(len(known))}
    if alpha:
        places.setdefault("a", channels)
    found = set()
    for word in words:
        if word not in places:
            raise errors.PixelError(
                f"there is no channel {word!r} in this image; it has {', '.join(known)} (counted from 0: 0 …"
                f" {len(known) - 1})"
            )
        found.add(places[word])
    numbers = tuple(sorted(found - {channels}))
    return Chosen(None if len(numbers) == channels else numbers, alpha=channels in found)

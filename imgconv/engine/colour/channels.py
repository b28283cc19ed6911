"""Which channels a pipeline is for: all, luma, or some by name or number; the others pass as they are."""

from __future__ import annotations

import numpy as np

from imgconv import errors
from imgconv.values.frozen import record
from imgconv.values.parameters import ALL_CHANNELS, LUMA, Channels
from imgconv.values.pixel_values import Pixels, Values

CHANNEL_NAMES: dict[str, dict[int, tuple[str, ...]]] = {
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

    def with_others(self, filtered: Pixels, others: Pixels) -> Pixels:
        """All channels: the chosen ones filtered, the others as they are."""
        if self.numbers is None:
            return filtered
        result = others.copy()
        result[..., list(self.numbers)] = filtered
        return result


def choose(words: Channels, channels: int, colour: str, alpha: bool) -> Chosen:
    """The channels that the words name in an image with so many colour channels of a colour model, and perhaps alpha.

    Raises
    ------
    PixelError
        For a channel that the image does not have, or luma of colours that have none.
    """
    if words == ALL_CHANNELS:
        return Chosen()
    if words == LUMA:
        if colour or channels not in (1, 3):
            raise errors.PixelError(
                f"{colour or f'{channels} channels'} have no luma here; --channels luma expects gray or RGB"
            )
        return Chosen(luma=channels == 3, alpha=False)
    names = list(CHANNEL_NAMES.get(colour, {}).get(channels) or map(str, range(channels)))
    known = [*names, "alpha"] if alpha else names
    places = {name: place for place, name in enumerate(known)} | {str(place): place for place in range(len(known))}
    if alpha:
        places.setdefault("a", channels)
    chosen_places = set()
    for word in words:
        if word not in places:
            raise errors.PixelError(
                f"there is no channel {word!r} in this image; it has {', '.join(known)} (counted from 0: 0 …"
                f" {len(known) - 1})"
            )
        chosen_places.add(places[word])
    numbers = tuple(sorted(chosen_places - {channels}))
    return Chosen(None if len(numbers) == channels else numbers, alpha=channels in chosen_places)

"""Axes of arrays: what each means, and an image's pixels among them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from imgconv import errors
from imgconv.values.frozen import record
from imgconv.values.pixel_values import Pixels

KNOWN = "tzcyx"
"""Time, depth, channel, row and column, in the order of OME-NGFF."""
_PLAIN = {2: "yx", 3: "yxc", 4: "tyxc"}
"""Of arrays whose axes have no names, by their number: as NumPy's arrays."""


@record
class Axes:
    """The axes of an array, a letter each, and its shape."""

    name: str
    letters: str
    shape: tuple[int, ...]

    def length(self, letter: str) -> int:
        """The length of an axis; 1 if there is none."""
        return self.shape[self.letters.index(letter)] if letter in self.letters else 1

    @property
    def frames(self) -> int:
        """Pictures of rows and columns: points in time and, of each, in depth."""
        return self.length("t") * self.length("z")

    def read(self, array: Any, frame: int, top: int, bottom: int) -> Pixels:
        """Some rows of a frame, (rows, columns, channels), in this machine's byte order."""
        time, depth = divmod(frame, self.length("z"))
        places = {"t": time, "z": depth, "y": slice(top, bottom)}
        part = np.asarray(array[tuple(places.get(letter, slice(None)) for letter in self.letters)])
        left = [letter for letter in self.letters if letter in "cyx"]
        part = part.transpose([left.index(letter) for letter in "yxc" if letter in left])
        part = part.reshape(bottom - top, self.length("x"), self.length("c"))
        return np.ascontiguousarray(part, part.dtype.newbyteorder("="))


def axes_of(name: str, array: Any, stated: Sequence[Any] | None) -> Axes:
    """The axes of an array, by what multiscales state, by names of its own, or by their number. Raises FileError for
    what is no image."""
    shape = tuple(int(side) for side in array.shape)
    names = _letters(stated) or _letters(getattr(array.metadata, "dimension_names", None))
    names = names or _letters(array.attrs.get("_ARRAY_DIMENSIONS")) or tuple(_PLAIN.get(len(shape), ""))
    if len(names) != len(shape) or len(set(names)) != len(names) or not {"y", "x"} <= set(names) <= set(KNOWN):
        shown = ", ".join(errors.cut(str(each)) for each in names) or "no names"
        raise errors.FileError(
            f"{name}: an array of {len(shape)} axes ({shown}), and an image has y and x, and may have t, z and c"
        )
    if 0 in shape:
        raise errors.pixel_none(shape)
    return Axes(name, "".join(names), shape)


def _letters(stated: Sequence[Any] | None) -> tuple[str, ...]:
    """Names of axes, of which the newer versions say more than the name; nothing where one has none."""
    if not isinstance(stated, Sequence) or isinstance(stated, str):
        return ()
    names = [axis.get("name") if isinstance(axis, Mapping) else axis for axis in stated]
    texts = [name.lower() for name in names if isinstance(name, str) and name]
    return tuple(texts) if len(texts) == len(names) else ()

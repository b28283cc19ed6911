"""What a page carries of the results of steps: exact numbers as far as there is room, pictures of the others."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from imgconv.values.frozen import record

if TYPE_CHECKING:
    from imgconv.values.pixel_values import Pixels

MOST_EXACT, MOST_PREVIEWS = 320 * 1024, 96 * 1024
"""Bytes of numbers and of pictures on a page, before base64."""
MOST_WEIGHTS = 256 * 1024  # LeNet-5 has 241
_CHANNELS, _SIDE = 12, 48
_TYPES = ("uint8", "int16", "int32", "float32", "float64")


@record(eq=False)
class Carried:
    """One map: its title, its values (rows, columns, channels), the names of its channels if they have some, and
    whether it is shown on the scale of its type or from its least value to its greatest."""

    title: str
    values: Pixels
    names: tuple[str, ...] = ()
    as_typed: bool = False


def carried(maps: Sequence[Carried]) -> list[dict[str, Any]]:
    """Maps as a page carries them: small ones first in numbers, what is beyond the room as pictures."""
    packed = [_smallest(one.values) for one in maps]
    exact, room = set[int](), MOST_EXACT
    for number in sorted(range(len(maps)), key=lambda one: packed[one].nbytes):
        if packed[number].nbytes <= room:
            exact.add(number)
            room -= packed[number].nbytes
    share = MOST_PREVIEWS // max(1, len(maps) - len(exact))
    found = []
    for number, (one, array) in enumerate(zip(maps, packed, strict=True)):
        height, width, channels = one.values.shape
        scale = one.values.dtype.name if one.as_typed else "int32"
        about = {"title": one.title, "height": height, "width": width, "channels": channels, "scale": scale}
        about["names"] = list(one.names)
        found.append(about | (_exact(array) if number in exact else _preview(one.values, share)))
    return found


def tensor(values: Pixels) -> dict[str, Any]:
    """Weights in float32."""
    return {"shape": list(values.shape), "data": _bytes(values.astype("<f4"))}


def _smallest(values: Pixels) -> Pixels:
    """The same numbers in the smallest type that holds them."""
    import numpy as np

    with np.errstate(all="ignore"):
        for name in _TYPES:
            small: Pixels = values.astype(name)
            if np.array_equal(small.astype("float64"), values.astype("float64"), equal_nan=values.dtype.kind == "f"):
                return small
    return values.astype("float64")


def _exact(values: Pixels) -> dict[str, Any]:
    return {"type": values.dtype.name, "data": _bytes(values.astype(values.dtype.newbyteorder("<")))}


def _preview(values: Pixels, room: int) -> dict[str, Any]:
    """The first channels in 8 bits, each from its least value to its greatest, larger ones every so many pixels."""
    import numpy as np

    height, width, channels = values.shape
    count = min(channels, _CHANNELS)
    side = max(4, min(_SIDE, int((room / count) ** 0.5)))
    rows = np.linspace(0, height - 1, min(side, height)).round().astype(int)
    columns = np.linspace(0, width - 1, min(side, width)).round().astype(int)
    shown = np.nan_to_num(values[..., :count][rows][:, columns].astype("float64"))
    low, high = shown.min(axis=(0, 1)), shown.max(axis=(0, 1))
    levels = np.rint(255 * (shown - low) / np.where(high > low, high - low, 1)).astype("uint8")
    return {"preview": [len(rows), len(columns), count], "data": _bytes(levels)}


def _bytes(values: Pixels) -> str:
    return b64encode(values.tobytes()).decode("ascii")

"""Pictures in sixels: six rows of pixels to a character, colours from a palette (manual of the VT330, ch. 14)."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

_ROWS, _FIRST = 6, 63
"""Rows of a band, and the character of none of its pixels."""
_MOST_COLOURS = 256
_SHORTEST_RUN = 4
"""Equal characters from which on a run is shorter."""


def text(picture: NDArray[Any], registers: int) -> str:
    """A picture (H, W, 4) as a sequence of sixels; what is transparent is not drawn."""
    import numpy as np

    numbers, palette = _indexed(picture, min(max(2, registers), _MOST_COLOURS))
    height, width = numbers.shape
    below = -height % _ROWS
    drawn = np.pad(picture[..., 3] >= 128, ((0, below), (0, 0)))
    numbers = np.where(drawn, np.pad(numbers, ((0, below), (0, 0))), -1)
    colours = "".join(
        f"#{number};2;{';'.join(str(round(int(part) * 100 / 255)) for part in colour)}"
        for number, colour in enumerate(palette)
    )
    bands = "-".join(_band(numbers[top : top + _ROWS]) for top in range(0, height, _ROWS))
    return f'\x1bP0;1;0q"1;1;{width};{height}{colours}{bands}\x1b\\\n'


def _indexed(picture: NDArray[Any], most: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """Numbers of colours (H, W), and the colours: those of the picture where they are few, else the best by median
    cut."""
    import numpy as np
    from PIL import Image

    colours = np.ascontiguousarray(picture[..., :3])
    packed = colours.astype(np.int32) @ np.array([65536, 256, 1], np.int32)
    known, numbers = np.unique(packed, return_inverse=True)
    if len(known) <= most:
        return numbers.reshape(packed.shape).astype(np.int16), np.stack([known >> 16, known >> 8 & 255, known & 255], 1)
    image = Image.fromarray(colours)
    reduced = image.quantize(most, Image.Quantize.MEDIANCUT)
    reduced = image.quantize(most, palette=reduced, dither=Image.Dither.FLOYDSTEINBERG)
    palette = np.array(reduced.getpalette(), np.uint8).reshape(-1, 3)
    return np.asarray(reduced).astype(np.int16), palette[: int(np.asarray(reduced).max()) + 1]


def _band(numbers: NDArray[Any]) -> str:
    """Six rows: for each colour the sixels of its pixels, one line over the other."""
    import numpy as np

    bits = (1 << np.arange(_ROWS, dtype=np.uint8))[:, None]
    lines = []
    for number in np.unique(numbers[numbers >= 0]):
        columns = ((numbers == number) * bits).sum(0, dtype=np.uint8) + np.uint8(_FIRST)
        lines.append(f"#{number}{_runs(columns.tobytes().decode('ascii').rstrip(chr(_FIRST)))}")
    return "$".join(lines)


def _runs(line: str) -> str:
    """Equal characters as runs: `!12~`."""
    found = ((char, len(list(group))) for char, group in groupby(line))
    return "".join(f"!{count}{char}" if count >= _SHORTEST_RUN else char * count for char, count in found)

"""Pictures as characters: half blocks in colours, two pixels to a character, or letters where there are no colours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

UPPER, LOWER = "▀", "▄"
RAMP = " .:-=+*#%@"
"""From dark to light, as on a dark background."""
_CUBE = 0, 95, 135, 175, 215, 255
"""Levels of red, green and blue of the colours 16 to 231; 232 to 255 are grays from 8 to 238."""
_RESET = "\x1b[0m"


def text(picture: NDArray[Any], colours: int) -> str:
    """A picture (H, W, 4) as lines of characters, each for two pixels one above the other; of 2**24 or 256 colours, or
    of 0."""
    import numpy as np

    rows = np.pad(picture, ((0, picture.shape[0] % 2), (0, 0), (0, 0)))
    upper, lower = rows[::2], rows[1::2]
    if colours == 0:
        return "".join(_letters(*both) for both in zip(upper, lower, strict=True))
    codes = _true_codes if colours > 256 else _palette_codes
    return "".join(
        _line(codes(above), codes(below), above[:, 3] >= 128, below[:, 3] >= 128)
        for above, below in zip(upper, lower, strict=True)
    )


def _line(above: list[str], below: list[str], drawn_above: NDArray[Any], drawn_below: NDArray[Any]) -> str:
    """A line of half blocks: the upper pixel in the colour of letters, the lower one in that of the background."""
    parts, last = [], ""
    for top, bottom, has_top, has_bottom in zip(above, below, drawn_above.tolist(), drawn_below.tolist(), strict=True):
        if has_top and has_bottom:
            char, style = UPPER, f"\x1b[38;{top};48;{bottom}m"
        elif has_top or has_bottom:
            char, style = (UPPER, f"\x1b[0;38;{top}m") if has_top else (LOWER, f"\x1b[0;38;{bottom}m")
        else:
            char, style = " ", _RESET
        parts.append(char if style == last else style + char)
        last = style
    return "".join(parts) + _RESET + "\n"


def _true_codes(row: NDArray[Any]) -> list[str]:
    return [f"2;{red};{green};{blue}" for red, green, blue, _ in row.tolist()]


def _palette_codes(row: NDArray[Any]) -> list[str]:
    """The nearest of the 256 colours that all such terminals share."""
    import numpy as np

    wanted = row[:, :3].astype(np.int32)
    levels = np.array(_CUBE)
    cube = np.abs(wanted[..., None] - levels).argmin(-1)
    gray = np.clip((wanted.mean(1) - 8 + 5) // 10, 0, 23).astype(np.int32)
    to_cube = ((levels[cube] - wanted) ** 2).sum(1)
    to_gray = ((8 + 10 * gray[:, None] - wanted) ** 2).sum(1)
    numbers = np.where(to_gray < to_cube, 232 + gray, 16 + cube @ np.array([36, 6, 1]))
    return [f"5;{number}" for number in numbers.tolist()]


def _letters(above: NDArray[Any], below: NDArray[Any]) -> str:
    """A line of letters by the luma (Rec. 601) of what is drawn of both pixels."""
    import numpy as np

    both = np.stack([above, below]).astype(np.float64)
    drawn = both[..., 3] >= 128
    count = drawn.sum(0)
    luma = (both[..., :3] @ np.array([0.299, 0.587, 0.114]) * drawn).sum(0) / np.maximum(count, 1)
    letters = np.round(luma / 255 * (len(RAMP) - 1)).astype(int)
    return "".join(RAMP[letter] if any_ else " " for letter, any_ in zip(letters, count, strict=True)).rstrip() + "\n"

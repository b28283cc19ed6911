"""Colours as they are typed: by name or in hexadecimal digits."""

from __future__ import annotations

import re

from imgconv import errors
from imgconv.values.arguments import integer
from imgconv.values.parameters import Kind

Colour = tuple[int, int, int]
"""Red, green and blue, 0…255."""

_NAMES = {
    "black": "#000000",
    "white": "#ffffff",
    "gray": "#808080",
    "grey": "#808080",
    "red": "#ff0000",
    "lime": "#00ff00",
    "green": "#008000",
    "blue": "#0000ff",
    "yellow": "#ffff00",
    "cyan": "#00ffff",
    "magenta": "#ff00ff",
}
"""As CSS has them."""


def _colour(value: object) -> Colour:
    if isinstance(value, (tuple, list)) and len(value) == 3 and all(integer(part) in range(256) for part in value):
        return int(value[0]), int(value[1]), int(value[2])
    text = _NAMES.get(value.lower(), value) if isinstance(value, str) else ""
    if match := re.fullmatch(r"#([0-9a-fA-F]{3}|[0-9a-fA-F]{6})", text):
        digits = match[1] if len(match[1]) == 6 else "".join(2 * digit for digit in match[1])
        return int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:], 16)
    raise errors.UsageError(
        f"colour {errors.shown(value)} is not known; expected #RRGGBB (in quotes), #RGB or {', '.join(_NAMES)}"
    )


COLOUR = Kind("COLOUR", _colour, lambda value: "#{:02x}{:02x}{:02x}".format(*value))

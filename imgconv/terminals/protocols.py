"""How pictures (H, W, 4) are sent, by protocol. What is transparent shows the terminal's background."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from imgconv.terminals import blocks, sixel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from imgconv.terminals.screen import Screen

_CHUNK = 4096
"""Bytes of base64 that one of kitty's commands carries."""


def sent(picture: NDArray[Any], screen: Screen) -> str:
    """A picture as the text that shows it on a screen, with the line feed behind it."""
    return WRITERS[screen.protocol](picture, screen)


def _kitty(picture: NDArray[Any], _: Screen) -> str:
    """A PNG in pieces (https://sw.kovidgoyal.net/kitty/graphics-protocol/); q=2: the terminal shall not answer."""
    content = b64encode(_png(picture)).decode()
    pieces = [content[start : start + _CHUNK] for start in range(0, len(content), _CHUNK)]
    commands = [f"m={int(number < len(pieces))};{piece}" for number, piece in enumerate(pieces, 1)]
    commands[0] = f"a=T,f=100,q=2,{commands[0]}"
    return "".join(f"\x1b_G{command}\x1b\\" for command in commands) + "\n"


def _iterm(picture: NDArray[Any], screen: Screen) -> str:
    """A PNG in whole columns (https://iterm2.com/documentation-images.html)."""
    content = _png(picture)
    columns = -(-picture.shape[1] // screen.cell[1])
    options = f"inline=1;size={len(content)};width={columns};height=auto;preserveAspectRatio=1"
    return f"\x1b]1337;File={options}:{b64encode(content).decode()}\a\n"


def _png(picture: NDArray[Any]) -> bytes:
    import numpy as np

    from imgconv.files.formats import FORMATS
    from imgconv.files.write import encoded
    from imgconv.values.image import Frame, ImageData

    alpha = None if (picture[..., 3] == 255).all() else np.ascontiguousarray(picture[..., 3])
    image = ImageData((Frame(np.ascontiguousarray(picture[..., :3]), alpha),))
    return b"".join(encoded(image, FORMATS["png"], "the picture", fast=True))


WRITERS: dict[str, Callable[[NDArray[Any], Screen], str]] = {
    "kitty": _kitty,
    "sixel": lambda picture, screen: sixel.text(picture, screen.registers),
    "iterm": _iterm,
    "blocks": lambda picture, screen: blocks.text(picture, screen.colours),
}

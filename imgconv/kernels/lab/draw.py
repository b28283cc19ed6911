"""What plots and sheets are drawn with: text in Pillow's own font, colour maps, squares of weights.

Everything is drawn `ZOOM` times as large and made smaller at the end, so that lines and letters are smooth.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from imgconv.kernels.kernel import Kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL.Image import Image as Picture

Colour = tuple[int, int, int]
ZOOM = 2
INK, GRAY, LINE, PAPER = (30, 33, 40), (110, 115, 125), (205, 208, 214), (255, 255, 255)
BELOW, ABOVE = (33, 102, 172), (178, 24, 43)
"""Weights below and above 0, blue and red (the ends of ColorBrewer's RdBu)."""
SEQUENCE = ((68, 1, 84), (59, 82, 139), (33, 145, 140), (94, 201, 98), (253, 231, 37))
"""Five points of matplotlib's viridis: evenly brighter, also for colour-blind eyes and gray printers."""


class Canvas:
    """A white page of so many units, drawn on in units; `picture` is the page in pixels of one unit each."""

    def __init__(self, width: int, height: int) -> None:
        from PIL import Image, ImageDraw

        self.size = width, height
        self._page = Image.new("RGB", (width * ZOOM, height * ZOOM), PAPER)
        self._draw = ImageDraw.Draw(self._page)
        self._pasted: list[tuple[Picture, tuple[int, int]]] = []

    def text(
        self, place: tuple[float, float], words: str, size: float = 16, colour: Colour = INK, anchor: str = "la"
    ) -> float:
        """Words with their anchor (Pillow's two letters) at a place; their width."""
        letters = font(round(size * ZOOM))
        self._draw.text((place[0] * ZOOM, place[1] * ZOOM), words, fill=colour, font=letters, anchor=anchor)
        return float(letters.getlength(words)) / ZOOM

    def line(self, places: Sequence[tuple[float, float]], colour: Colour = LINE, width: float = 1) -> None:
        self._draw.line(
            [(x * ZOOM, y * ZOOM) for x, y in places], fill=colour, width=max(1, round(width * ZOOM)), joint="curve"
        )

    def box(
        self,
        left: float,
        top: float,
        width: float,
        height: float,
        fill: Colour | None = None,
        edge: Colour | None = LINE,
    ) -> None:
        ends = (left * ZOOM, top * ZOOM, (left + width) * ZOOM - 1, (top + height) * ZOOM - 1)
        self._draw.rectangle(ends, fill=fill, outline=edge, width=ZOOM if edge else 0)

    def image(self, pixels: NDArray[Any], left: int, top: int, width: int, height: int) -> None:
        """Pixels (H, W, 3) or (H, W), scaled to a size, each a hard-edged rectangle."""
        from PIL import Image

        self._page.paste(
            Image.fromarray(pixels).convert("RGB").resize((width * ZOOM, height * ZOOM), Image.Resampling.NEAREST),
            (left * ZOOM, top * ZOOM),
        )

    def exact(self, pixels: NDArray[Any], left: int, top: int) -> None:
        """Pixels (H, W, 3) or (H, W), one a unit, pasted after the page was made smaller: not one is changed."""
        from PIL import Image

        self._pasted.append((Image.fromarray(pixels).convert("RGB"), (left, top)))

    @property
    def picture(self) -> Picture:
        from PIL import Image

        page = self._page.resize(self.size, Image.Resampling.BOX)
        for pasted, place in self._pasted:
            page.paste(pasted, place)
        return page


def text_width(words: str, size: float) -> float:
    """How wide words of a size are."""
    return float(font(round(size * ZOOM)).getlength(words)) / ZOOM


_fonts: dict[int, Any] = {}


def font(size: int) -> Any:
    """Pillow's own font (Aileron), so many pixels high."""
    if size not in _fonts:
        from PIL import ImageFont

        _fonts[size] = ImageFont.load_default(size)
    return _fonts[size]


def diverging(values: NDArray[Any]) -> NDArray[Any]:
    """Values from -1 to 1 as colours (…, 3): blue, white, red."""
    import numpy as np

    share = np.clip(np.abs(values), 0, 1)[..., None]
    ends = np.where(values[..., None] < 0, np.array(BELOW, float), np.array(ABOVE, float))
    colours: NDArray[Any] = np.rint(255 + (ends - 255) * share**0.8).astype(np.uint8)
    return colours


def sequential(values: NDArray[Any]) -> NDArray[Any]:
    """Values from 0 to 1 as colours (…, 3), dark to bright."""
    import numpy as np

    points = np.linspace(0, 1, len(SEQUENCE))
    return np.stack(
        [np.rint(np.interp(values, points, [colour[i] for colour in SEQUENCE])) for i in range(3)], axis=-1
    ).astype(np.uint8)


def weights_picture(kernel: Kernel) -> NDArray[Any]:
    """The weights as colours (rows, columns, 3), the greatest magnitude in full colour."""
    import numpy as np

    weights = np.array(kernel.weights, float)
    return diverging(weights / (np.abs(weights).max() or 1))

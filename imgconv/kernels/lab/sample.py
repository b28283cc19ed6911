"""The picture that a sheet shows when none is given: every kind of edge, thin lines, corners, waves, fine grain and
even areas.

Drawn four times as large and made smaller, so that edges are as smooth as a camera's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL.ImageDraw import ImageDraw

FINE = 4
SEA, SHORE = 118, 106
"""Rows, of 175, below which the sea begins, and where the land does."""


def sample(width: int = 280, height: int = 175) -> NDArray[Any]:
    """A lighthouse by the sea as pixels (H, W, 3) uint8; drawn for 280x175, made as large as asked."""
    import numpy as np
    from PIL import Image, ImageDraw

    page = Image.fromarray(_ground(280 * FINE, 175 * FINE))
    draw = ImageDraw.Draw(page)
    _land(draw)
    _tower(draw)
    _house(draw)
    small = page.resize((width, height), Image.Resampling.LANCZOS)
    grain = np.random.default_rng(7).normal(0, 1.2, (height, width, 1))
    return np.clip(np.asarray(small) + grain, 0, 255).round().astype(np.uint8)


def _ground(width: int, height: int) -> NDArray[Any]:
    """Sky with a soft sun, and waves that get shorter towards the horizon."""
    import numpy as np

    rows, columns = np.mgrid[:height, :width] / FINE
    sky = (
        np.array([118, 158, 205]) + (np.array([236, 226, 205]) - [118, 158, 205]) * np.clip(rows / SEA, 0, 1)[..., None]
    )
    sun = np.clip(1.25 - np.hypot(columns - 222, rows - 42) / 22, 0, 1)[..., None] ** 1.5
    sky = sky + (np.array([255, 250, 225]) - sky) * sun
    depth = np.clip((rows - SEA) / (175 - SEA), 0.001, 1)
    crests = np.sin(2 * np.pi * (9 * np.log(depth + 0.08) + 0.35 * np.sin(columns / 17) + columns / 90))[..., None]
    sea = np.array([46, 92, 122]) + 60 * depth[..., None] * [0.2, 0.4, 0.5] + 26 * crests
    ground: NDArray[Any] = np.where(rows[..., None] < SEA, sky, sea).clip(0, 255).astype(np.uint8)
    return ground


def _scaled(places: list[tuple[float, float]]) -> list[tuple[float, float]]:
    return [(x * FINE, y * FINE) for x, y in places]


def _land(draw: ImageDraw) -> None:
    """Two hills, a field, and a fence of thin posts."""
    draw.polygon(_scaled([(150, SEA), (196, 84), (228, 98), (262, 76), (280, 88), (280, SEA)]), fill=(132, 146, 160))
    draw.polygon(
        _scaled(
            [(0, 96), (40, SHORE - 14), (96, SHORE - 6), (142, SEA + 2), (168, 136), (150, 160), (120, 175), (0, 175)]
        ),
        fill=(98, 128, 74),
    )
    draw.polygon(_scaled([(0, 150), (70, 140), (128, 158), (118, 175), (0, 175)]), fill=(168, 156, 96))
    for place in range(4, 96, 8):
        top = 138 - place / 8
        draw.line(_scaled([(place, top + 14), (place, top)]), fill=(240, 236, 224), width=FINE)
    for lift in (3, 8):
        draw.line(_scaled([(2, 138 + lift), (96, 126 + lift)]), fill=(240, 236, 224), width=FINE)


def _tower(draw: ImageDraw) -> None:
    """A lighthouse in red and white, and two beams."""
    for end in ((0, 6), (0, 40), (280, 8), (280, 30)):
        draw.line(_scaled([(120, 28), end]), fill=(250, 246, 226), width=FINE)
    foot, top = 116, 36
    for band in range(5):
        y0, y1 = top + (foot - top) * band / 5, top + (foot - top) * (band + 1) / 5
        w0, w1 = 8 + 5 * band / 5, 8 + 5 * (band + 1) / 5
        places = [(120 - w0, y0), (120 + w0, y0), (120 + w1, y1), (120 - w1, y1)]
        draw.polygon(_scaled(places), fill=(200, 52, 44) if band % 2 == 0 else (246, 242, 234))
    draw.rectangle(_scaled([(109, 33), (131, 36)]), fill=(40, 42, 48))
    draw.rectangle(_scaled([(113, 22), (127, 33)]), fill=(255, 232, 140), outline=(40, 42, 48), width=FINE)
    draw.polygon(_scaled([(111, 22), (129, 22), (120, 12)]), fill=(60, 62, 70))
    draw.rectangle(_scaled([(117, 62), (123, 72)]), fill=(50, 50, 58))


def _house(draw: ImageDraw) -> None:
    """Walls, a roof with tiles, windows with panes, a round tree."""
    draw.rectangle(_scaled([(30, 92), (82, 122)]), fill=(226, 214, 192))
    draw.polygon(_scaled([(24, 93), (56, 66), (88, 93)]), fill=(132, 66, 52))
    for course in range(5):
        y = 72 + 4.2 * course
        draw.line(_scaled([(56 - (y - 66) * 1.18, y), (56 + (y - 66) * 1.18, y)]), fill=(104, 48, 38), width=FINE)
    for left in (36, 64):
        draw.rectangle(_scaled([(left, 98), (left + 12, 110)]), fill=(62, 84, 108), outline=(250, 246, 238), width=FINE)
        draw.line(_scaled([(left + 6, 98), (left + 6, 110)]), fill=(250, 246, 238), width=FINE)
        draw.line(_scaled([(left, 104), (left + 12, 104)]), fill=(250, 246, 238), width=FINE)
    draw.rectangle(_scaled([(52, 104), (60, 122)]), fill=(92, 62, 44))
    draw.rectangle(_scaled([(15, 110), (18, 126)]), fill=(84, 62, 46))
    draw.ellipse(_scaled([(4, 84), (29, 113)]), fill=(52, 92, 52))

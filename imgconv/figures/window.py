"""The figure of an explained pixel: where its window lies, patch, kernel and products, the sum and the result."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imgconv.figures.blocks import Block, arithmetic
from imgconv.figures.layout import Piece, flowed, grid, page, rows, signed_grid, words
from imgconv.figures.photo import View, around, photo, shown
from imgconv.figures.texts import heading, span
from imgconv.figures.way_back import way_back
from imgconv.kernels.lab.draw import GRAY

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

    from imgconv.api.pixel.explanation import Explanation
    from imgconv.values.image import ImageData

LARGEST = 128
"""Rows and columns of the largest grids that are drawn."""
_SIGNS = {"kernel": "x", "alpha": "x", "products": "=", "times alpha": "="}
"""What stands before a grid of such a title."""


def figure(explanation: Explanation, image: ImageData, name: str) -> Picture:
    """An explanation of a pixel of an image's first frame as a picture."""
    pieces = [words(heading(explanation, name), 20), *_places(explanation, image)]
    for block in (*arithmetic(explanation, LARGEST), *way_back(explanation)):
        pieces += _drawn(block)
    return page(pieces)


def _places(explanation: Explanation, image: ImageData) -> list[Piece]:
    """The picture with the pixels that are read in a frame, and what lies around them, larger."""
    patch = explanation.patches[-1]
    if not patch.rows or not patch.columns:
        return []
    height, width = explanation.image
    field = "receptive field" if len(explanation.patches) > 1 else "window"
    title = f"{field}: {span(patch.rows, 'row')}, {span(patch.columns, 'column')}"
    found = [photo(View(shown(image), 0, 0, patch.rows, patch.columns), height, width, title)]
    near = around(image, patch.rows, patch.columns)
    high, wide = near.pixels.shape[:2]
    if 2 * high < height or 2 * wide < width:
        found.append(photo(near, high, wide, "around it"))
    return [flowed(found)]


def _drawn(block: Block) -> list[Piece]:
    found = [words(block.title, 18)] if block.title else []
    grids = [
        signed_grid(_SIGNS[table.title], table) if table.title in _SIGNS else grid(table) for table in block.tables
    ]
    if grids:
        found.append(flowed(grids))
    if block.rows:
        found.append(rows(block.rows, block.swatch))
    return [*found, *(words(remark, 14, GRAY) for remark in block.remarks)]

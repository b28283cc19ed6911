"""The way back from a pixel to the image, as blocks: what each step reads, and the receptive field, drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imgconv.figures.blocks import LARGEST, Block, Table, pixels_table
from imgconv.figures.texts import span

if TYPE_CHECKING:
    from imgconv.api.pixel.explanation import Explanation
    from imgconv.api.pixel.patches import Patch

DRAWN_ROWS, DRAWN_COLUMNS = 16, 64
"""Characters of the largest drawing of an image."""


def way_back(explanation: Explanation) -> list[Block]:
    """What each step before the last reads, and where that lies in the image."""
    found = []
    names = [channel.name for channel in explanation.channels]
    before = explanation.patches[1:]
    for number, patch in zip(range(len(before), 0, -1), before, strict=True):
        image = "the image" if explanation.channels[0].encoded is None else "the image as light"
        title = f"step {number}, {patch.step}, reads {image if number == 1 else f'what step {number - 1} gives'}"
        places = f"{span(patch.rows, 'row')}, {span(patch.columns, 'column')}" if patch.rows and patch.columns else ""
        remarks = [f"and the constant of its border{'' if places else ' alone'}"] if patch.constant else []
        tables: tuple[Table, ...] = ()
        if not patch.values or max(len(patch.rows), len(patch.columns)) > LARGEST:
            remarks.insert(0, f"{places}: larger than {LARGEST}x{LARGEST}, so without its values")
        elif places:
            tables = tuple(
                pixels_table(f"{places}{f', {name}' if len(names) > 1 else ''}", rows, explanation.type, name)
                for name, rows in zip(names, patch.values, strict=True)
            )
        drawing = _drawn(patch, explanation.image) if number == 1 and places else ()
        found.append(Block(title, tables, (), tuple(remarks), drawing))
    return found


def _drawn(patch: Patch, image: tuple[int, int]) -> tuple[str, ...]:
    """The receptive field (#) in the image: a character is twice as high as wide."""
    height = max(1, min(image[0], DRAWN_ROWS, -(-image[0] * DRAWN_COLUMNS // (2 * image[1]))))
    width = max(1, min(image[1], DRAWN_COLUMNS, -(-2 * image[1] * height // image[0])))
    rows = {row * height // image[0] for row in patch.rows}
    columns = {column * width // image[1] for column in patch.columns}
    return tuple(
        "".join("#" if row in rows and column in columns else "." for column in range(width)) for row in range(height)
    )

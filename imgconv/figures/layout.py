"""Pieces of a figure: lines of text, grids of cells, rows of labels and values; and pages that they flow into."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from imgconv.figures.blocks import BEYOND, WINNER, Table
from imgconv.figures.shades import Colour, ink_on
from imgconv.kernels.lab.draw import ABOVE, BELOW, GRAY, INK, LINE, PAPER, Canvas, text_width
from imgconv.values.frozen import record

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

WIDTH, MARGIN, GAP = 1400, 40, 22
"""Units of the widest line, around the page, and between pieces."""
SIGNAL = (224, 122, 0)
"""What frames windows and winners: orange is no colour of weights."""
_SIZES = ((7, 17), (11, 14), (17, 11), (33, 8))
"""Columns of a grid, and how large the numbers in it are."""
TITLE, HEAD = 15, 24
"""How large titles of grids and photos are, and how high with what stands free beneath."""
_PLAIN_CELLS = 420


@record
class Piece:
    """So many units of a figure, and what draws them from a place on (left, top)."""

    width: float
    height: float
    draw: Callable[[Canvas, float, float], None]


def words(text: str, size: float, colour: Colour = INK) -> Piece:
    """A text, in lines no wider than a page."""
    lines, line = [], ""
    for word in text.split(" "):
        longer = f"{line} {word}" if line else word
        if line and text_width(longer, size) > WIDTH:
            lines.append(line)
            line = word
        else:
            line = longer
    lines.append(line)
    width = max(text_width(one, size) for one in lines)

    def draw(canvas: Canvas, left: float, top: float) -> None:
        for number, one in enumerate(lines):
            canvas.text((left, top + number * size * 1.4), one, size, colour)

    return Piece(width, len(lines) * size * 1.4, draw)


def signed_grid(name: str, table: Table) -> Piece:
    """A grid behind `x` or `=`, which is drawn: the font has no multiplication sign."""
    strokes = {"x": ((0, 0, 14, 14), (0, 14, 14, 0)), "=": ((0, 4, 16, 4), (0, 11, 16, 11))}[name]
    cells, before = grid(table), 16 + GAP

    def draw(canvas: Canvas, left: float, top: float) -> None:
        middle = top + (cells.height + HEAD) / 2 - 8
        for x, y, to_x, to_y in strokes:
            canvas.line([(left + x, middle + y), (left + to_x, middle + to_y)], INK, 2)
        cells.draw(canvas, left + before, top)

    return Piece(cells.width + before, cells.height, draw)


def grid(table: Table) -> Piece:
    """A table on its swatches, its title above; of very large ones the colours alone."""
    columns = len(table.rows[0])
    size = next((size for most, size in _SIZES if columns <= most), 0)
    if not size:
        side = max(2, _PLAIN_CELLS // max(columns, len(table.rows)))
        return _titled(table, side, side, 0)
    widest = max(text_width(text, size) for row in table.rows for text, _ in row)
    return _titled(table, max(2.2 * size, widest + size), 2.2 * size, size)


def _titled(table: Table, wide: float, high: float, size: float) -> Piece:
    width = max(text_width(table.title, TITLE), wide * len(table.rows[0]))

    def draw(canvas: Canvas, left: float, top: float) -> None:
        canvas.text((left, top), table.title, TITLE, GRAY)
        for row, (texts, tones) in enumerate(zip(table.rows, table.tones, strict=True)):
            for column, ((text, kind), tone) in enumerate(zip(texts, tones, strict=True)):
                x, y = left + column * wide, top + HEAD + row * high
                canvas.box(x, y, wide, high, tone, LINE if size else None)
                if size and kind == BEYOND:
                    canvas.box(x + 2, y + 2, wide - 4, high - 4, None, ink_on(tone))
                if kind == WINNER:
                    frame(canvas, x, y, wide, high)
                if size:
                    canvas.text((x + wide / 2, y + high / 2), text, size, ink_on(tone), "mm")

    return Piece(width, HEAD + high * len(table.rows), draw)


def frame(canvas: Canvas, left: float, top: float, width: float, height: float) -> None:
    """What is looked at, in a frame that can be told from any picture."""
    canvas.box(left - 1, top - 1, width + 2, height + 2, None, PAPER)
    for inset in (0, 0.5, 1):
        canvas.box(left + inset, top + inset, width - 2 * inset, height - 2 * inset, None, SIGNAL)


def rows(pairs: Sequence[tuple[str, str]], swatch: Colour | None = None) -> Piece:
    """Labels and values, a line each; the last one larger, with a swatch."""
    size, step = 17, 27
    space = max(text_width(label, size) for label, _ in pairs) + GAP
    last = 22 if swatch is not None else size
    width = space + max(text_width(value, last) for _, value in pairs) + 3 * GAP

    def draw(canvas: Canvas, left: float, top: float) -> None:
        for number, (label, value) in enumerate(pairs):
            ends = number == len(pairs) - 1 and swatch is not None
            middle = top + (number + 0.5) * step
            canvas.text((left, middle), label, size, INK if ends else GRAY, "lm")
            end = left + space + canvas.text((left + space, middle), value, last if ends else size, INK, "lm")
            if ends:
                canvas.box(end + 12, middle - 11, 44, 22, swatch, LINE)

    return Piece(width, step * len(pairs), draw)


def bars(pairs: Sequence[tuple[str, float]], most: float) -> Piece:
    """Numbers as bars, a line each: to the left and blue below 0, to the right and red above; `most` is the longest."""
    size, step, half = 14, 22, 160
    space = max(text_width(label, size) for label, _ in pairs) + GAP

    def draw(canvas: Canvas, left: float, top: float) -> None:
        middle = left + space + half
        canvas.line([(middle, top), (middle, top + step * len(pairs))], GRAY)
        for number, (label, value) in enumerate(pairs):
            y, long = top + number * step, half * min(1.0, abs(value) / most) if most else 0.0
            canvas.text((left, y + step / 2), label, size, INK, "lm")
            start = middle - long if value < 0 else middle
            canvas.box(start, y + 3, max(long, 1), step - 6, BELOW if value < 0 else ABOVE, None)
            canvas.text((middle + half + GAP, y + step / 2), f"{value:.4g}", size, INK, "lm")

    return Piece(space + 2 * half + GAP + 70, step * len(pairs), draw)


def flowed(pieces: Sequence[Piece]) -> Piece:
    """Pieces from left to right, on several lines where one is too narrow."""
    lines: list[list[Piece]] = [[]]
    wide = 0.0
    for piece in pieces:
        if lines[-1] and wide + piece.width > WIDTH:
            lines.append([])
            wide = 0.0
        lines[-1].append(piece)
        wide += piece.width + GAP
    heights = [max(piece.height for piece in line) for line in lines]

    def draw(canvas: Canvas, left: float, top: float) -> None:
        for line, height in zip(lines, heights, strict=True):
            x = left
            for piece in line:
                piece.draw(canvas, x, top)
                x += piece.width + GAP
            top += height + GAP

    width = max(sum(piece.width + GAP for piece in line) - GAP for line in lines)
    return Piece(width, sum(heights) + GAP * (len(lines) - 1), draw)


def page(pieces: Sequence[Piece]) -> Picture:
    """Pieces one below the other on a white page that is as large as they need."""
    width = max(piece.width for piece in pieces) + 2 * MARGIN
    height = sum(piece.height + GAP for piece in pieces) - GAP + 2 * MARGIN
    canvas, top = Canvas(round(width), round(height)), float(MARGIN)
    for piece in pieces:
        piece.draw(canvas, MARGIN, top)
        top += piece.height + GAP
    return canvas.picture

"""A film of a window that slides over a piece of a picture while the output fills, a step for each pixel."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from imgconv import errors
from imgconv.figures.blocks import arithmetic, signed_table
from imgconv.figures.film import Film
from imgconv.figures.layout import GAP, HEAD, MARGIN, SIGNAL, TITLE, Piece, grid, words
from imgconv.figures.photo import runs
from imgconv.figures.pixel_grid import LEAST_SIDE, Cell, PixelGrid, Values, pixel_grid
from imgconv.figures.shades import ink_on
from imgconv.figures.texts import brief, span
from imgconv.kernels.lab.draw import GRAY, INK, LINE, PAPER, Canvas, font, text_width
from imgconv.values.crops import Crop

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL.Image import Image as Picture

    from imgconv.api.pixel.cells import Place
    from imgconv.api.pixel.explanation import Explainer, Explanation

MOST_STEPS = 256
"""Steps of the longest film."""
EMPTY = (238, 240, 243)
"""A place of the output that is not computed yet."""
_LEAST_TITLE = 150
_GRID, _FEW_STEPS = 480, 64
"""Units of a grid, of which longer films have two thirds."""
_MOST_KERNEL = 11
_LAST = 2000.0


def default_crop(shape: Place, at: Place | None) -> Crop:
    """A piece of a result of at most 8x8 pixels, around a place if one is named."""
    height, width = (min(8, side) for side in shape)
    row, column = (
        0 if at is None else max(0, min(place - size // 2, side - size))
        for place, size, side in zip(at or (0, 0), (height, width), shape, strict=True)
    )
    return Crop(row, column, height, width)


def film(explainer: Explainer, crop: Crop, name: str) -> Film:
    """The film of a piece of a result.

    Raises
    ------
    WindowError
        For a piece that is not there.
    UsageError
        For one that takes too many steps, or whose windows read too much.
    """
    crop.check(*explainer.shape)
    if crop.height * crop.width > MOST_STEPS:
        raise errors.UsageError(
            f"--steps shows at most {MOST_STEPS} pixels of the result, and {crop} has {crop.height * crop.width}; take"
            f" a smaller piece: --crop {crop.row},{crop.column},8x8"
        )
    steps = [
        explainer.pixel((row, column))
        for row in range(crop.row, crop.row + crop.height)
        for column in range(crop.column, crop.column + crop.width)
    ]
    stage = _Stage(explainer, crop, steps, f"{name}: {explainer.pipeline}")
    each = max(80.0, min(500.0, round(2000 / len(steps)) * 10.0))
    return Film(tuple(stage.frames()), (*[each] * len(steps), _LAST))


def places(step: Explanation) -> list[Place]:
    """Where the window of a step lies; of several steps, which pixels of the image they read."""
    if len(step.patches) > 1:
        patch = step.patches[-1]
        return [(row, column) for row in patch.rows for column in patch.columns]
    cells = {(c.row, c.column) for part in step.channels[0].parts for row in part.cells for c in row}
    return sorted(cells)


def _seen(explainer: Explainer, steps: Sequence[Explanation]) -> tuple[Values, set[Place]]:
    """What the windows of all steps see, and which of it lies beyond the edge."""
    from imgconv.api.pixel.cells import exact

    found: Values = {}
    beyond: set[Place] = set()
    for step in steps:
        if len(step.patches) > 1:
            pixels = explainer.encoded.pixels
            found |= {place: tuple(exact(value) for value in pixels[place]) for place in places(step)}
            continue
        for parts in zip(*(channel.parts for channel in step.channels), strict=True):
            for rows in zip(*(part.cells for part in parts), strict=True):
                for cells in zip(*rows, strict=True):
                    at = cells[0].row, cells[0].column
                    found[at] = tuple(cell.value if cell.pixel is None else cell.pixel for cell in cells)
                    beyond |= {at} if cells[0].beyond else set()
    return found, beyond


class _Stage:
    """The page on which the window slides: what stays is drawn once, on top of it what moves."""

    def __init__(self, explainer: Explainer, crop: Crop, steps: Sequence[Explanation], title: str) -> None:
        self.steps = steps
        seen, beyond = _seen(explainer, steps)
        results: Values = {step.at: tuple(channel.result for channel in step.channels) for step in steps}
        heading, kernel = words(title, 18), _kernel(steps[0])
        room = _GRID if len(steps) <= _FEW_STEPS else _GRID * 2 // 3
        top = MARGIN + heading.height + GAP + HEAD
        self.source = pixel_grid(seen or {(0, 0): (None,) * len(explainer.names)}, explainer.encoded.type, room)
        self.result = pixel_grid(results, explainer.target.type, room)
        middle = MARGIN + max(self.source.width, _LEAST_TITLE) + 2 * GAP
        right = middle if kernel is None else middle + kernel.width + 2 * GAP
        self.source.left, self.source.top = MARGIN, top
        self.result.left, self.result.top = right, top
        lower = max(self.source.height, self.result.height, 0 if kernel is None else kernel.height)
        self.caption = MARGIN, top + lower + GAP
        widest = max(heading.width, *(text_width(_caption(step), 15) for step in steps))
        width = max(right + max(self.result.width, _LEAST_TITLE), MARGIN + widest)
        self.canvas = Canvas(round(width + MARGIN), round(self.caption[1] + 24 + MARGIN))
        heading.draw(self.canvas, MARGIN, MARGIN)
        if kernel is not None:
            kernel.draw(self.canvas, middle, top - HEAD)
        self._titled(self.source, "what the windows see")
        self._titled(self.result, f"result: {span(tuple(self.result.rows), 'row')}, {_columns(self.result)}")
        for place, values in seen.items():
            self._cell(self.source, place, values, beyond=place in beyond)
        for place in results:
            self._cell(self.result, place, None)

    def _titled(self, one: PixelGrid, title: str) -> None:
        self.canvas.text((one.left, one.top - HEAD), title, TITLE, GRAY)

    def _cell(self, one: PixelGrid, place: Place, values: Cell | None, *, beyond: bool = False) -> None:
        (left, top), side = one.box(place), one.side
        colour = EMPTY if values is None else one.colour(values)
        self.canvas.box(left, top, side, side, colour, LINE)
        if beyond and side >= 3 * LEAST_SIDE:
            self.canvas.box(left + 2, top + 2, side - 4, side - 4, None, ink_on(colour))
        if values is not None and (text := one.text(values)):
            self.canvas.text((left + side / 2, top + side / 2), text, one.size, ink_on(colour), "mm")

    def frames(self) -> Iterator[NDArray[Any]]:
        """A frame for each step, and the finished output."""
        import numpy as np
        from PIL import ImageDraw

        page = self.canvas.picture
        draw = ImageDraw.Draw(page)
        for step in self.steps:
            values = tuple(channel.result for channel in step.channels)
            self._fill(draw, step.at, values)
            yield np.asarray(self._marked(page, step))
        yield np.asarray(page)

    def _fill(self, draw: Any, at: Place, values: Cell) -> None:
        one = self.result
        left, top = map(round, one.box(at))
        colour = one.colour(values)
        draw.rectangle((left, top, left + one.side - 1, top + one.side - 1), colour, LINE)
        if text := one.text(values):
            middle = left + one.side / 2, top + one.side / 2
            draw.text(middle, text, fill=ink_on(colour), font=font(one.size), anchor="mm")

    def _marked(self, page: Picture, step: Explanation) -> Picture:
        """A copy of the page with the window of a step in frames, and its numbers beneath."""
        from PIL import ImageDraw

        marked = page.copy()
        draw = ImageDraw.Draw(marked)
        seen = places(step)
        rows, columns = (sorted({place[axis] for place in seen}) for axis in (0, 1))
        for first, last in runs(rows) if seen else ():
            for start, end in runs(columns):
                _outline(draw, self.source, (first, start), (last, end))
        _outline(draw, self.result, step.at, (step.at[0] + 1, step.at[1] + 1))
        draw.text(self.caption, _caption(step), fill=INK, font=font(15))
        return marked


def _outline(draw: Any, one: PixelGrid, first: Place, behind: Place) -> None:
    (left, top), (right, bottom) = one.box(first), one.box(behind)
    ends = tuple(map(round, (left - 1, top - 1, right, bottom)))
    draw.rectangle((ends[0] - 1, ends[1] - 1, ends[2] + 1, ends[3] + 1), None, PAPER)
    draw.rectangle(ends, None, SIGNAL, 3)


def _kernel(step: Explanation) -> Piece | None:
    """The kernel of a filter alone, if it is small."""
    kernel = getattr(step.channels[0].parts[0], "kernel", None)
    if len(step.patches) > 1 or kernel is None or max(kernel.shape) > _MOST_KERNEL:
        return None
    return grid(signed_table("kernel", kernel.weights))


def _columns(one: PixelGrid) -> str:
    return span(tuple(one.columns), "column")


def _caption(step: Explanation) -> str:
    """The arithmetic of a step in one line; of several channels, their results."""
    where = f"row {step.at[0]}, column {step.at[1]}:   "
    if len(step.channels) > 1:
        return where + "   ".join(f"{channel.name} {brief(channel.result)}" for channel in step.channels)
    rows = [row for block in arithmetic(step) for row in block.rows]
    return where + "   ".join(f"{label} {value}" for label, value in rows[-5:])

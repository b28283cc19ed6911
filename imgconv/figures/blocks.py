"""An explanation as blocks: tables of cells and rows of a label and a value, of which text, Markdown and pictures are
made."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from imgconv.api.pixel.arithmetic import nearest, product, response, total
from imgconv.figures.shades import Colour, greatest, scale, signed, tone
from imgconv.figures.texts import brief, full, span
from imgconv.values.borders import RULES
from imgconv.values.frozen import record
from imgconv.values.numbers import Number
from imgconv.values.parameters import HALF_EVEN, HALF_UP, TOWARD_ZERO

if TYPE_CHECKING:
    from imgconv.api.pixel.explanation import Channel, Explanation
    from imgconv.api.pixel.parts import Part
    from imgconv.api.pixel.weighting import Alphas

BEYOND, WINNER, NEGATIVE, POSITIVE = "beyond", "winner", "negative", "positive"
"""What a cell is, for its colour: beyond the edge, what pooling takes, below 0, above 0."""
ROUNDED = {HALF_EVEN: "half to even", TOWARD_ZERO: "toward zero"}
LARGEST = 33
"""Rows and columns of the largest tables that are printed."""


Tones = tuple[tuple[Colour | None, ...], ...]


@record
class Table:
    """Cells as text with what they are, and the swatch on which each stands where there is true colour."""

    title: str
    rows: tuple[tuple[tuple[str, str], ...], ...]
    tones: Tones = ()


@record
class Block:
    """Tables side by side, then rows of a label and a value, the last of them with a swatch, then remarks, then a
    drawing in characters."""

    title: str
    tables: tuple[Table, ...] = ()
    rows: tuple[tuple[str, str], ...] = ()
    remarks: tuple[str, ...] = ()
    drawing: tuple[str, ...] = ()
    swatch: Colour | None = None


def _signed(value: Number) -> tuple[str, str]:
    return brief(value), NEGATIVE if value < 0 else POSITIVE if value > 0 else ""


def pixels_table(title: str, rows: Sequence[Sequence[Number | None]], type_: str, channel: str) -> Table:
    """Pixels on swatches of what they look like; None is an empty cell."""
    ends = scale((value for row in rows for value in row), type_)
    tones = tuple(tuple(tone(value, ends, channel) for value in row) for row in rows)
    return Table(
        title, tuple(tuple(("" if value is None else brief(value), "") for value in row) for row in rows), tones
    )


def signed_table(title: str, rows: Sequence[Sequence[Number]]) -> Table:
    """Weights or products on swatches, blue below 0 and red above."""
    most = greatest(rows)
    tones = tuple(tuple(signed(value, most) for value in row) for row in rows)
    return Table(title, tuple(tuple(map(_signed, row)) for row in rows), tones)


def _window(part: Part, type_: str, channel: str) -> Table:
    """The window's pixels: those beyond the edge in brackets, the winner of pooling behind a star."""
    winner = getattr(part, "winner", None)
    rows = []
    for row in part.cells:
        texts = []
        for cell in row:
            text, kind = "-" if cell.value is None else brief(cell.value), BEYOND if cell.beyond else ""
            if cell.beyond and cell.value is not None:
                text = f"[{text}]"
            if winner is not None and cell.source == winner:
                text, kind = f"*{text}", WINNER
            texts.append((text, kind))
        rows.append(tuple(texts))
    down = tuple(row[0].row for row in part.cells)
    across = tuple(cell.column for cell in part.cells[0])
    values = tuple(tuple(cell.value for cell in row) for row in part.cells)
    tones = pixels_table("", values, type_, channel).tones
    return Table(f"{span(down, 'row')}, {span(across, 'column')}", tuple(rows), tones)


def _tables(part: Part, type_: str, channel: str) -> tuple[Table, ...]:
    tables = [_window(part, type_, channel)]
    if any(cell.pixel is not None for row in part.cells for cell in row):
        pixels = tuple(tuple(cell.pixel for cell in row) for row in part.cells)
        light = tables[0]
        tables = [pixels_table(light.title, pixels, type_, channel), Table("as light", light.rows, light.tones)]
    weighting, products = getattr(part, "weighting", None), getattr(part, "products", None)
    if weighting:
        tables.append(pixels_table("alpha", weighting.rows, "float64", ""))
    if kernel := getattr(part, "kernel", None):
        tables.append(signed_table("kernel", kernel.weights))
    if products:
        tables.append(signed_table("times alpha" if weighting else "products", products))
    return tuple(tables)


def _remarks(explanation: Explanation, part: Part) -> list[str]:
    cells = [cell for row in part.cells for cell in row]
    if not any(cell.beyond for cell in cells):
        return []
    border: Any = getattr(explanation.step, "border", None)
    if border is None:
        return ["- lies beyond the edge, where pooling sees nothing"]
    return [f"[ ] lies beyond the edge, where border {border} puts these values: {RULES[border.name].picture}"]


def _part_rows(part: Part) -> list[tuple[str, str]]:
    """From the window to the response."""
    kernel, sum_ = getattr(part, "kernel", None), getattr(part, "sum", None)
    rows = [] if sum_ is None else [("sum", full(sum_))]
    if kernel is not None and (weighting := getattr(part, "weighting", None)) and weighting.seen is not None:
        return [*rows, *_weighted_rows(part, weighting)]
    if kernel is not None and sum_ is not None and kernel.divisor != 1:
        quotient = Fraction(sum_) / Fraction(kernel.divisor) if math.isfinite(nearest(sum_)) else sum_
        rows.append((f"/ divisor {full(kernel.divisor)}", full(quotient)))
    if kernel is not None and kernel.bias != 0:
        rows.append((f"+ bias {full(kernel.bias)}", full(part.response)))
    if kernel is not None:
        return rows
    if (count := getattr(part, "count", None)) is not None:
        return [*rows, (f"/ {count} {'cell' if count == 1 else 'cells'}", full(part.response))]
    weighting = getattr(part, "weighting", None)
    if weighting is not None and not weighting.visible:
        return [("nothing visible", full(part.response))]
    if weighting is not None and sum_ is not None:
        return [*rows, (f"/ sum of alpha, {full(weighting.seen or 0)}", full(part.response))]
    winner = getattr(part, "winner", None)
    where = "" if winner is None else f"  (* at row {winner[0]}, column {winner[1]})"
    return [*rows, (getattr(part, "kind", "") or getattr(part, "function", ""), full(part.response) + where)]


def _weighted_rows(part: Any, weighting: Alphas) -> list[tuple[str, str]]:
    """The same of colours that alpha weights, averaged: divided by what can be seen of the weights."""
    kernel, seen = part.kernel, weighting.seen or 0
    rows = [("sum of weights times alpha", full(seen))]
    if not weighting.visible:
        return [*rows, ("nothing visible: the colour under the centre", full(part.response))]
    weights, quotient = total(list(kernel.cells())), response(part.sum, seen, 0)
    rows.append(("sum / that", full(quotient)))
    gain = response(weights, kernel.divisor, 0)
    if gain != 1:
        rows.append((f"times the kernel's sum over its divisor, {full(gain)}", full(product(gain, quotient))))
    return [*rows, (f"+ bias {full(kernel.bias)}", full(part.response))] if kernel.bias != 0 else rows


def _result_rows(explanation: Explanation, channel: Channel) -> list[tuple[str, str]]:
    """From the response to the engine's result."""
    end, goal = channel.settled, explanation.target
    rows = []
    if len(channel.parts) > 1:
        rows.append((explanation.step.way, full(channel.response)))  # type: ignore[attr-defined]
    if channel.encoded is not None:
        rows.append(("encoded", full(channel.encoded)))
    if goal.range != "clamp":
        ends = f" (image: {full(explanation.ends[0])}…{full(explanation.ends[1])})" if goal.range == "stretch" else ""
        rows.append((f"range {goal.range}{ends}", full(end.ranged)))
    if end.rounded is not None and end.rounded != end.ranged:
        how = "rounded" if goal.rounding == HALF_UP else f"rounded {ROUNDED[goal.rounding]}"
        rows.append((how, full(end.rounded)))
    if end.clamped is not None and end.clamped != end.rounded:
        rows.append((f"clamped to {goal.type}", full(end.clamped)))
    rows.append(("result", f"{full(channel.result, goal.type)}  ({goal.type})"))
    return rows


def arithmetic(explanation: Explanation, largest: int = LARGEST) -> list[Block]:
    """A block for each kernel of each channel, the last of which has the channel's result; windows of more rows or
    columns than `largest` are left out."""
    found = []
    for channel in explanation.channels:
        name = "" if channel.name == "gray" else f"channel {channel.name}"
        for number, part in enumerate(channel.parts, 1):
            last = number == len(channel.parts)
            which = f"kernel {number} of {len(channel.parts)}" if len(channel.parts) > 1 else ""
            rows, remarks = _part_rows(part), _remarks(explanation, part)
            if last:
                rows += _result_rows(explanation, channel)
                if not channel.agrees:
                    remarks.append(
                        "the exact sum above gives"
                        f" {full(channel.settled.value)}; the engine's numbers are rounded on the way (--plan of the"
                        " command shows how), and its result is what is written"
                    )
            tables = _tables(part, explanation.type, channel.name)
            if max(len(part.cells), len(part.cells[0])) > largest:
                tables = ()
                remarks.insert(0, f"the window is larger than {largest}x{largest}; --json has all its cells")
            colour = tone(channel.result, scale((channel.result,), explanation.target.type), channel.name)
            title = ", ".join(filter(None, (name, which)))
            found.append(Block(title, tables, tuple(rows), tuple(remarks), swatch=colour if last else None))
    return found

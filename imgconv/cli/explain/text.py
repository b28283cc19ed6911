"""The explanation of a pixel as text for a terminal, as Markdown and as JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from imgconv.cli import terminal
from imgconv.figures.blocks import BEYOND, NEGATIVE, POSITIVE, WINNER, Block, Table, arithmetic
from imgconv.figures.shades import Colour, ink_on
from imgconv.figures.texts import heading
from imgconv.figures.way_back import way_back
from imgconv.values.numbers import Number

if TYPE_CHECKING:
    from imgconv.api.pixel.explanation import Explanation
    from imgconv.api.pixel.parts import Part

GAP = "   "
_CODES = {BEYOND: terminal.FAINT, WINNER: terminal.STRONG, NEGATIVE: terminal.NEGATIVE, POSITIVE: terminal.POSITIVE}


def _blocks(explanation: Explanation) -> list[Block]:
    return [*arithmetic(explanation), *way_back(explanation)]


def as_text(explanation: Explanation, name: str) -> str:
    """For a terminal."""
    return text_of(heading(explanation, name), _blocks(explanation))


def text_of(title: str, blocks: Sequence[Block]) -> str:
    """Aligned, tables side by side where the terminal is wide enough."""
    lines = [title]
    for block in blocks:
        lines += ["", *([f"{block.title}:"] if block.title else [])]
        lines += _side_by_side([_lines(table) for table in block.tables])
        lines += [""] * bool(block.tables and block.rows)
        lines += _aligned(block)
        lines += [*block.remarks, *block.drawing]
    return "\n".join(lines)


def _lines(table: Table) -> tuple[int, list[str]]:
    """A table's width and lines, its title first; on swatches a cell has a blank on either side instead of a gap."""
    columns = list(zip(*table.rows, strict=True))
    widths = [max(len(text) for text, _ in column) for column in columns]
    tones = table.tones if terminal.true_colour_shown() else ()
    inner = sum(widths) + 2 * (len(widths) - (not tones))
    width = max(len(table.title), inner)
    lines = [f"{table.title:<{width}}"]
    for number, row in enumerate(table.rows):
        texts = [(f"{text:>{space}}", kind) for (text, kind), space in zip(row, widths, strict=True)]
        if tones:
            line = "".join(_on(tone, f" {text} ") for (text, _), tone in zip(texts, tones[number], strict=True))
        else:
            line = "  ".join(terminal.painted(text, _CODES.get(kind, "")) for text, kind in texts)
        lines.append(line + " " * (width - inner))
    return width, lines


def _on(tone: Colour | None, text: str) -> str:
    return text if tone is None else terminal.swatch(text, tone, ink_on(tone))


def _side_by_side(tables: list[tuple[int, list[str]]]) -> list[str]:
    wide = sum(width for width, _ in tables) + len(GAP) * (len(tables) - 1)
    if wide > terminal.width():
        return [line.rstrip() for _, lines in tables for line in (*lines, "")][:-1]
    return [GAP.join(parts).rstrip() for parts in zip(*(lines for _, lines in tables), strict=True)]


def _aligned(block: Block) -> list[str]:
    width = max((len(label) for label, _ in block.rows), default=0)
    lines = [f"{label:<{width}}  {value}" for label, value in block.rows]
    if lines and block.swatch is not None and terminal.true_colour_shown():
        lines[-1] += f"  {_on(block.swatch, '    ')}"
    return lines


def as_markdown(explanation: Explanation, name: str) -> str:
    """For a page."""
    return markdown_of(heading(explanation, name), _blocks(explanation))


def markdown_of(title: str, blocks: Sequence[Block]) -> str:
    """A table for each matrix, and one for the arithmetic."""
    lines = [f"**{_escaped(title)}**"]
    for block in blocks:
        lines += ["", f"### {_escaped(block.title)}"] if block.title else []
        for table in block.tables:
            count = len(table.rows[0])
            lines += ["", f"{_escaped(table.title)}:", "", f"|{'  |' * count}", f"|{' ---: |' * count}"]
            lines += [f"| {' | '.join(_escaped(text) for text, _ in row)} |" for row in table.rows]
        lines += ["", "| step | value |", "| --- | --- |"] if block.rows else []
        lines += [f"| {_escaped(label)} | {_escaped(value)} |" for label, value in block.rows]
        lines += [line for remark in block.remarks for line in ("", _escaped(remark))]
        lines += ["", "```text", *block.drawing, "```"] if block.drawing else []
    return "\n".join(lines)


def _escaped(text: str) -> str:
    return "".join(f"\\{char}" if char in "\\|*_[]<>`#" else char for char in text)


def as_json(explanation: Explanation, name: str) -> str:
    """Every cell and number; NaN and infinities as texts."""
    found = {
        "image": name,
        "pipeline": str(explanation.pipeline),
        "at": explanation.at,
        "shape": explanation.shape,
        "dtype": explanation.target.type,
        "range": explanation.target.range,
        "rounding": explanation.target.rounding,
        "channels": [
            {
                "name": channel.name,
                "parts": [_part(part) for part in channel.parts],
                "response": _plain(channel.response),
                **({} if channel.encoded is None else {"encoded": _plain(channel.encoded)}),
                "ranged": _plain(channel.settled.ranged),
                "rounded": _plain(channel.settled.rounded),
                "clamped": _plain(channel.settled.clamped),
                "result": _plain(channel.result),
                "agrees": channel.agrees,
            }
            for channel in explanation.channels
        ],
        "patches": [
            {
                "step": patch.step,
                "rows": patch.rows,
                "columns": patch.columns,
                "constant": patch.constant,
                "values": [[[_plain(value) for value in row] for row in rows] for rows in patch.values],
            }
            for patch in explanation.patches
        ],
    }
    return json.dumps(found, ensure_ascii=False)


def _part(part: Part) -> dict[str, Any]:
    """A part's fields; None is left out."""
    cells = [
        [
            {
                "row": cell.row,
                "column": cell.column,
                "source": cell.source,
                "beyond": cell.beyond,
                "value": _plain(cell.value),
                **({} if cell.pixel is None else {"pixel": _plain(cell.pixel)}),
            }
            for cell in row
        ]
        for row in part.cells
    ]
    found: dict[str, Any] = {"cells": cells}
    if (kernel := getattr(part, "kernel", None)) is not None:
        found["kernel"] = [[_plain(weight) for weight in row] for row in kernel.weights]
        found |= {"divisor": _plain(kernel.divisor), "bias": _plain(kernel.bias)}
        found["products"] = [[_plain(one) for one in row] for row in part.products]  # type: ignore[union-attr]
    if (weighting := getattr(part, "weighting", None)) is not None:
        found["alpha"] = [[_plain(one) for one in row] for row in weighting.rows]
        found |= {"seen": _plain(weighting.seen), "visible": weighting.visible}
    for name in ("kind", "function", "count", "winner"):
        if (value := getattr(part, name, None)) is not None:
            found[name] = value
    if (sum_ := getattr(part, "sum", None)) is not None:
        found["sum"] = _plain(sum_)
    return found | {"response": _plain(part.response)}


def _plain(value: Number | None) -> int | float | str | None:
    if value is None or isinstance(value, int):
        return value
    try:
        number = float(value)
    except OverflowError:
        number = math.inf if value > 0 else -math.inf
    return number if math.isfinite(number) else str(number)

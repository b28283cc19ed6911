"""Kernels as text: numbers, matrices, and the steps that use them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from imgconv import errors
from imgconv.cli import terminal
from imgconv.cli.click_types import KindType
from imgconv.cli.command import missing
from imgconv.cli.options import Argument
from imgconv.kernels import catalog
from imgconv.kernels.kernel import Kernel
from imgconv.operations import Filter
from imgconv.values.numbers import Number, number, number_text

SHOWN_SIDE = 15
"""Larger kernels are shown by shades, up to WIDEST, or not at all."""
WIDEST = 65
SHADES, PLAIN_SHADES = " ░▒▓█", " .:*#"


def argument(name: str, count: int = 1) -> Argument:
    """A KERNEL, or `count` of them (-1: any number); which of them are missing is checked by `required`."""
    kind = KindType(catalog.KERNEL, "KERNEL")
    return Argument(
        [name],
        type=kind,
        required=False,
        nargs=count,
        metavar="KERNEL" if count == 1 else "KERNEL...",
        meaning="A name, rows, a file, or another tool's text ('imgconv help kernels').",
    )


def required(kernel: Kernel | None, example: str) -> Kernel:
    """The kernel, or the sentence that asks for it."""
    if kernel is None:
        raise missing("kernel", example, "imgconv kernels")
    return kernel


def title(kernel: Kernel) -> str:
    """What a kernel is called in headings."""
    return kernel.name or "unnamed kernel"


def value(number_: Number, digits: int = 6) -> str:
    """Exact where that is short, so many significant digits otherwise."""
    if isinstance(number_, float) and math.isinf(number_):
        return str(number_)
    number_ = number(number_)
    exact = number_text(number_)
    return exact if not isinstance(number_, float) and len(exact) <= 12 else f"{float(number_):.{digits}g}"


def matrix(kernel: Kernel) -> list[str]:
    """The weights, exact where that is short, with what they are divided by; shades where there are many."""
    rows, columns = kernel.shape
    if max(kernel.shape) > SHOWN_SIDE:
        if max(kernel.shape) > WIDEST:
            return [f"  {errors.extent(rows, columns)}: too many to print"]
        return shaded([[abs(float(cell)) for cell in row] for row in kernel.weights], "  ")
    cells = [[value(cell, 6 if columns <= 7 else 3) for cell in row] for row in kernel.weights]
    width = max(len(cell) for row in cells for cell in row)
    lines = [
        "  " + "  ".join(_painted(cell.rjust(width), weight) for cell, weight in zip(*pair, strict=True))
        for pair in zip(cells, kernel.weights, strict=True)
    ]
    if kernel.divisor != 1:
        lines[(rows - 1) // 2] += f"   over {value(kernel.divisor)}"
    return lines


def _painted(text: str, weight: Number) -> str:
    return terminal.painted(
        text, terminal.NEGATIVE if weight < 0 else terminal.POSITIVE if weight > 0 else terminal.FAINT
    )


def shaded(levels: Sequence[Sequence[float]], indent: str = "") -> list[str]:
    """A map of values from 0 up, in a frame: the greatest is darkest (two characters a row's height)."""
    unicode = terminal.unicode_shown()
    shades, side, ends = (SHADES, "│", "┌┐└┘─") if unicode else (PLAIN_SHADES, "|", "++++-")
    most = max(max(row) for row in levels) or 1
    rows = ["".join(graded(level / most, shades) for level in row) for row in levels]
    line = ends[4] * len(rows[0])
    return [
        f"{indent}{ends[0]}{line}{ends[1]}",
        *(f"{indent}{side}{row}{side}" for row in rows),
        f"{indent}{ends[2]}{line}{ends[3]}",
    ]


def graded(share: float, signs: str) -> str:
    """The sign for a share from 0 to 1; halves go up, whatever rounding has done to them."""
    return signs[int(share * (len(signs) - 1) + 0.5 + 1e-9)]


def step(kernel: Kernel) -> str:
    """The kernel as a step of a pipeline, divisor, bias and anchor included."""
    from imgconv.operations.pipeline import Pipeline

    return str(Pipeline((Filter(kernel),)))


def listed(pairs: dict[str, Any]) -> list[str]:
    """Facts, one a line, their names before them."""
    width = max(map(len, pairs))
    return [f"{name:<{width}}  {value}" for name, value in pairs.items()]

"""A picture of one kernel: its weights, its gain at every frequency, profiles of that, and the facts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from imgconv.kernels.catalog import kernel as as_kernel
from imgconv.kernels.kernel import Kernel
from imgconv.kernels.lab.draw import ABOVE, BELOW, GRAY, INK, LINE, Canvas, diverging, sequential, weights_picture
from imgconv.kernels.lab.facts import Facts, facts
from imgconv.kernels.lab.spectrum import spectrum
from imgconv.values.numbers import Number, number, number_text

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

WIDTH, HEIGHT, MARGIN, SIDE, GAP, TOP = 1500, 760, 60, 420, 60, 160
NUMBERED = 9  # more rows or columns than this have no room for numbers
PROFILES = (("across", ABOVE), ("down", BELOW), ("diagonal", GRAY))


def plot(kernel: Any) -> Picture:
    """The kernel and its frequency response, drawn and labelled.

    Parameters
    ----------
    kernel : Kernel, str or rows of numbers

    Returns
    -------
    PIL.Image.Image, RGB

    Raises
    ------
    UsageError
        For a value that is not a kernel.
    """
    checked = as_kernel(kernel)
    kernel_facts = facts(checked)
    page = Canvas(WIDTH, HEIGHT)
    page.text((MARGIN, 40), checked.name or "kernel", 34)
    page.text((MARGIN, 88), _summary(kernel_facts), 17, GRAY)
    _weights(page, checked, MARGIN)
    _gain(page, checked, MARGIN + SIDE + GAP)
    _profiles(page, checked, MARGIN + 2 * (SIDE + GAP))
    page.text((MARGIN, HEIGHT - 58), _facts(kernel_facts), 16, GRAY)
    return page.picture


def _summary(kernel_facts: Facts) -> str:
    rows, columns = kernel_facts.kernel.shape
    parts = [f"{rows} x {columns}"]
    if kernel_facts.kernel.divisor != 1:
        parts.append(f"over {_short(kernel_facts.kernel.divisor)}")
    if kernel_facts.kernel.bias:
        parts.append(f"plus {_short(kernel_facts.kernel.bias)}")
    return ", ".join(parts)


def _facts(kernel_facts: Facts) -> str:
    low, high = kernel_facts.response
    total = "sum 0: even areas vanish" if kernel_facts.zero_sum else f"sum {_short(kernel_facts.total)}"
    rank = (
        []
        if kernel_facts.rank is None
        else [f"rank {kernel_facts.rank}{', separable' if kernel_facts.separable else ''}"]
    )
    return "   |   ".join(
        [
            total,
            f"results on 8-bit pixels from {_short(low)} to {_short(high)}",
            *rank,
            f"noise times {kernel_facts.noise:.3g}",
        ]
    )


def _weights(page: Canvas, kernel: Kernel, left: int) -> None:
    import numpy as np

    rows, columns = kernel.shape
    cell = SIDE / max(rows, columns)
    width, height = round(cell * columns), round(cell * rows)
    page.text((left, TOP - 30), "weights", 17)
    colours = weights_picture(kernel)
    page.image(colours, left, TOP, width, height)
    if max(rows, columns) <= NUMBERED:
        texts = [[_short(weight) for weight in row] for row in kernel.weights]
        size = min(0.36 * cell, 1.5 * cell / max(len(text) for row in texts for text in row), 40)
        for row, line in enumerate(texts):
            for column, text in enumerate(line):
                dark = colours[row, column].astype(int).sum() < 360
                page.text(
                    (left + (column + 0.5) * cell, TOP + (row + 0.5) * cell),
                    text,
                    size,
                    (255, 255, 255) if dark else INK,
                    "mm",
                )
    page.box(left, TOP, width, height)
    most = max(abs(float(weight)) for weight in kernel.cells())
    _scale(page, left, diverging(np.linspace(-1, 1, SIDE)[None]), (f"{-most:.4g}", "0", f"{most:.4g}"))


def _gain(page: Canvas, kernel: Kernel, left: int) -> None:
    import numpy as np

    gains = spectrum(kernel, SIDE + 1, SIDE + 1)[:SIDE, :SIDE]
    most = float(gains.max()) or 1.0
    page.text((left, TOP - 30), "gain by frequency, cycles a pixel", 17)
    page.image(sequential(gains / most), left, TOP, SIDE, SIDE)
    page.box(left, TOP, SIDE, SIDE)
    for place, label in ((0, "-1/2"), (SIDE / 2, "0"), (SIDE, "1/2")):
        page.text((left + place, TOP + SIDE + 6), label, 14, GRAY, "ma")
        page.text((left - 8, TOP + place), label, 14, GRAY, "rm")
    _scale(page, left, sequential(np.linspace(0, 1, SIDE)[None]), ("0", f"{most / 2:.4g}", f"{most:.4g}"))


def _profiles(page: Canvas, kernel: Kernel, left: int) -> None:
    """Gain from 0 to 1/2 along three directions."""
    lower = spectrum(kernel, 2 * SIDE + 1, 2 * SIDE + 1)[SIDE:, SIDE:]
    lines = {"across": lower[0], "down": lower[:, 0], "diagonal": lower.diagonal()}
    most = max(float(line.max()) for line in lines.values()) or 1.0
    width = WIDTH - MARGIN - left
    page.text((left, TOP - 30), "gain along three directions", 17)
    page.box(left, TOP, width, SIDE)
    for share in (0.25, 0.5, 0.75):
        page.line([(left, TOP + SIDE * share), (left + width, TOP + SIDE * share)])
        page.line([(left + width * share, TOP), (left + width * share, TOP + SIDE)])
    inside = SIDE - 12
    for name, colour in PROFILES:
        places = [
            (left + width * i / SIDE, TOP + SIDE - 2 - inside * float(gain) / most)
            for i, gain in enumerate(lines[name])
        ]
        page.line(places, colour, 5 if name == "across" else 2.5)  # where they coincide, all can be seen
    for place, label in ((0, "0"), (width / 2, "1/4"), (width, "1/2")):
        page.text((left + place, TOP + SIDE + 6), label, 14, GRAY, "ma")
    page.text((left - 8, TOP + SIDE - 2 - inside), f"{most:.3g}", 14, GRAY, "rm")
    page.text((left - 8, TOP + SIDE), "0", 14, GRAY, "rm")
    where: float = left
    for name, colour in PROFILES:
        page.line([(where, TOP + SIDE + 50), (where + 24, TOP + SIDE + 50)], colour, 4)
        where += 32 + page.text((where + 32, TOP + SIDE + 50), name, 15, INK, "lm") + 22


def _scale(page: Canvas, left: int, colours: Any, labels: tuple[str, str, str]) -> None:
    """A bar of all colours with what they mean."""
    top = TOP + SIDE + 40
    page.image(colours, left, top, SIDE, 18)
    page.box(left, top, SIDE, 18, edge=LINE)
    for place, label, anchor in ((0, labels[0], "la"), (SIDE / 2, labels[1], "ma"), (SIDE, labels[2], "ra")):
        page.text((left + place, top + 24), label, 14, GRAY, anchor)


def _short(value: Number) -> str:
    value = value if isinstance(value, float) else number(value)
    text = number_text(value)
    return text if not isinstance(value, float) and len(text) <= 7 else f"{float(value):.3g}"

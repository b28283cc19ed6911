"""`imgconv kernels show`: one kernel in detail, as text with a map of its frequencies, or as a picture."""

from __future__ import annotations

from typing import Any

from imgconv import errors
from imgconv.cli import terminal
from imgconv.cli.command import Command
from imgconv.cli.kernels.print import argument, graded, listed, matrix, required, shaded, step, title, value
from imgconv.cli.messages import Finished, complain
from imgconv.cli.options import option
from imgconv.kernels.kernel import Kernel
from imgconv.kernels.named import find
from imgconv.kernels.remarks import remark
from imgconv.values import groups

EXAMPLES = (
    "imgconv kernels show sobel-x",
    "imgconv kernels show gaussian:1.5 --plot gaussian.png",
    'imgconv kernels show "1 2 1;2 4 2;1 2 1"',
)
MAP = (17, 33)
"""Rows and columns of the map of frequencies: a character is twice as high as wide."""
BARS, PLAIN_BARS = " ▁▂▃▄▅▆▇█", " .:-=+*#@"


def command() -> Command:
    plot = option(
        "--plot",
        "FILE",
        groups.FILES,
        "Draw the kernel and its frequency response into an image file, too.",
        "Draw it and its frequency response into a file, too.",
    )
    return Command(
        "show",
        params=[argument("kernel"), plot],
        callback=_show,
        help=(
            "Show a kernel's matrix, sum, range of response, symmetry, rank and factors, and its gain at each"
            " frequency."
        ),
        examples=EXAMPLES,
        brief="Show what a kernel is and does",
    )


def _show(kernel: Kernel | None, plot: str | None) -> None:
    kernel = required(kernel, EXAMPLES[0])
    if plot is not None:
        from imgconv.kernels.lab.plot import plot as draw
        from imgconv.kernels.lab.write import check, write

        check(plot)
        sentence = write(draw(kernel), plot)
        terminal.say(show_text(kernel))
        complain(sentence)
    else:
        terminal.say(show_text(kernel))
    if sentence := remark(kernel):
        complain(sentence)
    raise Finished(errors.DONE)


def show_text(kernel: Kernel) -> str:
    """The matrix and what follows from it."""
    return "\n".join(
        [title(kernel), *_origin(kernel), "", *matrix(kernel), "", *listed(_facts(kernel)), "", *_response(kernel)]
    )


def _origin(kernel: Kernel) -> list[str]:
    row = find(kernel.name) if kernel.name else None
    return [f"{row.summary}; {row.source}"] if row is not None else []


def _facts(kernel: Kernel) -> dict[str, Any]:
    from imgconv.kernels.lab import facts

    kernel_facts = facts(kernel)
    rows, columns_ = kernel.shape
    low, high = kernel_facts.response
    total = 0 if kernel_facts.zero_sum else kernel_facts.total
    effect = (
        "flat areas become 0"
        if kernel_facts.zero_sum
        else (
            "flat areas keep their value"
            if abs(float(total) - 1) < 1e-9
            else f"flat areas are multiplied by {value(total)}"
        )
    )
    return {
        "size": f"{rows} row{'s' * (rows != 1)} x {columns_} column{'s' * (columns_ != 1)}",
        "divisor": value(kernel.divisor),
        "bias": value(kernel.bias),
        "anchor": (
            f"{kernel.anchor[0]},{kernel.anchor[1]}"
            if kernel.anchor
            else f"{(rows - 1) // 2},{(columns_ - 1) // 2} (the centre)"
        ),
        "sum": (
            f"{value(total)} (after the divisor):"
            f" {effect}{'' if not kernel_facts.zero_sum or kernel_facts.total == 0 else ', but for rounding'}"
        ),
        "response": f"{value(low)}…{value(high)} on 8-bit pixels",
        "symmetry": _symmetry(kernel_facts.even, kernel_facts.odd),
        "rank": _rank(kernel_facts),
        "noise": f"its standard deviation times {kernel_facts.noise:.4g}",
        "numbers": (
            "exact: whole pixels are computed in whole numbers"
            if kernel_facts.exact
            else "not exact: pixels are computed in floating point"
        ),
    }


def _symmetry(even: tuple[str, ...], odd: tuple[str, ...]) -> str:
    """The mirrors and turns under which a kernel is even or odd."""
    from imgconv.kernels.lab.facts import MIRRORS

    if len(even) == len(MIRRORS):
        return "even under every mirror and turn"
    return "; ".join(f"{name} {', '.join(words)}" for name, words in (("even", even), ("odd", odd)) if words) or "none"


def _rank(kernel_facts: Any) -> str:
    if kernel_facts.rank is None:
        return "not computed for so large a kernel"
    if not kernel_facts.separable:
        return (
            f"{kernel_facts.rank} ('imgconv kernels split' shows {'it' if kernel_facts.rank == 1 else 'the parts'})"
            if min(kernel_facts.kernel.shape) > 1
            else str(kernel_facts.rank)
        )
    down, across = kernel_facts.pairs[0]
    parts = f"{step(down)} | {step(across)}"
    return (
        f"1: separable: {parts}"
        if len(parts) <= 90
        else "1: separable into a column and a row ('imgconv kernels split' shows them)"
    )


def _response(kernel: Kernel) -> list[str]:
    """The map of frequencies with its axes, and profiles along three directions."""
    from imgconv.kernels.lab import spectrum

    gains = spectrum(kernel, *MAP)
    half = MAP[1] // 2
    top, bottom, *middle = ("-1/2", "1/2", "0") if not terminal.unicode_shown() else ("−½", "½", "0")
    frame = shaded(gains.tolist(), "      ")
    for place, label in ((1, top), (1 + MAP[0] // 2, middle[0]), (MAP[0], bottom)):
        frame[place] = f"{label:>5} {frame[place][6:]}"
    lower = spectrum(kernel, 2 * half + 1, 2 * half + 1)[half:, half:]
    across, down, slanted = lower[0], lower[:, 0], lower.diagonal()
    most = float(max(across.max(), down.max(), slanted.max())) or 1.0
    bars = BARS if terminal.unicode_shown() else PLAIN_BARS
    profiles = [
        f"  {name:<9} {''.join(graded(float(gain) / most, bars) for gain in line)}  {float(line[0]):.3g} at 0,"
        f" {float(line[-1]):.3g} at 1/2"
        for name, line in (("across", across), ("down", down), ("diagonal", slanted))
    ]
    return [
        (
            f"gain by frequency, 0 to {gains.max():.4g} (cycles per pixel: across from left to right, down from top to"
            " bottom)"
        ),
        *frame,
        f"      {top:<{half}}0{bottom:>{half + 1}}",
        "",
        *profiles,
    ]

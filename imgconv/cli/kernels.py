"""`imgconv kernels`: the catalog, and one kernel in detail."""

from __future__ import annotations

from typing import Any

import click

from imgconv import catalog, errors
from imgconv.cli.bridge import Command
from imgconv.cli.kinds import KindType
from imgconv.cli.work import Finished
from imgconv.exact import Number, number, number_text
from imgconv.kernels import Kernel

USAGE_WIDTH = 28
SHOWN_SIDE = 15  # larger kernels are shown by their numbers, not their cells


class Kernels(click.Group):
    """Lists the catalog when no command is named."""

    command_class = Command


def command() -> click.Group:
    def listing(**_: Any) -> None:
        if click.get_current_context().invoked_subcommand is None:
            click.echo(list_text())
            raise Finished(errors.DONE)

    group = Kernels(
        "kernels", callback=listing, invoke_without_command=True, help="List the named kernels, or show one.", short_help="List the named kernels, or show one."
    )
    kernel = click.Argument(["kernel"], type=KindType(catalog.KERNEL, "KERNEL"), required=False, metavar="KERNEL")

    def show(kernel: Kernel | None) -> None:
        if kernel is None:
            raise errors.which("kernel", "imgconv kernels show sobel-x", "imgconv kernels")
        click.echo(show_text(kernel))
        raise Finished(errors.DONE)

    examples = ("imgconv kernels show sobel-x", "imgconv kernels show gaussian:1.5", 'imgconv kernels show "1 2 1;2 4 2;1 2 1"')
    group.add_command(
        Command("show", params=[kernel], callback=show, help="Show a kernel's matrix, divisor, anchor, sum and range of response.", examples=examples)
    )
    return group


def list_text() -> str:
    """Every named kernel with one line, by families."""
    from imgconv.catalog.named import MODULES, rows

    lines = []
    for family in MODULES:
        lines.append(f"{family}")
        for row in rows(family):
            first = f"  {row.usage:<{USAGE_WIDTH}}  "
            lines += [first.rstrip(), " " * (USAGE_WIDTH + 4) + row.summary] if len(row.usage) > USAGE_WIDTH else [first + row.summary]
        lines.append("")
    return "\n".join([*lines, "'imgconv kernels show KERNEL' shows one; numbers such as \"-1 0 1;-2 0 2;-1 0 1\" or a text file are kernels too."])


def show_text(kernel: Kernel) -> str:
    """The matrix and what follows from it."""
    rows, columns = kernel.shape
    low, high = kernel.response(0, 255)
    total = kernel.response(1, 1)[0]
    anchor = f"{kernel.anchor[0]},{kernel.anchor[1]}" if kernel.anchor else f"{(rows - 1) // 2},{(columns - 1) // 2} (the centre)"
    facts = {
        "size": f"{rows}x{columns} (rows x columns)",
        "divisor": _number(kernel.divisor),
        "bias": _number(kernel.bias),
        "anchor": anchor,
        "sum": f"{_number(total - kernel.bias)} (after the divisor)",
        "response": f"{_number(low)}…{_number(high)} on 8-bit pixels",
    }
    return "\n".join([kernel.name or "unnamed kernel", "", *_matrix(kernel), "", *(f"{name:<9} {value}" for name, value in facts.items())])


def _matrix(kernel: Kernel) -> list[str]:
    if max(kernel.shape) > SHOWN_SIDE:
        return [f"  {kernel.shape[0]}x{kernel.shape[1]} weights, too many to print"]
    cells = [[_number(cell) for cell in row] for row in kernel.weights]
    width = max(len(cell) for row in cells for cell in row)
    return ["  " + "  ".join(cell.rjust(width) for cell in row) for row in cells]


def _number(value: Number) -> str:
    """Exact where that is short, six significant digits otherwise."""
    value = number(value)
    exact = number_text(value)
    return exact if not isinstance(value, float) and len(exact) <= 12 else f"{float(value):.6g}"

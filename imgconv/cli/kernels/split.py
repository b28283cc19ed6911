"""`imgconv kernels split`: a kernel as columns times rows."""

from __future__ import annotations

from imgconv import errors
from imgconv.cli import terminal
from imgconv.cli.command import Command
from imgconv.cli.kernels.print import argument, required, step, title
from imgconv.cli.messages import Finished
from imgconv.kernels.kernel import Kernel

EXAMPLES = ("imgconv kernels split sobel-x", "imgconv kernels split laplacian", "imgconv kernels split disk:3")


def command() -> Command:
    return Command(
        "split",
        params=[argument("kernel")],
        callback=_split,
        help="Split a kernel into a column and a row whose product it is, or into a sum of such products.",
        examples=EXAMPLES,
        brief="Split a kernel into columns and rows",
    )


def _split(kernel: Kernel | None) -> None:
    terminal.say(split_text(required(kernel, EXAMPLES[0])))
    raise Finished(errors.DONE)


def split_text(kernel: Kernel) -> str:
    """The pairs as pipelines, and how many weights they save."""
    from imgconv.kernels.lab import split

    pairs = split(kernel)
    rows, columns = kernel.shape
    if not pairs:
        return f"{title(kernel)} has rank 0: all its weights are 0"
    lines = [f"{step(column)} | {step(row)}" for column, row in pairs]
    if len(pairs) == 1:
        head = (
            f"{title(kernel)} has rank 1: a column of {rows} and then a row of {columns}, {rows + columns} weights"
            f" instead of {rows * columns}"
        )
    else:
        head = (
            f"{title(kernel)} has rank {len(pairs)}: the sum of {len(pairs)} results, {len(pairs) * (rows + columns)}"
            f" weights instead of {rows * columns}"
        )
    return "\n".join([head, "", *lines])

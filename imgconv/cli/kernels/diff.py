"""`imgconv kernels diff`: how two kernels differ, and what they have to do with each other."""

from __future__ import annotations

from imgconv import errors
from imgconv.cli import terminal
from imgconv.cli.command import Command
from imgconv.cli.kernels.print import argument, matrix, required, title, value
from imgconv.cli.messages import Finished
from imgconv.kernels.kernel import Kernel

EXAMPLES = (
    "imgconv kernels diff sobel-x prewitt-x",
    "imgconv kernels diff sobel-x sobel-y",
    "imgconv kernels diff gaussian:1 binomial:5",
)


def command() -> Command:
    return Command(
        "diff",
        params=[argument("first"), argument("second")],
        callback=_diff,
        help="Show how two kernels differ: the first minus the second.",
        examples=EXAMPLES,
        brief="Show how two kernels differ",
    )


def _diff(first: Kernel | None, second: Kernel | None) -> None:
    terminal.say(diff_text(required(first, EXAMPLES[0]), required(second, EXAMPLES[0])))
    raise Finished(errors.DONE)


def diff_text(one: Kernel, other: Kernel) -> str:
    """A verdict, what leads from one to the other, and the matrix of differences."""
    from imgconv.kernels.lab import difference
    from imgconv.kernels.lab.algebra import HALF_TURN

    differences = difference(one, other)
    heading = f"{title(one)} and {title(other)}"
    if differences.same:
        return f"{heading} give the same results"
    cells = list(differences.kernel.cells())
    lines = [
        f"{heading}: {sum(map(bool, cells))} of {len(cells)} weights differ, results on 8-bit pixels by at most"
        f" {value(differences.farthest)}"
    ]
    if differences.relation:
        hint = " (what one gives, the other gives with --convolve)" if differences.relation == HALF_TURN else ""
        lines.append(f"the second is the first {differences.relation}{hint}")
    lines += ["", *matrix(Kernel(differences.kernel.weights))]
    if differences.kernel.bias:
        lines.append(f"  and {value(differences.kernel.bias)} of bias")
    return "\n".join(lines)

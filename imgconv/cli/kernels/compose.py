"""`imgconv kernels compose`: kernels in a row as one."""

from __future__ import annotations

from functools import reduce

from imgconv import errors
from imgconv.cli import terminal
from imgconv.cli.command import Command, missing
from imgconv.cli.kernels.print import argument, matrix, step, title, value
from imgconv.cli.messages import Finished
from imgconv.kernels.kernel import Kernel

EXAMPLES = (
    "imgconv kernels compose box:3 box:3",
    "imgconv kernels compose gaussian:1 sobel-x",
    'imgconv kernels compose "1;2;1" "-1 0 1"',
)
SHORT = 2000


def command() -> Command:
    return Command(
        "compose",
        params=[argument("kernels", -1)],
        callback=_compose,
        help=("Show the one kernel that equals several in a row (their convolution), except near borders."),
        examples=EXAMPLES,
        brief="Make one kernel of several in a row",
    )


def _compose(kernels: tuple[Kernel, ...]) -> None:
    if len(kernels) < 2:
        raise missing("kernels", EXAMPLES[0], "imgconv kernels")
    terminal.say(compose_text(kernels))
    raise Finished(errors.DONE)


def compose_text(kernels: tuple[Kernel, ...]) -> str:
    """The matrix, and the step to copy."""
    from imgconv.kernels.lab import compose

    composed = reduce(compose, kernels)
    lines = [
        f"{', then '.join(title(kernel) for kernel in kernels)}: {errors.extent(*composed.shape)}",
        "",
        *matrix(composed),
        "",
    ]
    lines += [f"bias {value(composed.bias)}"] if composed.bias else []
    lines += [f"anchor {composed.anchor[0]},{composed.anchor[1]}"] if composed.anchor else []
    text = step(composed)
    return "\n".join(
        [
            *lines,
            (
                text
                if len(text) <= SHORT
                else f"as a step of a pipeline it has {len(text)} characters; use the kernels one after another"
            ),
        ]
    )

"""`imgconv explain filter` and `imgconv explain pool`: one step, with the options of its declaration."""

from __future__ import annotations

from typing import Any

from imgconv import errors
from imgconv.cli.command import Command
from imgconv.cli.declarations import LIKE, like_option, parameters_of, rounding_of, step_of, take_leading
from imgconv.cli.explain.options import explain_options, image_argument, show
from imgconv.cli.messages import Finished
from imgconv.operations import Operation
from imgconv.operations.pipeline import Pipeline

EXAMPLES = {
    "filter": (
        "imgconv explain filter vertical in.png --at 12,40",
        "imgconv explain filter sobel-x --with sobel-y in.png --at 0,0 --border reflect",
        "imgconv explain filter gaussian:1 in.png --at 3,7 --json",
        "imgconv explain filter sobel-x in.png --at 3,7 -o window.png --steps steps.gif",
        "imgconv explain filter vertical in.png --html page.html",
    ),
    "pool": (
        "imgconv explain pool --size 2 in.png --at 3,7",
        "imgconv explain pool avg 3 in.png --at 0,0 --pad 1 --markdown",
    ),
}
_NOT_EXPLAINED = ("repeat", "until_stable")


def command(operation: type[Operation]) -> Command:
    """The command that explains a pixel of an operation's result."""
    examples = EXAMPLES[operation.word]

    def callback(inputs: tuple[str, ...], **values: Any) -> None:
        inputs = take_leading(operation, inputs, values)
        if (tool := values.get(LIKE)) is not None:
            values["rounding"] = values["rounding"] or rounding_of(tool)
        fields = {name: values.pop(name) for name in list(values) if name in names}
        show(Pipeline((step_of(operation, fields, examples[0]),)), inputs, values, examples[0])
        raise Finished(errors.DONE)

    parameters = [one for one in (*parameters_of(operation), like_option()) if one.name not in _NOT_EXPLAINED]
    names = {one.name for one in parameters}
    return Command(
        operation.word,
        params=[*parameters, image_argument(), *explain_options()],
        callback=callback,
        help=f"Show how 'imgconv {operation.word}' computes one pixel of its result.",
        brief={"filter": "A pixel of a filter's result", "pool": "A pixel of a pooling's result"}[operation.word],
        examples=examples,
    )

"""`imgconv emit`: a pipeline as a program of another tool."""

from __future__ import annotations

import click

from imgconv import errors
from imgconv.cli.click_types import KindType
from imgconv.cli.command import Command, missing
from imgconv.cli.messages import Finished
from imgconv.cli.options import Argument
from imgconv.other_tools.emit import TOOL, emit

EXAMPLES = (
    'imgconv emit torch "filter vertical | relu | maxpool 2"',
    'imgconv emit opencv "filter gaussian:1.5 border=reflect101" > blur.py',
    'imgconv emit vips "filter sharpen" > sharpen.sh',
)


def command() -> click.Command:
    return Command(
        "emit",
        params=[
            Argument(
                ["tool"],
                type=KindType(TOOL, TOOL.metavar),
                required=False,
                metavar="TOOL",
                meaning=f"{', '.join(TOOL.choices)}.",
            ),
            Argument(
                ["pipeline"],
                required=False,
                metavar="PIPELINE",
                meaning="Steps: filters, pools and activations ('imgconv help pipelines').",
            ),
        ],
        callback=_emit,
        help="Print a program, or a command, with which another tool does what a pipeline does here; what that tool"
        " cannot say is refused, or commented.",
        brief="Print a pipeline as another tool's program",
        examples=EXAMPLES,
    )


def _emit(tool: str | None, pipeline: str | None) -> None:
    if tool is None:
        raise missing("tool", EXAMPLES[0])
    if pipeline is None:
        raise missing("pipeline", EXAMPLES[0])
    click.echo(emit(tool, pipeline), nl=False)
    raise Finished(errors.DONE)

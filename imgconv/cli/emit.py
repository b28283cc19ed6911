"""`imgconv emit`: a pipeline as a program of another tool."""

from __future__ import annotations

import click

from imgconv import errors
from imgconv.cli.command import Command, missing
from imgconv.cli.messages import Finished
from imgconv.cli.options import kind_argument
from imgconv.cli.run import pipeline_argument, text_and_label
from imgconv.networks.suffixes import is_network
from imgconv.other_tools.emit import TOOL, emit

EXAMPLES = (
    'imgconv emit torch "filter vertical | relu | maxpool 2"',
    'imgconv emit opencv "filter gaussian:1.5 border=reflect101" > blur.py',
    'imgconv emit vips "filter sharpen" > sharpen.sh',
    "imgconv emit scipy edges.pipe > edges.py",
)


def command() -> click.Command:
    return Command(
        "emit",
        params=[
            kind_argument("tool", TOOL, "TOOL", f"{', '.join(TOOL.choices)}."),
            pipeline_argument("Steps: filters, pools and activations ('imgconv help pipelines').", "standard input"),
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
    if is_network(pipeline):
        raise errors.UsageError(
            f"{pipeline} is a network, and programs are written for filters, pools and activations;"
            f" 'imgconv network convert {pipeline} out.onnx' makes a file that other tools run"
        )
    text, _ = text_and_label(pipeline)
    click.echo(emit(tool, text), nl=False)
    raise Finished(errors.DONE)

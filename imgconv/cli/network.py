"""`imgconv network`: files of networks; `convert` writes one in another format."""

from __future__ import annotations

from typing import Any

import click

from imgconv import errors
from imgconv.cli.click_types import PathType
from imgconv.cli.command import Command, Group
from imgconv.cli.memory import bounded
from imgconv.cli.messages import Finished, complain
from imgconv.cli.networks.options import network_of, network_options
from imgconv.cli.options import Argument
from imgconv.cli.overwriting import overwrite_option, refuse_inputs

EXAMPLES = (
    "imgconv network convert model.onnx model.safetensors",
    "imgconv network convert lenet5.safetensors lenet5.onnx",
    "imgconv network convert 'conv 6@5x5 | relu' model.onnx --weights weights.npz --input 28x28x1",
)


def command() -> click.Group:
    return Group(
        "network",
        commands=[_convert_command()],
        help="Work on files of networks.",
        brief="Files of networks: convert",
        examples=EXAMPLES,
    )


def _convert_command() -> Command:
    weights, *others = network_options()
    return Command(
        "convert",
        params=[
            weights,
            Argument(["target"], type=PathType(), required=False, metavar="FILE", meaning="What to write."),
            *others,
            overwrite_option(),
        ],
        callback=_convert,
        brief="Write a network to a .safetensors or .onnx file",
        help="Write a network to a .safetensors or .onnx file. Before the file is put in its place, it is read and both"
        " networks are run; results may differ by 1e-5 of the greatest.",
        examples=EXAMPLES,
    )


def _convert(target: str | None, **given: Any) -> None:
    from imgconv.networks.converting import check_written, convert

    if target is None:
        raise errors.UsageError(f"name the file to write, too, as in {EXAMPLES[0]}")
    check_written(target)
    if not given.pop("overwrite"):
        refuse_inputs(target, given["network"], given["weights"])
    with bounded():
        lost = convert(network_of(given, EXAMPLES[0]), target)
    left_out = f"; left out: {', '.join(lost)}" if lost else ""
    complain(f"{target}: written, gives the same results{left_out}")
    raise Finished(errors.DONE)

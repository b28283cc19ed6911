"""`imgconv summary`: shapes, parameters, multiply-adds and receptive fields of a network."""

from __future__ import annotations

import json
from typing import Any

from imgconv import errors
from imgconv.cli import terminal
from imgconv.cli.command import Command
from imgconv.cli.memory import bounded
from imgconv.cli.messages import Finished
from imgconv.cli.networks.options import network_of, network_options
from imgconv.cli.options import option
from imgconv.values import groups
from imgconv.values.parameters import FLAG

EXAMPLES = (
    'imgconv summary "conv 6@5x5 pad=2 | relu | maxpool 2 | flatten | dense 10" --input 28x28x1',
    "imgconv summary lenet5.safetensors",
    "imgconv summary lenet5.safetensors --json",
)


def command() -> Command:
    return Command(
        "summary",
        params=[*network_options(), option("--json", FLAG, groups.REPORTS, "As JSON.", "As JSON.")],
        callback=_summarise,
        help="Show each layer of a network: output shape, parameters, multiply-adds, receptive field, jump and memory."
        " No image is read.",
        brief="Shapes and parameters of a network",
        examples=EXAMPLES,
    )


def _summarise(**given: Any) -> None:
    as_json = given.pop("json")
    with bounded():
        summary = network_of(given, EXAMPLES[0]).summary()
    terminal.say(json.dumps(summary.as_dict(), indent=2) if as_json else str(summary))
    raise Finished(errors.DONE)

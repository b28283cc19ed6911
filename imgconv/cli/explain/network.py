"""`imgconv explain run` of a network: what speaks for a class of a picture."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import click

from imgconv import errors
from imgconv.cli import terminal
from imgconv.cli.explain.html import check_page, put
from imgconv.cli.explain.options import STREAM
from imgconv.cli.memory import bounded
from imgconv.cli.messages import announce_compilation, complain, printable
from imgconv.cli.networks.options import (
    fitting_of,
    fitting_options,
    labels_of,
    labels_option,
    network_of,
    network_options,
    reading_of,
)
from imgconv.cli.options import Option, option
from imgconv.cli.overwriting import refuse_inputs
from imgconv.values import groups
from imgconv.values.frozen import replace
from imgconv.values.parameters import SIZE

if TYPE_CHECKING:
    from imgconv.networks.evidence import Evidence
    from imgconv.networks.network import Network
    from imgconv.values.pixel_values import Pixels

EXAMPLE = "imgconv explain run lenet5.safetensors digit.png --class 7 -o why.png"
_OWN = (
    "--labels",
    "--weights",
    "--input",
    "--layout",
    "--fit",
    "--scale",
    "--invert",
    "--allow-truncated",
    "--max-frames",
)
_NOT_FOR_NETWORKS = ("at", "steps", "crop", "range", "rounding", "dtype", "gray", "channels", "linear", "alpha")


def evidence_options() -> list[click.Parameter]:
    """The class, the window that covers pixels, and how the network and its picture are read."""
    class_ = "Of a network: the class, by label or number.  [default: the likeliest]"
    others = [one for one in (labels_option(), *network_options(), *fitting_options()) if set(_OWN) & set(one.opts)]
    for one in others:
        if isinstance(one, Option):
            one.brief = ""
    return [
        option("--class", "CLASS", groups.NETWORK, class_, class_),
        option("--patch", SIZE, groups.NETWORK, "Pixels covered at a time.  [default: a seventh of the picture]"),
        *others,
    ]


def show_evidence(network: str, inputs: tuple[str, ...], given: dict[str, Any]) -> None:
    """Prints or draws what speaks for a class of a picture."""
    for name in _NOT_FOR_NETWORKS:
        if given[name]:
            raise errors.UsageError(
                f"--{name} explains pixels, which networks are not explained by; name a class, as in {EXAMPLE}"
            )
    if given["json"] and given["markdown"]:
        raise errors.UsageError("--json and --markdown are two forms; give one of them")
    if len(inputs) > 1:
        raise errors.UsageError(f"explain takes one image, not {len(inputs)}")
    if not inputs and (sys.stdin is None or sys.stdin.isatty()):
        raise errors.UsageError(f"no image: name one, as in {EXAMPLE}")
    path, output = inputs[0] if inputs else STREAM, given["output"]
    check_page(path, given)
    if given["html"] is not None and (given["class"] is not None or given["patch"] is not None):
        raise errors.UsageError("a page shows every output; leave out --class and --patch")
    if output is not None:
        from imgconv.kernels.lab.write import check

        check(output)
        if not given["overwrite"]:
            refuse_inputs(output, path, network, given["weights"])
        if output == STREAM and (given["json"] or given["markdown"]):
            raise errors.UsageError("two results go to standard output; name a file: -o why.png")
    if sys.stderr is not None and sys.stderr.isatty():
        announce_compilation()
    with bounded(given["max_memory"]):
        name = "standard input" if path == STREAM else printable(path)
        if given["html"] is not None:
            _write_page(network, path, name, given)
            return
        found = _evidence(network, path, given)
        _show(found, name, printable(network), given)


def _write_page(argument: str, path: str, name: str, given: dict[str, Any]) -> None:
    from imgconv.pages.walk import network_walk

    network, picture, done = _network_and_picture(argument, path, dict(given))
    put(network_walk(network, picture, name, ", ".join(done), given["threads"]), given["html"])


def _evidence(argument: str, path: str, given: dict[str, Any]) -> Evidence:
    from imgconv.networks.evidence import evidence

    network, picture, done = _network_and_picture(argument, path, dict(given))
    if done:
        complain(f"{path}: {', '.join(done)}")
    return evidence(network, picture, given["class"], size=given["patch"], threads=given["threads"])


def _network_and_picture(argument: str, path: str, given: dict[str, Any]) -> tuple[Network, Pixels, list[str]]:
    """The network, the picture (H, W, C) as it takes it, and what was done to that, in words."""
    from imgconv.files.read import header
    from imgconv.networks.inputs import fitted, image_shape, own_scale

    network = network_of(given | {"network": argument, "random": None}, EXAMPLE)
    if given["labels"] is not None:
        network = network.with_labels(labels_of(given["labels"]))
    reading = replace(reading_of(given), frames=given["frame"] or 0, no_orient=given["no_orient"])
    fitting = fitting_of(given)
    with header(path, reading) as opened:
        image = opened.load()
    shape = network.input or image_shape(image)
    picture, done = fitted(image.frames[0], image.colour, shape, fitting, own_scale(network.pipeline.steps))
    return network, picture, done


def _show(found: Evidence, name: str, network: str, given: dict[str, Any]) -> None:
    from imgconv.cli.explain.text import markdown_of, text_of
    from imgconv.figures.evidence import as_json, blocks, figure, heading

    if given["output"] is not None:
        from imgconv.kernels.lab.write import write

        complain(write(figure(found, name, network), given["output"]))
    if given["json"]:
        terminal.say(json.dumps(as_json(found, name, network), ensure_ascii=False))
    elif given["markdown"]:
        terminal.say(markdown_of(heading(found, name, network), blocks(found)))
    elif given["output"] is None:
        terminal.say(text_of(heading(found, name, network), blocks(found)))

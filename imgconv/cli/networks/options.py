"""What the commands about networks share: the network, its weights, the pictures that it sees."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from imgconv import errors
from imgconv.cli.click_types import PathType
from imgconv.cli.command import missing
from imgconv.cli.options import Argument, option
from imgconv.values import groups
from imgconv.values.parameters import FLAG, FRAMES, MEMORY, PIXELS, THREADS, Kind, whole

if TYPE_CHECKING:
    from imgconv.files.options import Reading
    from imgconv.networks.inputs import Fitting
    from imgconv.networks.network import Network


_LONGEST_LABELS = 2**20  # characters
SEED = Kind("SEED", lambda value: whole(value, "seed"))


def network_options() -> list[click.Parameter]:
    """NETWORK, and where its weights and the shape of its input come from."""
    return [
        Argument(
            ["network"],
            type=PathType(),
            required=False,
            metavar="NETWORK",
            meaning="A .safetensors, .onnx, .keras or .h5 file, or a pipeline with --weights.",
        ),
        option(
            "--weights",
            "FILE",
            groups.NETWORK,
            "The weights of a pipeline: .safetensors, .npz, .onnx, .keras or .h5.",
            "The weights of a pipeline.",
        ),
        option(
            "--input shape",
            "RxCxN",
            groups.NETWORK,
            "Rows, columns and channels of what goes in: 28x28x1.",
            "Rows, columns and channels of what goes in.",
        ),
        option(
            "--random",
            SEED,
            groups.NETWORK,
            "Random weights (He et al., 2015) from a seed, for shapes and speed; needs --input.",
        ),
        option(
            "--layout",
            "hwio|oihw",
            groups.NETWORK,
            "The order of the weights' axes, where their file does not tell: (rows, columns, inputs, outputs), or"
            " PyTorch's (outputs, inputs, rows, columns).",
        ),
    ]


def fitting_options() -> list[click.Parameter]:
    """How pictures are made to fit the network."""
    return [
        option(
            "--fit",
            "resize|crop|pad",
            groups.GEOMETRY,
            "Make pictures of another size fit: stretch them, cut out their middle, or put black around them."
            "  [default: refuse them]",
            "Make pictures of another size fit.",
        ),
        option(
            "--scale",
            "unit|raw|signed|imagenet",
            groups.COLOUR,
            "Pixels as the network wants them, if it has no normalize of its own: 0...1, 0...255, -1...1, or by"
            " ImageNet's means and deviations.  [default: unit]",
            "Pixels as the network wants them: 0...1, 0...255, ...",
        ),
        option(
            "--allow-truncated",
            FLAG,
            groups.FILES,
            "Read pictures that are cut short or damaged as far as they go.",
        ),
        option("--invert", FLAG, groups.COLOUR, "Swap black and white first.", "Swap black and white first."),
        option("--flatten", "COLOUR", groups.COLOUR, "What transparent pixels are laid over.  [default: black]"),
        option("--threads", THREADS, groups.LIMITS, "Processors to use.  [default: all]"),
        option(
            "--max-pixels", PIXELS, groups.LIMITS, "Refuse pictures with more pixels per frame.  [default: 89478485]"
        ),
        option("--max-frames", FRAMES, groups.LIMITS, "Refuse files with more frames or pages.  [default: 10000]"),
        option(
            "--max-memory",
            MEMORY,
            groups.LIMITS,
            "Refuse networks and pictures that would take more memory.  [default: 80 % of the machine's]",
        ),
    ]


def network_of(given: dict[str, Any], example: str) -> Network:
    """Takes the network's options out of `given` and reads it."""
    from imgconv.cli.run import pipeline_text
    from imgconv.networks.network import Network
    from imgconv.networks.suffixes import is_network

    argument = given.pop("network")
    if argument is None:
        raise missing("network", example)
    options = {"input": given.pop("shape"), "layout": given.pop("layout")}
    weights, seed = given.pop("weights"), given.pop("random")
    if is_network(argument):
        if weights is not None:
            raise errors.UsageError(f"{argument} has weights of its own; leave out --weights")
        if seed is not None:
            raise errors.UsageError(f"{argument} has weights of its own; leave out --random")
        return Network.load(argument, **options)
    text, _ = pipeline_text(argument, ("an image",))
    if seed is not None:
        if options["input"] is None or weights is not None:
            raise errors.UsageError("--random needs --input, such as 28x28x1, and no --weights")
        return Network.random(text, options["input"], seed)
    return Network.load(text, weights, **options)


def weighted_network_of(given: dict[str, Any], example: str) -> Network:
    """The same of a network that is to be run: UsageError where it has no weights."""
    network = network_of(given, example)
    network.require_weights()
    return network


def reading_of(given: dict[str, Any]) -> Reading:
    """Takes the options of `fitting_options` that say how pictures are read out of `given`."""
    from imgconv.files.options import Reading

    names = ("max_pixels", "max_frames", "max_memory", "allow_truncated")
    found = {name: value for name in names if (value := given.pop(name)) is not None}
    return Reading(**found)


def fitting_of(given: dict[str, Any]) -> Fitting:
    """Takes the options of `fitting_options` that say how pictures are made to fit out of `given`."""
    from imgconv.networks.inputs import FIT, SCALE, Fitting
    from imgconv.values.colours import COLOUR

    kinds: dict[str, tuple[str, Kind]] = {
        "fit": ("size", FIT),
        "scale": ("scale", SCALE),
        "flatten": ("flatten", COLOUR),
    }
    named = {field: kind.read(given.pop(name)) for name, (field, kind) in kinds.items() if given.get(name) is not None}
    for name in kinds:
        given.pop(name, None)
    return Fitting(**named, invert=given.pop("invert"))


def labels_option() -> click.Parameter:
    """A file of labels."""
    text = "What the outputs stand for, a line each."
    return option("--labels", "FILE", groups.NETWORK, text, text)


def labels_of(path: str) -> tuple[str, ...]:
    """The lines of a file of labels."""
    try:
        with open(path, encoding="utf-8-sig") as file:
            text = file.read(_LONGEST_LABELS + 1)
    except (OSError, UnicodeDecodeError) as error:
        raise errors.UsageError(f"labels {path}: {getattr(error, 'strerror', None) or 'it is no text'}") from None
    if len(text) > _LONGEST_LABELS:
        raise errors.UsageError(f"labels {path}: it is longer than {errors.amount(_LONGEST_LABELS)}")
    return tuple(text.splitlines())

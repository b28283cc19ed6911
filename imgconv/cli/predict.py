"""`imgconv predict`: what a network sees in pictures."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from imgconv import errors
from imgconv.cli import terminal
from imgconv.cli.command import Command
from imgconv.cli.messages import Finished, announce_compilation, complain
from imgconv.cli.networks.options import fitting_of, fitting_options, network_options, weighted_network_of
from imgconv.cli.options import Argument, option, quiet
from imgconv.values import groups
from imgconv.values.parameters import COUNT, FLAG

if TYPE_CHECKING:
    from imgconv.files.options import Reading
    from imgconv.networks.inputs import Fitting
    from imgconv.networks.network import Network

    Prediction = tuple[str, list[tuple[str, float]]]

EXAMPLES = (
    "imgconv predict lenet5.safetensors digit.png",
    "imgconv predict lenet5.safetensors scans/*.png --fit resize --invert --top 1",
    "imgconv predict lenet5.safetensors digits-images-idx3-ubyte.gz --top 1 > classes.tsv",
)


def command() -> Command:
    return Command(
        "predict",
        params=[
            *network_options(),
            Argument(["inputs"], nargs=-1, metavar="IMAGE...", meaning="Pictures, or folders of pictures."),
            option("--top", COUNT, groups.RESULT, "How many classes.  [default: 3]", "How many classes.  [default: 3]"),
            option(
                "--labels",
                "FILE",
                groups.NETWORK,
                "What the outputs stand for, a line each.",
                "What the outputs stand for, a line each.",
            ),
            *fitting_options(),
            option("--json", FLAG, groups.REPORTS, "A JSON object per picture.", "A JSON object per picture."),
            quiet(),
        ],
        callback=_predict,
        help="Show the likeliest classes of pictures: picture, class and probability, tab-separated in a pipe.",
        brief="What a network sees in pictures",
        examples=EXAMPLES,
    )


def _predict(inputs: tuple[str, ...], **given: Any) -> None:
    top, labels, as_json, quiet = given.pop("top") or 3, given.pop("labels"), given.pop("json"), given.pop("quiet")
    network, fitting = weighted_network_of(given, EXAMPLES[0]), fitting_of(given)
    if not inputs:
        raise errors.UsageError(f"no picture: name one, as in {EXAMPLES[0]}")
    if labels is not None:
        network = network.with_labels(_labels(labels))
    if sys.stderr is not None and sys.stderr.isatty():
        announce_compilation()
    from imgconv.files.options import Reading

    reading, failed = Reading(allow_truncated=given["allow_truncated"]), False
    for path in (file for name in inputs for file in _files(name)):
        try:
            for name, classes in _predictions(network, path, fitting, reading, top, given["threads"], quiet):
                _show(name, classes, as_json)
        except errors.ImgconvError as error:
            if isinstance(error, errors.UsageError):
                raise
            failed = True
            complain(str(error) if str(error).startswith(path) else f"{path}: {error}")
    raise Finished(errors.FAILED if failed else errors.DONE)


def _files(path: str) -> list[str]:
    """A file, or those of a folder by name."""
    if not os.path.isdir(path):
        return [path]
    files = sorted(entry.path for entry in os.scandir(path) if entry.is_file() and not entry.name.startswith("."))
    if not files:
        raise errors.UsageError(f"{path}: no files in it")
    return files


def _predictions(
    network: Network, path: str, fitting: Fitting, reading: Reading, top: int, threads: int | None, quiet: bool
) -> Iterator[Prediction]:
    """The classes of each frame of a file."""
    import numpy as np

    from imgconv.files.read import header
    from imgconv.networks.inputs import fitted, own_scale

    with header(path, reading) as opened:
        image = opened.load()
    for note in () if quiet else image.notes:
        complain(f"{path}: {note.text}")
    own, shape = own_scale(network.pipeline.steps), network.input
    arrays, remarks = [], dict[str, None]()
    for frame in image.frames:
        wanted = shape or (*frame.pixels.shape[:2], frame.pixels.shape[2] if frame.pixels.ndim == 3 else 1)
        array, done = fitted(frame, image.colour, wanted, fitting, own)
        arrays.append(array)
        remarks |= dict.fromkeys(done)
    results = network.run(np.stack(arrays), threads=threads)
    if remarks and not quiet:
        complain(f"{path}: {', '.join(remarks)}")
    for number, outputs in enumerate(results):
        yield path if len(arrays) == 1 else f"{path}[{number}]", network.likeliest(outputs, top)


def _show(name: str, classes: list[tuple[str, float]], as_json: bool) -> None:
    if as_json:
        found = [{"class": label, "probability": round(value, 6)} for label, value in classes]
        terminal.say(json.dumps({"image": name, "classes": found}))
    elif sys.stdout is not None and sys.stdout.isatty():
        width = max(len(label) for label, _ in classes)
        for label, value in classes:
            terminal.say(f"{name}  {label:<{width}}  {value:.4f}")
    else:
        for label, value in classes:
            terminal.say(f"{name}\t{label}\t{value:.4f}")


def _labels(path: str) -> tuple[str, ...]:
    try:
        with open(path, encoding="utf-8-sig") as file:
            return tuple(file.read(2**20).splitlines())
    except (OSError, UnicodeDecodeError) as error:
        raise errors.UsageError(f"labels {path}: {getattr(error, 'strerror', None) or 'it is no text'}") from None

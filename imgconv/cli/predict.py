"""`imgconv predict`: what a network sees in pictures."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from imgconv import errors
from imgconv.cli import terminal
from imgconv.cli.click_types import PathType
from imgconv.cli.command import Command
from imgconv.cli.memory import bounded
from imgconv.cli.messages import Finished, announce_compilation, complain, printable
from imgconv.cli.networks.options import (
    fitting_of,
    fitting_options,
    labels_of,
    labels_option,
    network_options,
    reading_of,
    weighted_network_of,
)
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
            Argument(
                ["inputs"], type=PathType(), nargs=-1, metavar="IMAGE...", meaning="Pictures, or folders of pictures."
            ),
            option("--top", COUNT, groups.RESULT, "How many classes.  [default: 3]", "How many classes.  [default: 3]"),
            labels_option(),
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
    with bounded(given["max_memory"]):
        _classify(inputs, **given)


def _classify(inputs: tuple[str, ...], **given: Any) -> None:
    top, labels, as_json, quiet = given.pop("top") or 3, given.pop("labels"), given.pop("json"), given.pop("quiet")
    reading, fitting = reading_of(given), fitting_of(given)
    network = weighted_network_of(given, EXAMPLES[0])
    if not inputs:
        raise errors.UsageError(f"no picture: name one, as in {EXAMPLES[0]}")
    if labels is not None:
        network = network.with_labels(labels_of(labels))
    if sys.stderr is not None and sys.stderr.isatty():
        announce_compilation()
    failed, paths = False, [path for name in inputs for path in _files(name)]
    for path in paths:
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
    try:
        files = sorted(entry.path for entry in os.scandir(path) if entry.is_file() and not entry.name.startswith("."))
    except OSError as error:
        raise errors.FileError(f"{path}: cannot be read ({error.strerror or error})") from None
    if not files:
        raise errors.UsageError(f"{path}: no files in it")
    return files


def _predictions(
    network: Network, path: str, fitting: Fitting, reading: Reading, top: int, threads: int | None, quiet: bool
) -> Iterator[Prediction]:
    """The classes of each frame of a file; of many, as many at a time as memory is for."""
    import numpy as np

    from imgconv.files.read import header
    from imgconv.networks.forecast import images_together
    from imgconv.networks.inputs import fitted, image_shape, own_scale

    with header(path, reading) as opened:
        image = opened.load()
    for note in () if quiet else image.notes:
        complain(f"{path}: {note.text}")
    own, shape = own_scale(network.pipeline.steps), network.input or image_shape(image)
    together, said = images_together(network.pipeline, shape), set[str]()
    for first in range(0, len(image.frames), together):
        arrays, remarks = [], dict[str, None]()
        for frame in image.frames[first : first + together]:
            array, done = fitted(frame, image.colour, shape, fitting, own)
            arrays.append(array)
            remarks |= dict.fromkeys(one for one in done if one not in said)
        results = network.run(np.stack(arrays), threads=threads)
        if remarks and not quiet:
            complain(f"{path}: {', '.join(remarks)}")
        said.update(remarks)
        for number, outputs in enumerate(results, first):
            yield path if len(image.frames) == 1 else f"{path}[{number}]", network.likeliest(outputs, top)


def _show(name: str, classes: list[tuple[str, float]], as_json: bool) -> None:
    """Prints the classes of a picture; control characters in names and labels, tabs and line ends too, are escaped."""
    if as_json:
        found = [{"class": label, "probability": round(value, 6)} for label, value in classes]
        terminal.say(json.dumps({"image": name, "classes": found}))
        return
    name, classes = printable(name), [(printable(label), value) for label, value in classes]
    if sys.stdout is not None and sys.stdout.isatty():
        width = max(len(label) for label, _ in classes)
        for label, value in classes:
            terminal.say(f"{name}  {label:<{width}}  {value:.4f}")
    else:
        for label, value in classes:
            terminal.say(f"{name}\t{label}\t{value:.4f}")

"""`imgconv maps`: the feature maps of a network for a picture, on one page or each in a file."""

from __future__ import annotations

import os
import sys
from typing import Any

from imgconv import errors
from imgconv.cli.click_types import PathType
from imgconv.cli.command import Command
from imgconv.cli.memory import bounded
from imgconv.cli.messages import Finished, announce_compilation, complain
from imgconv.cli.networks.options import (
    fitting_of,
    fitting_options,
    network_options,
    reading_of,
    weighted_network_of,
)
from imgconv.cli.options import Argument, option
from imgconv.cli.overwriting import overwrite_option, refuse_inputs
from imgconv.values import groups

EXAMPLES = (
    "imgconv maps lenet5.safetensors digit.png -o maps.png",
    "imgconv maps lenet5.safetensors digit.png --layer conv1 -o conv1.png",
    "imgconv maps lenet5.safetensors digit.png --each maps/ --format npy",
)


def command() -> Command:
    return Command(
        "maps",
        params=[
            *network_options(),
            Argument(["image"], type=PathType(), required=False, metavar="IMAGE", meaning="The picture."),
            option(
                "-o --output",
                "FILE",
                groups.FILES,
                "The page: what every layer makes of the picture.",
                "The page: what every layer makes of the picture.",
            ),
            option(
                "--layer",
                "NAME",
                groups.NETWORK,
                "One layer alone, by its name, number or text.",
                "One layer alone, by its name, number or text.",
            ),
            option(
                "--each",
                "FOLDER",
                groups.FILES,
                "The maps of each layer as files of their own.",
                "The maps of each layer as files of their own.",
            ),
            option("--format", "png|npy", groups.FILES, "Of the files of --each.  [default: png, stretched]"),
            overwrite_option(),
            *fitting_options(),
        ],
        callback=_maps,
        help="Show what every layer of a network makes of a picture: its feature maps, each with its own contrast and"
        " its range beneath, and its filters.",
        brief="Feature maps of a network, drawn",
        examples=EXAMPLES,
    )


def _maps(image: str | None, **given: Any) -> None:
    with bounded(given["max_memory"]):
        _show_maps(image, **given)


def _show_maps(image: str | None, **given: Any) -> None:
    from imgconv.files.read import header
    from imgconv.kernels.lab.write import check, write
    from imgconv.networks.forecast import images_together
    from imgconv.networks.inputs import fitted, image_shape, own_scale
    from imgconv.networks.page import is_named, page

    output, layer, each, form = (given.pop(name) for name in ("output", "layer", "each", "format"))
    overwrite, inputs = given.pop("overwrite"), (given["network"], given["weights"], image)
    reading, fitting = reading_of(given), fitting_of(given)
    network = weighted_network_of(given, EXAMPLES[0])
    if image is None:
        raise errors.UsageError(f"no picture: name one, as in {EXAMPLES[0]}")
    if output is None and each is None:
        raise errors.UsageError("maps are drawn into a file: -o maps.png, or --each maps/")
    if form not in (None, "png", "npy"):
        raise errors.unknown("format", form, ["png", "npy"])
    if form is not None and each is None:
        raise errors.UsageError("--format is that of the files of --each; that of -o goes by its name")
    if output is not None:
        check(output)
        if not overwrite:
            refuse_inputs(output, *inputs)
    steps = network.layers
    if layer is not None and not any(is_named(layer, number, step) for number, step in enumerate(steps, 1)):
        raise errors.UsageError(f"no layer is called {layer}; imgconv summary lists them")
    if sys.stderr is not None and sys.stderr.isatty():
        announce_compilation()
    with header(image, reading) as opened:
        picture = opened.load()
    for note in picture.notes:
        complain(f"{image}: {note.text}")
    if len(picture.frames) > 1:
        complain(f"{image}: the first of {len(picture.frames)} frames is shown")
    frame, shape = picture.frames[0], network.input or image_shape(picture)
    images_together(network.pipeline, shape, every=True)
    pixels, done = fitted(frame, picture.colour, shape, fitting, own_scale(network.pipeline.steps))
    if done:
        complain(f"{image}: {', '.join(done)}")
    values = list(network.maps(pixels, threads=given["threads"]).values())
    if each is not None:
        chosen = [
            (number, step, value)
            for number, (step, value) in enumerate(zip(steps, values, strict=True), 1)
            if layer is None or is_named(layer, number, step)
        ]
        _write_each(each, chosen, form or "png", overwrite)
    if output is not None:
        complain(write(page(pixels, steps, values, layer or ""), output))
    raise Finished(errors.DONE)


def _write_each(folder: str, chosen: list[Any], form: str, overwrite: bool) -> None:
    """A file for the maps of each step: an array, or a PNG for each channel, stretched. FileError where one is there
    and is not to be replaced; then none is written."""
    import numpy as np

    from imgconv.files import atomic
    from imgconv.files.formats import FORMATS
    from imgconv.files.write import encoded
    from imgconv.networks.page import gray_levels
    from imgconv.operations.base import file_name
    from imgconv.operations.text import step_text
    from imgconv.values.image import Frame, ImageData

    pictures: dict[str, Any] = {}
    for number, step, value in chosen:
        stem = os.path.join(folder, file_name((f"{number:02}", step_text(step))))
        if form == "npy":
            pictures[f"{stem}.npy"] = np.ascontiguousarray(value)
        else:
            pictures |= {f"{stem}-{channel:03}.png": value[..., channel] for channel in range(value.shape[2])}
    if there := next((path for path in pictures if os.path.lexists(path)), None) if not overwrite else None:
        raise errors.file_exists(there)
    atomic.make_folder(folder)
    for path, values in pictures.items():
        image = ImageData((Frame(values if form == "npy" else gray_levels(values)),))
        atomic.write(path, encoded(image, FORMATS[form], path), replace=overwrite)
    complain(f"{folder}: the maps of {len(chosen)} layer{'s' * (len(chosen) != 1)}")

"""What the commands of `imgconv explain` share: the image, the pixel, and how the explanation is printed."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from imgconv import errors
from imgconv.cli import terminal
from imgconv.cli.click_types import PathType
from imgconv.cli.explain.html import check_page, write_page
from imgconv.cli.memory import bounded
from imgconv.cli.messages import announce_compilation, complain, printable
from imgconv.cli.options import Argument, option
from imgconv.cli.overwriting import overwrite_option, refuse_inputs
from imgconv.files.options import Reading
from imgconv.operations.pipeline import Pipeline
from imgconv.values import groups
from imgconv.values.arguments import items
from imgconv.values.colours import COLOUR
from imgconv.values.crops import CROP
from imgconv.values.frozen import replace
from imgconv.values.parameters import (
    ALPHA,
    CHANNELS,
    DTYPE,
    FLAG,
    HALF_UP,
    MEMORY,
    PIXELS,
    RANGE,
    ROUNDING,
    THREADS,
    Kind,
    whole,
)

if TYPE_CHECKING:
    from imgconv.api.image import Image
    from imgconv.api.pixel.explanation import Explainer

STREAM = "-"


def _place(value: object) -> tuple[int, int]:
    parts = value.split(",") if isinstance(value, str) else items(value)
    if len(parts) != 2:
        raise errors.not_a("at", value, "R,C (row, column of the output, counted from 0)")
    return whole(parts[0], "row"), whole(parts[1], "column")


PLACE = Kind("R,C", _place, lambda value: f"{value[0]},{value[1]}")
FRAME = Kind("N", lambda value: whole(value, "frame"))


def image_argument() -> Argument:
    return Argument(
        ["inputs"],
        nargs=-1,
        type=PathType(),
        metavar="[IMAGE]",
        meaning="A file; without one, standard input.",
    )


def explain_options() -> list[click.Parameter]:
    """Which pixel of which frame, how the image is prepared and the result converted, and the form of the text."""
    at = "Row and column of the output pixel, counted from 0."
    frame = "The frame or page, counted from 0.  [default: 0]"
    picture = "Draw it as a picture: window.png."
    steps = "The window slides while the output fills: steps.gif, .apng, .webp."
    page = "Write a page for a browser: page.html; --at is where its window begins."
    gray = "Convert to gray first (Rec. 601 luma)."
    return [
        option("--at", PLACE, groups.OPERATION, at, at),
        option("--frame", FRAME, groups.FILES, frame, frame),
        option("--range", RANGE, groups.RESULT, "How results are brought into the output type's range."),
        option("--rounding", ROUNDING, groups.RESULT, "How results become whole numbers.  [default: half-up]"),
        option("--dtype", DTYPE, groups.RESULT, "The output's pixel type.  [default: same as the input]"),
        option("--gray", FLAG, groups.COLOUR, gray, gray),
        option("--channels", CHANNELS, groups.COLOUR, "Channels to explain (r,g; alpha; 0,2).  [default: all colours]"),
        option("--linear", FLAG, groups.COLOUR, "In linear light: pixels decoded first, the result encoded again."),
        option("--flatten", COLOUR, groups.COLOUR, "Lay transparent pixels over a colour first (white, '#ff8000')."),
        option("--alpha", ALPHA, groups.COLOUR, "How alpha takes part.  [default: auto]"),
        option("-o --output", "FILE", groups.FILES, picture, picture),
        option("--steps", "FILE", groups.FILES, steps, steps),
        option("--crop", CROP, groups.RESULT, "What --steps shows of the result.  [default: 8x8 around --at]"),
        overwrite_option("Replace the image itself."),
        option("--html", "FILE", groups.FILES, page, page),
        option("--json", FLAG, groups.REPORTS, "As JSON.", "As JSON."),
        option("--markdown", FLAG, groups.REPORTS, "As Markdown.", "As Markdown."),
        option("--no-orient", FLAG, groups.FILES, "Do not turn pixels upright."),
        option("--threads", THREADS, groups.LIMITS, "Processors to use.  [default: all]"),
        option("--max-pixels", PIXELS, groups.LIMITS, "Refuse images with more pixels.  [default: 89478485]"),
        option(
            "--max-memory",
            MEMORY,
            groups.LIMITS,
            "Refuse images that would take more memory.  [default: 80 % of the machine's]",
        ),
    ]


def show(pipeline: Pipeline, inputs: tuple[str, ...], given: dict[str, Any], example: str) -> None:
    """Prints the explanation of a pixel of a pipeline's result, draws it, or writes a page."""
    if given["at"] is None and given["steps"] is None and given["html"] is None:
        raise errors.UsageError(f"which pixel? Name its row and column, for instance: {example}")
    if len(inputs) > 1:
        raise errors.UsageError(f"explain takes one image, not {len(inputs)}")
    if given["json"] and given["markdown"]:
        raise errors.UsageError("--json and --markdown are two forms; give one of them")
    if not inputs and (sys.stdin is None or sys.stdin.isatty()):
        raise errors.UsageError(f"no image: name one, as in {example}")
    path = inputs[0] if inputs else STREAM
    check_page(path, given)
    _check_outputs(path, given)
    if sys.stderr is not None and sys.stderr.isatty():
        announce_compilation()
    with bounded(given["max_memory"]):
        image, frame = _image(path, given)
        if given["html"] is not None:
            write_page(image, frame, pipeline, path, given)
            return
        explained = _explainer(image, frame, pipeline, given)
        _show(explained, "standard input" if path == STREAM else printable(path), given)


def _show(explained: Explainer, name: str, given: dict[str, Any]) -> None:
    """The pixel as text or a figure, and the film."""
    if given["crop"] is not None:
        given["crop"].check(*explained.shape)
    if given["at"] is not None:
        explanation = explained.pixel(given["at"])
        if given["output"] is not None:
            from imgconv.figures.window import figure
            from imgconv.kernels.lab.write import write

            image = replace(explained.image, frames=(explained.image.frames[explained.frame],))
            complain(write(figure(explanation, image, name), given["output"]))
        if not (given["output"] or given["steps"]) or given["json"] or given["markdown"]:
            from imgconv.cli.explain.text import as_json, as_markdown, as_text

            form = as_json if given["json"] else as_markdown if given["markdown"] else as_text
            terminal.say(form(explanation, name))
    if given["steps"] is not None:
        from imgconv.figures.film import write as write_film
        from imgconv.figures.sliding import default_crop, film

        crop = given["crop"] or default_crop(explained.shape, given["at"])
        complain(write_film(film(explained, crop, name), given["steps"]))


def _check_outputs(path: str, given: dict[str, Any]) -> None:
    """Before anything is computed: UsageError for a picture or film that cannot be written there."""
    output, steps = given["output"], given["steps"]
    if given["crop"] is not None and steps is None:
        raise errors.UsageError("--crop is of --steps, the piece of the result that fills")
    if output is not None and given["at"] is None:
        raise errors.UsageError("which pixel? -o draws one: --at 3,7")
    if output is not None or steps is not None:
        from imgconv.figures.film import check as check_film
        from imgconv.kernels.lab.write import check

        for one, check_one in ((output, check), (steps, check_film)):
            if one is not None:
                check_one(one)
                if not given["overwrite"]:
                    refuse_inputs(one, path)
    texts = given["json"] or given["markdown"]
    if [output, steps, STREAM if texts else None].count(STREAM) > 1:
        raise errors.UsageError("two results go to standard output; name a file: -o window.png")


def _image(path: str, given: dict[str, Any]) -> tuple[Image, int]:
    """The image, of which all frames are read only where they share one scale, and the number of the frame."""
    from imgconv.api.image import Image
    from imgconv.files.read import header

    wanted = given["frame"] or 0
    together = given["range"] == "stretch"
    limits = {name: given[name] for name in ("max_pixels", "max_memory") if given[name] is not None}
    reading = Reading(frames="all" if together else wanted, no_orient=given["no_orient"], **limits)
    with header(path, reading) as opened:
        image = Image.of(opened.load())
    if given["flatten"] is not None:
        image = image.flatten(given["flatten"])
    return image.gray() if given["gray"] else image, wanted if together else 0


def _explainer(image: Image, frame: int, pipeline: Pipeline, given: dict[str, Any]) -> Explainer:
    from imgconv.api.pixel.explanation import explainer

    return explainer(
        image,
        pipeline,
        frame,
        dtype=given["dtype"],
        range=given["range"] or "clamp",
        rounding=given["rounding"] or HALF_UP,
        alpha=given["alpha"] or "auto",
        channels=given["channels"] or "all",
        linear=given["linear"],
        threads=given["threads"],
    )

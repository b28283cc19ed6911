"""`imgconv compare`: what two tools' ways give on one image, where they differ, and why."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from imgconv import errors
from imgconv.cli import terminal
from imgconv.cli.click_types import PathType
from imgconv.cli.command import Command, missing
from imgconv.cli.messages import Finished
from imgconv.cli.options import Argument, option
from imgconv.cli.overwriting import overwrite_option, refuse_inputs
from imgconv.values import groups
from imgconv.values.parameters import FLAG
from imgconv.values.tools import TOOL

if TYPE_CHECKING:
    from imgconv.other_tools.comparison import Cause, Comparison

STREAM = "-"
EXAMPLES = (
    "imgconv compare --like opencv --like scipy gaussian:1.5 photo.png",
    "imgconv compare --like opencv vertical photo.png -o diff.png",
    'imgconv compare --like torch --like onnx "avgpool 3 stride=2 pad=1" photo.png --json',
)


def command() -> click.Command:
    return Command(
        "compare",
        params=[
            Argument(
                ["text"],
                required=False,
                metavar="KERNEL",
                meaning="A kernel, or a step: 'avgpool 3 pad=1', 'filter box:3 stride=2'.",
            ),
            Argument(["image"], type=PathType(), required=False, metavar="IMAGE", meaning="A file, or - for a stream."),
            option(
                "--like",
                TOOL,
                groups.OPERATION,
                "A tool, twice; given once, it is compared with imgconv itself.",
                "A tool, twice; or one, compared with imgconv itself.",
                multiple=True,
            ),
            option(
                "-o --output",
                "FILE",
                groups.FILES,
                "Draw what differs: red on a faint picture of the first result.",
                "Draw what differs into a picture: diff.png.",
            ),
            overwrite_option("Replace the image itself."),
            option("--json as_json", FLAG, groups.REPORTS, "Print the facts as JSON.", "Print the facts as JSON."),
        ],
        callback=_compare,
        help="Compare two tools' ways on one image: where they differ, by how much, and which difference is the cause.",
        brief="Compare two tools' ways on one image",
        examples=EXAMPLES,
    )


def _compare(
    text: str | None, image: str | None, like: tuple[str, ...], output: str | None, overwrite: bool, as_json: bool
) -> None:
    if text is None:
        raise missing("kernel", EXAMPLES[0], "imgconv kernels")
    if image is None:
        raise missing("image", EXAMPLES[0])
    if len(like) not in (1, 2):
        raise errors.UsageError(f"--like is given {len(like)} times where one or two tools are needed: {EXAMPLES[0]}")
    if output is not None:
        _check_output(output, None if overwrite else image)
    from imgconv.api.image import load
    from imgconv.other_tools.comparison import ITSELF, compare, drawn

    tools = like if len(like) == 2 else (ITSELF, *like)
    found = compare(load(image), text, *tools)
    if output is not None:
        from imgconv.files.write import save

        save(drawn(found), output)
    terminal.say(json.dumps(facts(found), indent=2) if as_json else "\n".join(lines(found, image)))
    raise Finished(errors.DONE)


def _check_output(output: str, image: str | None) -> None:
    """Before anything is computed: UsageError for a picture that cannot be written there, or over `image`."""
    from imgconv.kernels.lab.write import check

    if output == STREAM:
        raise errors.UsageError("the verdict goes to standard output; name a file: -o diff.png")
    check(output)
    refuse_inputs(output, image)


def lines(found: Comparison, image: str) -> list[str]:
    """The verdict, the causes, and the declared differences that change nothing here."""
    one, other = found.tools
    total = found.differing.size
    heading = f"{found.step} on {image}: {one} and {other}"
    sizes = [result.shape[:2] for result in found.results]
    made = [f"  {one} gives {errors.extent(*sizes[0])} pixels, {other} {errors.extent(*sizes[1])}"]
    text = [f"{heading} agree in all {total:,} pixels"]
    if found.count:
        share = f"{_pixels(found.count, total, found.margin)}, by at most {found.greatest:.6g}"
        text = [f"{heading} differ at {share}"]
    text += made if sizes[0] != sizes[1] else []
    text += [f"  {cause_line(cause, total)}" for cause in found.causes if cause.count]
    if found.count and not any(cause.count for cause in found.causes):
        text.append("  no difference alone changes a pixel; together they do")
    if idle := [cause for cause in found.causes if not cause.count]:
        text.append(f"  without effect here: {'; '.join(_against(cause) for cause in idle)}")
    return text


def cause_line(cause: Cause, total: int) -> str:
    """`border: reflect101 against edge; 1,276 of 307,200 pixels, at the margin`."""
    return f"{_against(cause)}; {_pixels(cause.count, total, cause.margin)}"


def _against(cause: Cause) -> str:
    return f"{cause.name}: {cause.first} against {cause.second}"


def _pixels(count: int, total: int, margin: bool) -> str:
    return f"{count:,} of {total:,} pixels{', at the margin' if margin else ''}"


def facts(found: Comparison) -> dict[str, Any]:
    """The comparison for programs."""
    return {
        "step": found.step,
        "tools": list(found.tools),
        "steps": list(found.steps),
        "sizes": [list(result.shape[:2]) for result in found.results],
        "pixels": int(found.differing.size),
        "differing": found.count,
        "greatest": found.greatest if found.greatest < float("inf") else None,
        "margin": found.margin,
        "causes": [
            {
                "difference": cause.name,
                "first": cause.first,
                "second": cause.second,
                "pixels": cause.count,
                "margin": cause.margin,
            }
            for cause in found.causes
        ],
    }

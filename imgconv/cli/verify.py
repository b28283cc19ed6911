"""`imgconv verify`: whether a file is what its recipe makes of a source."""

from __future__ import annotations

import json

import click

from imgconv import errors
from imgconv.batches.inputs import shown
from imgconv.cli.click_types import PathType
from imgconv.cli.command import Command, missing
from imgconv.cli.messages import Finished, printable
from imgconv.cli.options import Argument, option, quiet
from imgconv.cli.recipe import file_argument
from imgconv.values import groups
from imgconv.values.parameters import FLAG, MEMORY, PIXELS

EXAMPLES = ("imgconv verify in.png out.png", "imgconv verify in.png out.png --mask sky.png --json")


def command() -> click.Command:
    return Command(
        "verify",
        params=[
            Argument(
                ["source"], type=PathType(), required=False, metavar="SOURCE", meaning="What it is said to be made of."
            ),
            file_argument("A file that was written with --recipe."),
            option("--mask", "FILE", groups.FILES, "The mask, for a recipe that has one.", "The recipe's mask."),
            option("--max-pixels", PIXELS, groups.LIMITS, "Refuse images with more pixels per frame: 100M, 2G."),
            option("--max-memory", MEMORY, groups.LIMITS, "Refuse images that would take more memory: 500M, 2GiB."),
            option("--json as_json", FLAG, groups.REPORTS, "Print what differs as JSON.", "Print it as JSON."),
            quiet(),
        ],
        callback=_verify,
        help="Compute the recipe of a file again and compare the pixels: exit code 0 if they are the same and SOURCE is"
        " what the file was made of, 1 if not. A lossy file is compared with its own encoding.",
        brief="Whether a file is what its recipe makes",
        examples=EXAMPLES,
    )


def _verify(
    source: str | None,
    file: str | None,
    mask: str | None,
    max_pixels: int | None,
    max_memory: int | None,
    as_json: bool,
    quiet: bool,
) -> None:
    from imgconv.batches.options import settings_of
    from imgconv.batches.verifying import verified

    if source is None or file is None:
        raise missing("source" if source is None else "file", EXAMPLES[0])
    limits = settings_of({"max_pixels": max_pixels, "max_memory": max_memory}).reading
    found = verified(source, file, mask, limits, own_process=True)
    if as_json:
        click.echo(json.dumps(found.as_dict(), indent=2))
    elif found and not quiet:
        click.echo(printable(f"{file}: the same as its recipe makes of {shown(source)}"))
    elif not found:
        for reason in found.reasons:
            click.echo(printable(f"{file}: {reason}"))
    raise Finished(errors.DONE if found else errors.FAILED)

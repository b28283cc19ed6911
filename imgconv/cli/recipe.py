"""`imgconv recipe`: how a file says that it was made."""

from __future__ import annotations

import json

import click

from imgconv import errors
from imgconv.cli.click_types import PathType
from imgconv.cli.command import Command, missing
from imgconv.cli.memory import bounded
from imgconv.cli.messages import Finished, printable
from imgconv.cli.options import Argument, option
from imgconv.values import groups
from imgconv.values.parameters import FLAG

EXAMPLES = ("imgconv recipe out.png", "imgconv recipe out.png --json")


def command() -> click.Command:
    return Command(
        "recipe",
        params=[
            file_argument("A file that was written with --recipe."),
            option("--json as_json", FLAG, groups.REPORTS, "Print it as JSON.", "Print it as JSON."),
        ],
        callback=_show,
        help="Print the recipe of a file: pipeline, options, and the hash of what it was made of. Nothing is run.",
        brief="How a file was made (--recipe)",
        examples=EXAMPLES,
    )


def file_argument(meaning: str) -> Argument:
    """FILE, the file with a recipe."""
    return Argument(["file"], type=PathType(), required=False, metavar="FILE", meaning=meaning)


def _show(file: str | None, as_json: bool) -> None:
    from imgconv.batches import recipes
    from imgconv.files.options import Reading

    if file is None:
        raise missing("file", EXAMPLES[0])
    with bounded():
        found = recipes.of_image(recipes.loaded(file, Reading()), file).as_dict()
    if as_json:
        click.echo(json.dumps(found, indent=2))
    else:
        options = " ".join(_option(name, value) for name, value in found.pop("options").items())
        shown = {"pipeline": found.pop("pipeline"), "options": options or "defaults", **found}
        for name, value in shown.items():
            click.echo(f"{name:<9} {printable(str(value))}")
    raise Finished(errors.DONE)


def _option(name: str, value: object) -> str:
    """An option as it is typed."""
    long = f"--{name.replace('_', '-')}"
    return long if value is True else f"{long} {value}"

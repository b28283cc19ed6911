"""`imgconv kernels --sheet FILE [IMAGE]`: the page of all named kernels."""

from __future__ import annotations

import sys

import click

from imgconv import errors
from imgconv.cli.click_types import PathType
from imgconv.cli.command import Command
from imgconv.cli.messages import Finished, announce_compilation, complain
from imgconv.cli.options import Argument

EXAMPLES = ("imgconv kernels --sheet sheet.png", "imgconv kernels --sheet sheet.png photo.jpg")


def command() -> Command:
    """What remains of `imgconv kernels --sheet FILE` once the option is taken: perhaps an IMAGE."""

    def callback(image: str | None) -> None:
        group = click.get_current_context().parent
        assert group is not None
        draw(group.params["sheet"], image)

    return Command(
        "sheet",
        params=[
            Argument(
                ["image"], type=PathType(), required=False, metavar="[IMAGE]", meaning="What the kernels are shown on."
            )
        ],
        callback=callback,
        examples=EXAMPLES,
    )


def draw(path: str, image: str | None) -> None:
    """The sheet into a file; ends by raising Finished."""
    from imgconv.kernels.lab.sheet import sheet
    from imgconv.kernels.lab.write import check, write

    check(path)
    if sys.stderr is not None and sys.stderr.isatty():
        announce_compilation()
    if image is None:
        picture = sheet()
    else:
        from imgconv.api.image import load

        picture = sheet(load(image))
    complain(write(picture, path))
    raise Finished(errors.DONE)

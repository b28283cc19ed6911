"""`imgconv kernels`: the catalog, and commands that examine kernels, each a module that is loaded when it is named."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import click

from imgconv import errors
from imgconv.cli.command import Command, Group
from imgconv.cli.messages import Finished
from imgconv.cli.options import option
from imgconv.kernels.named import find
from imgconv.values import groups

COMMANDS = ("show", "convert", "diff", "compose", "split")
"""Each is a module here whose `command()` makes the command of that name."""
SHEET = "sheet"
USAGE_WIDTH = 28


EXAMPLES = (
    "imgconv kernels",
    "imgconv kernels show sobel-x",
    "imgconv kernels diff sobel-x prewitt-x",
    "imgconv kernels --sheet sheet.png photo.jpg",
)


class Kernels(Group):
    """Lists the catalog when no command is named."""

    command_class = Command

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"imgconv.cli.kernels.{cmd_name}").command()
        return command

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        if ctx.params.get(SHEET) is not None:  # what follows is no command, but the picture
            from imgconv.cli.kernels import sheet

            return SHEET, sheet.command(), args
        return super().resolve_command(ctx, args)

    def unknown(self, ctx: click.Context, args: list[str]) -> errors.UsageError:
        if find(args[0]) is None:
            return super().unknown(ctx, args)
        return errors.UsageError(
            f"{errors.shown(args[0])} is a kernel, not a command of 'imgconv kernels'; show it with: imgconv kernels"
            f" show {args[0]}"
        )


def command() -> click.Group:
    def listing(sheet: str | None, **_: Any) -> None:
        if click.get_current_context().invoked_subcommand is not None:
            return
        if sheet is not None:
            from imgconv.cli.kernels.sheet import draw

            draw(sheet, None)
        click.echo(list_text())
        raise Finished(errors.DONE)

    sheet_help = (
        "Draw the result of every named kernel on IMAGE (imgconv kernels --sheet FILE [IMAGE]), or on a built-in"
        " picture."
    )
    return Kernels(
        "kernels",
        params=[option(f"--{SHEET}", "FILE", groups.FILES, sheet_help, "Draw the result of every named kernel.")],
        callback=listing,
        invoke_without_command=True,
        help="List the named kernels, or examine some: what they are, how they differ, what they give together.",
        brief="List the named kernels, or examine some",
        examples=EXAMPLES,
    )


def list_text() -> str:
    """Every named kernel with one line, by families."""
    from imgconv.kernels.named import MODULES, rows

    lines = []
    for family in MODULES:
        lines.append(f"{family}")
        for row in rows(family):
            first = f"  {row.usage:<{USAGE_WIDTH}}  "
            lines += (
                [first.rstrip(), " " * (USAGE_WIDTH + 4) + row.summary]
                if len(row.usage) > USAGE_WIDTH
                else [first + row.summary]
            )
        lines.append("")
    return "\n".join(
        [
            *lines,
            (
                "'imgconv kernels show KERNEL' shows one; numbers such as \"-1 0 1;-2 0 2;-1 0 1\", files, and other"
                " tools' texts are kernels too."
            ),
        ]
    )

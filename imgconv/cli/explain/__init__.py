"""`imgconv explain`: the arithmetic of one output pixel; each command is a module that is loaded when it is named."""

from __future__ import annotations

import click

from imgconv.cli.command import Command, Group

STEPS = ("filter", "pool")
"""Operations that have a command here."""
EXAMPLES = (
    "imgconv explain filter vertical in.png --at 12,40",
    "imgconv explain pool max 2 in.png --at 3,7 --json",
    'imgconv explain run "filter vertical | relu | maxpool 2" in.png --at 3,7',
)


class Explain(Group):
    """Asks for a command where none is named."""

    command_class = Command

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*STEPS, "run"]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in STEPS:
            from imgconv.cli.explain import step
            from imgconv.operations import operation

            return step.command(operation(cmd_name))
        if cmd_name == "run":
            from imgconv.cli.explain import run

            return run.command()
        return None


def command() -> click.Group:
    return Explain(
        "explain",
        help="Show how one pixel of a result comes about, as a textbook prints it: window, kernel, products, sum, and"
        " what becomes of it. The result is the one that the command without 'explain' writes.",
        brief="The arithmetic of one pixel, as textbooks print it",
        examples=EXAMPLES,
    )

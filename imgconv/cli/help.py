"""`imgconv help`: the help of a command, or a topic."""

from __future__ import annotations

import click

from imgconv import errors
from imgconv.cli import terminal
from imgconv.cli.click_types import KindType
from imgconv.cli.command import Command
from imgconv.cli.messages import Finished
from imgconv.cli.options import Argument, option
from imgconv.cli.topics import TOPICS
from imgconv.operations import HOMES
from imgconv.values import groups
from imgconv.values.parameters import FLAG, Kind

EXAMPLES = ("imgconv help", "imgconv help filter", "imgconv help kernels")


def command() -> Command:
    return Command(
        "help",
        params=[
            Argument(
                ["words"],
                nargs=-1,
                type=KindType(Kind("TOPIC", str, choices=(*HOMES, *TOPICS)), "topic"),
                metavar="[COMMAND|TOPIC]",
                meaning=f"A command, or a topic: {', '.join(TOPICS)}.",
            ),
            option(
                "--man", FLAG, groups.REPORTS, "Print the manual page, in troff.", "Print the manual page, in troff."
            ),
        ],
        callback=_help,
        help="Explain a command or a topic.",
        brief="Explain a command or a topic",
        examples=EXAMPLES,
    )


def _help(words: tuple[str, ...], man: bool) -> None:
    context = click.get_current_context().find_root()
    if man:
        from imgconv.cli.man_page import man_page

        assert isinstance(context.command, click.Group)
        click.echo(man_page(context.command), nl=False)
        raise Finished(errors.DONE)
    if len(words) == 1 and words[0] in TOPICS:
        terminal.say(TOPICS[words[0]]())
        if _found(context, words[0]) is not None:
            terminal.say(f"'imgconv {words[0]} --help' explains the command.")
        raise Finished(errors.DONE)
    for word in words:
        context = _inner(context, word)
    click.echo(context.get_help())
    raise Finished(errors.DONE)


def _inner(context: click.Context, word: str) -> click.Context:
    """The context of a command in a group. Raises UsageError where there is none."""
    found = _found(context, word)
    if found is None:
        known = context.command.list_commands(context) if isinstance(context.command, click.Group) else []
        raise errors.unknown("command or topic", word, [*known, *TOPICS], "imgconv help")
    return click.Context(found, info_name=word, parent=context, help_option_names=context.help_option_names)


def _found(context: click.Context, word: str) -> click.Command | None:
    return context.command.get_command(context, word) if isinstance(context.command, click.Group) else None

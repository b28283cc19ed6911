"""The manual page, in troff, from the declarations: `imgconv help --man`, `make man`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import click

from imgconv import __version__, errors
from imgconv.cli.common import COMMON
from imgconv.cli.doctor import VARIABLES
from imgconv.cli.help_pages import group_of, typed
from imgconv.cli.options import Argument
from imgconv.cli.topics import TOPICS
from imgconv.values.groups import GROUPS, HELP

CODES = (
    (errors.DONE, "everything was done"),
    (errors.FAILED, "a file failed: it could not be read, computed or written"),
    (errors.MISUSED, "wrong use: an option, a kernel, a pipeline, an output"),
    (errors.LOSSY, "a loss under --strict"),
    (errors.OUR_BUG, "a bug in imgconv"),
    (errors.INTERRUPTED, "interrupted"),
    (errors.PIPE_CLOSED, "the reader of a pipe left"),
    (errors.TERMINATED, "terminated"),
)


def man_page(top: click.Group) -> str:
    """The page of the whole command."""
    context = click.Context(top, info_name="imgconv")
    lines = [
        f'.TH IMGCONV 1 "" "imgconv {__version__}" "User Commands"',
        *_section("NAME", [f"imgconv \\- {_plain(_lowered(top.help or ''))}"]),
        *_section("SYNOPSIS", [".B imgconv", ".I COMMAND", "[OPTIONS] [IMAGE]..."]),
        *_section("COMMANDS", [line for command in _commands(context) for line in _command(command)]),
        *_section("OPTIONS OF ALL COMMANDS", _options(top.get_params(context))),
        *_section("OPTIONS OF ALL IMAGE COMMANDS", _common()),
        *(line for name, topic in TOPICS.items() for line in _section(name.upper(), _verbatim(topic()))),
        *_section("EXIT STATUS", [line for code, text in CODES for line in _item(str(code), text)]),
        *_section("ENVIRONMENT", [line for name, text in VARIABLES.items() for line in _item(name, text)]),
    ]
    return "\n".join(lines) + "\n"


def _commands(context: click.Context) -> Iterator[click.Context]:
    """The commands of a group and of the groups in it."""
    group = context.command
    if not isinstance(group, click.Group) or group.invoke_without_command:
        yield context
    if isinstance(group, click.Group):
        for name in group.list_commands(context):
            command = group.get_command(context, name)
            assert command is not None
            yield from _commands(click.Context(command, info_name=name, parent=context))


def _command(context: click.Context) -> list[str]:
    """One command: what it does, its arguments, and its own options."""
    command = context.command
    lines = [f'.SS "{_plain(context.command_path)}"', ".PP", _plain(command.help or "")]
    lines += [".PP", f".B {_plain(context.command_path)}", _plain(" ".join(command.collect_usage_pieces(context)))]
    for param in command.params:
        if isinstance(param, Argument):
            lines += _item(param.make_metavar(context), param.meaning)
            lines += [line for form, meaning in param.forms for line in _item(f"    {form}", meaning)]
    shared = {param.name for param in COMMON()}
    if not shared <= {param.name for param in command.params}:
        shared = set()
    lines += _options([one for one in command.params if one.name not in shared and group_of(one) != HELP])
    examples = [f"    {_plain(example)}" for example in getattr(command, "examples", ())]
    return [*lines, ".PP", "Examples:", ".nf", *examples, ".fi"] if examples else lines


def _common() -> list[str]:
    """The options that all image commands have, in their groups."""
    lines = []
    for title in GROUPS:
        if options := _options([one for one in COMMON() if group_of(one) == title]):
            lines += [f'.SS "{title}"', *options]
    return lines


def _options(params: Sequence[click.Parameter]) -> list[str]:
    return [line for one in params if isinstance(one, click.Option) for line in _item(typed(one), one.help or "")]


def _section(title: str, lines: list[str]) -> list[str]:
    return [f'.SH "{title}"', *lines]


def _item(term: str, text: str) -> list[str]:
    return [".TP", f"\\fB{_plain(term)}\\fR", _plain(text)]


def _verbatim(text: str) -> list[str]:
    return [".nf", *map(_plain, text.splitlines()), ".fi"]


def _lowered(text: str) -> str:
    """A sentence as a phrase: `slide windows over images`."""
    return text[:1].lower() + text[1:].rstrip(".")


def _plain(text: str) -> str:
    """A text in which troff finds no commands and no typography."""
    escaped = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq").replace("`", "\\(ga")
    return re.sub(r"^(?=[.'])", r"\\&", escaped.replace("^", "\\(ha").replace("~", "\\(ti"))

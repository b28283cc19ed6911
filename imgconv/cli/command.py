"""A Click command as imgconv has them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import click

from imgconv import errors
from imgconv.cli.click_types import MARK
from imgconv.cli.help_pages import HelpPage, help_all

_VALUE = re.compile(r"-[0-9.]")


class Command(HelpPage):
    """A command with help in two lengths, to which `-1,0,1` is a value. `brief` is its line in a list of commands."""

    def __init__(self, *args: Any, examples: Sequence[str] = (), brief: str = "", **kwargs: Any) -> None:
        self.examples = tuple(examples)
        super().__init__(*args, **kwargs)
        self.short_help = brief
        self.params.append(help_all())

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        end = args.index("--") if "--" in args else len(args)
        long = self._long_names()
        marked = [
            long[arg] if i < end and arg in long else MARK + arg if _VALUE.match(arg) else arg
            for i, arg in enumerate(args)
        ]
        try:
            rest = super().parse_args(ctx, marked)
        except click.NoSuchOption as error:
            from imgconv.cli.habits import option_meant

            known = {name for param in self.params for name in param.opts}
            raise option_meant(error.option_name, known) or error from None
        for name, value in ctx.params.items():
            if isinstance(value, str):
                ctx.params[name] = value.removeprefix(MARK)
            elif isinstance(value, tuple):
                ctx.params[name] = tuple(part.removeprefix(MARK) if isinstance(part, str) else part for part in value)
        return rest

    def _long_names(self) -> dict[str, str]:
        """`-o` to `--output`: of a short option Click first looks for long ones that are like it, for an error that
        nobody sees (2 ms)."""
        options = [param.opts for param in self.params if isinstance(param, click.Option) and len(param.opts) > 1]
        return {
            short: long
            for opts in options
            for short in opts
            for long in opts
            if len(short) == 2 and long.startswith("--")
        }


class Group(HelpPage, click.Group):
    """A group of commands with help in two lengths; its list of commands is not cut, and an unknown command gets a
    suggestion."""

    def __init__(self, *args: Any, examples: Sequence[str] = (), brief: str = "", **kwargs: Any) -> None:
        self.examples = tuple(examples)
        super().__init__(*args, **kwargs)
        self.short_help = brief
        self.params.append(help_all())

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        if args[0] not in self.list_commands(ctx) and not args[0].startswith("-") and not ctx.resilient_parsing:
            raise self.unknown(ctx, args)
        return super().resolve_command(ctx, args)

    def unknown(self, ctx: click.Context, args: list[str]) -> errors.UsageError:
        """What is said of words that begin with no command of the group."""
        path = ctx.command_path
        return errors.unknown(f"command of '{path}'", args[0], self.list_commands(ctx), f"{path} --help")

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        super().format_options(ctx, formatter)
        self.format_commands(ctx, formatter)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        commands = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl([(name, command.short_help or "") for name, command in commands if command])


def missing(what: str, example: str, listing: str = "") -> errors.UsageError:
    """A required argument was left out; `listing` is a command that prints the choices."""
    return errors.UsageError(
        f"which {what}? Name one first, for instance: {example}{f' ({listing} lists them)' if listing else ''}"
    )

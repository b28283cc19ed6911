"""A Click command as imgconv has them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import click

from imgconv import errors
from imgconv.cli.click_types import MARK

_VALUE = re.compile(r"-[0-9.]")


class Command(click.Command):
    """A command whose help begins with examples, and to which `-1,0,1` is a value."""

    def __init__(self, *args: Any, examples: Sequence[str] = (), **kwargs: Any) -> None:
        self.examples = tuple(examples)
        super().__init__(*args, **kwargs)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        end = args.index("--") if "--" in args else len(args)
        long = self._long_names()
        marked = [
            MARK + arg if _VALUE.match(arg) else long.get(arg, arg) if i < end else arg for i, arg in enumerate(args)
        ]
        rest = super().parse_args(ctx, marked)
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

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        super().format_help_text(ctx, formatter)
        _write_examples(formatter, self.examples)


class ExampleGroup(click.Group):
    """A group whose help begins with examples."""

    examples: Sequence[str] = ()

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        super().format_help_text(ctx, formatter)
        _write_examples(formatter, self.examples)


def _write_examples(formatter: click.HelpFormatter, examples: Sequence[str]) -> None:
    if examples:
        with formatter.section("Examples"):
            for example in examples:
                formatter.write(f"{'':>{formatter.current_indent}}{example}\n")


def missing(what: str, example: str, listing: str = "") -> errors.UsageError:
    """A required argument was left out; `listing` is a command that prints the choices."""
    return errors.UsageError(
        f"which {what}? Name one first, for instance: {example}{f' ({listing} lists them)' if listing else ''}"
    )

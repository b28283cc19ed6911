"""Help in two lengths: `--help` with the common options on one screen, `--help-all` with all of them in groups."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import click

from imgconv.cli.options import Argument, Option, option
from imgconv.values import groups
from imgconv.values.parameters import FLAG

ALL = "imgconv.help_all"
"""The key in a context's `meta` under which all of the help is asked for."""
MOST_EXAMPLES = 3
"""Examples in the short help."""
ARGUMENT_COLUMN, OPTION_COLUMN = 30, 24


def help_all() -> Option:
    """The option that prints all of the help."""

    def show(ctx: click.Context, _: click.Parameter, asked: bool) -> None:
        if asked and not ctx.resilient_parsing:
            ctx.meta[ALL] = True
            click.echo(ctx.get_help(), color=ctx.color)
            ctx.exit()

    return option(
        "--help-all",
        FLAG,
        groups.HELP,
        "Show all options, in groups.",
        "Show all options, in groups.",
        is_eager=True,
        expose_value=False,
        callback=show,
    )


class HelpPage(click.Command):
    """A command whose help explains its arguments, gives examples, and lists options by their declarations."""

    examples: Sequence[str] = ()

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        super().format_help_text(ctx, formatter)
        self._write_arguments(formatter)
        shown = self.examples if ALL in ctx.meta else self.examples[:MOST_EXAMPLES]
        if shown:
            with formatter.section("Examples"):
                for example in shown:
                    formatter.write(f"{'':>{formatter.current_indent}}{example}\n")

    def _write_arguments(self, formatter: click.HelpFormatter) -> None:
        rows = []
        for param in self.params:
            if isinstance(param, Argument):
                rows.append((param.make_metavar(click.Context(self)).strip("[].") or "", param.meaning))
                rows += [(f"  {form}", meaning) for form, meaning in param.forms]
        if rows:
            with formatter.section("Arguments"):
                formatter.write_dl(rows, ARGUMENT_COLUMN)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        options = [param for param in self.get_params(ctx) if isinstance(param, click.Option) and not param.hidden]
        if ALL in ctx.meta:
            for title in groups.GROUPS:
                _write_options(formatter, title, [one for one in options if group_of(one) == title], _full)
        else:
            _write_options(formatter, "Options", [one for one in options if brief_of(one)], brief_of)


def group_of(option_: click.Parameter) -> str:
    """The group of an option; Click's own --help has none."""
    return option_.group if isinstance(option_, Option) else groups.HELP


def brief_of(option_: click.Option) -> str:
    """The line of an option in the short help."""
    return option_.brief if isinstance(option_, Option) else option_.help or ""


def _full(option_: click.Option) -> str:
    return option_.help or ""


def _write_options(
    formatter: click.HelpFormatter, title: str, options: Sequence[click.Option], words: Callable[[click.Option], str]
) -> None:
    if options:
        with formatter.section(title):
            formatter.write_dl([(typed(one), words(one)) for one in options], OPTION_COLUMN)


def typed(option_: click.Option) -> str:
    """An option as it is typed: `-o, --output PATH`."""
    names = ", ".join(name for name in option_.opts if name.startswith("-"))
    return names if option_.is_flag else f"{names} {option_.metavar or ''}".rstrip()

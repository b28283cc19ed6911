"""From a declaration to a Click command: parameters, help, and values back again."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import click

from imgconv import errors
from imgconv.cli.click_types import MARK, KindType
from imgconv.cli.common import COMMON, INPUTS, Common
from imgconv.operations import Operation, Option

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
        if self.examples:
            with formatter.section("Examples"):
                for example in self.examples:
                    formatter.write(f"{'':>{formatter.current_indent}}{example}\n")


def missing(what: str, example: str, listing: str = "") -> errors.UsageError:
    """A required argument was left out; `listing` is a command that prints the choices."""
    return errors.UsageError(
        f"which {what}? Name one first, for instance: {example}{f' ({listing} lists them)' if listing else ''}"
    )


def operation_command(operation: type[Operation], run: Callable[[Operation, Common, dict[str, str]], None]) -> Command:
    """The command of an operation: its fields, its auxiliary outputs, the inputs, and what all have in common."""
    options = operation.options()

    def callback(inputs: tuple[str, ...], **values: Any) -> None:
        common = Common.taken_from(values, inputs)
        auxiliary = {one.name: path for one in operation.auxiliary if (path := values.pop(one.name)) is not None}
        fields = {
            name: value for name, value in values.items() if value is not None and value is not False and value != ()
        }
        for option in options:
            if option.required and option.name not in fields:
                raise missing(option.name, operation.examples[0])
        run(operation(**fields), common, auxiliary)

    parameters: list[click.Parameter] = [_parameter(option) for option in options]
    parameters += [click.Option([f"--{one.name}"], metavar="FILE", help=one.help) for one in operation.auxiliary]
    return Command(
        operation.word,
        params=[*parameters, INPUTS(), *COMMON()],
        callback=callback,
        help=operation.summary,
        examples=operation.examples,
    )


def _parameter(option: Option) -> click.Parameter:
    if option.argument:
        return click.Argument(
            [option.name], type=KindType(option.kind, option.kind.metavar), required=False, metavar=option.name.upper()
        )
    if option.is_flag:
        return click.Option([f"--{option.long}"], is_flag=True, help=option.help)
    help_ = f"{option.help}  [default: {option.default_text}]" if option.default_text else option.help
    kind = option.kind.item or option.kind
    return click.Option(
        [f"--{option.long}", option.name],
        type=KindType(kind, option.name),
        metavar=kind.metavar,
        help=help_,
        multiple=option.kind.item is not None,
    )

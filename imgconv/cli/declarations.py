"""From a declaration to a Click command: parameters, help, and values back again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from imgconv.cli.click_types import KindType
from imgconv.cli.command import Command, missing
from imgconv.cli.common import COMMON, INPUTS, Common
from imgconv.operations import Operation, Option


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

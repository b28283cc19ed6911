"""From a declaration to a Click command: parameters, help, and values back again."""

from __future__ import annotations

import os
from collections.abc import Callable
from itertools import takewhile
from typing import Any

import click

from imgconv import errors
from imgconv.cli.click_types import KindType
from imgconv.cli.command import Command, missing
from imgconv.cli.common import COMMON, Common
from imgconv.cli.options import Argument, images, option
from imgconv.operations import Operation
from imgconv.operations import Option as Declared
from imgconv.values import groups
from imgconv.values.tools import TOOL

LIKE = "like"


def operation_command(operation: type[Operation], run: Callable[[Operation, Common, dict[str, str]], None]) -> Command:
    """The command of an operation: its fields, its auxiliary outputs, the inputs, and what all have in common."""

    def callback(inputs: tuple[str, ...], **values: Any) -> None:
        inputs = take_leading(operation, inputs, values)
        if (tool := values.get(LIKE)) is not None:
            values["rounding"] = values["rounding"] or rounding_of(tool)
        common = Common.taken_from(values, inputs)
        auxiliary = {one.name: path for one in operation.auxiliary if (path := values.pop(one.name)) is not None}
        run(step_of(operation, values, operation.examples[0]), common, auxiliary)

    parameters = [*parameters_of(operation), *([like_option()] if operation.tools else [])]
    parameters += [option(f"--{one.name}", "FILE", groups.FILES, one.help) for one in operation.auxiliary]
    return Command(
        operation.word,
        params=[*parameters, images(), *COMMON()],
        callback=callback,
        help=operation.summary,
        brief=operation.brief,
        examples=operation.examples,
    )


def like_option() -> click.Parameter:
    """The tool whose way is taken."""
    return option(
        f"--{LIKE}",
        TOOL,
        groups.OPERATION,
        "Do it as another tool does: flip, border, centre, rounding, divisor, sizes of Gaussians, ceil rule"
        " ('imgconv like' lists them). Options that are stated win.",
        "Do it as another tool does (imgconv like).",
    )


def rounding_of(tool: str) -> str:
    """How a tool makes whole numbers."""
    from imgconv.operations.profiles import profile

    return profile(tool).rounding


def parameters_of(operation: type[Operation]) -> list[click.Parameter]:
    """The parameters of an operation's fields."""
    return [_parameter(declared) for declared in operation.options()]


def take_leading(operation: type[Operation], inputs: tuple[str, ...], values: dict[str, Any]) -> tuple[str, ...]:
    """Moves the fields that words before the images set into `values`; the images."""
    for name, value in _leading(operation, inputs).items():
        inputs = inputs[1:]
        if values[name] is not None:
            raise errors.UsageError(f"{name} is given twice, as {value} and with --{name}")
        values[name] = value
    return inputs


def step_of(operation: type[Operation], values: dict[str, Any], example: str) -> Operation:
    """The operation of the values that were given for its fields; UsageError where one is missing that it needs."""
    tool = values.get(LIKE)
    fields = {
        name: value
        for name, value in values.items()
        if value is not None and value is not False and value != () and name != LIKE
    }
    for declared in operation.options():
        if declared.required and declared.name not in fields:
            raise missing(declared.name, example)
    return operation(**(fields if tool is None else operation.like(tool, fields)))


def _leading(operation: type[Operation], inputs: tuple[str, ...]) -> dict[str, str]:
    """The fields that words before the images set: `max 2` of `imgconv pool max 2 in.png`."""
    if operation.unnamed(()) is None:
        return {}
    kinds = {declared.name: declared.kind for declared in operation.options()}

    def is_value(word: str) -> bool:
        return all(kinds[name].reads(text) for name, text in (operation.unnamed((word,)) or {}).items())

    words = list(takewhile(is_value, inputs))
    if file := next(filter(os.path.lexists, words), None):
        raise errors.UsageError(
            f"{errors.shown(file)} has two readings: a value, which is written with its option, and a file, which is"
            f" written ./{file}"
        )
    return operation.unnamed(words) or {}


def _parameter(declared: Declared) -> click.Parameter:
    if declared.argument:
        return Argument(
            [declared.name],
            type=KindType(declared.kind, declared.kind.metavar),
            required=False,
            metavar=declared.name.upper(),
            meaning=declared.help,
            forms=declared.forms,
        )
    help_ = f"{declared.help}  [default: {declared.default_text}]" if declared.default_text else declared.help
    return option(
        f"--{declared.long} {declared.name}",
        declared.kind.item or declared.kind,
        declared.group,
        help_,
        declared.brief,
        multiple=declared.kind.item is not None,
    )

"""Options and arguments that know how help shows them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from imgconv.cli.click_types import KindType, PathType
from imgconv.values import groups
from imgconv.values.parameters import FLAG, Kind


class Option(click.Option):
    """An option with the group in which `--help-all` lists it and its line in `--help`, which lists those that have
    one."""

    def __init__(self, names: Sequence[str], *, group: str, brief: str, **more: Any) -> None:
        self.group, self.brief = group, brief
        super().__init__(names, **more)


class Argument(click.Argument):
    """An argument with its meaning and, if need be, the forms that it takes: (form, meaning) pairs."""

    def __init__(
        self, names: Sequence[str], *, meaning: str, forms: Sequence[tuple[str, str]] = (), **more: Any
    ) -> None:
        self.meaning, self.forms = meaning, tuple(forms)
        super().__init__(names, **more)


def option(names: str, value: Kind | str, group: str, help_: str, brief: str = "", **more: Any) -> Option:
    """An option: `names` as in `-o --output`, and its value: FLAG, another kind, or a metavar for any text.

    `brief` is its line in the short help, if it is one of the common options.
    """
    if value is FLAG:
        more["is_flag"] = True
    elif isinstance(value, Kind):
        more |= {"type": KindType(value, names.rsplit(maxsplit=1)[-1]), "metavar": value.metavar}
    else:
        more["metavar"] = value
        if value in ("FILE", "PATH", "FOLDER"):
            more["type"] = PathType(folder=value == "FOLDER")
    return Option(names.split(), group=group, brief=brief, help=help_, **more)


def kind_argument(name: str, kind: Kind, metavar: str, meaning: str) -> Argument:
    """An argument that may be left out, whose value is of a kind."""
    return Argument([name], type=KindType(kind, kind.metavar), required=False, metavar=metavar, meaning=meaning)


def quiet() -> Option:
    return option("-q --quiet", FLAG, groups.REPORTS, "Print errors only.", "Print errors only.")


def images() -> Argument:
    return Argument(
        ["inputs"],
        nargs=-1,
        type=PathType(),
        metavar="[IMAGE]...",
        meaning="Files, folders, patterns, @lists or URLs; without any, standard input.",
    )

"""Parameter kinds as Click sees them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from imgconv.values.parameters import Kind

MARK = "\0"  # cannot occur in an argument; hides the minus of a value from Click's parser


if TYPE_CHECKING:
    ParamType = click.ParamType[Any]
else:
    ParamType = click.ParamType  # generic since Click 8.4


class KindType(ParamType):
    """A parameter kind as Click sees it; its sentences are imgconv's own."""

    def __init__(self, kind: Kind, name: str) -> None:
        self.kind, self.name = kind, name

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        return self.kind.read(value.removeprefix(MARK)) if isinstance(value, str) else value

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[click.shell_completion.CompletionItem]:
        words = self.kind.choices if self.kind.names is None else self.kind.names()
        found = [click.shell_completion.CompletionItem(word) for word in words if word.startswith(incomplete)]
        if not found and self.kind.names is not None:  # what has names may be a file, too
            return [click.shell_completion.CompletionItem(incomplete, type="file")]
        return found


class PathType(ParamType):
    """Any text, which a shell completes as a file or a folder."""

    def __init__(self, *, folder: bool = False) -> None:
        self.name = "path"
        self.completed_as = "dir" if folder else "file"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[click.shell_completion.CompletionItem]:
        return [click.shell_completion.CompletionItem(incomplete, type=self.completed_as)]

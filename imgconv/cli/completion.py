"""`imgconv completion`: the script with which a shell completes commands, options and kernel names."""

from __future__ import annotations

import click

from imgconv import errors
from imgconv.cli.click_types import KindType
from imgconv.cli.command import Command, missing
from imgconv.cli.messages import Finished
from imgconv.cli.options import Argument
from imgconv.values.parameters import choice

SHELL = choice("shell", ("bash", "zsh", "fish"))
VARIABLE = "_IMGCONV_COMPLETE"
"""The variable of the environment by which the script asks imgconv for words."""
EXAMPLES = (
    "imgconv completion bash > ~/.local/share/bash-completion/completions/imgconv",
    'eval "$(imgconv completion zsh)"',
    "imgconv completion fish | source",
)


def command() -> Command:
    return Command(
        "completion",
        params=[
            Argument(
                ["shell"],
                type=KindType(SHELL, "shell"),
                required=False,
                metavar="SHELL",
                meaning=f"One of {', '.join(SHELL.choices)} (bash from version 4.4 on).",
            )
        ],
        callback=_print,
        help="Print the script with which a shell completes commands, options, their values, and the names of kernels.",
        brief="Print the script that completes words in a shell",
        examples=EXAMPLES,
    )


def _print(shell: str | None) -> None:
    from click.shell_completion import ShellComplete, get_completion_class

    if shell is None:
        raise missing("shell", EXAMPLES[0])
    class_ = get_completion_class(shell)
    assert class_ is not None
    script = class_(click.Group("imgconv"), {}, "imgconv", VARIABLE)
    click.echo(ShellComplete.source(script))  # Bash's own would start bash, to warn of old versions
    raise Finished(errors.DONE)

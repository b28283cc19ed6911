"""The command `imgconv`: words become values here, sentences and exit codes leave here."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn


def main(arguments: list[str] | None = None) -> NoReturn:
    """The entry point of the command; from here on an interrupt ends it silently, also while modules are loaded."""
    try:
        from imgconv.cli.main import run_command
    except KeyboardInterrupt:
        sys.exit(130)
    run_command(arguments)

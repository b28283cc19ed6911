"""What commands say, and how they end."""

from __future__ import annotations

import sys


class Finished(Exception):  # noqa: N818 (an ending, not an error)
    """The end of a command, with its exit code."""

    def __init__(self, exit_code: int) -> None:
        self.exit_code = exit_code
        super().__init__(exit_code)


def announce_compilation() -> None:
    """Has the first compilation of this run announced on standard error, since it takes longer."""
    from imgconv.jit import build

    def announce(folder: str | None, what: str) -> None:
        complain(
            f"compiling {what} and what else this run needs, once for this machine (stored in {folder}; 'imgconv warm'"
            " compiles what is usual ahead)"
            if folder
            else f"compiling {what} and what else is needed, for this run only ('imgconv doctor' shows why)"
        )

    build.announce = announce


def complain(sentence: str) -> None:
    """One line on standard error, if there is one."""
    if sys.stderr is not None:
        print(f"imgconv: {printable(sentence)}", file=sys.stderr, flush=True)


def printable(sentence: str) -> str:
    """The sentence on one line: characters that would end the line or control a terminal are escaped."""
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in sentence)

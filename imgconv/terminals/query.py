"""Questions to a terminal: which pictures it shows, and how large its characters are."""

from __future__ import annotations

import os
import re
import time
from typing import TYPE_CHECKING, Any

from imgconv.values.frozen import record
from imgconv.values.unfinished import undone

if TYPE_CHECKING:
    from collections.abc import Callable

TERMINAL = "/dev/tty"
SECONDS = 1.0
"""How long an answer is waited for."""
ATTRIBUTES = b"\x1b[c"
"""The question that every terminal answers (DA1). It comes last, so its answer ends all others."""
_CELL = b"\x1b[16t"
_KITTY = b"\x1b_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\"
_NAME, _REGISTERS = b"\x1b[>q", b"\x1b[?1;1;0S"
_BEGIN, _END = b"\x1b7", b"\x1b8\x1b[K"
"""The cursor comes back to where it was, and what a terminal printed of a question is erased."""
_COMPLETE = re.compile(rb"\x1b\[\?([\d;]*)c")
_SIXEL = b"4"
_CONTROL_C = b"\x03"


@record
class Answers:
    """What a terminal answered: whether it shows kitty's pictures and sixels, of how many colours (0: unknown), the
    height and width of a character in pixels, its name, and whether the last answer came."""

    kitty: bool = False
    sixel: bool = False
    registers: int = 0
    cell: tuple[int, int] | None = None
    name: str = ""
    complete: bool = False


def ask(*, multiplexed: bool = False, path: str = TERMINAL, seconds: float = SECONDS) -> Answers | None:
    """Asks the terminal at a path, and leaves its settings and its input as they were.

    It is not asked (None) where there is none, by a process in the background, which would be stopped, and while
    something typed waits to be read, which would be lost. A `multiplexed` one (tmux, screen) gets only questions that
    it answers itself. Raises KeyboardInterrupt for a Ctrl-C.
    """
    try:
        import termios
    except ImportError:  # Windows
        return None
    try:
        terminal = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        if not _in_foreground(terminal):
            return None
        questions = _CELL if multiplexed else _KITTY + _NAME + _CELL + _REGISTERS
        content = _asked(terminal, _BEGIN + questions + ATTRIBUTES + _END, seconds)
    except (termios.error, OSError):
        return None
    finally:
        os.close(terminal)
    return None if content is None else understood(content)


def _in_foreground(terminal: int) -> bool:
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:  # not the terminal of this session: nobody is stopped
        return True


def _asked(terminal: int, questions: bytes, seconds: float) -> bytes | None:
    """The bytes of the answers; None where something typed waits."""
    import termios

    before = termios.tcgetattr(terminal)
    quiet: list[Any] = [*before]
    # no echo, no lines, and no signals: Ctrl-C must not end the process before the settings are back
    quiet[3] = before[3] & ~(termios.ECHO | termios.ICANON | termios.ISIG)
    quiet[6] = [*before[6]]
    quiet[6][termios.VMIN], quiet[6][termios.VTIME] = 0, 0
    late = termios.TCSAFLUSH  # drops an answer that came in part

    def restore(when: int = late) -> None:
        termios.tcsetattr(terminal, when, before)

    with undone(restore):
        complete = False
        try:
            termios.tcsetattr(terminal, termios.TCSANOW, quiet)
            if _waits(terminal, 0):
                complete = True  # it is not ours to drop
                return None
            os.write(terminal, questions)
            content = _read(terminal, time.monotonic() + seconds)
            complete = _COMPLETE.search(content) is not None
        finally:
            restore(termios.TCSANOW if complete else late)
    if _CONTROL_C in content:
        raise KeyboardInterrupt
    return content


def _read(terminal: int, end: float) -> bytes:
    """What comes until the last answer, a Ctrl-C, or the end of the time."""
    content = b""
    while (left := end - time.monotonic()) > 0 and _waits(terminal, left):
        part = os.read(terminal, 4096)
        content += part
        if not part or _COMPLETE.search(content) or _CONTROL_C in content:
            break
    return content


def _waits(terminal: int, seconds: float) -> bool:
    import select

    return bool(select.select([terminal], [], [], seconds)[0])


def understood(content: bytes) -> Answers:
    """The answers in what a terminal sent."""

    def found(pattern: bytes, read: Callable[[re.Match[bytes]], Any], otherwise: Any) -> Any:
        match = re.search(pattern, content)
        return otherwise if match is None else read(match)

    attributes = _COMPLETE.search(content)
    cell = found(rb"\x1b\[6;(\d{1,4});(\d{1,4})t", lambda match: (int(match[1]), int(match[2])), None)
    return Answers(
        kitty=re.search(rb"\x1b_G(?:[^\x1b;]*,)?i=31[^\x1b;]*;OK\x1b", content) is not None,
        sixel=attributes is not None and _SIXEL in attributes[1].split(b";")[1:],
        registers=found(rb"\x1b\[\?1;0;(\d{1,6})S", lambda match: int(match[1]), 0),
        cell=cell if cell and min(cell) > 0 else None,
        name=found(rb"\x1bP>\|([^\x1b]*)\x1b", lambda match: match[1].decode("ascii", "replace"), ""),
        complete=attributes is not None,
    )

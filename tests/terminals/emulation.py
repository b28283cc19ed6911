"""Terminals that answer, and what they would show: each protocol back to pixels (H, W, 4)."""

from __future__ import annotations

import base64
import contextlib
import io
import os
import re
import select
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from tests.command import TIMEOUT, environment

KITTY_OK, NAME, CELL = b"\x1b_Gi=31;OK\x1b\\", b"\x1bP>|%s\x1b\\", b"\x1b[6;20;10t"
TERMINALS = {
    "kitty": KITTY_OK + NAME % b"kitty(0.40.1)" + CELL + b"\x1b[?62;52;c",
    "ghostty": KITTY_OK + NAME % b"ghostty 1.1" + CELL + b"\x1b[?62;22c",
    "iterm": NAME % b"iTerm2 3.5.10" + CELL + b"\x1b[?64;1;2;4;6c",
    "xterm": NAME % b"XTerm(390)" + b"\x1b[?1;0;16S" + b"\x1b[?63;1;2;4;6c",
    "foot": b"\x1b_Gi=31,p=0;ENOTSUP\x1b\\" + b"\x1b[?1;0;1024S" + b"\x1b[?62;4;22c",
    "plain": b"\x1b[?1;2c",
    "64": b"\x1b[?64;1c",
    "silent": b"",
}
"""What terminals answer to all questions together; the `64` of one is its model, not sixels."""
PROTOCOLS = {
    "kitty": "kitty",
    "ghostty": "kitty",
    "iterm": "iterm",
    "xterm": "sixel",
    "foot": "sixel",
    "plain": "blocks",
}


class Terminal:
    """A pseudo-terminal that answers once all questions were asked, which end with that for its attributes."""

    def __init__(self, answer: bytes, *, question: bytes = b"\x1b[c") -> None:
        self.master, self.slave = os.openpty()
        self.path, self.answer, self.question = os.ttyname(self.slave), answer, question
        self.seen, self.done = b"", threading.Event()
        self.watcher = threading.Thread(target=self._watch, daemon=True)
        self.watcher.start()

    def _watch(self) -> None:
        answered = False
        while not self.done.is_set():
            if not select.select([self.master], [], [], 0.02)[0]:
                continue
            try:
                self.seen += os.read(self.master, 65536)
            except OSError:
                return
            if not answered and self.question in self.seen:
                answered = True
                os.write(self.master, self.answer)

    def left(self) -> bytes:
        """What waits to be read by the next program, with lines unfinished or not."""
        import termios

        before = termios.tcgetattr(self.slave)
        raw: list[Any] = [*before]
        raw[3] &= ~termios.ICANON
        termios.tcsetattr(self.slave, termios.TCSANOW, raw)
        content = os.read(self.slave, 65536) if select.select([self.slave], [], [], 0.05)[0] else b""
        termios.tcsetattr(self.slave, termios.TCSANOW, before)
        return content

    def close(self) -> None:
        self.done.set()
        self.watcher.join(5)
        os.close(self.master)
        os.close(self.slave)


@contextlib.contextmanager
def terminal(answer: bytes) -> Iterator[Terminal]:
    one = Terminal(answer)
    try:
        yield one
    finally:
        one.close()


_WITH_TERMINAL = (
    "import fcntl, os, sys, termios\n"
    "fcntl.ioctl(1, termios.TIOCSCTTY, 0)\n"
    "os.execv(sys.executable, [sys.executable, '-m', 'imgconv', *sys.argv[1:]])"
)


def on(one: Terminal, *words: str, cwd: Path, env: dict[str, str], stdin: bytes | None = None) -> tuple[int, str]:
    """`imgconv words...` with a terminal as its own: its exit code and standard error."""
    done = subprocess.run(
        [sys.executable, "-c", _WITH_TERMINAL, *words],
        cwd=cwd,
        input=stdin,
        stdin=one.slave if stdin is None else None,
        stdout=one.slave,
        stderr=subprocess.PIPE,
        env=environment(env),
        start_new_session=True,
        timeout=TIMEOUT,
        check=False,
    )
    return done.returncode, done.stderr.decode()


# ---------------------------------------------------------------- what is shown


def kitty(text: str) -> Any:
    """The pixels of the PNG in kitty's commands, which come in pieces of at most 4096 bytes."""
    commands = re.findall(r"\x1b_G([^;]*);([^\x1b]*)\x1b\\", text)
    first = dict(part.split("=") for part in commands[0][0].split(","))
    assert (first["a"], first["f"], first["q"]) == ("T", "100", "2")
    assert [re.search(r"m=(\d)", keys)[1] for keys, _ in commands] == ["1"] * (len(commands) - 1) + ["0"]  # type: ignore[index]
    assert all(len(payload) <= 4096 and len(payload) % 4 == 0 for _, payload in commands)
    return _pixels(base64.b64decode("".join(payload for _, payload in commands)))


def iterm(text: str) -> Any:
    found = re.search(r"\x1b\]1337;File=([^:]*):([^\a]*)\a", text)
    assert found
    content = base64.b64decode(found[2])
    assert f"size={len(content)};" in found[1]
    assert "inline=1" in found[1]
    return _pixels(content)


def _pixels(png: bytes) -> Any:
    with Image.open(io.BytesIO(png)) as image:
        assert image.format == "PNG"
        return np.asarray(image.convert("RGBA"))


def sixel(text: str) -> Any:
    """A decoder of sixels, by the manual: colours in percent, runs, `$` to the left again, `-` six rows below."""
    found = re.search(r'\x1bP[\d;]*q"1;1;(\d+);(\d+)(.*)\x1b\\', text, re.S)
    assert found
    width, height = int(found[1]), int(found[2])
    result = np.zeros((-(-height // 6) * 6, width, 4), np.uint8)
    palette: dict[int, Any] = {}
    row = column = colour = 0
    for number, parts, count, char in re.findall(r"#(\d+)((?:;\d+)*)|(?:!(\d+))?([?-~$-])", found[3]):
        if number:
            colour = int(number)
            if parts:
                kind, *levels = map(int, parts[1:].split(";"))
                assert kind == 2
                palette[colour] = [*(round(level * 2.55) for level in levels), 255]
        elif char == "$":
            column = 0
        elif char == "-":
            row, column = row + 6, 0
        else:
            run = slice(column, column + int(count or 1))
            for bit in range(6):
                if ord(char) - 63 >> bit & 1:
                    result[row + bit, run] = palette[colour]
            column = run.stop
    assert not result[height:].any()
    return result[:height]


def blocks(text: str) -> Any:
    """Half blocks: the colour of letters, and that of the background."""
    lines = [line for line in text.splitlines() if "\x1b[" in line]
    return np.concatenate([_line(line) for line in lines])


def _line(line: str) -> Any:
    ink, paper = _NONE, _NONE
    cells = []
    for codes, char in re.findall(r"\x1b\[([\d;]*)m|(.)", line):
        if char:
            cells.append({"▀": (ink, paper), "▄": (paper, ink), " ": (paper, paper)}[char])
            continue
        numbers = [int(code or 0) for code in codes.split(";")]
        while numbers:
            first = numbers.pop(0)
            if first == 0:
                ink, paper = _NONE, _NONE
                continue
            kind = numbers.pop(0)
            colour = tuple(numbers.pop(0) for _ in range(3)) if kind == 2 else palette_colour(numbers.pop(0))
            if first == 38:
                ink = (*colour, 255)
            else:
                assert first == 48
                paper = (*colour, 255)
    assert (ink, paper) == (_NONE, _NONE), "colours end with the line"
    return np.array(cells, np.uint8).transpose(1, 0, 2)


_NONE = (0, 0, 0, 0)


def palette_colour(number: int) -> tuple[int, int, int]:
    """The colours of xterm's palette from 16 on."""
    if number >= 232:
        return (8 + 10 * (number - 232),) * 3
    levels = (0, 95, 135, 175, 215, 255)
    red, rest = divmod(number - 16, 36)
    return levels[red], levels[rest // 6], levels[rest % 6]


SHOWN = {"kitty": kitty, "sixel": sixel, "iterm": iterm, "blocks": blocks}

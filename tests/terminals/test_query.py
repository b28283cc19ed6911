"""Terminals are asked what they show, and find their settings and their input as they were."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import termios
import time

import pytest

from imgconv.terminals.query import Answers, ask, understood
from imgconv.terminals.screen import protocol_of
from tests.terminals.emulation import PROTOCOLS, TERMINALS, Terminal, terminal


@pytest.mark.parametrize("name", TERMINALS)
def test_terminals_are_asked_and_left_as_they_were(name: str) -> None:
    with terminal(TERMINALS[name]) as one:
        before = termios.tcgetattr(one.slave)
        answers = ask(path=one.path, seconds=0.2 if name == "silent" else 10)
        assert answers is not None
        assert termios.tcgetattr(one.slave) == before
        assert one.left() == b""
    assert answers.complete == (name != "silent")
    assert protocol_of(answers, "xterm-256color", "", False) == PROTOCOLS.get(name, "blocks")


def test_answers() -> None:
    assert understood(TERMINALS["kitty"]) == Answers(True, False, 0, (20, 10), "kitty(0.40.1)", True)
    assert understood(TERMINALS["xterm"]) == Answers(False, True, 16, None, "XTerm(390)", True)
    assert understood(b"") == understood(b"abc\x1b[6;0;0t") == Answers()


def test_a_part_of_an_answer_is_not_left_to_the_next_program() -> None:
    with terminal(TERMINALS["kitty"][:20]) as one:
        answers = ask(path=one.path, seconds=0.2)
        assert answers is not None
        assert not answers.complete
        assert one.left() == b""


def test_what_was_typed_ahead_is_not_lost() -> None:
    with terminal(TERMINALS["kitty"]) as one:
        os.write(one.master, b"next")
        time.sleep(0.05)
        assert ask(path=one.path) is None
        assert one.left() == b"next"
        assert b"\x1b[c" not in one.seen


def test_within_tmux_only_its_own_questions_are_asked() -> None:
    with terminal(b"\x1b[?1;2;4c") as one:
        answers = ask(path=one.path, multiplexed=True, seconds=10)
    assert b"\x1b_G" not in one.seen
    assert answers is not None
    assert answers.sixel  # tmux itself shows them


def test_there_may_be_no_terminal(tmp_path: object) -> None:
    assert ask(path=f"{tmp_path}/tty") is None
    (tmp_path / "file").write_text("")  # type: ignore[operator]
    assert ask(path=f"{tmp_path}/file") is None


def test_hints_speak_for_terminals_that_cannot_be_asked() -> None:
    assert protocol_of(None, "xterm-kitty", "", False) == "kitty"
    assert protocol_of(None, "xterm-256color", "iTerm.app", False) == "iterm"
    assert protocol_of(None, "xterm-256color", "", False) == "blocks"
    assert protocol_of(None, "tmux-256color", "iTerm.app", True) == "blocks"
    assert protocol_of(Answers(), "xterm-kitty", "iTerm.app", False) == "blocks", "it was asked and is silent"


def test_ctrl_c_while_asking_ends_with_the_settings_back() -> None:
    with terminal(b"\x03") as one:
        before = termios.tcgetattr(one.slave)
        with pytest.raises(KeyboardInterrupt):
            ask(path=one.path, seconds=10)
        assert termios.tcgetattr(one.slave) == before


def test_a_signal_while_asking_ends_with_the_settings_back() -> None:
    one = Terminal(b"")
    before = termios.tcgetattr(one.slave)
    words = (
        "from imgconv.cli import _end_on_signals; _end_on_signals()\n"
        f"from imgconv.terminals.query import ask; ask(path={one.path!r}, seconds=60)"
    )
    process = subprocess.Popen([sys.executable, "-c", words])
    try:
        end = time.monotonic() + 30
        while b"\x1b[c" not in one.seen and time.monotonic() < end:
            time.sleep(0.01)
        assert termios.tcgetattr(one.slave) != before
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 143
        assert termios.tcgetattr(one.slave) == before
    finally:
        process.kill()
        process.wait()
        one.close()

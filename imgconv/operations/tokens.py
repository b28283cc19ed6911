"""The words of pipelines: steps between "|" or lines' ends, shell quoting inside a step, comments from `#` on."""

from __future__ import annotations

import re
from collections.abc import Iterator

from imgconv import errors
from imgconv.values.frozen import record

_NAME = re.compile(r"[A-Za-z][A-Za-z_-]*=")


@record
class Token:
    """A word of a step; `named` if it is name=value, with the name outside quotes."""

    text: str
    quoted: bool
    named: bool


def split(text: str) -> list[list[Token]]:
    """The tokens of each step."""
    steps: list[list[Token]] = [[]]
    ends = ["|"]  # what stands before and after each step; a line's end may leave it empty, two "|" may not
    for token in _tokens(text):
        if isinstance(token, Token):
            steps[-1].append(token)
        else:
            steps.append([])
            ends.append(token)
    ends.append("|")
    if not any(steps):
        raise errors.UsageError("the pipeline has no steps; write for instance 'filter vertical | relu | maxpool 2'")
    for i, tokens in enumerate(steps):
        if not tokens and ends[i] == ends[i + 1] == "|":
            raise step_error(i + 1, "", "is empty; every '|' needs a step on both sides")
    return [tokens for tokens in steps if tokens]


def _tokens(text: str) -> Iterator[Token | str]:
    """Words, and "|" or a line's end between steps."""
    word: list[str] = []
    quoted = started = False
    name_ends = -1
    i = 0

    def token() -> Token:
        joined = "".join(word)
        match = _NAME.match(joined)
        return Token(joined, quoted, bool(match and match.end() == name_ends))

    while i < len(text):
        char = text[i]
        if char in "'\"":
            close = _closing(text, i)
            word.append(text[i + 1 : close] if char == "'" else re.sub(r'\\(["\\])', r"\1", text[i + 1 : close]))
            quoted, started, i = quoted or not started, True, close
        elif char == "\\" and i + 1 < len(text):
            word.append(text[i + 1])
            started, i = True, i + 1
        elif char == "#" and not started:
            line_ends = text.find("\n", i)
            i = len(text) if line_ends < 0 else line_ends - 1
        elif char.isspace() or char == "|":
            if started:
                yield token()
            word, quoted, started, name_ends = [], False, False, -1
            if char in "|\n":
                yield char
        else:
            if char == "=" and name_ends < 0 and not quoted:
                name_ends = sum(map(len, word)) + 1
            word.append(char)
            started = True
        i += 1
    if started:
        yield token()


def _closing(text: str, start: int) -> int:
    i = start + 1
    while i < len(text):
        if text[i] == "\\" and text[start] == '"':
            i += 1
        elif text[i] == text[start]:
            return i
        i += 1
    raise errors.UsageError(f"a quotation mark in the pipeline is not closed: {errors.shown(text[start:])}")


def step_error(number: int, text: str, reason: str) -> errors.UsageError:
    return errors.UsageError(f"step {number} ({errors.cut(text.strip())}): {reason}")

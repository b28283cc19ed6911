"""How text that is a matrix is recognised: its first line holds numbers and nothing else."""

from __future__ import annotations

import re

BOM = b"\xef\xbb\xbf"
INLINE = "text:"
"""What inputs begin with that are matrices themselves: `text:1 2; 3 4`."""
_FIRST = b"0123456789+-.#nNiI \t\r\n\xef"
"""Bytes with which such a text may begin; most files are told by theirs."""
_NUMBER = rb"[-+]?(?:[0-9]+\.?[0-9]*(?:[eE][-+]?[0-9]+)?|\.[0-9]+(?:[eE][-+]?[0-9]+)?|(?i:nan|inf|infinity))"
_BETWEEN = rb"[,;\s]+"


def is_matrix(start: bytes) -> bool:
    """Whether a file that starts so is a matrix: its first line that is neither blank nor a comment is of numbers."""
    if start[:1] not in _FIRST:
        return False
    *lines, last = start.removeprefix(BOM).split(b"\n")
    for line in lines:
        if words := _words(line):
            return _are_numbers(words)
    words = _words(last)
    if len(start) >= _CUT:  # the last number may go on
        words = words[:-1]
    return bool(words) and _are_numbers(words)


_CUT = 2**10
"""Bytes from which on the start of a file may be cut."""


def _words(line: bytes) -> list[bytes]:
    return [word for word in re.split(_BETWEEN, line.partition(b"#")[0]) if word]


def _are_numbers(words: list[bytes]) -> bool:
    return all(re.fullmatch(_NUMBER, word) for word in words)


def is_inline(path: str) -> bool:
    """Whether an input is a matrix itself."""
    return path.startswith(INLINE)

"""Plain PNM, whose pixels are numbers as text: where the image ends. Pillow reads the pixels."""

from __future__ import annotations

import re

import numpy as np

_PIECE = 2**20
_HEADS = {b"P1": 3, b"P2": 4, b"P3": 4}  # words before the pixels


def end(content: bytes) -> int | None:
    """The byte behind the last pixel; None for other kinds."""
    words = _HEADS.get(content[:2])
    if words is None:
        return None
    if b"#" in content:
        content = re.sub(rb"#[^\r\n]*", lambda comment: b" " * len(comment[0]), content)
    head = re.match(rb"(?:\S+\s+){%d}" % words, content)
    if head is None:
        return None
    width, height = map(int, head[0].split()[1:3])
    left = width * height * (3 if content[:2] == b"P3" else 1)
    for at in range(head.end(), len(content), _PIECE):
        blank = np.isin(np.frombuffer(content[at - 1 : at + _PIECE], np.uint8), np.frombuffer(b" \t\n\r\v\f", np.uint8))
        # of a bitmap every digit is a pixel, else every word
        places = np.flatnonzero(~blank[1:] if words == 3 else blank[:-1] & ~blank[1:])
        if len(places) >= left:
            last = at + int(places[left - 1])
            word = None if words == 3 else re.compile(rb"\s|$").search(content, last)
            return word.start() if word else last + 1
        left -= len(places)
    return None

"""The progress line of many images on a terminal."""

from __future__ import annotations

import os
import sys
import time

from imgconv.cli import terminal

_PAUSE = 0.1  # seconds between two updates
_FIRST = 1.0  # seconds before the time left is more than a guess
_CLEAR = "\r\x1b[K"


class Progress:
    """One line on standard error, if that is a terminal: how many images are done, how fast, the time left, and how
    many failed."""

    def __init__(self, total: int) -> None:
        self.total, self.done, self.failed = total, 0, 0
        shown = sys.stderr is not None and sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
        self.shown = shown and total > 1
        self._start = time.monotonic()
        self._drawn, self._visible = 0.0, False

    def add(self, *, failed: bool) -> None:
        """Counts one image, and draws the line again if it is time."""
        self.done += 1
        self.failed += failed
        self.draw()

    def draw(self) -> None:
        """Draws the line, if it is time."""
        if self.shown and self.done < self.total and time.monotonic() - self._drawn > _PAUSE:
            self._drawn, self._visible = time.monotonic(), True
            print(_CLEAR + self.text()[: terminal.width() - 1], end="", file=sys.stderr, flush=True)

    def clear(self) -> None:
        """Removes the line, before another text."""
        if self._visible:
            print(_CLEAR, end="", file=sys.stderr, flush=True)
            self._visible = False

    def text(self) -> str:
        """`120/3,000, 240 per second, 12 s left, 1 failed`."""
        spent = time.monotonic() - self._start
        parts = [f"{self.done:,}/{self.total:,}"]
        if spent >= _FIRST and self.done:
            rate = self.done / spent
            parts.append(f"{rate:,.0f} per second" if rate >= 10 else f"{rate:.1f} per second")
            parts.append(f"{duration((self.total - self.done) / rate)} left")
        return ", ".join([*parts, *([f"{self.failed:,} failed"] if self.failed else [])])


def duration(seconds: float) -> str:
    """`12 s`, `3 min 5 s`, `2 h 10 min`."""
    whole = int(seconds + 0.5)
    if whole < 60:
        return f"{whole} s"
    minutes = whole // 60
    return f"{minutes} min {whole % 60} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"

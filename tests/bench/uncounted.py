"""Ourselves without counting: what it costs to know the range of a response and how much of it was clamped.

A child process runs the same loops, made with a helper that throws away what a piece of a row has seen, so that
LLVM leaves out the counting altogether. It has machine code of its own, for the store's keys know nothing of that.
"""

from __future__ import annotations

import atexit
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from tests.bench.inputs import BENCH, Pixels

CHILD = """
import sys
import numpy as np
from imgconv.loops import helper, quantising

def silent():
    @helper
    def count(outcome, seen):
        pass
    return count

quantising.counter = silent  # before the loops take it from there
import imgconv

for line in sys.stdin:
    word, value = line.split()
    if word == "load":
        pixels = np.load(value)
    else:
        imgconv.correlate(pixels, value)
    print("done", flush=True)
"""


class Uncounted:
    """A call `correlate(pixels, kernel)` that runs in the child; the pixels go there once, outside the clock of all but
    the first call."""

    def __init__(self, kernel: str) -> None:
        self.kernel, self.given, self.child = kernel, (0, 0), None

    def __call__(self, pixels: Pixels) -> None:
        if self.child is None:
            environment = os.environ | {"IMGCONV_CACHE_DIR": str(BENCH / "uncounted")}
            self.child = subprocess.Popen(
                [sys.executable, "-c", CHILD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
            )
            atexit.register(self.child.kill)
        if self.given != (id(pixels), pixels.size):
            path = BENCH / "uncounted.npy"
            np.save(path, pixels)
            self._told(f"load {path}")
            self.given = id(pixels), pixels.size
        self._told(f"run {self.kernel}")

    def _told(self, line: str) -> None:
        child: Any = self.child
        child.stdin.write(line + "\n")
        child.stdin.flush()
        if child.stdout.readline() != "done\n":
            raise RuntimeError("the child without counting ended")


def uncounted(kernel: str) -> Callable[[Any], Callable[[Pixels], None]]:
    """What a `Peer` is made of."""
    return lambda module: Uncounted(kernel)

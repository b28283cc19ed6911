"""How much of imgconv one image passes through: functions entered, calls, and hops between rooms.

`python -m tests.call_counts` prints a line for each of the three ways: a file, a pipe, an array. Only imgconv's own
frames count (`sys.setprofile`); machine code is taken from the store. A hop is a call from one room (a folder or module
directly below `imgconv`) into another.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
SAMPLE = ROOT / "samples" / "staircase.png"

COMMAND = "from imgconv.cli import main; main({arguments!r})"
WAYS = {
    "file": COMMAND.format(arguments=["filter", "vertical", str(SAMPLE), "-o", "out.png", "-q"]),
    "pipe": COMMAND.format(arguments=["filter", "vertical", "-q"]),
    "array": "import imgconv, numpy; imgconv.correlate(numpy.zeros((64, 64), 'uint8'), 'vertical'); os._exit(0)",
}

PROBE = """
import json, os, sys
package = {package!r} + os.sep
functions, totals, rooms = set(), {{"calls": 0, "hops": 0}}, []

def room(path):
    return path[len(package):].split(os.sep)[0].removesuffix(".py")

def watch(frame, event, argument):
    if event not in ("call", "return") or not frame.f_code.co_filename.startswith(package):
        return
    if event == "return":
        rooms and rooms.pop()
        return
    here = room(frame.f_code.co_filename)
    functions.add((frame.f_code.co_filename, frame.f_code.co_firstlineno, frame.f_code.co_name))
    totals["calls"] += 1
    totals["hops"] += bool(rooms) and rooms[-1] != here
    rooms.append(here)

def finish(code):
    sys.setprofile(None)
    sys.stdout.flush()
    os.write(2, json.dumps({{"functions": len(functions), **totals}}).encode() + b"\\n")
    leave(code)

leave, os._exit = os._exit, finish
sys.setprofile(watch)
{work}
"""


def counts(way: str) -> dict[str, int]:
    """Functions, calls and hops of one way, once its loops are in the store."""
    probe = PROBE.format(package=str(ROOT / "imgconv"), work=WAYS[way])
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(2):  # the first run fills the store
            done = subprocess.run(
                [sys.executable, "-c", probe],
                cwd=folder,
                input=SAMPLE.read_bytes(),
                capture_output=True,
                timeout=120,
                check=True,
            )
    found: dict[str, int] = json.loads(done.stderr.splitlines()[-1])
    return found


def main() -> None:
    for way in WAYS:
        found = counts(way)
        print(f"{way}: " + ", ".join(f"{number} {name}" for name, number in found.items()))


if __name__ == "__main__":
    os.environ.setdefault("IMGCONV_CACHE_DIR", str(ROOT / ".loops"))
    main()

"""The real command as a child whose memory and time are measured: what it took at most, and for how long."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.command import COMMAND, environment

PATIENCE = 60
"""Seconds after which a child counts as hanging and is killed."""
_LARGEST = 6 * 2**30  # bytes of address space: a child that wants more fails and takes no neighbour with it
_WATCHER = """
import json, os, resource, signal, subprocess, sys, threading
largest, patience, *words = sys.argv[1:]
resource.setrlimit(resource.RLIMIT_AS, (int(largest), int(largest)))
process = subprocess.Popen(words, stdout=subprocess.DEVNULL)
killer = threading.Timer(float(patience), process.kill)
killer.start()
_, status, usage = os.wait4(process.pid, 0)
killer.cancel()
print(json.dumps([os.waitstatus_to_exitcode(status), usage.ru_maxrss, usage.ru_utime + usage.ru_stime]))
"""
"""A small process in between: the peak of a child counts from what its parent had."""


@dataclass(frozen=True)
class Measured:
    """How a child ended: its exit code (-9: it was killed), what it said, its peak of memory in MiB, and its seconds of
    processor time."""

    code: int
    err: str
    peak: float
    seconds: float


def measured(*words: str | Path, cwd: Path, stdin: bytes | Path = b"", patience: float = PATIENCE) -> Measured:
    """`imgconv words...`, fed with bytes or with a file that may have no end."""
    watched = [sys.executable, "-c", _WATCHER, str(_LARGEST), str(patience), *COMMAND, *map(str, words)]
    if isinstance(stdin, bytes):
        done = subprocess.run(watched, cwd=cwd, env=environment(), input=stdin, capture_output=True, check=True)
    else:
        with open(stdin, "rb") as given:
            done = subprocess.run(watched, cwd=cwd, env=environment(), stdin=given, capture_output=True, check=True)
    code, peak, seconds = json.loads(done.stdout)
    err = done.stderr.decode("utf-8", "replace")
    assert "Traceback" not in err, err
    return Measured(code, err, peak / 1024, seconds)


def refused(done: Measured, *words: str, code: int, peak: float = 150, seconds: float = 20) -> None:
    """A refusal of one line that took little; the seconds are those of a busy machine."""
    assert (done.code, done.err.count("\n")) == (code, 1), (done.code, done.err[:400])
    assert [word for word in words if word not in done.err] == [], done.err
    assert len(done.err) < 500, done.err
    assert done.peak < peak, f"{done.peak:.0f} MiB: {done.err}"
    assert done.seconds < seconds, f"{done.seconds:.1f} s: {done.err}"

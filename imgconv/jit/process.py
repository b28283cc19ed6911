"""Processes of our own, isolated: only the standard library, imgconv and what it compiles with can be imported there.

Neither the folder in which the user is, nor Python's variables, nor the pipes of this process reach them.
"""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from imgconv.jit.keys import PACKAGE

NOWHERE, PIPE = subprocess.DEVNULL, subprocess.PIPE


def started(statements: str, packages: tuple[str, ...], stream: int) -> subprocess.Popen[bytes] | None:
    """A Python that runs `statements`, with imgconv and `packages` to import and `stream` as its input and output.

    None where there can be none: an embedded interpreter, a limit on processes.
    """
    if getattr(sys, "frozen", False) or "python" not in Path(sys.executable or "").stem.lower():
        return None
    homes = list(dict.fromkeys([os.path.dirname(PACKAGE), *filter(None, map(_home, packages))]))
    try:
        return subprocess.Popen(
            # -S: not even what .pth files would import; the homes come last, so that they hide nothing of the standard
            # library
            [sys.executable, "-I", "-S", "-c", f"import sys; sys.path += {homes!r}; {statements}"],
            stdin=stream,
            stdout=stream,
            stderr=subprocess.DEVNULL,
            cwd=os.path.dirname(sys.executable),
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
    except OSError:
        return None


def _home(package: str) -> str:
    """The folder from which this process imports a package, or an empty text."""
    spec = find_spec(package)
    return os.path.dirname(os.path.dirname(os.path.abspath(spec.origin))) if spec is not None and spec.origin else ""

"""Other people's programs to compare with, where this machine has them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path


def found(program: str) -> str | None:
    """Where a program is: beside this Python, or the first on the path that is no script standing in for it."""
    here = Path(sys.executable).parent / program
    if here.is_file():
        return str(here)
    for folder in os.get_exec_path():
        path = shutil.which(program, path=folder)
        if path:
            with open(path, "rb") as file:
                if file.read(2) != b"#!":
                    return path
    return None


@cache
def imagemagick() -> str | None:
    """Where ImageMagick's command is: by what it says of itself, since GraphicsMagick, Windows and others have a
    `convert` too."""
    for program in filter(None, map(found, ("magick", "convert"))):
        said = subprocess.run(
            [program, "-version"], capture_output=True, text=True, errors="replace", check=False, timeout=60
        )
        if said.returncode == 0 and "ImageMagick" in said.stdout:
            return program
    return None

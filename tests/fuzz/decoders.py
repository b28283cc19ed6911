"""Others who read PNG: Pillow, and where they are installed OpenCV, libvips and pngcheck."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

Decoder = Callable[[Path, str, int], Any]


def pillow(path: Path, type_: str, channels: int) -> Any:
    """8 bits, and 16 bits of gray: Pillow knows no more."""
    if type_ == "uint16" and channels > 1:
        return None
    with Image.open(path) as image:
        return np.array(image)


def opencv(path: Path, type_: str, channels: int) -> Any:
    import cv2

    if channels == 2:
        return None  # which it widens
    found = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    order = {1: slice(None), 3: [2, 1, 0], 4: [2, 1, 0, 3]}[channels]
    return found if channels == 1 else found[..., order]


def vips(path: Path, type_: str, channels: int) -> Any:
    import pyvips

    return pyvips.Image.new_from_buffer(path.read_bytes(), "").numpy()  # files are remembered by their names


def pngcheck(path: Path, type_: str, channels: int) -> Any:
    """No pixels, but every rule of the format."""
    done = subprocess.run(["pngcheck", "-q", path], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, ""), done.stdout


def _installed() -> dict[str, Decoder]:
    found: dict[str, Decoder] = {"Pillow": pillow}
    for name, module, decoder in (("OpenCV", "cv2", opencv), ("libvips", "pyvips", vips)):
        try:
            __import__(module)
        except (ImportError, OSError):
            continue
        found[name] = decoder
    return found | ({"pngcheck": pngcheck} if shutil.which("pngcheck") else {})


DECODERS = _installed()

"""Pictures to measure on: made from a sample photograph, the same bytes on every machine with the same Pillow and
NumPy."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

Pixels = np.ndarray[Any, Any]

ROOT = Path(__file__).parents[2]
BENCH = ROOT / ".bench"
PHOTO = ROOT / "samples" / "landscape.jpg"

LARGE = (4000, 6000)
SMALL = (512, 512)
IMAGES = {
    "digit-small": ("uint8", (28, 28), "28×28 gray 8-bit"),
    "icon-small": ("uint8", (64, 64), "64×64 gray 8-bit"),
    "tile-small": ("uint8", (256, 256), "256×256 gray 8-bit"),
    "rgb8-small": ("uint8", (*SMALL, 3), "512×512 RGB 8-bit"),
    "rgb8-large": ("uint8", (*LARGE, 3), "24 Mpx RGB 8-bit"),
    "gray16-large": ("uint16", LARGE, "24 Mpx gray 16-bit"),
    "gray32f-large": ("float32", LARGE, "24 Mpx gray float32"),
}
"""Key -> dtype, shape, words."""


@lru_cache(maxsize=1)
def image(key: str) -> Pixels:
    """One of IMAGES; the last is kept."""
    dtype, shape, _ = IMAGES[key]
    return picture(dtype, shape)


def picture(dtype: str, shape: tuple[int, ...]) -> Pixels:
    """The photograph at that size, with a sensor's noise so that it is not smoother than a real one of that size.

    uint8 holds 0…255, uint16 0…65535, float32 0…1.
    """
    generator = np.random.default_rng(20240229)
    with Image.open(PHOTO) as photo:
        scaled = np.asarray(
            photo.convert("RGB" if len(shape) == 3 else "L").resize((shape[1], shape[0]), Image.Resampling.BICUBIC)
        )
    result = np.empty(shape, dtype)
    for top in range(0, shape[0], 500):  # in pieces: the noise in float32 would be four times the picture
        piece = scaled[top : top + 500].astype("float32")
        piece += generator.standard_normal(piece.shape, dtype="float32") * 2.5
        np.clip(piece, 0, 255, out=piece)
        result[top : top + 500] = (
            np.rint(piece) if dtype == "uint8" else np.rint(piece * 257) if dtype == "uint16" else piece / 255
        )
    result.flags.writeable = False
    return result


def file(key: str, suffix: str) -> Path:
    """A picture as a file, kept in .bench/input: JPEG at quality 92 without subsampling, PNG at Pillow's usual
    level."""
    path = BENCH / "input" / f"{key}{suffix}"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f"part-{path.name}")
        Image.fromarray(image(key)).save(part, **({"quality": 92, "subsampling": 0} if suffix == ".jpg" else {}))
        part.replace(path)
    return path


def weights(side: int, *, whole: bool) -> tuple[Pixels, int]:
    """A dense kernel and its divisor: random weights, a quarter of them negative, whose magnitudes sum to 1 after the
    division."""
    generator = np.random.default_rng(side)
    if not whole:
        cells = generator.uniform(-0.3, 1, (side, side))
        return cells / np.abs(cells).sum(), 1
    cells = generator.integers(-3, 10, (side, side))
    return cells, int(np.abs(cells).sum())

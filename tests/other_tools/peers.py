"""Other tools as functions from 8-bit gray pixels and a kernel to pixels; one that is not installed skips the test, and
pytest says which."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageFilter

from imgconv.kernels.kernel import Kernel
from tests.programs import found, imagemagick

Pixels = np.ndarray[Any, Any]


def weights(kernel: Kernel) -> Pixels:
    return np.array(kernel.weights, dtype="float64") / float(kernel.divisor)


def program(name: str) -> str:
    path = imagemagick() if name == "imagemagick" else found(name)
    if path is None:
        pytest.skip(f"{name} is not installed")
    return path


def call(folder: Path, *words: str) -> None:
    done = subprocess.run(words, cwd=folder, capture_output=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr.decode(errors="replace")


def opened(path: Path) -> Pixels:
    return np.asarray(Image.open(path).convert("L"))


def opencv(pixels: Pixels, kernel: Kernel, folder: Path) -> Pixels:
    cv2 = pytest.importorskip("cv2", reason="opencv is not installed")
    return cv2.filter2D(pixels, -1, weights(kernel))


def scipy(pixels: Pixels, kernel: Kernel, folder: Path) -> Pixels:
    from scipy import ndimage

    wide = ndimage.convolve(pixels.astype("float64"), weights(kernel))
    inside = (wide > -1) & (wide < 256)  # beyond, integers wrap around
    return np.where(inside, ndimage.convolve(pixels, weights(kernel)), np.clip(wide, 0, 255)).astype("uint8")


def pillow(pixels: Pixels, kernel: Kernel, folder: Path) -> Pixels:
    filter_ = ImageFilter.Kernel(
        kernel.shape[::-1], [float(cell) for cell in kernel.cells()], None if kernel.using("auto").divisor != 1 else 1
    )
    return np.asarray(Image.fromarray(pixels).filter(filter_))


def magick(pixels: Pixels, kernel: Kernel, folder: Path) -> Pixels:
    Image.fromarray(pixels).save(folder / "in.png")
    rows = " ".join(",".join(map(str, row)) for row in weights(kernel).tolist())
    text = f"{kernel.shape[1]}x{kernel.shape[0]}:{rows}"
    call(folder, program("imagemagick"), "in.png", "-morphology", "Convolve", text, "out.pgm")
    return opened(folder / "out.pgm")


def vips(pixels: Pixels, kernel: Kernel, folder: Path) -> Pixels:
    Image.fromarray(pixels).save(folder / "in.png")
    rows = "\n".join(" ".join(map(str, row)) for row in kernel.weights)
    (folder / "k.mat").write_text(f"{kernel.shape[1]} {kernel.shape[0]} {kernel.divisor}\n{rows}\n")
    call(folder, program("vips"), "conv", "in.png", "wide.v", "k.mat")
    call(folder, program("vips"), "cast", "wide.v", "out.png", "uchar")
    return opened(folder / "out.png")


def ffmpeg(pixels: Pixels, kernel: Kernel, folder: Path) -> Pixels:
    Image.fromarray(pixels).save(folder / "in.pgm")
    numbers = " ".join(map(str, kernel.cells()))
    way = f"convolution=0m={numbers}"
    call(folder, program("ffmpeg"), "-v", "error", "-y", "-i", "in.pgm", "-vf", way, "-pix_fmt", "gray", "out.pgm")
    return opened(folder / "out.pgm")

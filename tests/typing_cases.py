"""What type checkers accept and refuse; `make types` checks it, for an ignored error that is none is an error, too."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image as pillow

import imgconv

ARRAY: NDArray[Any] = np.zeros((4, 4), "uint8")
IMAGE = imgconv.Image(ARRAY)

accepted: list[NDArray[Any]] = [
    imgconv.correlate(ARRAY, "box:3", border="reflect101", pad="same", range="abs", dtype="int16"),
    imgconv.correlate(ARRAY, "box:3", border=("constant", 7), dtype=int),
    imgconv.convolve([[1, 2], [3, 4]], [[1, 2]], combine="l2", with_="sobel-y", dtype=np.float32),
    imgconv.pool(ARRAY, "avg", size=(2, 3), channels="first"),
    imgconv.pool(ARRAY, ("percentile", 90), size=3),
    imgconv.activate(ARRAY, ("clip", 0, 6), dtype=float),
    imgconv.edges(ARRAY, "canny", norm="l1"),
    imgconv.run(ARRAY, "filter vertical | relu", range="stretch"),
    imgconv.bank(ARRAY, "gabor:8,0:180:45", batched=True),
]
images: list[imgconv.Image] = [
    imgconv.correlate(IMAGE, "box:3"),
    imgconv.pool(IMAGE, "max", size=2),
    imgconv.run(pillow.new("RGB", (3, 3)), "relu"),
    IMAGE.through("filter vertical | relu", alpha="keep"),
]
imgconv.correlate(ARRAY, "box:3", border="nope")  # type: ignore[call-overload]
imgconv.correlate(ARRAY, "box:3", pad="nope")  # type: ignore[call-overload]
imgconv.correlate(ARRAY, "box:3", range="nope")  # type: ignore[call-overload]
imgconv.correlate(ARRAY, "box:3", dtype="uint7")  # type: ignore[call-overload]
imgconv.correlate(ARRAY, "box:3", channels="middle")  # type: ignore[call-overload]
imgconv.pool(ARRAY, "nope")  # type: ignore[call-overload]
imgconv.activate(ARRAY, "nope")  # type: ignore[call-overload]
imgconv.edges(ARRAY, "nope")  # type: ignore[call-overload]
imgconv.bank(ARRAY, "sobel-x", border="nope")  # type: ignore[call-overload]
IMAGE.through("relu", alpha="nope")  # type: ignore[arg-type]

"""Types of what the verbs take: the words that have a meaning, so that a type checker refuses others.

Words with a number in them (`constant:7`, `percentile:90`) are written as pairs where types are checked:
``("constant", 7)``.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from imgconv.kernels.kernel import Kernel
from imgconv.values.borders import Border
from imgconv.values.image import ImageData

Pixels = NDArray[Any]
KernelLike = str | Kernel | ArrayLike
Sides = int | str | tuple[int, int]
Pads = Literal["same", "valid"] | int | tuple[int, int] | tuple[int, int, int, int]
BorderLike = (
    Literal[
        "edge", "replicate", "nearest", "reflect", "symmetric", "reflect101", "reflect101-reflect", "wrap", "circular",
        "tile", "zero",
    ]
    | tuple[Literal["constant"], float]
    | Border
)  # fmt: skip
DtypeLike = (
    Literal["same", "uint8", "uint16", "int16", "int32", "float32", "float64"] | type[Any] | np.dtype[Any] | None
)
Range = Literal["clamp", "abs", "shift", "stretch"]
Rounding = Literal["half-up", "half-even", "zero"]
Tool = Literal[
    "torch", "keras", "onnx", "opencv", "scipy", "skimage", "imagemagick", "vips", "pillow", "ffmpeg",
]  # fmt: skip
Combine = Literal["l2", "l1", "linf", "max", "min", "sum", "avg"]
PoolKind = (
    Literal["max", "maximum", "avg", "average", "mean", "min", "minimum", "median", "sum", "range"]
    | tuple[Literal["percentile", "lp"], float]
)
Function = (
    Literal[
        "relu", "abs", "sigmoid", "tanh", "identity", "leaky-relu", "elu", "silu", "gelu", "softplus", "hard-sigmoid",
        "hard-swish", "hard-tanh",
    ]
    | tuple[Literal["threshold", "leaky-relu", "elu"], float]
    | tuple[Literal["clip"], float, float]
)  # fmt: skip
Detector = Literal[
    "sobel", "scharr", "prewitt", "roberts", "farid", "kirsch", "robinson", "frei-chen", "canny",
]  # fmt: skip
Norm = Literal["l2", "l1", "max"]
Directions = Literal["angle", "which", "hue"]
Place = Literal["last", "first"]
Alpha = Literal["auto", "keep", "filter", "premultiply", "drop"]
Roi = str | tuple[int, int, int, int] | None
Mask = ArrayLike | ImageData | None

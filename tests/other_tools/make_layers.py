"""Writes layers.json: what layers of PyTorch and Keras give, for where neither is installed.

`python -m tests.other_tools.make_layers` where both are (KERAS_BACKEND=torch).
"""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import numpy as np

FILE = Path(__file__).parent / "layers.json"
POOLS = [(2, 2, 0), (3, 2, 1), (2, 3, 0), (3, 2, 0), (4, 4, 2)]
"""Size, stride and padding."""


def picture(height: int, width: int) -> np.ndarray:
    """Whole numbers, some negative, the same everywhere."""
    return (np.arange(height * width) * 37 % 101 - 30).reshape(height, width).astype("float32")


def kernel(height: int, width: int) -> np.ndarray:
    return (np.arange(height * width) * 5 % 7 - 2).reshape(height, width).astype("float32")


def torch_cases() -> list[dict]:
    import torch
    from torch.nn import functional

    cases = []
    for size in ((3, 3), (2, 2), (1, 4), (5, 2)):
        x, w = torch.tensor(picture(7, 6))[None, None], torch.tensor(kernel(*size))[None, None]
        made = functional.conv2d(x, w, padding="same")[0, 0].tolist()
        cases.append({"tool": "torch", "text": "filter", "size": size, "image": [7, 6], "result": made})
    for (size, stride, pad), ceil, n in itertools.product(POOLS, (False, True), (7, 9)):
        x = torch.tensor(picture(n, n - 1))[None, None]
        for kind, function in (("max", functional.max_pool2d), ("avg", functional.avg_pool2d)):
            made = function(x, size, stride, pad, ceil_mode=ceil)[0, 0].tolist()
            text = f"{kind}pool {size} stride={stride} pad={pad} like=torch{' ceil' * ceil}"
            cases.append({"tool": "torch", "text": text, "image": [n, n - 1], "result": made})
    return cases


def keras_cases() -> list[dict]:
    import keras

    cases = []
    for size in ((3, 3), (2, 2), (1, 4)):
        for stride in (1, 2):
            layer = keras.layers.Conv2D(1, size, strides=stride, padding="same", use_bias=False)
            layer.build((1, 7, 6, 1))
            layer.set_weights([kernel(*size)[..., None, None]])
            made = np.asarray(keras.ops.convert_to_numpy(layer(picture(7, 6)[None, ..., None])))[0, ..., 0].tolist()
            case = {"tool": "keras", "text": "filter", "size": size, "stride": stride, "image": [7, 6], "result": made}
            cases.append(case)
    kinds = (("max", keras.layers.MaxPooling2D), ("avg", keras.layers.AveragePooling2D))
    for (kind, layer), size, stride, pad in itertools.product(kinds, (2, 3), (1, 2), ("same", "valid")):
        if kind == "avg" and pad == "same":
            continue  # Keras on PyTorch repeats pixels at the edge, on TensorFlow it does not
        made = layer(size, stride, pad)(picture(7, 6)[None, ..., None])
        made = np.asarray(keras.ops.convert_to_numpy(made))[0, ..., 0].tolist()
        text = f"{kind}pool {size} stride={stride} pad={pad} like=keras"
        cases.append({"tool": "keras", "text": text, "image": [7, 6], "result": made})
    return cases


if __name__ == "__main__":
    FILE.write_text("[\n" + ",\n".join(json.dumps(case) for case in torch_cases() + keras_cases()) + "\n]\n")

"""`python -m tests.bench.calls`: calls of the library beside others': small images, batches of them, networks, and
Dask arrays.

Results are compared before anything is timed. A peer that is not installed is named.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from typing import Any

import numpy as np

from tests.bench.inputs import BENCH, ROOT
from tests.bench.turns import OURS, Call, line, measured

os.environ.setdefault("IMGCONV_CACHE_DIR", str(BENCH / "loops"))  # before imgconv looks
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
KERNEL = np.array([[1, 2, 1], [2, 4, 2], [1, 2, 1]], np.float32) / 16
DIGITS = 1000


def noise(*shape: int) -> np.ndarray[Any, Any]:
    return np.random.default_rng(1).integers(0, 256, shape, np.uint8)


def small(side: int) -> dict[str, Call]:
    """One small image and a 3x3 kernel."""
    import imgconv

    image = noise(side, side)
    calls: dict[str, Call] = {OURS: lambda: imgconv.correlate(image, "binomial:3", border="reflect101")}

    def opencv() -> Call:
        import cv2

        return lambda: cv2.filter2D(image, -1, KERNEL, borderType=cv2.BORDER_REFLECT_101)

    return calls | installed({"OpenCV": opencv})


def batch() -> dict[str, Call]:
    """A thousand digits at once, and one by one."""
    import imgconv

    images = noise(DIGITS, 28, 28)
    calls: dict[str, Call] = {
        OURS: lambda: imgconv.correlate(images, "binomial:3", border="reflect101", batched=True),
        "imgconv in a loop": lambda: np.stack(
            [imgconv.correlate(one, "binomial:3", border="reflect101") for one in images]
        ),
    }

    def opencv() -> Call:
        import cv2

        return lambda: np.stack([cv2.filter2D(one, -1, KERNEL, borderType=cv2.BORDER_REFLECT_101) for one in images])

    return calls | installed({"OpenCV in a loop": opencv})


def lenet() -> dict[str, Call]:
    """A thousand digits through LeNet-5."""
    import imgconv

    path = str(ROOT / "samples" / "lenet5.safetensors")
    network, images = imgconv.Network.load(path), noise(DIGITS, 28, 28, 1)
    calls: dict[str, Call] = {OURS: lambda: network.run(images).reshape(DIGITS, -1)}

    def onnx() -> Call:
        import onnxruntime

        from imgconv.networks.converting import convert

        target = BENCH / "lenet5.onnx"
        convert(network, str(target))
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 2
        session = onnxruntime.InferenceSession(str(target), options)
        (given,), planes = session.get_inputs(), images.transpose(0, 3, 1, 2).astype(np.float32)
        return lambda: session.run(None, {given.name: planes})[0]

    return calls | installed({"ONNX Runtime": onnx})


def dask() -> dict[str, Call]:
    """A 5x5 kernel over 8000x8000 pixels in blocks of 2048."""
    import dask.array

    import imgconv

    image = noise(8000, 8000)
    blocks = dask.array.from_array(image, chunks=2048)
    weights = np.outer([1, 4, 6, 4, 1], [1, 4, 6, 4, 1])
    calls: dict[str, Call] = {
        OURS: lambda: imgconv.correlate(blocks, weights, border="reflect", dtype="int32").compute(),
        "imgconv in memory": lambda: imgconv.correlate(image, weights, border="reflect", dtype="int32"),
    }

    def dask_image() -> Call:
        from dask_image import ndfilters

        return lambda: ndfilters.correlate(blocks.astype(np.int32), weights, mode="reflect").compute()

    return calls | installed({"dask-image": dask_image})


def installed(peers: dict[str, Callable[[], Call]]) -> dict[str, Call]:
    """The calls of the peers that are here; the others are named."""
    calls = {}
    for name, make in peers.items():
        try:
            calls[name] = make()
        except ImportError as error:
            print(f"{name}: {error}")
    return calls


CASES: dict[str, tuple[Callable[[], dict[str, Call]], float]] = {
    "3×3 · 28×28": (lambda: small(28), 2 / 255),
    "3×3 · 256×256": (lambda: small(256), 2 / 255),
    "3×3 · 1,000 of 28×28": (batch, 2 / 255),
    "LeNet-5 · 1,000 digits": (lenet, 1e-4),
    "5×5 · 8000×8000 in blocks": (dask, 0.0),
}
"""What makes each case's calls, and by how much results may differ: OpenCV rounds halves to even."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5, help="of each case (default 5)")
    parser.add_argument("--only", default="", metavar="TEXT", help="cases with TEXT in their name")
    given = parser.parse_args()
    BENCH.mkdir(exist_ok=True)
    for name, (make, tolerance) in CASES.items():
        if given.only in name:
            print(line(name, measured(make(), given.seconds, tolerance)), flush=True)


if __name__ == "__main__":
    main()

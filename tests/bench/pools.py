"""Our pooling in other libraries: each function gives name -> Peer for one operation and output type."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.bench.inputs import Pixels
from tests.bench.libraries import Call, Peer, per_channel, settled, torch_settled


def pool(kind: str, size: int, stride: int, dtype: str) -> dict[str, Peer]:
    """Windows inside the image only. Libraries without strides slide by one and keep every stride-th result, as their
    users must."""
    sides, blocks = (size, size), size == stride

    def thinned(slid: Pixels) -> Pixels:
        height, width = ((side - size) // stride + 1 for side in slid.shape[:2])
        return np.ascontiguousarray(slid[: height * stride : stride, : width * stride : stride])

    def opencv_call(cv2: Any) -> Call:
        if kind == "avg":
            return lambda pixels: thinned(cv2.blur(pixels, sides, anchor=(0, 0)))
        return lambda pixels: thinned(cv2.dilate(pixels, np.ones(sides, "uint8"), anchor=(0, 0)))

    def scipy_call(nd: Any) -> Call:
        origin = -(size // 2)  # windows begin at their pixel
        if kind == "avg":
            return lambda pixels: settled(
                thinned(nd.uniform_filter(pixels, size, output="float32", origin=origin, axes=(0, 1))), dtype
            )
        return lambda pixels: thinned(nd.maximum_filter(pixels, size, origin=origin, axes=(0, 1)))

    def skimage_call(_: Any) -> Call:
        from skimage.measure import block_reduce

        if kind == "avg":
            return lambda pixels: settled(
                block_reduce(pixels, (size, size, 1)[: pixels.ndim], np.mean, func_kwargs={"dtype": "float32"}), dtype
            )
        return lambda pixels: block_reduce(pixels, (size, size, 1)[: pixels.ndim], np.max)

    def torch_call(torch: Any) -> Call:
        function = torch.nn.functional.avg_pool2d if kind == "avg" else torch.nn.functional.max_pool2d
        return lambda planes: torch_settled(torch, function(planes, size, stride), dtype)

    found = {
        "OpenCV": Peer("OpenCV", opencv_call),
        "SciPy": Peer("SciPy", scipy_call),
        "PyTorch": Peer("PyTorch", torch_call),
    }
    if blocks:
        found["scikit-image"] = Peer("scikit-image", skimage_call)
        found["OpenCV area resize"] = Peer(
            "OpenCV",
            lambda cv2: (
                lambda pixels: cv2.resize(
                    pixels, (pixels.shape[1] // size, pixels.shape[0] // size), interpolation=cv2.INTER_AREA
                )
            ),
            yardstick=kind != "avg",
        )
    if blocks and kind == "avg":
        found["pyvips"] = Peer("pyvips", lambda vips: lambda image: image.shrink(size, size).write_to_memory())
    if blocks and kind == "avg" and dtype == "uint8":
        found["Pillow"] = Peer("Pillow", lambda filters: lambda image: image.reduce(size))
    return found


def slide_max(side: int, dtype: str) -> dict[str, Peer]:
    """The greatest of a square around every pixel, of what exists of it."""

    def opencv_call(cv2: Any) -> Call:
        element = cv2.getStructuringElement(cv2.MORPH_RECT, (side, side))
        return lambda pixels: cv2.dilate(pixels, element)

    def skimage_call(_: Any) -> Call:
        from skimage.morphology import dilation, footprint_rectangle

        footprint = footprint_rectangle((side, side), decomposition="separable")
        return per_channel(lambda plane: dilation(plane, footprint))

    def torch_call(torch: Any) -> Call:
        return lambda planes: torch_settled(torch, torch.nn.functional.max_pool2d(planes, side, 1, side // 2), dtype)

    found = {
        "OpenCV": Peer("OpenCV", opencv_call),
        "SciPy": Peer("SciPy", lambda nd: lambda pixels: nd.maximum_filter(pixels, side, mode="nearest", axes=(0, 1))),
        "scikit-image": Peer("scikit-image", skimage_call),
        "PyTorch": Peer("PyTorch", torch_call),
        "pyvips": Peer("pyvips", lambda vips: lambda image: image.rank(side, side, side * side - 1).write_to_memory()),
    }
    if dtype == "uint8":
        found["Pillow"] = Peer("Pillow", lambda filters: lambda image: image.filter(filters.MaxFilter(side)))
    return found

"""Our filters in other libraries: each function gives name -> Peer for one operation and output type."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.bench.inputs import Pixels
from tests.bench.libraries import Call, Peer, per_channel, settled, torch_settled, vips_settled


def torch_correlate(torch: Any, kernels: list[Pixels], dtype: str) -> Call:
    """Depthwise, one 2-D kernel after the other (a separable filter has two)."""
    functional, ready = (
        torch.nn.functional,
        [torch.from_numpy(np.ascontiguousarray(kernel, "float32"))[None, None] for kernel in kernels],
    )

    def call(planes: Any) -> Any:
        channels = planes.shape[1]
        for kernel in ready:
            rows, columns = kernel.shape[2:]
            padded = functional.pad(planes, (columns // 2, columns // 2, rows // 2, rows // 2), mode="replicate")
            planes = functional.conv2d(padded, kernel.expand(channels, 1, rows, columns), groups=channels)
        return torch_settled(torch, planes, dtype)

    return call


def correlate(cells: Pixels, divisor: int, dtype: str) -> dict[str, Peer]:
    """Any dense or sparse kernel; edge pixels repeated."""
    rows, columns = cells.shape
    shares = (cells / divisor).astype("float32")
    whole = (
        cells.dtype.kind == "i" and dtype != "float32" and divisor == 1
    )  # with a divisor pyvips approximates weights in bytes

    def vips_call(vips: Any) -> Call:
        mask = vips.Image.new_from_array(cells.tolist(), scale=divisor)
        if whole:
            return lambda image: image.conv(mask, precision="integer").write_to_memory()
        return lambda image: vips_settled(image.conv(mask, precision="float"), dtype)

    def scipy_call(nd: Any) -> Call:
        return lambda pixels: settled(
            nd.correlate(pixels, shares if pixels.ndim == 2 else shares[..., None], output="float32", mode="nearest"),
            dtype,
        )

    found = {
        "OpenCV": Peer(
            "OpenCV", lambda cv2: lambda pixels: cv2.filter2D(pixels, -1, shares, borderType=cv2.BORDER_REPLICATE)
        ),
        "SciPy": Peer("SciPy", scipy_call),
        "PyTorch": Peer("PyTorch", lambda torch: torch_correlate(torch, [shares], dtype)),
        "pyvips": Peer("pyvips", vips_call),
    }
    if dtype == "uint8" and (rows, columns) in (
        (3, 3),
        (5, 5),
    ):  # Pillow's kernels: bottom row first; edge pixels are copied, not computed

        def pillow_call(filters: Any) -> Call:
            kernel = filters.Kernel((columns, rows), cells[::-1].ravel().tolist(), scale=divisor)
            return lambda image: image.filter(kernel)

        found["Pillow"] = Peer("Pillow", pillow_call, crop=rows // 2)
    return found


def gaussian(sigma: float, dtype: str) -> dict[str, Peer]:
    """Radius int(4·sigma + 0.5) for everyone; Pillow's is another function."""
    radius = int(4 * sigma + 0.5)
    line = np.exp(-0.5 * (np.arange(-radius, radius + 1) / sigma) ** 2)
    line /= line.sum()
    side = 2 * radius + 1

    def scipy_call(nd: Any) -> Call:
        return lambda pixels: settled(
            nd.gaussian_filter(pixels, sigma, truncate=4, mode="nearest", output="float32", axes=(0, 1)), dtype
        )

    def skimage_call(_: Any) -> Call:
        from skimage.filters import gaussian as blur

        return lambda pixels: settled(
            blur(
                pixels,
                sigma,
                truncate=4,
                mode="nearest",
                preserve_range=True,
                channel_axis=2 if pixels.ndim == 3 else None,
            ),
            dtype,
        )

    def vips_call(vips: Any) -> Call:
        mask = vips.Image.new_from_array([line.tolist()])
        return lambda image: vips_settled(image.convsep(mask, precision="float"), dtype)

    return {
        "OpenCV": Peer(
            "OpenCV",
            lambda cv2: lambda pixels: cv2.GaussianBlur(pixels, (side, side), sigma, borderType=cv2.BORDER_REPLICATE),
        ),
        "SciPy": Peer("SciPy", scipy_call),
        "scikit-image": Peer("scikit-image", skimage_call),
        "PyTorch": Peer("PyTorch", lambda torch: torch_correlate(torch, [line[None], line[:, None]], dtype)),
        "pyvips": Peer("pyvips", vips_call),
    }


def box(side: int, dtype: str) -> dict[str, Peer]:
    """The mean of a square, edge pixels repeated."""
    line = np.full((1, side), 1 / side)
    found = {
        "OpenCV": Peer(
            "OpenCV", lambda cv2: lambda pixels: cv2.blur(pixels, (side, side), borderType=cv2.BORDER_REPLICATE)
        ),
        "SciPy": Peer(
            "SciPy",
            lambda nd: (
                lambda pixels: settled(
                    nd.uniform_filter(pixels, side, output="float32", mode="nearest", axes=(0, 1)), dtype
                )
            ),
        ),
        "PyTorch": Peer("PyTorch", lambda torch: torch_correlate(torch, [line, line.T], dtype)),
        "pyvips": Peer(
            "pyvips",
            lambda vips: (
                lambda image: image.convsep(
                    vips.Image.new_from_array([[1] * side], scale=side), precision="integer"
                ).write_to_memory()
            ),
        ),
    }
    if dtype == "uint8":
        found["Pillow"] = Peer("Pillow", lambda filters: lambda image: image.filter(filters.BoxBlur(side // 2)))
    return found


def sobel() -> dict[str, Peer]:
    """Sobel along x, into int16."""
    weights = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])

    def scipy_call(nd: Any) -> Call:
        return lambda pixels: nd.correlate1d(
            nd.correlate1d(pixels, (-1, 0, 1), axis=1, output="int16", mode="nearest"),
            (1, 2, 1),
            axis=0,
            output="int16",
            mode="nearest",
        )

    def skimage_call(_: Any) -> Call:
        from skimage.filters import sobel as edges

        return per_channel(
            lambda plane: np.rint(edges(plane.astype("float32"), axis=1, mode="nearest") * 4).astype("int16")
        )  # its weights are quarters

    def vips_call(vips: Any) -> Call:
        mask = vips.Image.new_from_array(weights.tolist())
        return lambda image: image.cast("short").conv(mask, precision="integer").write_to_memory()

    return {
        "OpenCV": Peer(
            "OpenCV",
            lambda cv2: lambda pixels: cv2.Sobel(pixels, cv2.CV_16S, 1, 0, ksize=3, borderType=cv2.BORDER_REPLICATE),
        ),
        "SciPy": Peer("SciPy", scipy_call),
        "scikit-image": Peer("scikit-image", skimage_call),
        "PyTorch": Peer("PyTorch", lambda torch: torch_correlate(torch, [weights], "int16")),
        "pyvips": Peer("pyvips", vips_call),
    }

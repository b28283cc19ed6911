"""An image as a kernel: `image:FILE`, a drawn blur or a recorded point spread."""

from __future__ import annotations

from imgconv.kernels.dialects.base import Dialect
from imgconv.kernels.kernel import Kernel, require_size, require_total
from imgconv.kernels.text_errors import in_file


def open_image(content: bytes, path: str, member: str, index: str) -> tuple[Kernel, ...]:
    """A kernel for each frame: the pixels (luma of colours) are the weights, their sum the divisor, so that brightness
    stays.

    Pixels less than half opaque are cells without a weight.
    """
    from imgconv.engine.colour.luma import gray_plane
    from imgconv.files.read import header

    with header(path) as opened:
        for height, width in opened.sizes or [(opened.height, opened.width)]:
            require_size(height, width)
        require_total(
            sum(height * width for height, width in opened.sizes) or opened.frames * opened.height * opened.width
        )
        image = opened.load()
    if image.pixels.ndim == 3 and image.pixels.shape[2] not in (1, 3):
        raise in_file(path, f"it has {image.pixels.shape[2]} channels, and a kernel has one")
    return tuple(_kernel(path, gray_plane(frame.pixels, image.colour), frame.alpha) for frame in image.frames)


def _kernel(path: str, pixels: object, alpha: object) -> Kernel:
    import numpy as np

    weights = np.asarray(pixels)
    if weights.dtype.kind == "f" and not np.isfinite(weights).all():
        raise in_file(path, "it holds NaN or infinity, and weights are finite")
    if alpha is not None:
        opaque = np.asarray(alpha)
        half = np.iinfo(opaque.dtype).max / 2 if opaque.dtype.kind in "ui" else 0.5
        weights = np.where(opaque >= half, weights, 0)
    if not weights.any():
        raise in_file(path, "all its pixels are 0, and so would be every result")
    return Kernel(weights, "auto")


IMAGE = Dialect(
    "image",
    "an image's pixels (luma of colours) over their sum; pixels less than half opaque have no weight",
    "image:bokeh.png",
    opens=open_image,
)

"""More of what differs from its neighbours: crisper detail, relief, drawings."""

from __future__ import annotations

from imgconv.kernels.kernel import Kernel
from imgconv.kernels.named.row import Named, fixed, gaussian_line, outer, real, sigma, size
from imgconv.values.numbers import Number


def _unsharp(deviation: float, amount: Number, side: int | None) -> Kernel:
    """The image plus `amount` times what a Gaussian takes from it."""
    line = gaussian_line(deviation, side)
    weights = [[-amount * cell for cell in row] for row in outer(line, line)]
    middle = (len(line) - 1) // 2
    weights[middle][middle] += 1 + amount
    return Kernel(weights)


def _high_boost(amount: Number) -> Kernel:
    """The image plus `amount` times its difference from the mean of 3x3."""
    around = [-amount] * 3
    return Kernel([around, [-amount, 9 + 8 * amount, -amount], around], divisor=9)


ROWS = (
    fixed(
        "sharpen",
        [[0, -1, 0], [-1, 5, -1], [0, -1, 0]],
        "crisper detail: the image minus its laplacian",
        "the usual textbook mask; ffmpeg's manual",
    ),
    Named(
        "unsharp",
        "unsharp mask: the image plus AMOUNT times its difference from its Gaussian blur",
        "scikit-image's unsharp_mask, before it clips",
        _unsharp,
        (sigma(), real("AMOUNT", least=0), size(odd=True)),
        "unsharp:1,1",
    ),
    Named(
        "high-boost",
        "the image plus AMOUNT times its difference from the mean of 3x3",
        "R. Gonzalez and R. Woods, Digital Image Processing",
        _high_boost,
        (real("AMOUNT", least=0),),
        "high-boost:1.5",
    ),
    fixed(
        "edge-enhance", [[-1, -1, -1], [-1, 10, -1], [-1, -1, -1]], "crisper edges", "Pillow's EDGE_ENHANCE", divisor=2
    ),
    fixed(
        "edge-enhance-more",
        [[-1, -1, -1], [-1, 9, -1], [-1, -1, -1]],
        "much crisper edges",
        "Pillow's EDGE_ENHANCE_MORE",
    ),
    fixed("detail", [[0, -1, 0], [-1, 10, -1], [0, -1, 0]], "slightly crisper detail", "Pillow's DETAIL", divisor=6),
    fixed("emboss", [[-2, -1, 0], [-1, 1, 1], [0, 1, 2]], "relief lit from the top left", "the usual textbook mask"),
    fixed(
        "contour",
        [[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]],
        "outlines as dark lines on white",
        "Pillow's CONTOUR",
        bias=255,
    ),
)

"""First derivatives: how much brighter it gets from left to right (x) and from top to bottom (y)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from imgconv.kernels.kernel import Kernel
from imgconv.kernels.named.row import Argument, Named, binomial, fixed, gaussian_line, outer, sigma, size
from imgconv.values.numbers import Number
from imgconv.values.parameters import whole

Lines = Callable[..., tuple[Sequence[Number], Sequence[Number]]]
"""Makes (smoothing, difference), the two 1-D masks of a derivative."""

HIGHEST_ORDER = 6


def _both(
    name: str, lines: Lines, remark: str, source: str, arguments: tuple[Argument, ...] = ()
) -> tuple[Named, Named]:
    """The x and y forms of a derivative: smoothing across, difference along."""

    def along_x(*arguments: int) -> Kernel:
        smoothing, difference = lines(*arguments)
        return Kernel(outer(smoothing, difference))

    def along_y(*arguments: int) -> Kernel:
        smoothing, difference = lines(*arguments)
        return Kernel(outer(difference, smoothing))

    return (
        Named(f"{name}-x", f"dark-to-bright from left to right ({remark})", source, along_x, arguments),
        Named(f"{name}-y", f"dark-to-bright from top to bottom ({remark})", source, along_y, arguments),
    )


def _sobel(side: int) -> tuple[list[int], list[int]]:
    """Binomial smoothing, and the difference of a binomial one shorter: 1 4 6 4 1 and -1 -2 0 2 1."""
    shorter = binomial(side - 1)
    return binomial(side), [left - right for left, right in zip([0, *shorter], [*shorter, 0], strict=True)]


def _farid() -> tuple[list[float], list[float]]:
    return (
        [0.0376593171958126, 0.249153396177344, 0.426374573253687, 0.249153396177344, 0.0376593171958126],
        [-0.109603762960254, -0.276690988455557, 0.0, 0.276690988455557, 0.109603762960254],
    )


def _gaussian_derivative(deviation: float, order_x: int, order_y: int, side: int | None) -> Kernel:
    return Kernel(outer(gaussian_line(deviation, side, order_y), gaussian_line(deviation, side, order_x)))


def _order(word: str) -> Argument:
    return Argument(word, lambda text: whole(text, f"order {word}", most=HIGHEST_ORDER))


ROWS = (
    fixed("vertical", [[-1, 0, 1]] * 3, "vertical edges: right minus left", "three differences; Prewitt's x mask"),
    fixed(
        "horizontal",
        [[-1] * 3, [0] * 3, [1] * 3],
        "horizontal edges: below minus above",
        "three differences; Prewitt's y mask",
    ),
    *_both(
        "sobel",
        _sobel,
        "Sobel; SIZE 3, 5 … 31",
        "I. Sobel and G. Feldman 1968; larger sizes as OpenCV's getDerivKernels",
        (size(least=3, most=31, odd=True, default=3),),
    ),
    *_both("prewitt", lambda: ([1, 1, 1], [-1, 0, 1]), "Prewitt", "J. Prewitt 1970; SciPy's prewitt"),
    *_both("scharr", lambda: ([3, 10, 3], [-1, 0, 1]), "Scharr; rounder than Sobel", "H. Scharr 2000; OpenCV's Scharr"),
    fixed(
        "roberts-x",
        [[1, 0], [0, -1]],
        "Roberts' cross, first: brighter towards the top left",
        "L. Roberts 1963; scikit-image's roberts_pos_diag",
    ),
    fixed(
        "roberts-y",
        [[0, 1], [-1, 0]],
        "Roberts' cross, second: brighter towards the top right",
        "L. Roberts 1963; scikit-image's roberts_neg_diag",
    ),
    *_both(
        "farid",
        _farid,
        "Farid and Simoncelli; alike in all directions",
        "H. Farid and E. Simoncelli 2004, 5 taps; scikit-image's farid",
    ),
    Named(
        "gaussian-derivative",
        f"derivative of a Gaussian, of order X along the rows and Y down the columns (0 to {HIGHEST_ORDER})",
        "SciPy's gaussian_filter with order=(Y, X)",
        _gaussian_derivative,
        (sigma(), _order("X"), _order("Y"), size()),
        "gaussian-derivative:1.5,1,0",
        ("gaussian-derivative:1.5,0,1", "gaussian-derivative:1.5,2,0"),
    ),
)

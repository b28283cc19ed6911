"""Second derivatives: what lies between its neighbours and is brighter or darker than they are.

Laplacians are positive where it is darker than around (weights positive outside, as OpenCV's, SciPy's and Kornia's);
`outline`, `ridge` and `mexican-hat` are positive where it is brighter.
"""

from __future__ import annotations

from imgconv.kernels.kernel import Kernel
from imgconv.kernels.named.row import Named, among, binomial, fixed, gaussian_line, outer, padded, sigma, size
from imgconv.values.numbers import Number

_HATS: dict[str, list[list[int]]] = {
    "5": [[0, 0, -1, 0, 0], [0, -1, -2, -1, 0], [-1, -2, 16, -2, -1], [0, -1, -2, -1, 0], [0, 0, -1, 0, 0]],
    "9": [
        [0, -1, -1, -2, -2, -2, -1, -1, 0],
        [-1, -2, -4, -5, -5, -5, -4, -2, -1],
        [-1, -4, -5, -3, 0, -3, -5, -4, -1],
        [-2, -5, -3, 12, 24, 12, -3, -5, -2],
        [-2, -5, 0, 24, 40, 24, 0, -5, -2],
        [-2, -5, -3, 12, 24, 12, -3, -5, -2],
        [-1, -4, -5, -3, 0, -3, -5, -4, -1],
        [-1, -2, -4, -5, -5, -5, -4, -2, -1],
        [0, -1, -1, -2, -2, -2, -1, -1, 0],
    ],
}


def _laplacian(neighbours: str) -> Kernel:
    return Kernel([[0, 1, 0], [1, -4, 1], [0, 1, 0]] if neighbours == "4" else [[1, 1, 1], [1, -8, 1], [1, 1, 1]])


def _box(side: int) -> Kernel:
    middle = side // 2
    return Kernel(
        [[1 - side * side if row == column == middle else 1 for column in range(side)] for row in range(side)]
    )


def _fit(side: int) -> Kernel:
    """r**2 minus its mean, (SIDE**2 - 1) / 6, tripled where that is no whole number: proportional to the Laplacian of
    the fitted paraboloid."""
    scale = 3 if (side * side - 1) % 6 else 1
    middle, mean = side // 2, scale * (side * side - 1) // 6
    return Kernel(
        [
            [scale * ((row - middle) ** 2 + (column - middle) ** 2) - mean for column in range(side)]
            for row in range(side)
        ]
    )


def _sobel(side: int) -> Kernel:
    """The second differences of OpenCV's getDerivKernels along each axis, smoothed across."""
    smoothing, shorter = binomial(side), binomial(side - 2)
    ends = ([0, 0, *shorter], [0, *shorter, 0], [*shorter, 0, 0])
    second = [left - 2 * here + right for left, here, right in zip(*ends, strict=True)]
    return _sum(outer(smoothing, second), outer(second, smoothing))


def _log(deviation: float, side: int | None) -> Kernel:
    line, second = gaussian_line(deviation, side), gaussian_line(deviation, side, 2)
    return _sum(outer(line, second), outer(second, line))


def _dog(small: float, large: float | None, side: int | None) -> Kernel:
    narrow, wide = (
        outer(line, line)
        for line in (gaussian_line(small, side), gaussian_line(1.6 * small if large is None else large, side))
    )
    most = max(len(narrow), len(wide))
    return _sum(padded(narrow, most), padded([[-cell for cell in row] for row in wide], most))


def _sum(one: list[list[Number]], other: list[list[Number]]) -> Kernel:
    return Kernel([[left + right for left, right in zip(*rows, strict=True)] for rows in zip(one, other, strict=True)])


ROWS = (
    Named(
        "laplacian",
        "edges of every direction: the 4 (or 8) neighbours minus as many times the centre",
        "SciPy's laplace; OpenCV's Laplacian with ksize=1",
        _laplacian,
        (among("NEIGHBOURS", ("4", "8"), required=False, default="4"),),
    ),
    fixed(
        "laplacian-isotropic",
        [[1, 4, 1], [4, -20, 4], [1, 4, 1]],
        "a Laplacian that is the same in all directions to fourth order",
        "the nine-point stencil; M. Patra and M. Karttunen 2006",
        divisor=6,
    ),
    Named(
        "laplacian-box",
        "all neighbours in an NxN square minus as many times the centre; N odd",
        "Kornia's get_laplacian_kernel2d",
        _box,
        (size("N", least=3, odd=True, most=2047, required=True),),
        "laplacian-box:5",
    ),
    Named(
        "laplacian-fit",
        "the Laplacian of the paraboloid fitted to an NxN square, but for a factor; N odd",
        "least squares; with the sign turned ImageMagick's Laplacian:2 (3x3), :5 and :7",
        _fit,
        (size("N", least=3, odd=True, most=2047, required=True),),
        "laplacian-fit:5",
    ),
    Named(
        "laplacian-sobel",
        "second differences along both axes, smoothed across; SIZE 3, 5 … 31",
        "OpenCV's Laplacian with ksize=SIZE",
        _sobel,
        (size(least=3, most=31, odd=True, required=True),),
        "laplacian-sobel:5",
    ),
    Named(
        "log",
        "Laplacian of Gaussian: blobs of scale SIGMA; size as gaussian",
        "SciPy's gaussian_laplace",
        _log,
        (sigma(), size()),
        "log:1.5",
    ),
    Named(
        "dog",
        "difference of Gaussians, SIGMA1 minus SIGMA2 (1.6 times SIGMA1 unless given): a band of scales",
        "scikit-image's difference_of_gaussians",
        _dog,
        (sigma("SIGMA1"), sigma("SIGMA2", required=False), size()),
        "dog:1,2",
    ),
    Named(
        "mexican-hat",
        "Laplacian of Gaussian in whole numbers, bright centre; SIZE 5 or 9",
        "ImageMagick's Laplacian:15 and Laplacian:19",
        lambda side: Kernel(_HATS[side]),
        (among("SIZE", tuple(_HATS)),),
        "mexican-hat:5",
    ),
    fixed(
        "outline",
        [[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]],
        "outlines: eight times the centre minus its eight neighbours",
        "Pillow's FIND_EDGES; ImageMagick's Laplacian:0",
    ),
    fixed(
        "ridge",
        [[0, -1, 0], [-1, 4, -1], [0, -1, 0]],
        "thin bright lines and dots: four times the centre minus its neighbours",
        "ImageMagick's Laplacian:1",
    ),
    fixed(
        "corner",
        [[1, -2, 1], [-2, 4, -2], [1, -2, 1]],
        "dots and corners; nothing on straight edges across or down",
        "ImageMagick's Laplacian:3",
    ),
)

"""Averages: weights that sum to 1, so that even areas keep their value."""

from __future__ import annotations

import math
from fractions import Fraction

from imgconv.kernels.kernel import MOST_SIDE, Kernel, require_size
from imgconv.kernels.named.row import Argument, Named, binomial, degrees, fixed, gaussian_line, outer, real, sigma, size
from imgconv.values.numbers import Number, magnitude
from imgconv.values.parameters import pair

_SIDES = pair("box size")


def _box(sides: tuple[int, int]) -> Kernel:
    rows, columns = sides
    require_size(rows, columns)
    return Kernel([[1] * columns] * rows, divisor=rows * columns)


def _binomial(side: int) -> Kernel:
    return Kernel(outer(binomial(side), binomial(side)), divisor=4 ** (side - 1))


def _gaussian(deviation: float, side: int | None) -> Kernel:
    line = gaussian_line(deviation, side)
    return Kernel(outer(line, line))


def _disk(radius: Number) -> Kernel:
    reach = _reach(radius)
    require_size(2 * reach + 1, 2 * reach + 1)
    places = range(-reach, reach + 1)
    rows = [[int(x * x + y * y <= radius * radius) for x in places] for y in places]
    return Kernel(rows, divisor=sum(map(sum, rows)))


def _motion(length: Number, angle: Number) -> Kernel:
    """max(0, 1 - distance to the segment); all numbers stay exact where the motion follows rows or columns."""
    half, (along, up) = (length - 1) * Fraction(1, 2), _direction(angle)
    columns, rows = (_reach(half * magnitude(share) + 1) for share in (along, up))
    require_size(2 * rows + 1, 2 * columns + 1)
    weights = [[_near(x, -y, half, along, up) for x in range(-columns, columns + 1)] for y in range(-rows, rows + 1)]
    filled = [
        row for row in weights if any(row)
    ]  # it is symmetric about its centre: what falls away falls away on both sides
    used = [column for column in zip(*filled, strict=True) if any(column)]
    return Kernel(list(zip(*used, strict=True)), divisor="auto")


def _near(x: int, y: int, half: Number, along: Number, up: Number) -> Number:
    """1 at the segment of length 2*half through the origin, falling to 0 one pixel from it."""
    forward, aside = magnitude(x * along + y * up), magnitude(y * along - x * up)
    beyond = max(0, forward - half)
    distance = beyond + aside if 0 in (beyond, aside) else math.hypot(beyond, aside)
    return 1 - distance if distance < 1 - 1e-12 else 0


def _direction(angle: Number) -> tuple[Number, Number]:
    """Cosine and sine of degrees; whole for multiples of 90."""
    if angle % 90 == 0:
        return ((1, 0), (0, 1), (-1, 0), (0, -1))[int(angle % 360) // 90]
    turn = math.radians(float(angle % 360))
    return math.cos(turn), math.sin(turn)


def _reach(distance: Number) -> int:
    """Whole pixels to either side; what is too far for any kernel is refused by its size later."""
    return int(min(distance, MOST_SIDE))


ROWS = (
    fixed("identity", [[1]], "the image itself", "by definition"),
    Named(
        "box",
        "blur: the mean of an NxN square (or N rows x M columns)",
        "SciPy's uniform_filter",
        _box,
        (Argument("N", _SIDES.read),),
        "box:3",
    ),
    Named(
        "binomial",
        "smooth blur in whole numbers: 1 2 1, 1 4 6 4 1 … across and down, over their sum",
        "Pascal's triangle; Kornia's get_pascal_kernel_2d",
        _binomial,
        (size("N", most=31, required=True),),
        "binomial:5",
    ),
    Named(
        "gaussian",
        "smooth blur of standard deviation SIGMA pixels; radius int(4*SIGMA+0.5) unless SIZE is given",
        "SciPy's gaussian_filter",
        _gaussian,
        (sigma(), size()),
        "gaussian:1.5",
    ),
    Named("blur", "smooth blur: gaussian:1", "SciPy's gaussian_filter", lambda: _gaussian(1.0, None)),
    Named(
        "disk",
        "the mean of a disk of radius R, like a lens out of focus",
        "pixels with x*x + y*y <= R*R; scikit-image's disk",
        _disk,
        (real("R", above=0),),
        "disk:3",
    ),
    Named(
        "motion",
        "blur along a line LENGTH pixels long; ANGLE in degrees, anticlockwise, 0 level",
        "1 minus the distance to the line, as MATLAB documents fspecial('motion')",
        _motion,
        (real("LENGTH", least=1), degrees("ANGLE")),
        "motion:9,45",
    ),
    fixed("smooth", [[1, 1, 1], [1, 5, 1], [1, 1, 1]], "slight blur", "Pillow's SMOOTH", divisor=13),
    fixed(
        "smooth-more",
        [[1, 1, 1, 1, 1], [1, 5, 5, 5, 1], [1, 5, 44, 5, 1], [1, 5, 5, 5, 1], [1, 1, 1, 1, 1]],
        "slight blur of a 5x5 square",
        "Pillow's SMOOTH_MORE",
        divisor=100,
    ),
)

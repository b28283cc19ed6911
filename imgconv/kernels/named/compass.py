"""Directional masks: the eight turns of a 3x3 mask round its ring, and the orthonormal set of Frei and Chen.

A direction is that of the bright side: `kirsch:N` is greatest where it is bright above and dark below,
`robinson:E` is `sobel-x`. Each next direction is the mask turned by 45 degrees.
"""

from __future__ import annotations

import math
from fractions import Fraction

from imgconv.kernels.kernel import Kernel
from imgconv.kernels.named.row import DIRECTIONS, Named, Rows, among
from imgconv.values.numbers import Number


def _compass(name: str, east: Rows, summary: str, source: str) -> Named:
    """A row whose argument turns a mask for east."""

    def build(direction: str) -> Kernel:
        return Kernel(east).rotated(90 - 45 * DIRECTIONS.index(direction))

    return Named(
        name,
        f"{summary}; DIRECTION (N, NE … NW) is the bright side",
        source,
        build,
        (among("DIRECTION", DIRECTIONS),),
        f"{name}:N",
    )


def _line(angle: str) -> Kernel:
    return Kernel([[-1, -1, -1], [2, 2, 2], [-1, -1, -1]]).rotated(int(angle))


def _frei_chen(number: str) -> Kernel:
    """Exact but for the square roots, which only M1 to M4 have."""
    half, root = Fraction(1, 2), 1 / (2 * math.sqrt(2))
    masks: tuple[tuple[list[list[Number]], int], ...] = (
        ([[root, half, root], [0, 0, 0], [-root, -half, -root]], 1),
        ([[root, 0, -root], [half, 0, -half], [root, 0, -root]], 1),
        ([[0, -root, half], [root, 0, -root], [-half, root, 0]], 1),
        ([[half, -root, 0], [-root, 0, root], [0, root, -half]], 1),
        ([[0, 1, 0], [-1, 0, -1], [0, 1, 0]], 2),
        ([[-1, 0, 1], [0, 0, 0], [1, 0, -1]], 2),
        ([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], 6),
        ([[-2, 1, -2], [1, 4, 1], [-2, 1, -2]], 6),
        ([[1, 1, 1], [1, 1, 1], [1, 1, 1]], 3),
    )
    weights, divisor = masks[int(number) - 1]
    return Kernel(weights, divisor)


ROWS = (
    _compass(
        "kirsch",
        [[-3, -3, 5], [-3, 0, 5], [-3, -3, 5]],
        "edges towards one of eight directions (Kirsch)",
        "R. Kirsch 1971; ImageMagick's Kirsch",
    ),
    _compass(
        "robinson",
        [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]],
        "edges towards one of eight directions (Robinson: Sobel, turned)",
        "G. Robinson 1977",
    ),
    _compass(
        "prewitt-compass",
        [[-1, 1, 1], [-1, -2, 1], [-1, 1, 1]],
        "edges towards one of eight directions (Prewitt)",
        "J. Prewitt 1970; ImageMagick's Compass",
    ),
    _compass(
        "corner-compass",
        [[-4, -4, 5], [-4, 5, 5], [-4, -4, 5]],
        "bright corners that open towards one of eight directions",
        "corner templates as in E. Davies, Machine Vision",
    ),
    Named(
        "line",
        "bright thin lines; ANGLE 0, 45, 90 or 135 degrees, anticlockwise, 0 level",
        "line masks as in R. Gonzalez and R. Woods, Digital Image Processing",
        _line,
        (among("ANGLE", ("0", "45", "90", "135")),),
        "line:0",
    ),
    Named(
        "frei-chen",
        "the nine orthonormal masks: 1-4 edges, 5-6 lines, 7-8 laplacians, 9 the mean",
        "W. Frei and C.-C. Chen 1977; their products checked to be orthonormal",
        _frei_chen,
        (among("N", tuple("123456789")),),
        "frei-chen:1",
    ),
)

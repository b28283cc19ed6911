"""The named kernels, one row each: `Named(summary, build)`; an argument list follows the name, `gaussian:1.5`.

Weights are used as printed (correlation). A new named kernel is one row of NAMED.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from imgconv import errors
from imgconv.exact import Number, number
from imgconv.kernels import MOST_WEIGHTS, Kernel, require_size
from imgconv.params import whole
from imgconv.records import record

Rows = Sequence[Sequence[Number]]


@record
class Named:
    """One row of the catalog: what it is for, how it is built, how its arguments are written."""

    summary: str
    build: Callable[..., Kernel]
    usage: str = ""
    example: str = ""


def _fixed(summary: str, weights: Rows) -> Named:
    return Named(summary, lambda: Kernel(weights))


def _outer(column: Sequence[Number], row: Sequence[Number]) -> Rows:
    return [[above * beside for beside in row] for above in column]


def _both(name: str, smoothing: Sequence[int], source: str) -> dict[str, Named]:
    """The x and y forms of a first derivative: smoothing across, difference along."""
    along = (-1, 0, 1)
    return {
        f"{name}-x": _fixed(f"dark-to-bright from left to right ({source})", _outer(smoothing, along)),
        f"{name}-y": _fixed(f"dark-to-bright from top to bottom ({source})", _outer(along, smoothing)),
    }


def _box(side: str) -> Kernel:
    size = whole(side, "box size", least=1)
    _check_side(size)
    return Kernel([[1] * size] * size, divisor=size * size)


def _gaussian(deviation: str) -> Kernel:
    """Radius int(4*sigma + 0.5), as SciPy's `gaussian_filter`; the outer product of 1-D weights that sum to 1."""
    sigma = float(number(deviation, "sigma"))
    if not sigma > 0:
        raise errors.not_a("sigma", deviation, "a number above 0")
    radius = int(min(4 * sigma + 0.5, MOST_WEIGHTS))
    _check_side(2 * radius + 1)
    line = [math.exp(-0.5 * (x / sigma) ** 2) for x in range(-radius, radius + 1)]
    total = math.fsum(line)
    line = [value / total for value in line]
    return Kernel(_outer(line, line))


def _check_side(side: int) -> None:
    require_size(side, side)


NAMED: dict[str, Named] = {
    "identity": _fixed("the image itself", [[1]]),
    "vertical": _fixed("vertical edges: right minus left", [[-1, 0, 1]] * 3),
    "horizontal": _fixed("horizontal edges: below minus above", [[-1] * 3, [0] * 3, [1] * 3]),
    **_both("sobel", (1, 2, 1), "Sobel"),
    **_both("prewitt", (1, 1, 1), "Prewitt"),
    **_both("scharr", (3, 10, 3), "Scharr; rounder than Sobel"),
    "laplacian": _fixed("edges of every direction: the four neighbours minus four times the centre", [[0, 1, 0], [1, -4, 1], [0, 1, 0]]),
    "sharpen": _fixed("crisper detail: the image minus its laplacian", [[0, -1, 0], [-1, 5, -1], [0, -1, 0]]),
    "emboss": _fixed("relief lit from the top left", [[-2, -1, 0], [-1, 1, 1], [0, 1, 2]]),
    "outline": _fixed("outlines: eight times the centre minus its eight neighbours", [[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]]),
    "box": Named("blur: the mean of an NxN square", _box, "box:N", "box:3"),
    "gaussian": Named("smooth blur of standard deviation SIGMA pixels; radius int(4*SIGMA+0.5)", _gaussian, "gaussian:SIGMA", "gaussian:1.5"),
}


def named(text: str) -> Kernel:
    """The kernel that `text` names, arguments after a colon.

    Raises
    ------
    UsageError
        For a name that is not in the catalog (with a suggestion), or arguments it does not take.
    """
    name, colon, given = text.strip().partition(":")
    row = NAMED.get(name.lower())
    if row is None:
        raise errors.unknown("kernel", text, list(NAMED), "imgconv kernels")
    arguments = given.split(",") if colon else []
    if len(arguments) != row.build.__code__.co_argcount:
        raise errors.kernel_arguments(name, f"{row.usage} (for instance {row.example})" if row.usage else f"{name.lower()}, without arguments", text)
    kernel = row.build(*arguments)
    return Kernel(kernel.weights, kernel.divisor, kernel.bias, kernel.anchor, name=f"{name.lower()}{colon}{given}")

"""ImageMagick's kernels made of Gaussians: Gaussian, DoG, LoG, Blur and Comet, with the sizes that they take where no
radius is given.

Arguments are RADIUS x SIGMA [+ OTHER]. Formulas are those of its morphology.c; the tests compare them with what the
command shows.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from imgconv import errors
from imgconv.values.numbers import Number

_MOST_DEVIATION = 200
_NOTHING = 1e-12  # a deviation or a weight below that is none (MagickEpsilon)
_LEAST = 1 / 65535  # of the sum: what a level of 16 bits is of the full range
_PARTS = 3  # samples of a curve to a cell of Blur and Comet

Grid = list[list[Number]]
Arguments = Sequence[Number]


def gaussian(arguments: Arguments) -> Grid:
    """exp(-r^2/2s^2), over its sum."""
    reach, deviation, _ = _given("Gaussian", arguments)
    line = _line(deviation, reach)
    return _halves([[above * beside for beside in line] for above in line])


def dog(arguments: Arguments) -> Grid:
    """A Gaussian minus another, each over 2*pi*s^2, as wide as the wider one; normalised by `_halves`."""
    _, deviation, other = _given("DoG", arguments)
    reach, *_ = _given("DoG", [arguments[0] if arguments else 0, max(deviation, other)])
    first, second = _line(deviation, reach), _line(other, reach)
    one, two = (2 * math.pi * s * s if s > _NOTHING else 1.0 for s in (deviation, other))
    return _halves(
        [
            [a * b / one - c * d / two for b, d in zip(first, second, strict=True)]
            for a, c in zip(first, second, strict=True)
        ]
    )


def log(arguments: Arguments) -> Grid:
    """(1 - R) * exp(-R) with R = r^2/2s^2, bright in the middle; normalised by `_halves`."""
    reach, deviation, _ = _given("LoG", arguments)
    line = _line(deviation, reach)
    squares = [0.5 * (x / deviation) ** 2 if deviation > _NOTHING else 0.0 for x in range(-reach, reach + 1)]
    return _halves(
        [
            [a * b * (1 - (r + s)) for b, s in zip(line, squares, strict=True)]
            for a, r in zip(line, squares, strict=True)
        ]
    )


def blur(arguments: Arguments) -> Grid:
    """A row of a Gaussian, of which each cell sums three samples."""
    radius, deviation, _ = _read("Blur", arguments)
    reach = int(radius) if radius >= 1 else _reach_in_row(radius, deviation)
    if deviation <= _NOTHING:
        return [[int(x == 0) for x in range(-reach, reach + 1)]]
    samples = _line(deviation * _PARTS, reach * _PARTS + _PARTS // 2)
    return _halves([[math.fsum(samples[cell * _PARTS : (cell + 1) * _PARTS]) for cell in range(2 * reach + 1)]])


def comet(arguments: Arguments) -> Grid:
    """Half a Gaussian, from its middle on; each cell sums three samples, the first one of which is the middle."""
    radius, deviation, _ = _read("Comet", arguments)
    count = int(radius) if radius >= 1 else _reach_in_row(radius, deviation) + 1
    if deviation <= _NOTHING:
        return [[int(x == 0) for x in range(count)]]
    samples = _line(deviation * _PARTS, count * _PARTS)[count * _PARTS :]
    return _halves([[math.fsum(samples[cell * _PARTS : (cell + 1) * _PARTS]) for cell in range(count)]])


def _read(name: str, arguments: Arguments) -> tuple[float, float, float]:
    """Radius, deviation and the third argument; 0 where they are not given."""
    radius, deviation, other = (float(value) for value in (*arguments[:3], 0, 0, 0)[:3])
    if max(abs(deviation), abs(other) if name == "DoG" else 0) > _MOST_DEVIATION or radius > 3 * _MOST_DEVIATION:
        raise errors.not_a(
            name, "x".join(f"{value:g}" for value in map(float, arguments)), f"a deviation of at most {_MOST_DEVIATION}"
        )
    return radius, abs(deviation), abs(other)


def _given(name: str, arguments: Arguments) -> tuple[int, float, float]:
    """How far a square reaches to each side, its deviation, and the third argument."""
    radius, deviation, other = _read(name, arguments)
    return int(radius) if radius >= 1 else _reach_in_square(radius, deviation), deviation, other


def _reach_in_row(radius: float, deviation: float) -> int:
    """GetOptimalKernelWidth1D at 16 bits: while the outermost weight is a share of the sum that shows."""
    return _reach(radius, deviation, lambda outermost, total: outermost / total)


def _reach_in_square(radius: float, deviation: float) -> int:
    """GetOptimalKernelWidth2D: the outermost weight of the middle row against the sum of all."""
    return _reach(radius, deviation, lambda outermost, total: outermost / total**2)


def _reach(radius: float, deviation: float, share: Callable[[float, float], float]) -> int:
    if radius > _NOTHING or deviation <= _NOTHING:
        return max(1, math.ceil(radius))
    reach = 2
    while share(math.exp(-0.5 * (reach / deviation) ** 2), math.fsum(_line(deviation, reach))) >= _LEAST:
        reach += 1
    return reach - 1


def _line(deviation: float, reach: int) -> list[float]:
    """exp(-x^2/2s^2) for whole x; without a deviation 1 in the middle."""
    if deviation <= _NOTHING:
        return [float(x == 0) for x in range(-reach, reach + 1)]
    return [math.exp(-0.5 * (x / deviation) ** 2) for x in range(-reach, reach + 1)]


def _halves(rows: Sequence[Sequence[float]]) -> Grid:
    """The weights with those above 0 over their sum, and those below over theirs: CorrelateNormalizeValue."""
    cells = [cell for row in rows for cell in row]
    above, below = (abs(math.fsum(cell for cell in cells if (cell > 0) == positive)) or 1 for positive in (True, False))
    return [[cell / (above if cell > 0 else below) for cell in row] for row in rows]

"""ImageMagick's named convolution kernels, as its code (not its comments) defines them; masks that its Convolve turns."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence

from imgconv import errors
from imgconv.catalog.dialects.base import Source
from imgconv.catalog.dialects.imagemagick_turns import Grid, expanded, rotated
from imgconv.exact import Number, number
from imgconv.kernels import require_size

_NAME = re.compile("[A-Za-z]+")
_ARGUMENTS = re.compile(r"[-+0-9.,xX%\seE]*")
_MOST_DEVIATION = 200

Arguments = Sequence[Number]


def _rows(text: str) -> list[list[Number]]:
    return [[int(cell) for cell in row.split()] for row in text.split("/")]


_LAPLACIANS = {
    0: "-1 -1 -1/-1 8 -1/-1 -1 -1",
    1: "0 -1 0/-1 4 -1/0 -1 0",
    2: "-2 1 -2/1 4 1/-2 1 -2",
    3: "1 -2 1/-2 4 -2/1 -2 1",
    5: "-4 -1 0 -1 -4/-1 2 3 2 -1/0 3 4 3 0/-1 2 3 2 -1/-4 -1 0 -1 -4",
    7: "-10 -5 -2 -1 -2 -5 -10/-5 0 3 4 3 0 -5/-2 3 6 7 6 3 -2/-1 4 7 8 7 4 -1/-2 3 6 7 6 3 -2/-5 0 3 4 3 0 -5/-10 -5 -2 -1 -2 -5 -10",
    15: "0 0 -1 0 0/0 -1 -2 -1 0/-1 -2 16 -2 -1/0 -1 -2 -1 0/0 0 -1 0 0",
    19: "0 -1 -1 -2 -2 -2 -1 -1 0/-1 -2 -4 -5 -5 -5 -4 -2 -1/-1 -4 -5 -3 0 -3 -5 -4 -1/-2 -5 -3 12 24 12 -3 -5 -2/-2 -5 0 24 40 24 0 -5 -2/"
    "-2 -5 -3 12 24 12 -3 -5 -2/-1 -4 -5 -3 0 -3 -5 -4 -1/-1 -2 -4 -5 -5 -5 -4 -2 -1/0 -1 -1 -2 -2 -2 -1 -1 0",
}


def _laplacian(arguments: Arguments) -> list[list[Number]]:
    kind = int(arguments[0]) if arguments else 0
    if kind not in _LAPLACIANS:
        raise errors.not_a("Laplacian", kind, f"one of ImageMagick's types {', '.join(map(str, _LAPLACIANS))}")
    return _rows(_LAPLACIANS[kind])


def _unity(arguments: Arguments) -> list[list[Number]]:
    return [[arguments[0] if arguments else 1]]


def _binomial(arguments: Arguments) -> list[list[Number]]:
    radius = int(arguments[0]) if arguments and arguments[0] >= 1 else 1
    require_size(2 * radius + 1, 2 * radius + 1)
    if radius > _MOST_DEVIATION:
        raise errors.not_a("Binomial", radius, f"a radius of at most {_MOST_DEVIATION}")
    line = [math.comb(2 * radius, k) for k in range(2 * radius + 1)]
    return [[above * beside for beside in line] for above in line]


def _gaussian(arguments: Arguments) -> list[list[Number]]:
    """exp(-r^2/2s^2), normalised; without a radius the side grows by 2 until the outermost weight of a row is below 1/65535 of the sum."""
    radius = float(arguments[0]) if arguments else 1.0
    deviation = abs(float(arguments[1])) if len(arguments) > 1 else 0.0  # which is the identity
    if deviation > _MOST_DEVIATION or radius > 3 * _MOST_DEVIATION:
        raise errors.not_a("Gaussian", f"{radius}x{deviation}", f"a deviation of at most {_MOST_DEVIATION}")
    reach = int(radius) if radius >= 1 else _gaussian_reach(deviation)
    line = [math.exp(-0.5 * (x / deviation) ** 2) if deviation > 1e-12 else float(x == 0) for x in range(-reach, reach + 1)]
    total = math.fsum(line) ** 2
    return [[above * beside / total for beside in line] for above in line]


def _gaussian_reach(deviation: float) -> int:
    """As GetOptimalKernelWidth2D at 16 bits: the outermost weight of the middle row against the sum of all."""
    if deviation <= 1e-12:
        return 0
    reach = 2
    while True:
        total = math.fsum(math.exp(-0.5 * (x / deviation) ** 2) for x in range(-reach, reach + 1)) ** 2
        outermost = math.exp(-0.5 * (reach / deviation) ** 2) / total
        if outermost < 1 / 65535 or outermost < 1e-12:
            return max(1, reach - 1)
        reach += 1


def _ring(text: str) -> Callable[[Arguments], list[list[Number]]]:
    return lambda arguments: _rows(text)


def _frei_chen(arguments: Arguments) -> list[list[Number]]:
    if arguments and arguments[0] != 0:
        raise errors.not_a("FreiChen", str(arguments[0]), "type 0: ImageMagick's other types are not the orthonormal set; imgconv kernels lists frei-chen")
    root = math.sqrt(2)
    return [[1, 0, -1], [root, 0, -root], [1, 0, -1]]


_TURNED: dict[str, Callable[[Arguments], list[list[Number]]]] = {
    "Sobel": _ring("1 0 -1/2 0 -2/1 0 -1"),
    "Roberts": _ring("0 0 0/1 -1 0/0 0 0"),
    "Prewitt": _ring("1 0 -1/1 0 -1/1 0 -1"),
    "Compass": _ring("1 1 -1/1 -2 -1/1 1 -1"),
    "Kirsch": _ring("5 -3 -3/5 0 -3/5 -3 -3"),
}
"""Their one argument is an angle."""

_SHAPED = {"Unity": _unity, "Laplacian": _laplacian, "Gaussian": _gaussian, "Binomial": _binomial, "FreiChen": _frei_chen}
NAMES = (*_TURNED, *_SHAPED)


def _call(text: str) -> tuple[str, str, str] | None:
    """Name, arguments and the flag of expansion; None for what is no call at all."""
    word = _NAME.match(text)
    if word is None:
        return None
    rest = text[word.end() :].strip()
    if rest and rest[0] not in ":," and not text[word.end()].isspace():
        return None
    flag = rest[-1] if rest.endswith(("@", "<", ">")) else ""
    rest = rest.removesuffix(flag).strip()
    rest = rest[1:].strip() if rest[:1] in (":", ",") else rest
    return (word[0], rest, flag) if _ARGUMENTS.fullmatch(rest) else None


def is_name(text: str) -> bool:
    """Whether a text is one of these names with its arguments."""
    call = _call(text)
    return call is not None and call[0].lower() in map(str.lower, NAMES)


def build(source: Source, start: int, end: int) -> list[Grid]:
    """The kernels that a name with its arguments stands for, expanded where a flag says so."""

    def place() -> str:
        return source.place(start, end)

    text = source.text[start:end]
    call = _call(text)
    word = text[: _NAME.match(text).end()]  # type: ignore[union-attr]
    name = next((name for name in NAMES if name.lower() == word.lower()), None)
    if name is None:
        raise errors.unknown("ImageMagick kernel", word, list(NAMES))
    if call is None:
        raise errors.kernel_grammar(place(), f"arguments such as {name}:0x2 or {name}:45")
    _, given, flag = call
    arguments = [number(part.rstrip("%"), f"{name}'s argument") for part in re.split(r"[,xX\s]+", given) if part]
    if name in _TURNED:
        rows, angle = _TURNED[name](arguments), int(arguments[0]) if arguments else 0
        grid = rotated(place, Grid(rows, (1, 1)), angle % 360)
    else:
        rows = _SHAPED[name](arguments)
        grid = Grid(rows, ((len(rows) - 1) // 2, (len(rows[0]) - 1) // 2))
    return expanded(place, grid, flag)

"""ImageMagick's named convolution kernels, as its code (not its comments) defines them; masks that its Convolve
turns."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence

from imgconv import errors
from imgconv.kernels.dialects.base import KernelText
from imgconv.kernels.dialects.imagemagick_curves import blur, comet, dog, gaussian, log
from imgconv.kernels.dialects.imagemagick_turns import Grid, expanded, rotated
from imgconv.kernels.kernel import require_size
from imgconv.kernels.text_errors import KernelTextError
from imgconv.values.numbers import Number, number

_NAME = re.compile("[A-Za-z]+")
_ARGUMENTS = re.compile(r"[-+0-9.,xX%\seE]*")
_ARGUMENT = re.compile(r"([-+]*)([0-9.]+(?:[eE][-+]?[0-9]+)?)")
_MOST_DEVIATION = 200

Arguments = Sequence[Number]
Place = Callable[[], str]


def _rows(text: str) -> list[list[Number]]:
    return [[int(cell) for cell in row.split()] for row in text.split("/")]


_LAPLACIANS = {
    0: "-1 -1 -1/-1 8 -1/-1 -1 -1",
    1: "0 -1 0/-1 4 -1/0 -1 0",
    2: "-2 1 -2/1 4 1/-2 1 -2",
    3: "1 -2 1/-2 4 -2/1 -2 1",
    5: "-4 -1 0 -1 -4/-1 2 3 2 -1/0 3 4 3 0/-1 2 3 2 -1/-4 -1 0 -1 -4",
    7: (
        "-10 -5 -2 -1 -2 -5 -10/-5 0 3 4 3 0 -5/-2 3 6 7 6 3 -2/-1 4 7 8 7 4 -1/-2 3 6 7 6 3 -2/-5 0 3 4 3 0 -5/-10 -5"
        " -2 -1 -2 -5 -10"
    ),
    15: "0 0 -1 0 0/0 -1 -2 -1 0/-1 -2 16 -2 -1/0 -1 -2 -1 0/0 0 -1 0 0",
    19: (
        "0 -1 -1 -2 -2 -2 -1 -1 0/-1 -2 -4 -5 -5 -5 -4 -2 -1/-1 -4 -5 -3 0 -3 -5 -4 -1/-2 -5 -3 12 24 12 -3 -5 -2/-2 -5"
        " 0 24 40 24 0 -5 -2/-2 -5 -3 12 24 12 -3 -5 -2/-1 -4 -5 -3 0 -3 -5 -4 -1/-1 -2 -4 -5 -5 -5 -4 -2 -1/0 -1 -1 -2"
        " -2 -2 -1 -1 0"
    ),
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


def _ring(text: str) -> Callable[[Arguments], list[list[Number]]]:
    return lambda arguments: _rows(text)


_ROOTS = {"r": math.sqrt(2), "h": math.sqrt(0.5)}
_FREI_CHEN = {
    0: "1 0 -1|r 0 -r|1 0 -1",
    1: "h 0 -h|1 0 -1|h 0 -h",
    2: "h 1 0|1 0 -1|0 -1 -h",
    11: "h 0 -h|1 0 -1|h 0 -h",
    12: "h 1 h|0 0 0|h 1 h",
    13: "1 -h 0|-h 0 h|0 h -1",
    14: "0 h -1|-h 0 h|1 -h 0",
    15: "0 -1/2 0|1/2 0 1/2|0 -1/2 0",
    16: "1/2 0 -1/2|0 0 0|-1/2 0 1/2",
    17: "1/6 -1/3 1/6|-1/3 2/3 -1/3|-1/6 -1/3 1/6",
    18: "-1/3 1/6 -1/3|1/6 2/3 1/6|-1/3 1/6 -1/3",
    19: "1/3 1/3 1/3|1/3 1/3 1/3|1/3 1/3 1/3",
}
"""As its code has them: 11 to 19 are meant for the orthonormal set and are not (12 lacks signs, 17 has a wrong one, 11
to 14 twice its weights)."""


def _frei_chen(place: Place, arguments: Arguments) -> list[Grid]:
    """A type, or all of 11 to 19 for type 10; then turned by the second argument, or by the first if that is beyond
    30."""
    given: Number = arguments[0] if arguments else 0
    turn: Number = arguments[1] if len(arguments) > 1 else 0
    kind = int(given) if abs(float(given)) <= 30 else 0
    if kind not in (10, *_FREI_CHEN):
        raise errors.not_a(
            "FreiChen",
            str(given),
            "one of ImageMagick's types 0, 1, 2 and 10 to 19; frei-chen:1 to 9 are the orthonormal set",
        )
    angle = turn or (given if abs(float(given)) > 30 else 0)
    texts = [_FREI_CHEN[one] for one in (range(11, 20) if kind == 10 else (kind,))]
    return [
        rotated(place, Grid([[_root(cell) for cell in row.split()] for row in text.split("|")], (1, 1)), angle)
        for text in texts
    ]


def _root(cell: str) -> Number:
    root = _ROOTS.get(cell[-1])
    return number(cell) if root is None else -root if cell[0] == "-" else root


_TURNED: dict[str, Callable[[Arguments], list[list[Number]]]] = {
    "Sobel": _ring("1 0 -1/2 0 -2/1 0 -1"),
    "Roberts": _ring("0 0 0/1 -1 0/0 0 0"),
    "Prewitt": _ring("1 0 -1/1 0 -1/1 0 -1"),
    "Compass": _ring("1 1 -1/1 -2 -1/1 1 -1"),
    "Kirsch": _ring("5 -3 -3/5 0 -3/5 -3 -3"),
}
"""Their one argument is an angle."""

_SHAPED = {
    "Unity": _unity,
    "Laplacian": _laplacian,
    "Binomial": _binomial,
    "Gaussian": gaussian,
    "DoG": dog,
    "LoG": log,
}
_ROUND = ("Laplacian", "Gaussian", "DoG", "LoG")
"""Of them, those that it never turns."""
_LINES = {"Blur": blur, "Comet": comet}
"""Rows, which their third argument turns."""
NAMES = (*_TURNED, *_SHAPED, *_LINES, "FreiChen")
_SHAPES = (
    "square",
    "diamond",
    "octagon",
    "disk",
    "plus",
    "cross",
    "ring",
    "rectangle",
    "peaks",
    "edges",
    "corners",
    "diagonals",
    "lineends",
    "linejunctions",
    "ridges",
    "convexhull",
    "skeleton",
    "thinse",
    "chebyshev",
    "manhattan",
    "octagonal",
    "euclidean",
)
"""Kernels for morphology: cells that belong to a shape, or distances."""


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


def build(source: KernelText, start: int, end: int) -> list[Grid]:
    """The kernels of a name with its arguments, expanded where it has a flag."""

    def place() -> str:
        return source.place(start, end)

    text = source.text[start:end]
    call = _call(text)
    word = text[: _NAME.match(text).end()]  # type: ignore[union-attr]
    name = next((name for name in NAMES if name.lower() == word.lower()), None)
    if word.lower() in _SHAPES:
        raise errors.UsageError(
            f"ImageMagick's {word} is a shape or a distance for morphology, no weights to sum; if you mean weights,"
            " write their numbers (3x3: 0,1,0 …)"
        )
    if name is None:
        raise errors.unknown("ImageMagick kernel", word, list(NAMES))
    if call is None:
        raise KernelTextError(place(), f"expected arguments such as {name}:0x2 or {name}:45")
    _, values, flag = call
    arguments = [
        number(("-" if signs.count("-") % 2 else "") + digits, f"{name}'s argument")
        for signs, digits in _ARGUMENT.findall(values)
    ]
    arguments = [0, *arguments] if values[:1] in ("x", "X") else arguments
    grids = _grids(name, place, arguments)
    if name in _ROUND:
        return grids * 4 if flag == "<" else grids
    return [turned for grid in grids for turned in expanded(place, grid, flag)]


def _grids(name: str, place: Place, arguments: Arguments) -> list[Grid]:
    if name == "FreiChen":
        return _frei_chen(place, arguments)
    if name in _TURNED:
        return [rotated(place, Grid(_TURNED[name](arguments), (1, 1)), arguments[0] if arguments else 0)]
    if name in _LINES:
        rows = _LINES[name](arguments)
        grid = Grid(rows, (0, 0 if name == "Comet" else (len(rows[0]) - 1) // 2))
        return [rotated(place, grid, arguments[2] if len(arguments) > 2 else 0)]
    rows = _SHAPED[name](arguments)
    return [Grid(rows, ((len(rows) - 1) // 2, (len(rows[0]) - 1) // 2))]

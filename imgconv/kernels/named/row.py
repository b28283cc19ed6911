"""Rows of the catalog: a name, arguments with their checks, a builder, a summary and a source.

Rows are cheap: weights are built only when a kernel is used.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from imgconv import errors
from imgconv.kernels.kernel import MOST_SIDE, Kernel, require_size
from imgconv.values.frozen import record
from imgconv.values.numbers import Number, number
from imgconv.values.parameters import whole

Rows = Sequence[Sequence[Number]]
DIRECTIONS = ("N", "NE", "E", "SE", "S", "SW", "W", "NW")
"""Of compass masks, clockwise from the top: the order in which banks of them are numbered. (Here, because detectors
need no masks to know it.)"""


@record
class Argument:
    """One argument: its word in usage, how its text is read, whether it may be left out (then it is `default`), and its
    few choices."""

    word: str
    read: Callable[[str], Any]
    required: bool = True
    default: Any = None
    choices: tuple[str, ...] = ()


@record
class Named:
    """One row of the catalog. `example` is a text that names it with typical arguments; `also` are others worth
    seeing."""

    name: str
    summary: str
    source: str
    build: Callable[..., Kernel]
    arguments: tuple[Argument, ...] = ()
    example: str = ""
    also: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.example:
            object.__setattr__(self, "example", self.name)

    @property
    def usage(self) -> str:
        """How it is written: `gaussian:SIGMA[,SIZE]`."""
        parts, closing = [self.name], ""
        for place, argument in enumerate(self.arguments):
            mark = "," if place else ":"
            parts.append(mark + argument.word if argument.required else f"[{mark}{argument.word}")
            closing += "" if argument.required else "]"
        return "".join(parts) + closing

    @property
    def examples(self) -> tuple[str, ...]:
        """One text for each choice of its first argument if it has few, else those it declares."""
        if not self.arguments or not self.arguments[0].choices:
            return (self.example, *self.also)
        first = self.arguments[0]
        return tuple(self.name if choice == first.default else f"{self.name}:{choice}" for choice in first.choices)

    def values(self, arguments: str | None) -> list[Any]:
        """The arguments' values from the text after the colon; None where there is no colon.

        Arguments stand in their order; later ones may be given by name instead: `gabor:8,45,phase=90`.
        """
        values: dict[str, Any] = {}
        words = [argument.word.lower() for argument in self.arguments]
        for place, text in enumerate([] if arguments is None else arguments.split(",")):
            name, equals, value = text.partition("=")
            word = name.strip().lower() if equals else words[place] if place < len(words) else ""
            if equals and word not in words:
                raise self._unknown_argument(name.strip(), words)
            if not word or word in values or (not equals and len(values) != place):
                raise self.misused(f"{self.name}:{arguments}")
            values[word] = self._read(word, value if equals else text)
        if any(argument.required and argument.word.lower() not in values for argument in self.arguments):
            raise self.misused(self.name if arguments is None else f"{self.name}:{arguments}")
        return [values.get(argument.word.lower(), argument.default) for argument in self.arguments]

    def _unknown_argument(self, word: str, known: Sequence[str]) -> errors.UsageError:
        choices = f"it takes {', '.join(known)}" if known else "it takes none"
        return errors.UsageError(
            f"kernel {self.name!r} has no argument {errors.shown(word)}{errors.suggestion(word, known)}; {choices}"
            f" ({self.usage})"
        )

    def _read(self, word: str, text: str) -> Any:
        if (
            text.strip().lower().startswith("0x") and "p" not in text.lower()
        ):  # a hexadecimal number without exponent: nobody means that
            raise errors.UsageError(
                f"kernel {self.name!r} takes decimal numbers, not {errors.shown(text.strip())}; ImageMagick's kernels,"
                " written like that, have im: before them: im:Gaussian:0x2"
            )
        return next(argument for argument in self.arguments if argument.word.lower() == word).read(text.strip())

    def misused(self, text: str) -> errors.UsageError:
        example = f" (for instance {self.example})" if self.example != self.name else ""
        usage = f"{self.usage}{example}" if self.arguments else f"{self.name}, without arguments"
        return errors.UsageError(f"kernel {self.name!r} is written {usage}, not {errors.shown(text)}")


def fixed(name: str, weights: Rows, summary: str, source: str, divisor: Number = 1, bias: Number = 0) -> Named:
    """A row without arguments."""
    return Named(name, summary, source, lambda: Kernel(weights, divisor, bias))


# ---------------------------------------------------------------- arguments


def _in_words(word: str) -> str:
    """An argument's word as it stands in sentences."""
    return word.lower() if len(word) > 1 else word


def size(
    word: str = "SIZE",
    *,
    least: int = 1,
    most: int = 2048,
    odd: bool = False,
    required: bool = False,
    default: int | None = None,
) -> Argument:
    """A side in pixels."""

    def read(text: str) -> int:
        side = whole(text, _in_words(word), least, most)
        if odd and side % 2 == 0:
            raise errors.not_a(_in_words(word), text, f"an odd number from {least} to {most}")
        return side

    return Argument(word, read, required, default)


def real(
    word: str,
    *,
    above: int | None = None,
    least: int | None = None,
    required: bool = True,
    default: Number | None = None,
) -> Argument:
    """A number, above or from a bound."""
    bound = f"a number above {above}" if above is not None else f"a number from {least}"

    def read(text: str) -> Number:
        value = number(text, _in_words(word))
        if (above is not None and not value > above) or (least is not None and not value >= least):
            raise errors.not_a(_in_words(word), text, bound)
        return value

    return Argument(word, read, required, default)


def degrees(word: str) -> Argument:
    """An angle, 0 unless given."""
    return Argument(word, lambda text: number(text, _in_words(word)), required=False, default=0)


def sigma(word: str = "SIGMA", *, required: bool = True) -> Argument:
    """A standard deviation in pixels."""
    inner = real(word, above=0)
    return Argument(word, lambda text: float(inner.read(text)), required)


def among(word: str, choices: Sequence[str], *, required: bool = True, default: str | None = None) -> Argument:
    """One word of a few, whatever its case."""
    spellings = {choice.lower(): choice for choice in choices}

    def read(text: str) -> str:
        if text.lower() not in spellings:
            raise errors.unknown(_in_words(word), text, choices)
        return spellings[text.lower()]

    return Argument(word, read, required, default, tuple(choices))


# ---------------------------------------------------------------- what builders share


def outer(column: Sequence[Number], row: Sequence[Number]) -> list[list[Number]]:
    """Column times row."""
    return [[above * beside for beside in row] for above in column]


def binomial(size: int) -> list[int]:
    """The row of Pascal's triangle with `size` numbers: 1, 1 1, 1 2 1 …"""
    return [math.comb(size - 1, place) for place in range(size)]


def gaussian_line(deviation: float, size: int | None = None, order: int = 0) -> list[float]:
    """A sampled Gaussian of sum 1 or its derivative, as a correlation mask: the response is the picture's derivative.

    Without a size the radius is int(4*sigma + 0.5), as SciPy's `gaussian_filter1d` (its weights turned round:
    He_n(x/sigma) / sigma**n * g(x), with He_n the probabilists' Hermite polynomial). An even size is centred between
    cells.
    """
    if size is None:
        size = 2 * int(min(4 * deviation + 0.5, MOST_SIDE)) + 1
    require_size(size, size)
    places = [(place - (size - 1) / 2) / deviation for place in range(size)]
    line = [math.exp(-0.5 * x * x) for x in places]
    total = math.fsum(line)
    return [value / total * _hermite(order, x) / deviation**order for value, x in zip(line, places, strict=True)]


def _hermite(order: int, x: float) -> float:
    before, value = 0.0, 1.0
    for n in range(order):
        before, value = value, x * value - n * before
    return value


def padded(rows: Rows, side: int) -> list[list[Number]]:
    """Rows with zeros around them, as many on every side, up to `side` rows and columns."""
    around = (side - len(rows)) // 2
    empty: list[list[Number]] = [[0] * side for _ in range(around)]
    return [*empty, *([0] * around + list(row) + [0] * around for row in rows), *empty]

"""Kinds of parameter: each reads text or a Python value, checks it, and prints it back.

A `Kind` is what the command line, the pipeline text and the Python call share, so
that `--stride 2x1`, `stride=2x1` and `stride=(2, 1)` are one value with one set of errors.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from typing import Any

from imgconv import errors
from imgconv.values.arguments import integer, items
from imgconv.values.frozen import field, record
from imgconv.values.numbers import Number, number, number_text, plain

_LARGEST_SIZE = 2**31 - 1


@record
class Kind:
    """How one kind of parameter is read and printed.

    `read` takes text or a Python value and returns the canonical value or raises
    UsageError; `text` prints a canonical value so that `read` gives it back. A kind
    with an `item` may be given as often as needed: each time is one item of a tuple.
    """

    metavar: str
    read: Callable[[Any], Any]
    text: Callable[[Any], str] = str
    choices: tuple[str, ...] = field(default=())
    item: Kind | None = None
    names: Callable[[], Iterable[str]] | None = None
    """Names among which a value may be, loaded when they are asked for."""

    def reads(self, value: Any) -> bool:
        """Whether a value is of this kind."""
        try:
            self.read(value)
        except errors.UsageError:
            return False
        return True


# ---------------------------------------------------------------- kinds of number


def _divisor(value: object) -> Number | str:
    if isinstance(value, str) and value.strip().lower() == "auto":
        return "auto"
    try:
        divisor = number(value)
    except errors.UsageError:
        divisor = 0
    if divisor == 0:
        raise errors.UsageError(
            f"divisor {errors.shown(value)} cannot divide; expected a finite number other than 0, or auto"
        )
    return divisor


_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12, "ki": 2**10, "mi": 2**20, "gi": 2**30, "ti": 2**40}


def amount(what: str, example: str, unit: str = "") -> Kind:
    """A number of something from 1, as digits or with a unit: `500M` is 500 million, `2Gi` twice 2**30; `unit` (`B`)
    may follow."""

    def read(value: object) -> int:
        expected = f"a whole number from 1, such as {example}"
        if isinstance(value, str):
            match = re.fullmatch(
                rf"\s*([0-9]{{1,24}}(?:\.[0-9]{{1,9}})?)\s*([kmgt]?i?)(?:{unit})?\s*", value, flags=re.IGNORECASE
            )
            if match is None or match[2].lower() not in _UNITS:
                raise errors.not_a(what, value, expected)
            value = int(Fraction(match[1]) * _UNITS[match[2].lower()])
        count = integer(value)
        if count is None or count < 1:
            raise errors.not_a(what, value, expected)
        return count

    return Kind("N", read)


# ---------------------------------------------------------------- sizes and places


def whole(value: object, what: str, least: int = 0, most: int = _LARGEST_SIZE) -> int:
    """An int from `least` to `most`, from text or a Python or numpy integer."""
    expected = f"a whole number from {least}{f' to {most}' if most < _LARGEST_SIZE else ''}"
    if isinstance(value, str):
        if not re.fullmatch(r"\+?[0-9]{1,18}", value.strip()):
            raise errors.not_a(what, value, expected)
        value = int(value)
    count = integer(value)
    if count is None:
        raise errors.not_a(what, value, expected)
    if not least <= count <= most:
        raise errors.not_a(what, value, f"at most {most}" if count > most == _LARGEST_SIZE else expected)
    return count


def pair(what: str) -> Kind:
    """Rows and columns, each at least 1: `N` or `RxC` (also `R,C`), an int or a pair of ints."""

    def read(value: object) -> tuple[int, int]:
        parts = re.split("[xX,\N{MULTIPLICATION SIGN}]", value) if isinstance(value, str) else items(value)
        if len(parts) not in (1, 2):
            raise errors.not_a(what, value, "N or RxC (rows x columns)")
        try:
            numbers = [whole(part, what, least=1) for part in parts]
        except errors.UsageError:
            if len(parts) == 1:
                raise
            raise errors.not_a(what, value, "N or RxC (rows x columns, whole numbers from 1)") from None
        return numbers[0], numbers[-1]

    return Kind("N|RxC", read, _pair_text)


def _pair_text(value: tuple[int, int]) -> str:
    return str(value[0]) if value[0] == value[1] else f"{value[0]}x{value[1]}"


Pad = str | tuple[int, int, int, int]
"""The word `same`, or pixels added before and after: (top, bottom, left, right)."""


def _pad(value: object) -> Pad:
    if isinstance(value, str):
        word = value.strip().lower()
        if word in ("same", "valid"):
            return "same" if word == "same" else (0, 0, 0, 0)
        parts: Sequence[object] = word.split(",") if "," in word else word.split("x")
    else:
        parts = items(value)
    if len(parts) not in (1, 2, 4):
        raise errors.not_a("pad", value, "valid, same, N, RxC or top,bottom,left,right")
    sizes = [whole(part, "pad") for part in parts]
    if len(sizes) == 4:
        return sizes[0], sizes[1], sizes[2], sizes[3]
    return sizes[0], sizes[0], sizes[-1], sizes[-1]


def _pad_text(value: Pad) -> str:
    if isinstance(value, str):
        return value
    top, bottom, left, right = value
    if (top, left) != (bottom, right):
        return ",".join(map(str, value))
    return "valid" if top == left == 0 else _pair_text((top, left))


def _anchor(value: object) -> tuple[int, int]:
    parts = value.split(",") if isinstance(value, str) else items(value)
    if len(parts) != 2:
        raise errors.not_a("anchor", value, "R,C (row, column, counted from 0)")
    return whole(parts[0], "anchor"), whole(parts[1], "anchor")


_TURN = "a multiple of 45 degrees (anticlockwise; negative turns clockwise)"


def _rotation(value: object) -> int:
    if isinstance(value, str):
        try:
            value = number(value.strip().removesuffix("\N{DEGREE SIGN}"))
        except errors.UsageError:
            raise errors.not_a("rotation", value, _TURN) from None
    degrees = integer(value)
    if degrees is None or degrees % 45:
        raise errors.not_a("rotation", value, _TURN)
    return degrees % 360


# ---------------------------------------------------------------- choices and flags


def choice(what: str, names: Sequence[str], aliases: dict[str, str] | None = None) -> Kind:
    """One word of a list; `aliases` are other spellings that are understood."""
    others = aliases or {}

    def read(value: object) -> str:
        word = value.lower() if isinstance(value, str) else ""
        word = others.get(word, word)
        if word not in names:
            raise errors.unknown(what, value, [*names, *others] if len(names) < 4 else list(names))
        return word

    return Kind("|".join(names), read, str, tuple(names))


def several(kind: Kind, is_one: Callable[[Any], bool] = lambda value: False) -> Kind:
    """Any number of values of a kind, as a tuple; `is_one` is whether a Python sequence is itself a single value."""

    def read(value: Any) -> tuple[Any, ...]:
        many = isinstance(value, (tuple, list)) and not is_one(value)
        return tuple(kind.read(item) for item in (value if many else [value]))

    return Kind(kind.metavar, read, lambda value: " ".join(map(kind.text, value)), kind.choices, kind)


def _flag(value: object) -> bool:
    flag = plain(value)
    if isinstance(flag, (bool, int, float)) and flag in (True, False):
        return bool(flag)
    raise errors.not_a("flag", value, "True or False")


SIZE = pair("size")
STRIDE = pair("stride")
DILATION = pair("dilation")
PAD = Kind("valid|same|N|RxC|T,B,L,R", _pad, _pad_text)
ANCHOR = Kind("R,C", _anchor, lambda value: f"{value[0]},{value[1]}")
ROTATION = Kind("DEGREES", _rotation)
DIVISOR = Kind("N|auto", _divisor, lambda value: value if isinstance(value, str) else number_text(value))
BIAS = Kind("N", lambda value: number(value, "bias"), number_text)
FLAG = Kind("", _flag)
COUNT = Kind("N", lambda value: whole(value, "count", least=1))
PIXELS = amount("max-pixels", "500M or 2G")
MEMORY = amount("max-memory", "500M or 2GiB", "B")
FRAMES = amount("max-frames", "500 or 20k")
JOBS = Kind("N", lambda value: whole(value, "jobs", least=1))
THREADS = Kind("N", lambda value: whole(value, "threads", least=1))
RANGE = choice("range", ("clamp", "abs", "shift", "stretch"))
HALF_UP, HALF_EVEN, TOWARD_ZERO = "half-up", "half-even", "zero"
ROUNDING = choice("rounding", (HALF_UP, HALF_EVEN, TOWARD_ZERO), {"truncate": TOWARD_ZERO, "toward-zero": TOWARD_ZERO})
Channels = str | tuple[str, ...]
"""ALL_CHANNELS, LUMA, or names and numbers of channels."""
ALL_CHANNELS, LUMA = "all", "luma"


def _channels(value: object) -> Channels:
    if isinstance(value, str):
        word = value.strip().lower()
        if word in (ALL_CHANNELS, LUMA):
            return word
        parts: list[object] = [part.strip() for part in word.split(",")]
    else:
        parts = list(items(value))
    numbers = [part if isinstance(part, str) else integer(part) for part in parts]
    words = tuple(
        number.lower()
        if isinstance(number, str)
        else ""
        if number is None or abs(number) > _LARGEST_SIZE
        else str(number)
        for number in numbers
    )
    if (
        not words
        or not all(re.fullmatch(r"[a-z]+|[0-9]{1,9}", word) for word in words)
        or {ALL_CHANNELS, LUMA} & set(words)
    ):
        raise errors.UsageError(
            f"channels {errors.shown(value)} are none; write all, luma, or names or numbers between commas"
            " (r,g,b,alpha; c,m,y,k; 0,2)"
        )
    return tuple(dict.fromkeys(word.lstrip("0") or "0" if word.isdigit() else word for word in words))


CHANNELS = Kind(
    "all|luma|r,g,b,a",
    _channels,
    lambda value: value if isinstance(value, str) else ",".join(value),
    (ALL_CHANNELS, LUMA),
)
ALPHA = choice("alpha policy", ("auto", "keep", "filter", "premultiply", "drop"))
DTYPES = ("uint8", "uint16", "int16", "int32", "float32", "float64")
DTYPE = choice("dtype", ("same", *DTYPES))

"""Numbers as typed: exact wherever they can be, a float only where they cannot."""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Iterable
from fractions import Fraction
from typing import Any

from imgconv import errors

Number = int | Fraction | float
"""A weight, divisor or bias. Ints and Fractions are exact; a float is one that is no multiple of 2**-16."""

EXACT_FLOAT64 = 2**53
"""Whole numbers up to here are exact in float64."""
BY_SHIFT = "shift"
"""How whole sums are divided by a power of two: the quotient of a plan, beside types in which others are divided."""

_DECIMAL = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
_HEX = re.compile(r"[+-]?0[xX][0-9a-fA-F]+(\.[0-9a-fA-F]*)?([pP][+-]?\d{1,4})?", re.ASCII)
_LONGEST_NUMBER = 400
_MOST_TYPED_DIGITS = 15
LARGEST = 2**1024
"""What doubles do not reach. Numerators and denominators beyond it are exact to no purpose, and grow with every sum:
the nearest double is taken."""


def number(value: object, what: str = "number") -> Number:
    """A finite real number in its exact form: int, Fraction, or float where neither is exact.

    Text is taken as typed: `0.1` is one tenth and `1/9` one ninth; a hexadecimal
    float (`0x1.8p-3`) is a binary float, and so is a decimal of more than 15 significant
    digits: a program printed it. Floats that are multiples of 2**-16 are exact. A fraction whose
    numerator or denominator reaches 2**1024 is the nearest float.
    """
    exact = _number_from_text(value) if isinstance(value, str) else _exact(plain(value))
    if exact is None or not _representable(exact):
        raise errors.not_a(what, value, "a finite number (such as 3, -0.5, 1e-3 or 1/9)")
    if isinstance(exact, Fraction) and max(abs(exact.numerator), exact.denominator) >= LARGEST:
        return _exact_float(float(exact))
    return exact


def plain(value: Any) -> Any:
    """A NumPy scalar, or an array of no dimension, as the Python value that it is; anything else as it is."""
    if type(value).__module__ == "numpy" and getattr(value, "ndim", None) == 0:
        return value.item()
    return value


def _exact(value: object) -> Number | None:
    if isinstance(value, int):
        return int(value)
    if isinstance(value, Fraction):
        return _lowered(value)
    if isinstance(value, float) and math.isfinite(value):
        return _exact_float(value)
    return None


def _representable(value: Number) -> bool:
    """Whether the value as float64 is neither 0 (unless it is 0) nor infinity."""
    try:
        return math.isfinite(float(value)) and (value == 0 or float(value) != 0)
    except OverflowError:
        return False


def _number_from_text(text: str) -> Number | None:
    text = text.strip().replace("\N{MINUS SIGN}", "-")
    if len(text) > _LONGEST_NUMBER:
        return None
    if _HEX.fullmatch(text):
        try:
            return _exact_float(float.fromhex(text))
        except OverflowError:
            return None
    above, slash, below = text.partition("/")
    if not _DECIMAL.fullmatch(above) or (slash and not _DECIMAL.fullmatch(below)):
        return None
    if not slash:
        return _typed(above)
    return _lowered(Fraction(above) / Fraction(below)) if Fraction(below) else None


def _typed(text: str) -> Number:
    """A decimal as typed; one of more digits than a double holds was printed from one: taken exactly, it would make
    sums beyond 64 bits."""
    digits = re.split("[eE]", text)[0].lstrip("+-0.")
    if (
        len(digits) - digits.count(".") > _MOST_TYPED_DIGITS
        and "." in text
        and math.isfinite(binary := float(text))
        and binary
    ):
        return _exact_float(binary)
    return _lowered(Fraction(text))


def _lowered(value: Fraction) -> Number:
    return value.numerator if value.denominator == 1 else value


def _exact_float(value: float) -> Number:
    if value.is_integer():
        return int(value)
    return Fraction(value) if (value * 65536).is_integer() else value


def magnitude(value: Number) -> Number:
    """|value|, which keeps the union of types that abs() loses."""
    return value if value >= 0 else -value


def common_denominator(values: Iterable[Number]) -> int | None:
    """The least common denominator of exact numbers; None where it reaches LARGEST, as that of many different fractions
    soon does."""
    common = 1
    for below in {value.denominator for value in values if isinstance(value, Fraction)}:
        common = math.lcm(common, below)
        if common >= LARGEST:
            return None
    return common


def total(values: Iterable[Number]) -> Number:
    """The sum: exact where all values are and have a common denominator below LARGEST, else the nearest double."""
    numbers = list(values)
    if all(isinstance(value, int) for value in numbers):
        return sum(numbers)
    common = None if any(isinstance(value, float) for value in numbers) else common_denominator(numbers)
    if common is None:
        try:
            return math.fsum(numbers)
        except OverflowError:
            return math.inf if sum(map(float, numbers)) > 0 else -math.inf
    return _lowered(Fraction(sum(numerator(value, common) for value in numbers), common))


def double(value: Number) -> float:
    """The nearest double; the largest one for what is beyond it."""
    try:
        return float(value)
    except OverflowError:
        return sys.float_info.max if value > 0 else -sys.float_info.max


def numerator(value: Number, common: int) -> int:
    """What an exact number is in units of 1 over a common denominator."""
    assert not isinstance(value, float)
    return value.numerator * (common // value.denominator)


def number_text(value: Number) -> str:
    """The shortest text that `number` reads back as the same value."""
    if isinstance(value, float):
        return value.hex()
    if isinstance(value, Fraction):
        decimal = decimal_text(value, 16)
        return f"{value.numerator}/{value.denominator}" if decimal is None else decimal
    return str(value)


def decimal_text(value: Fraction, most: int) -> str | None:
    """The decimal of at most `most` digits behind the point and 15 in all that is this number; None where there is
    none."""
    if 10**most % value.denominator:
        return None
    digits = next(count for count in range(1, most + 1) if not 10**count % value.denominator)
    scaled = abs(value.numerator) * (10**digits // value.denominator)
    if scaled >= 10**_MOST_TYPED_DIGITS:
        return None
    whole, part = divmod(scaled, 10**digits)
    return f"{'-' if value < 0 else ''}{whole}.{part:0{digits}d}"

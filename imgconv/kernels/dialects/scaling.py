"""ImageMagick's `convolve:scale = factor [!^] [, add] [%]`: normalise, multiply, and add to the origin."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction

from imgconv import errors
from imgconv.values.frozen import record
from imgconv.values.numbers import Number, magnitude, number, total

_FORM = re.compile(r"([-+]?[0-9.eE/]*)([!^%]*)(?:\s*,\s*([-+]?[0-9.eE/]+)([!^%]*))?")


@record
class Scale:
    """`normal`: "!" divides by |sum|, or by the sum of the positive values where that is 0; "^" makes positives sum to
    1 and negatives to -1."""

    factor: Number = 1
    normal: str = ""
    add: Number = 0

    @classmethod
    def read(cls, text: str) -> Scale:
        """From ImageMagick's argument, such as `50%!,100%`."""
        match = _FORM.fullmatch(text.strip())
        if match is None:
            raise errors.not_a(
                "convolve:scale", text, "a factor with ! or ^, and a share of the identity, such as 50%!,100%"
            )
        flags = match[2] + (match[4] or "")
        below = 100 if "%" in flags else 1
        factor = Fraction(number(match[1] or str(below), "convolve:scale")) / below
        add = Fraction(number(match[3] or "0", "convolve:scale")) / below
        return cls(factor, "^" if "^" in flags else "!" if "!" in flags else "", add)


def scaled(rows: Sequence[Sequence[Number]], origin: tuple[int, int], scale: Scale) -> list[list[Number]]:
    """The weights after scaling, exact where they are."""
    if scale == Scale():
        return [list(row) for row in rows]
    cells = [cell for row in rows for cell in row]
    positive, negative = total([cell for cell in cells if cell > 0]), total([cell for cell in cells if cell < 0])
    above: Number = 1
    below: Number = 1
    size = magnitude(positive + negative)
    if scale.normal == "^":
        above, below = positive or 1, -negative or 1
    elif scale.normal == "!":
        above = below = (size if size >= 1e-12 else positive) or 1
    weights = [[_divided(cell, above if cell > 0 else below, scale.factor) for cell in row] for row in rows]
    weights[origin[0]][origin[1]] += scale.add
    return weights


def _divided(cell: Number, below: Number, factor: Number) -> Number:
    if isinstance(cell, float) or isinstance(below, float):
        return float(cell) / float(below) * float(factor)
    return Fraction(cell) / Fraction(below) * Fraction(factor)

"""Numbers, places and headings of explanations in words."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from imgconv import errors
from imgconv.api.pixel.arithmetic import nearest
from imgconv.values.numbers import Number, decimal_text

if TYPE_CHECKING:
    from imgconv.api.pixel.explanation import Explanation


def heading(explanation: Explanation, name: str) -> str:
    row, column = explanation.at
    return (
        f"{name}: {explanation.pipeline}, row {row}, column {column} of a result of {errors.extent(*explanation.shape)}"
    )


def brief(value: Number) -> str:
    """A number in a table: exact where that is short, else four significant digits."""
    if isinstance(value, Fraction) and (text := decimal_text(value, 9)) is not None and len(text) <= 9:
        return text.removesuffix(".0")
    return str(value) if isinstance(value, int) else f"{nearest(value):.4g}"


def full(value: Number, type_: str = "float64") -> str:
    """A number in a row: in full, as far as its type goes; whole numbers without a point."""
    if isinstance(value, Fraction) and value.denominator == 1:
        return str(value.numerator)
    if isinstance(value, Fraction) and (text := decimal_text(value, 15)) is not None:
        return text
    if isinstance(value, int):
        return str(value)
    return f"{nearest(value):.9g}" if type_ == "float32" else repr(nearest(value)).removesuffix(".0")


def span(numbers: tuple[int, ...], what: str) -> str:
    """`rows 3…5`, `row 3`, `rows 0, 1, 479`."""
    first, last = numbers[0], numbers[-1]
    if first == last:
        return f"{what} {first}"
    if len(numbers) == last - first + 1:
        return f"{what}s {first}…{last}"
    few = ", ".join(map(str, numbers[:8]))
    return f"{what}s {few}{f' … {last} ({len(numbers)})' if len(numbers) > 8 else ''}"

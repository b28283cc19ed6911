"""Borders: each is a rule from a position beyond the edge to a pixel, or to -1, "the constant".

A new border is one row of RULES.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from imgconv import errors
from imgconv.values.frozen import record
from imgconv.values.numbers import Number, number, number_text
from imgconv.values.parameters import Kind

CONSTANT = -1


# rules in arithmetic alone, so that they take one position or an array of them


def _edge(position: Any, length: int) -> Any:
    return (abs(position) - abs(position - (length - 1)) + length - 1) // 2  # between 0 and length - 1


def _reflect(position: Any, length: int) -> Any:
    return (2 * length - 1 - abs(2 * (position % (2 * length)) - 2 * length + 1)) // 2


def _reflect101(position: Any, length: int) -> Any:
    period = max(2 * (length - 1), 1)
    return (period - abs(2 * (position % period) - period)) // 2


def _reflect101_then_reflect(position: Any, length: int) -> Any:
    return _reflect(abs(position), length)


def _wrap(position: Any, length: int) -> Any:
    return position % length


def _constant(position: Any, length: int) -> Any:
    return 0 * position + CONSTANT


@record
class Rule:
    """A border's rule, its picture (the row `abcd` and what surrounds it) and its other names."""

    source: Callable[[Any, int], Any]
    picture: str
    aliases: tuple[str, ...] = ()


RULES = {
    "edge": Rule(_edge, "aaa|abcd|ddd", ("replicate", "nearest")),
    "reflect": Rule(_reflect, "cba|abcd|dcb", ("symmetric",)),
    "reflect101": Rule(_reflect101, "dcb|abcd|cba"),
    "reflect101-reflect": Rule(_reflect101_then_reflect, "dcb|abcd|dcb"),
    "wrap": Rule(_wrap, "bcd|abcd|abc", ("circular", "tile")),
    "constant": Rule(_constant, "VVV|abcd|VVV"),
}
ALIASES = {alias: name for name, rule in RULES.items() for alias in rule.aliases}
WORDS = ("edge", "reflect", "reflect101", "reflect101-reflect", "wrap", "constant:V", "zero")


@record
class Border:
    """A border by name; `value` is the constant, in pixel units."""

    name: str = "edge"
    value: Number = 0

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or self.name not in RULES:
            raise errors.unknown("border", self.name, list(RULES))
        if type(self.value) is not int:
            object.__setattr__(self, "value", number(self.value, "border value"))

    @property
    def constant(self) -> Number | None:
        """The value that stands beyond the edge, or None where a pixel does."""
        return self.value if self.name == "constant" else None

    def source(self, position: int, length: int) -> int:
        """The pixel that stands at `position` of an axis of `length` ≥ 1 pixels, or CONSTANT."""
        return position if 0 <= position < length else RULES[self.name].source(position, length)

    def __str__(self) -> str:
        if self.name != "constant":
            return self.name
        return "zero" if self.value == 0 else f"constant:{number_text(self.value)}"


def border(value: object) -> Border:
    """A Border from text (`edge`, `reflect`, `reflect101`, `wrap`, `constant:V`, `zero` or an alias), from a pair
    ("constant", V), or a Border."""
    if isinstance(value, Border):
        return value
    if isinstance(value, tuple) and len(value) == 2 and value[0] == "constant":
        return Border(*value)
    if not isinstance(value, str):
        raise errors.unknown("border", value, [*RULES, "zero"])
    word, colon, constant = value.strip().lower().partition(":")
    word = ALIASES.get(word, word)
    if word == "mirror":
        raise errors.UsageError(
            "border 'mirror' has two readings: reflect repeats the edge pixel (cba|abcd|dcb), reflect101 does not"
            " (dcb|abcd|cba); name one of them"
        )
    if word == "zero" and not colon:
        return Border("constant", 0)
    if word not in RULES:
        raise errors.unknown("border", value, [*RULES, "zero", *ALIASES])
    if (word == "constant") != bool(colon):
        raise errors.not_a(
            "border",
            value,
            "written constant:V (V in pixel units)" if word == "constant" else f"written {word}, without a value",
        )
    return Border(word, number(constant, "border value") if colon else 0)


BORDER = Kind("|".join(WORDS), border, str, WORDS)

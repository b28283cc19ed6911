"""Choices that take numbers behind a colon: `threshold:128`, `clip:0,255`, `percentile:90`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from imgconv import errors
from imgconv.values.numbers import Number, number, number_text
from imgconv.values.parameters import Kind


def usage(word: str, numbers: str) -> str:
    """How a choice is written: `clip:A,B`, or `leaky-relu[:SLOPE]` where the numbers (`[SLOPE]`) may be left out."""
    if not numbers:
        return word
    return f"{word}[:{numbers[1:]}" if numbers.startswith("[") else f"{word}:{numbers}"


def choice_with_numbers(what: str, choices: Mapping[str, str], aliases: Mapping[str, str]) -> Kind:
    """One word of a list, each with the names of its numbers: `T`, `A,B`, none, or `[SLOPE]` for one that may be left
    out.

    Values are texts in one spelling, such as `clip:0,255`; `parts` takes them apart. A tuple such as ("clip", 0, 255)
    is read, too.
    """

    def read(value: object) -> str:
        if isinstance(value, tuple) and value and isinstance(value[0], str) and ":" not in value[0]:
            value = text_of(value[0], *(number(one, f"a number of {errors.shown(value[0])}") for one in value[1:]))
        word, colon, rest = (value if isinstance(value, str) else "").strip().lower().partition(":")
        word = aliases.get(word, word)
        if word not in choices:
            raise errors.unknown(what, value, [*choices, *aliases] if len(choices) < 4 else list(choices))
        names = [name for name in choices[word].strip("[]").split(",") if name]
        given = rest.split(",") if colon else []
        if len(given) != len(names) and (colon or not choices[word].startswith("[")):
            raise errors.UsageError(f"{what} {word} is written {usage(word, choices[word])}, not {errors.shown(value)}")
        return text_of(word, *(number(one, f"{word}'s {name}") for name, one in zip(names, given, strict=False)))

    return Kind("|".join(usage(*one) for one in choices.items()), read, str, tuple(choices))


def text_of(word: str, *numbers: Number) -> str:
    """The value that is the word with these numbers."""
    return f"{word}:{','.join(map(number_text, numbers))}" if numbers else word


@lru_cache(maxsize=64)
def parts(value: str) -> tuple[str, tuple[Number, ...]]:
    """The word of a value, and its numbers."""
    word, colon, rest = value.partition(":")
    return word, tuple(map(number, rest.split(","))) if colon else ()

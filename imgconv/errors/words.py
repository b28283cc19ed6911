"""Sentences about words and values in general."""

from __future__ import annotations

from collections.abc import Sequence

from imgconv.errors.base import UsageError, shown, suggestion


def unknown(what: str, word: object, known: Sequence[str], listing: str = "") -> UsageError:
    """A name that is not in its table, or no name at all; `listing` is a command that prints the table."""
    hint = suggestion(word, known) if isinstance(word, str) else ""
    choices = f"{listing} lists them" if listing else f"choose from {', '.join(known)}"
    return UsageError(f"unknown {what} {shown(word)}{hint or ';'} {'(' + choices + ')' if hint else choices}")


def ambiguous_mirror() -> UsageError:
    return UsageError(
        "border 'mirror' has two readings: reflect repeats the edge pixel (cba|abcd|dcb), reflect101 does not"
        " (dcb|abcd|cba); name one of them"
    )


def not_a(what: str, value: object, expected: str) -> UsageError:
    """A value of the wrong form for a parameter."""
    return UsageError(f"{what} {shown(value)} is not {expected}")

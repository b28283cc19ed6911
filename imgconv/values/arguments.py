"""Python and NumPy values as arguments. Whatever an object raises when it is converted counts as no value, and does not
escape."""

from __future__ import annotations

import os
from collections.abc import Sequence
from operator import index

from imgconv import errors


def integer(value: object) -> int | None:
    """A Python or NumPy integer, or an array of no dimension with one, as an int; None for anything else,
    booleans too."""
    if isinstance(value, bool):
        return None
    try:
        return int(index(value))  # type: ignore[arg-type]
    except Exception:  # a caller's object may raise what it likes
        return None


def items(value: object) -> Sequence[object]:
    """What stands in a tuple, a list or an array of one dimension; anything else alone."""
    if type(value).__module__ == "numpy" and getattr(value, "ndim", None) == 1:
        return list(value)  # type: ignore[call-overload, no-any-return]
    return [value] if not isinstance(value, (tuple, list)) else value


def path_text(value: object, what: str = "path") -> str:
    """A path as text, from text, bytes or an object that is one."""
    try:
        text = os.fsdecode(value)  # type: ignore[arg-type]
    except Exception:  # an object's own __fspath__ may raise what it likes
        raise errors.not_a(what, value, "a text or a path") from None
    if "\0" in text:
        raise errors.not_a(what, value, "a path (it contains a zero character)")
    return text

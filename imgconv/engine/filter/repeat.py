"""repeat(): a step applied again and again, values wide between, a number of times or until nothing changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

import numpy as np

from imgconv.values.frozen import replace
from imgconv.values.notes import Note
from imgconv.values.numbers import EXACT_FLOAT64
from imgconv.values.pixel_values import Pixels, Response, Target, Values
from imgconv.values.span import Span

_STILL = 1e-6  # of the greatest magnitude: less is no change of values that are not whole
_LARGE = 2**31
_PIECE = 2**20  # values compared at a time

_Self = TypeVar("_Self")


class Repeatable(Protocol):
    """What a step is repeated on: plain values, or colours weighted by alpha."""

    @property
    def parts(self) -> tuple[Values, ...]:
        """All of its values, colours first."""

    def with_colour(self: _Self, colour: Values) -> _Self:
        """The same with other colours."""


_Content = TypeVar("_Content", bound=Repeatable)


def repeat(
    step: Callable[[_Content, Target | None, Pixels | None], tuple[_Content, Response | None]],
    content: _Content,
    times: int,
    target: Target | None,
    out: Pixels | None = None,
    *,
    until_stable: bool,
) -> tuple[_Content, Response | None]:
    """`step` applied `times` times, or fewer if `until_stable` and the last of them changed nothing; the last is
    converted to `target`, into `out`.

    A note of the result's colours says if it diverged or did not become stable.
    """
    sentence = ""
    for count in range(1, times + (1 if until_stable else 0)):
        following, _ = step(content, None, None)
        following = following.with_colour(known(following.parts[0]))
        if until_stable:
            if _diverged(content, following):
                sentence = f"diverged to infinity after {count} iterations"
                break
            if _unchanged(content, following):
                break  # the last step again, this time into the target: the same as that many repeats
            if count == times:
                sentence = f"still changing after {times} times (--repeat N allows more)"
                break
        content = following
    result, response = step(content, target, out)
    if sentence:
        colour = result.parts[0]
        note = Note("not-stable", sentence, loss=False)
        result = result.with_colour(replace(colour, notes=(*colour.notes, note)))
    return result, response


def known(values: Values) -> Values:
    """Values with the span that large integers really have: the predicted one would soon be too large for any type."""
    if not values.span.whole or values.span.magnitude < _LARGE:
        return values
    low, high = float(values.pixels.min()), float(values.pixels.max())
    if not max(-low, high) < EXACT_FLOAT64:
        return replace(values, span=Span(-np.inf, np.inf, False))
    return replace(values, span=Span(int(low), int(high), True))


def _diverged(before: Repeatable, after: Repeatable) -> bool:
    """Whether infinities or NaN came up in a part that had none."""
    return any(
        not np.isfinite(new.pixels).all() and np.isfinite(old.pixels).all()
        for old, new in zip(before.parts, after.parts, strict=True)
    )


def _unchanged(before: Repeatable, after: Repeatable) -> bool:
    return all(
        _still(old.pixels, new.pixels, whole=new.span.whole) for old, new in zip(before.parts, after.parts, strict=True)
    )


def _still(before: Pixels, after: Pixels, *, whole: bool) -> bool:
    """Whether no value moved: whole ones at all, others by more than a millionth of the greatest magnitude; NaN stays
    NaN."""
    if before.shape != after.shape:
        return False
    bound = 0.0
    if not whole:
        finite = np.isfinite(after)
        bound = _STILL * float(np.max(np.abs(after), where=finite, initial=0.0))
    one, other = before.reshape(-1), after.reshape(-1)
    return all(_near(one[at : at + _PIECE], other[at : at + _PIECE], bound) for at in range(0, one.size, _PIECE))


def _near(one: Pixels, other: Pixels, bound: float) -> bool:
    with np.errstate(invalid="ignore"):
        return bool(
            np.all(
                (one == other) | (np.abs(one.astype(np.float64) - other) <= bound) | ((one != one) & (other != other))
            )
        )

"""repeat(): a step applied again and again, values wide between, a number of times or until nothing changes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from imgconv import errors
from imgconv.planner import EXACT_FLOAT64
from imgconv.values.frozen import replace
from imgconv.values.notes import Note
from imgconv.values.pixel_values import Pixels, Response, Target, Values
from imgconv.values.span import Span

Once = Callable[[Values, Target | None, Pixels | None], tuple[Values, Response | None]]

_STILL = 1e-6  # of the greatest magnitude: less is no change of values that are not whole
_LARGE = 2**31
_PIECE = 2**20  # values compared at a time


def repeat(
    once: Once, given: Values, times: int, target: Target | None, out: Pixels | None, *, until_stable: bool
) -> tuple[Values, Response | None]:
    """`once` applied `times` times, or fewer if `until_stable` and the last of them changed nothing; the last settles
    into `target`.

    What did not become stable is said in a note of the result.
    """
    notes: tuple[Note, ...] = ()
    for done in range(1, times + (1 if until_stable else 0)):
        made = known(once(given, None, None)[0])
        if until_stable:
            if not np.isfinite(made.pixels).all() and np.isfinite(given.pixels).all():
                notes = (Note("not-stable", errors.not_finite(done), loss=False),)
                break
            if unchanged(given.pixels, made.pixels, whole=made.span.whole):
                break  # the last step again, this time settled: the same as that many repeats
            if done == times:
                notes = (Note("not-stable", errors.not_stable(times), loss=False),)
                break
        given = made
    result, response = once(given, target, out)
    return replace(result, notes=result.notes + notes), response


def known(values: Values) -> Values:
    """What was foretold of large whole numbers, made narrow by looking: else they would soon count as too large for any
    type."""
    if not values.span.whole or values.span.magnitude < _LARGE:
        return values
    low, high = float(values.pixels.min()), float(values.pixels.max())
    if not max(-low, high) < EXACT_FLOAT64:
        return replace(values, span=Span(-np.inf, np.inf, False))
    return replace(values, span=Span(int(low), int(high), True))


def unchanged(before: Pixels, after: Pixels, *, whole: bool) -> bool:
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

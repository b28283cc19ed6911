"""Several kernels, and repeated ones, on colour with its coverage."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from imgconv import errors
from imgconv.engine.colour.followed_alpha import follow
from imgconv.engine.colour.weighted import Covered, exact, multiplied
from imgconv.engine.filter.combine import combine
from imgconv.engine.filter.repeat import known, unchanged
from imgconv.kernels.kernel import Kernel
from imgconv.values.borders import Border
from imgconv.values.frozen import replace
from imgconv.values.notes import Note
from imgconv.values.pixel_values import Response, Target, Values
from imgconv.values.windows import Window

Once = Callable[[Covered, Target | None], tuple[Covered, Response | None]]


def combine_covered(
    given: Covered,
    kernels: Sequence[Kernel],
    windows: Sequence[Window],
    border: Border,
    how: str,
    target: Target | None,
    threads: int | None,
) -> tuple[Covered, Response | None]:
    """Responses of several kernels to colour times alpha, combined by `how`; alpha goes along under the first window's
    centre."""
    whole = all(exact(given, kernel, border) for kernel in kernels)
    products, _, beyond = multiplied(given, border, threads, whole=whole)
    used = [kernel.using(divisor=kernel.divisor * given.opaque) for kernel in kernels] if whole else kernels
    made, response = combine(products, used, windows, beyond, how, target=target, threads=threads)
    followed = follow(given.alpha.pixels[..., 0], windows[0], border, given.opaque)
    return replace(
        given, colour=made, alpha=replace(given.alpha, pixels=np.ascontiguousarray(followed)[..., None])
    ), response


def repeat_covered(
    once: Once, given: Covered, times: int, target: Target | None, *, until_stable: bool
) -> tuple[Covered, Response | None]:
    """`once` applied `times` times, or fewer if `until_stable` and the last of them changed neither colour nor alpha;
    as `engine.repeat`."""
    notes: tuple[Note, ...] = ()
    for done in range(1, times + (1 if until_stable else 0)):
        made, _ = once(given, None)
        made = replace(made, colour=known(made.colour))
        if until_stable:
            if _unchanged(given.colour, made.colour) and _unchanged(given.alpha, made.alpha):
                break
            if done == times:
                notes = (Note("not-stable", errors.not_stable(times), loss=False),)
                break
        given = made
    result, response = once(given, target)
    return replace(result, colour=replace(result.colour, notes=result.colour.notes + notes)), response


def _unchanged(before: Values, after: Values) -> bool:
    return unchanged(before.pixels, after.pixels, whole=after.span.whole)

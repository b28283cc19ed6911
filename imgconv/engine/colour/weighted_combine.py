"""Several kernels on colour with its coverage."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from imgconv.engine.colour.followed_alpha import follow
from imgconv.engine.colour.weighted import Covered, exact, multiplied
from imgconv.engine.filter.combine import combine
from imgconv.kernels.kernel import Kernel
from imgconv.values.borders import Border
from imgconv.values.frozen import replace
from imgconv.values.pixel_values import Response, Target
from imgconv.values.windows import Window


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

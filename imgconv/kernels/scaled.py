"""FACTOR*KERNEL: a kernel whose every weight, and the bias with them, is multiplied by a number, as in `2*sobel-y`."""

from __future__ import annotations

import re

from imgconv import errors
from imgconv.kernels.kernel import Kernel
from imgconv.values.numbers import Number, number, number_text

_SCALED = re.compile(r"\s*([-+−]?[0-9.][^*;,\s\[]*)\s*\*\s*(\S.*)", re.DOTALL)  # \N{…} would load all names of Unicode

_MOST_FACTORS = 100


def split(text: str) -> tuple[Number, str] | None:
    """The factor and the text behind it; None where a text does not begin with a factor. UsageError for a factor
    that is 0 or not a number."""
    match = _SCALED.fullmatch(text)
    if match is None:
        return None
    factor = number(match[1], "factor")
    if factor == 0:
        raise errors.not_a("factor", match[1], "a number other than 0")
    return factor, match[2]


def unscaled(text: str) -> tuple[list[Number], str]:
    """The factors before a text, and the rest. UsageError for a factor that is 0 or not a number, and for too many of
    them."""
    factors: list[Number] = []
    while times := split(text):
        factors.append(times[0])
        text = times[1]
        if len(factors) > _MOST_FACTORS:
            raise errors.UsageError(f"more than {_MOST_FACTORS} factors stand before the kernel; multiply them")
    return factors, text


def scaled(factor: Number, kernel: Kernel, name: str) -> Kernel:
    """The kernel times a factor; `name` is the kernel's in the catalog, or empty."""
    if factor == 1:
        return kernel
    weights = [[cell * factor for cell in row] for row in kernel.weights]
    return Kernel(
        weights, kernel.divisor, kernel.bias * factor, kernel.anchor, name and f"{number_text(factor)}*{name}"
    )

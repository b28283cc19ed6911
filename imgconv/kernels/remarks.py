"""What to say about a kernel that is right as it stands, but perhaps not what was meant."""

from __future__ import annotations

import math
from collections.abc import Iterable

from imgconv.kernels.catalog import is_named
from imgconv.kernels.kernel import Kernel


def remarks(kernels: Iterable[Kernel]) -> tuple[str, ...]:
    """A sentence for every kernel that deserves one, each once."""
    return tuple(dict.fromkeys(text for kernel in kernels if (text := remark(kernel))))


def remark(kernel: Kernel) -> str:
    """A sentence about 9, 25, 49 … weights in one row, which is how other tools write 3x3, 5x5, 7x7; else empty."""
    rows, columns = kernel.shape
    side = math.isqrt(columns)
    if rows != 1 or side**2 != columns or side < 3 or side % 2 == 0 or is_named(kernel):
        return ""
    return f"one row of {columns} weights; for {side}x{side} put ; between rows, or write im:…"

"""The named kernels that a page offers."""

from __future__ import annotations

from typing import Any

from imgconv.kernels.kernel import Kernel
from imgconv.values.numbers import Number, number_text

LARGEST = 13
"""Rows and columns of the largest kernel among the presets."""


def weight_text(weight: Number) -> str:
    """A weight as one types it: decimal, or a fraction."""
    return repr(weight) if isinstance(weight, float) else number_text(weight)


def kernel_data(kernel: Kernel, name: str = "") -> dict[str, Any]:
    """A kernel as texts, from which a page has its numbers."""
    return {
        "name": name,
        "rows": [[weight_text(weight) for weight in row] for row in kernel.weights],
        "divisor": weight_text(kernel.divisor),
        "bias": weight_text(kernel.bias),
        "anchor": kernel.anchor,
    }


def presets() -> list[dict[str, Any]]:
    """The catalog's rows family by family, each with its typical arguments, as far as they are small."""
    from imgconv.kernels.named import MODULES, named, rows

    found = []
    for family in MODULES:
        for row in rows(family):
            kernel = named(row.example)
            if max(kernel.shape) <= LARGEST:
                found.append(kernel_data(kernel, row.example) | {"family": family, "summary": row.summary})
    return found

"""The named kernels, one row each, by families; `named` builds one of them.

Weights are used as printed (correlation). A new named kernel is one row in its family's module. Families are
loaded one after the other until the name is found, and weights are built last, so `vertical` does not pay for the
others.
"""

from __future__ import annotations

from importlib import import_module

from imgconv import errors
from imgconv.kernels.kernel import MOST_WEIGHTS, Kernel
from imgconv.kernels.named.row import Named as Named

MODULES = {
    "Edges": "gradients",
    "Averages": "smoothing",
    "Sharpening": "sharpening",
    "Laplacians": "laplacians",
    "Compass": "compass",
    "Waves": "waves",
}
"""Families of kernels, and the modules whose ROWS they are."""


def find(text: str) -> Named | None:
    """The row that a text names, whatever follows the colon; None if it names none."""
    name = text.partition(":")[0].strip().lower()
    return next((row for family in MODULES for row in rows(family) if row.name == name), None)


_built: dict[str, Kernel] = {}
_MOST_BUILT = 128


def named(text: str) -> Kernel:
    """The kernel that `text` names, arguments after a colon: `sobel-x`, `gaussian:1.5`, `gabor:8,45,phase=90`.

    Raises
    ------
    UsageError
        For a name that is not in the catalog (with a suggestion), or arguments it does not take.
    """
    if (cached := _built.get(text)) is not None:
        return cached
    built = _build(text)
    if (
        len(_built) == _MOST_BUILT
        or sum(kernel.shape[0] * kernel.shape[1] for kernel in (built, *_built.values())) > MOST_WEIGHTS
    ):
        _built.clear()
    _built[text] = built
    return built


def _build(text: str) -> Kernel:
    row = find(text)
    if row is None:
        raise errors.unknown("kernel", text, list(table()), "imgconv kernels")
    _, colon, arguments = text.strip().partition(":")
    values = row.values(arguments if colon else None)
    try:
        return row.build(*values).called(f"{row.name}{colon}{arguments}")
    except ArithmeticError:  # what leaves the range of doubles on the way
        raise errors.UsageError(
            f"kernel {errors.shown(text)} has no finite weights: an argument is too large or too small; use a moderate"
            " one"
        ) from None


def rows(family: str) -> tuple[Named, ...]:
    """The rows of one family."""
    family_rows: tuple[Named, ...] = import_module(f"imgconv.kernels.named.{MODULES[family]}").ROWS
    return family_rows


def table() -> dict[str, Named]:
    """All rows by name, family by family."""
    return {row.name: row for family in MODULES for row in rows(family)}

"""KERNEL as users write it: a named kernel, a text in any dialect, or a file; and its text back again."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from imgconv import errors
from imgconv.kernels.kernel import Kernel, rows_text
from imgconv.kernels.named import find, named, table
from imgconv.kernels.scaled import scaled, unscaled
from imgconv.kernels.text_errors import no_numbers, not_rows
from imgconv.kernels.typed import typed, typed_as
from imgconv.values.arguments import path_text
from imgconv.values.caches import cached_by_size
from imgconv.values.parameters import Kind

_DEEPEST = 8  # lists of lists of kernels


def kernel(value: Any) -> Kernel:
    """Make a Kernel of a name, a text, a file or rows of numbers.

    Parameters
    ----------
    value : str, path-like, Kernel or rows of numbers
        Text is tried in this order: a name of the catalogue with arguments (``"gaussian:1.5"``); numbers
        (``"-1,0,1;-2,0,2"``) or a text in another tool's dialect (``"3x3: …"``, ``'{"kernel": …}'``); the path of a
        file, which has a separator or a suffix. The dialect is recognised by content, or named before a colon:
        ``"im:…"``, ``"vips:blur.mat"``, ``"image:bokeh.png"``. Where a text or file holds several kernels, a
        number in brackets at the end picks one: ``"bank.npy[3]"``. A factor may stand before any of them
        (``"2*sobel-y"``): it multiplies the weights and the bias. A Kernel is returned as it is.

    Returns
    -------
    Kernel

    Raises
    ------
    UsageError
        For an unknown name (with a suggestion), a text that is not one kernel (with line and column) or fits two
        dialects, or a file that cannot be read as a kernel.

    Examples
    --------
    >>> import imgconv
    >>> imgconv.kernel("sobel-x").weights
    ((-1, 0, 1), (-2, 0, 2), (-1, 0, 1))
    >>> imgconv.kernel("1/9 1/9 1/9; 1/9 1/9 1/9; 1/9 1/9 1/9").shape
    (3, 3)
    """
    kernels = read_all(value)
    if len(kernels) != 1:
        raise errors.UsageError(
            f"{errors.shown(path_text(value, 'kernel'))} holds {len(kernels)} kernels where one is needed; pick one by"
            f" its number in brackets at the end, [0] to [{len(kernels) - 1}] (--with takes several)"
        )
    return kernels[0]


def read_all(value: Any) -> tuple[Kernel, ...]:
    """Every kernel that a KERNEL stands for: most stand for one, lists and stacks of the dialects for several.

    Parameters
    ----------
    value : str, path, Kernel or rows of numbers
        As `kernel` takes it. A number, a range or a star in brackets at the end picks some: `im:Sobel:@[0..3]`.

    Returns
    -------
    tuple of Kernel, at least one, in the order in which they are written.

    Raises
    ------
    UsageError
        As `kernel` does, but not because there are several.
    """
    if isinstance(value, Kernel):
        return (value,)
    if not isinstance(value, (str, os.PathLike)):
        return (Kernel(value),)
    whole = path_text(value, "kernel")
    factors, text = unscaled(whole)
    if factors:
        kernels = read_all(text)
        from_file = bool(typed(kernels[0]))
        for factor in reversed(factors):
            kernels = tuple(scaled(factor, own, own.name if is_named(own) else "") for own in kernels)
        return tuple(typed_as(own, whole) for own in kernels) if from_file else kernels
    if find(text):
        return (named(text),)
    if not text.strip():
        raise no_numbers()
    from imgconv.kernels.reading import read

    return read(text) or (named(text),)


def text(value: Kernel, name: str) -> str:
    """The shortest text that reads back as this kernel's weights: its name if it is the catalog's, else its rows.

    A file's path is not its text: the file may change. A label of the user's own is none either.
    """
    return name if name and _gives(value, name) else _rows(value)


@cached_by_size(64, lambda value: value.weights)
def _gives(value: Kernel, name: str) -> bool:
    """Whether a name is the catalog's and gives this kernel back."""
    try:
        return find(unscaled(name)[1]) is not None and kernel(name) == value
    except errors.UsageError:
        return False  # a label that only begins like a name of the catalog


@cached_by_size(64, lambda value: value.weights)
def _rows(value: Kernel) -> str:
    return rows_text(value)


def is_named(value: Kernel) -> bool:
    """Whether the kernel's name alone gives it back, divisor, bias and anchor included."""
    return bool(value.name) and _gives(value, value.name)


def is_one_kernel(value: Any) -> bool:
    """Whether a Python sequence is one kernel, a row of rows of numbers, and not several kernels."""
    rows = [row for row in value if _is_row(row)]
    return 0 < len(rows) == len(value) and not any(
        hasattr(cell, "__len__") or isinstance(cell, Kernel) for row in rows for cell in row
    )


def _is_row(value: Any) -> bool:
    """Whether a value is a row of cells: a sequence, or an array of one dimension or more."""
    return (
        isinstance(value, Sequence) and not isinstance(value, str)
        if not hasattr(value, "ndim")
        else not isinstance(value, type) and value.ndim > 0
    )


def _every(value: Any, depth: int = 0) -> tuple[Kernel, ...]:
    """The kernels of one value, or of many, each of which may be several itself: `im:Kirsch:@[1..7]`."""
    if isinstance(value, (tuple, list)) and not is_one_kernel(value):
        if depth == _DEEPEST:
            raise not_rows(value)
        return tuple(one for item in value for one in _every(item, depth + 1))
    return read_all(value)


KERNEL = Kind("KERNEL", kernel, lambda value: text(value, value.name), names=table)
KERNELS = Kind(
    "KERNEL",
    _every,
    lambda value: " ".join(map(KERNEL.text, value)),
    item=Kind("KERNEL", read_all, KERNEL.text, names=table),
)

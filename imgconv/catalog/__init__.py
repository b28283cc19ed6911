"""KERNEL as users write it: a named kernel, inline rows, or a file; and its text back again."""

from __future__ import annotations

import os
import re
from functools import lru_cache
from typing import Any

from imgconv import errors
from imgconv.catalog.named import find, named
from imgconv.catalog.scaled import scaled, split
from imgconv.catalog.syntax import read, rows_text
from imgconv.kernels import Kernel
from imgconv.params import Kind, several

_INLINE = re.compile(r"\s*[-+\N{MINUS SIGN}]?\.?[0-9]")
_ONLY_NUMBERS = re.compile(r"[-+\N{MINUS SIGN}0-9.,;\s/eExXpPa-fA-F#]*")
_LARGEST_FILE = 64 * 2**20


def kernel(value: Any) -> Kernel:
    """A Kernel from text, from rows of numbers, or as it is.

    Text is, in this order: a catalog name with arguments (`gaussian:1.5`), numbers
    (`-1,0,1;-2,0,2`), or the path of a text file (it has a separator or a suffix). A
    factor may stand before any of them (`2*sobel-y`): it multiplies the weights and the bias.

    Raises
    ------
    UsageError
        For an unknown name (with a suggestion), numbers that are not a kernel (with line
        and column), or a file that cannot be read as one.
    """
    if isinstance(value, Kernel):
        return value
    if not isinstance(value, (str, os.PathLike)):
        return Kernel(value)
    text = os.fspath(value)
    times = split(text)
    if times is None:
        return _of_text(text)
    own = kernel(times[1])
    return scaled(times[0], own, own.name if is_named(own) else "")


def _of_text(text: str) -> Kernel:
    """A name, numbers or a path, in this order."""
    if find(text):
        return named(text)
    looks_like_path = _has_separator(text) or os.path.splitext(text)[1] != ""
    if _INLINE.match(text) and (_ONLY_NUMBERS.fullmatch(text) or not looks_like_path):
        return read(text)
    if looks_like_path:
        return _from_file(text)
    if not text.strip():
        raise errors.kernel_empty("the text")
    return named(text)


def read_all(value: Any) -> tuple[Kernel, ...]:
    """Every kernel that a KERNEL stands for: most stand for one, lists and stacks of the dialects for several.

    Raises
    ------
    UsageError
        As `kernel` does, but not because there are several.
    """
    return (kernel(value),)


def _has_separator(text: str) -> bool:
    return os.sep in text or bool(os.altsep and os.altsep in text)


def _from_file(path: str) -> Kernel:
    try:
        with open(path, "rb") as file:
            content = file.read(_LARGEST_FILE + 1)
    except FileNotFoundError:
        raise errors.which_kernel(path, "there is no such file") from None
    except (OSError, ValueError) as error:
        raise errors.kernel_file(path, getattr(error, "strerror", None) or str(error)) from None
    if len(content) > _LARGEST_FILE:
        raise errors.kernel_file(path, f"larger than {_LARGEST_FILE >> 20} MiB, too large for a kernel")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise errors.which_kernel(path, "it is no text of numbers")
    try:
        found = read(text, lines=True)
    except errors.UsageError as error:
        raise errors.kernel_file(path, str(error)) from None
    return Kernel(found.weights, found.divisor, found.bias, found.anchor, name=path)


@lru_cache(maxsize=64)
def text(value: Kernel, name: str) -> str:
    """The shortest text that reads back as this kernel's weights: its name if it is the catalog's, else its rows.

    A file's path is not its text: the file may change. A label of the user's own is none either.
    """
    try:
        if name and find(_innermost(name)) and kernel(name) == value:
            return name
    except errors.UsageError:
        pass  # a label that only begins like a name of the catalog
    return rows_text(value)


def _innermost(name: str) -> str:
    """A name without the factors before it."""
    while times := split(name):
        name = times[1]
    return name


def is_named(value: Kernel) -> bool:
    """Whether the kernel's name alone gives it back, divisor, bias and anchor included."""
    return bool(value.name) and text(value, value.name) == value.name


def _one_kernel(value: Any) -> bool:
    """Whether a Python sequence is one kernel, a row of rows of numbers, and not several kernels."""
    return bool(value) and all(hasattr(row, "__len__") and not isinstance(row, str) and all(not hasattr(cell, "__len__") for cell in row) for row in value)


KERNEL = Kind("KERNEL", kernel, lambda value: text(value, value.name))
KERNELS = several(KERNEL, _one_kernel)

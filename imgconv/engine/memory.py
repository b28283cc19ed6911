"""Arrays are made and taken here: what memory cannot hold, and an `out` that cannot be filled, is refused before any work."""

from __future__ import annotations

import math
import os
from functools import cache
from typing import Any

import numpy as np

from imgconv import errors
from imgconv.numerics import Pixels


@cache
def machine_bytes() -> float:
    """The machine's memory; infinite where it does not say."""
    try:
        return float(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    except (AttributeError, ValueError, OSError):
        return math.inf


def require(count: int, type_: str, what: str) -> None:
    """Raises ImgconvError if that many values of a type are more than the machine's memory."""
    needed = count * np.dtype(type_).itemsize
    if needed > machine_bytes():
        raise errors.no_memory(f"{what} ({needed / 2**30:.1f} GiB)")


def allocate(shape: tuple[int, ...], type_: str, what: str) -> Pixels:
    """An array, not filled; ImgconvError where memory does not hold it."""
    require(math.prod(shape), type_, what)
    try:
        return np.empty(shape, type_)
    except (MemoryError, ValueError):
        raise errors.no_memory(what) from None


def checked_out(out: Any, shape: tuple[int, ...], type_: str, given: Pixels) -> Pixels | None:
    """A caller's `out` as (H, W, C) to be filled, or None where it is not contiguous and must be copied into.

    Raises PixelError for an `out` of another shape or dtype, one that is read-only, or one that shares elements with `given`.
    """
    if not isinstance(out, np.ndarray):
        raise errors.out_not_array(type(out).__name__)
    if out.shape != shape:
        raise errors.out_mismatch("shape", shape, out.shape)
    if out.dtype != type_:
        raise errors.out_mismatch("dtype", type_, out.dtype)
    if not out.flags.writeable:
        raise errors.out_readonly()
    if _overlap(out, given):
        raise errors.out_overlaps()
    return out.reshape(shape[0], shape[1], -1) if out.flags.c_contiguous and out.dtype.isnative and out.flags.aligned else None


def _overlap(one: Pixels, other: Pixels) -> bool:
    """Whether two arrays share an element; what is too hard to tell counts as sharing."""
    try:
        return np.shares_memory(one, other, max_work=10_000)  # type: ignore[arg-type]
    except np.exceptions.TooHardError:
        return True

"""Arrays are made and taken here: what memory cannot hold, and an `out` that cannot be filled, is refused before any
work."""

from __future__ import annotations

import contextlib
import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import Any

import numpy as np

from imgconv import errors
from imgconv.engine import control_groups
from imgconv.values.pixel_values import Pixels

SHARE = 0.8
"""Of the machine's memory that one image may take where no limit is source."""
STRIP = 2**21
"""Values of colour in a strip of an image that is not opaque: a few MiB for each thread."""
_FOR_CODE, _FOR_THREAD = 2**29, 2**24  # bytes that a compiler takes, and a decoder's thread, whatever the image
_LINE = 64  # bytes


@cache
def machine_bytes() -> float:
    """The memory this process may use: the machine's, or less where its container (cgroup) or a limit (ulimit -v) says
    so; infinite where nobody does."""
    try:
        own = float(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    except (AttributeError, ValueError, OSError):
        own = math.inf
    return min(own, _address_space(), *control_groups.memory_limits())


def _address_space() -> float:
    try:
        import resource
    except ImportError:  # Windows
        return math.inf
    soft = resource.getrlimit(resource.RLIMIT_AS)[0]
    return math.inf if soft == resource.RLIM_INFINITY else float(soft)


def allowed_bytes(limit: int | None = None) -> float:
    """What one image may take: the stated limit, or a share of `machine_bytes`."""
    return SHARE * machine_bytes() if limit is None else float(min(limit, 2**100))


@contextmanager
def confined(limit: int | None = None) -> Iterator[None]:
    """While it lasts, this process gets no more memory than `allowed_bytes` beyond what it has, and room for code and
    threads.

    What a decoder takes unasked then ends in its MemoryError and not with the machine. The limit is the whole
    process's, so only the command sets it; systems other than Linux do without.
    """
    before = _confine(limit)
    try:
        yield
    finally:
        if before is not None:
            import resource

            resource.setrlimit(resource.RLIMIT_DATA, before)


def _confine(limit: int | None) -> tuple[int, int] | None:
    """Sets the limit and gives the one before; None where that cannot be done."""
    try:
        import resource

        with open("/proc/self/statm", "rb") as file:
            has = int(file.read().split()[5]) * resource.getpagesize()
        before = resource.getrlimit(resource.RLIMIT_DATA)
        allowed = has + allowed_bytes(limit) + _FOR_CODE + (os.cpu_count() or 1) * _FOR_THREAD
        bounds = [allowed, *(bound for bound in before if bound != resource.RLIM_INFINITY)]
        if not math.isfinite(min(bounds)):
            return None
        resource.setrlimit(resource.RLIMIT_DATA, (int(min(bounds)), before[1]))
    except (ImportError, OSError, ValueError, IndexError):
        return None
    return before


_stated: ContextVar[float] = ContextVar("stated", default=math.inf)
"""The limit that was stated for the image at hand."""
_BESIDE = (
    2**26
)  # bytes of one array that no stated limit forbids: forecasts are of pixels, and leave what loops need besides to this


@contextlib.contextmanager
def limited(most: int | None) -> Iterator[None]:
    """While it lasts, no array of this thread is larger than a stated limit: not the tables and rings either that the
    options of a window decide on."""
    token = _stated.set(math.inf if most is None else max(most, _BESIDE))
    try:
        yield
    finally:
        _stated.reset(token)


def granted() -> float:
    """The most bytes that arrays may take together: a share of `machine_bytes`, or the limit that was stated, if that
    is less."""
    return min(allowed_bytes(), _stated.get())


def require(count: int, type_: str, what: str) -> None:
    """Raises ImgconvError if that many values of a type are more than the machine's memory, or than the limit that was
    stated."""
    needed = count * np.dtype(type_).itemsize
    if needed > machine_bytes():
        raise errors.no_memory(f"{what} ({needed / 2**30:.1f} GiB)")
    if needed > _stated.get():
        raise errors.no_memory(f"{what} ({errors.amount(needed)}, more than --max-memory allows)")


def allocate(shape: tuple[int, ...], type_: str, what: str) -> Pixels:
    """An array, not filled; ImgconvError where memory does not hold it."""
    require(math.prod(shape), type_, what)
    try:
        return np.empty(shape, type_)
    except (MemoryError, ValueError):
        raise errors.no_memory(what) from None


def aligned(count: int, type_: str) -> int:
    """So many elements, rounded up to whole cache lines."""
    unit = _LINE // np.dtype(type_).itemsize
    return -(-count // unit) * unit


def buffer(count: int, type_: str, what: str, *, zero: bool = False) -> Pixels:
    """A thread's own working array, on a cache line's boundary: vectors that straddle two lines are read at half the
    speed."""
    size = count * np.dtype(type_).itemsize
    room = allocate((size + _LINE,), "uint8", what)
    if zero:
        room[:] = 0
    start = -room.__array_interface__["data"][0] % _LINE
    return room[start : start + size].view(type_)


def checked_out(out: Any, shape: tuple[int, ...], type_: str, source: Pixels) -> Pixels | None:
    """A caller's `out` as (H, W, C) to be filled, or None where it is not contiguous and must be copied into.

    Raises PixelError for an `out` of another shape or dtype, one that is read-only, or one that shares elements with
    `source`.
    """
    if not isinstance(out, np.ndarray):
        raise errors.PixelError(f"out is a {type(out).__name__}; expected a numpy array to fill")
    if out.shape != shape:
        raise errors.PixelError(f"out has shape {out.shape}; the result has {shape}")
    if out.dtype != type_:
        raise errors.PixelError(f"out has dtype {out.dtype}; the result has {type_}")
    if not out.flags.writeable:
        raise errors.PixelError("out is read-only; pass an array that can be written")
    if _overlap(out, source):
        raise errors.PixelError("out overlaps the input, which is still read while it is filled; pass another array")
    return (
        out.reshape(shape[0], shape[1], -1)
        if out.flags.c_contiguous and out.dtype.isnative and out.flags.aligned
        else None
    )


def _overlap(one: Pixels, other: Pixels) -> bool:
    """Whether two arrays share an element; what is too hard to tell counts as sharing."""
    try:
        return np.shares_memory(one, other, max_work=10_000)  # type: ignore[arg-type]
    except np.exceptions.TooHardError:
        return True

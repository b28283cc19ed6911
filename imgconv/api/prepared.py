"""Calls that are repeated: one step on arrays of one type and shape is prepared when it is seen for the second time.

A plan, its tables and checks take ten times as long as a small image. They depend on the step, the type and the shape
alone, so a call that was seen before goes straight to its loop. Each thread prepares its own.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Hashable
from itertools import chain
from operator import is_
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from imgconv.kernels.kernel import Kernel
from imgconv.kernels.named import find
from imgconv.operations.pipeline import pipeline
from imgconv.planner import forced
from imgconv.values import pixel_values
from imgconv.values.frozen import record, replace
from imgconv.values.parameters import DTYPES, RANGE

if TYPE_CHECKING:
    from imgconv.engine.prepared import Prepared
    from imgconv.operations import Operation
    from imgconv.values.pixel_values import Pixels

_MOST = 64  # calls that a thread keeps
_SMALL = 2**22  # pixels; on larger images plans cost nothing beside their loops


class Call(NamedTuple):
    """What a verb was called with: what it works with (a kernel, a kind), its options, and the dtype, the range and the
    threads."""

    word: str
    subject: Any
    options: tuple[Any, ...]
    conversion: tuple[Any, Any, Any]


@record
class _Kept:
    """A call, and what does it again; None where it was seen only once, or is more than one loop."""

    call: Call
    again: Prepared | None
    tried: bool


class _Recent(threading.local):
    def __init__(self) -> None:
        self.kept = dict[Hashable, _Kept]()


_recent = _Recent()


def repeated(pixels: Any, call: Call) -> Pixels | None:
    """The result of a call that was prepared; None where it was not."""
    if type(pixels) is not np.ndarray:
        return None
    again = _found(pixels, call)
    if again is None:
        return None
    return again(pixels if pixels.flags.c_contiguous else np.ascontiguousarray(pixels))


def repeated_for_each(images: Pixels, call: Call) -> Pixels | None:
    """The results of a call that was prepared for each of some images, contiguous and one behind the other; None where
    it was not."""
    again = _found(images[0], call)
    return None if again is None else again.each(images)


def _found(pixels: Pixels, call: Call) -> Prepared | None:
    try:
        found = _recent.kept.get(_key(pixels, call))
    except Exception:  # an option that is no plain value; its hash may raise what it likes
        return None
    return None if found is None or not _same(call, found.call) else found.again


def remember(pixels: Any, call: Call, step: Operation) -> None:
    """Prepares a call that has succeeded, if it is seen for the second time and can be."""
    if type(pixels) is not np.ndarray or not pixels.dtype.isnative or pixels.dtype.name not in DTYPES:
        return
    if pixels.size > _SMALL:
        return
    kept = _recent.kept
    try:
        key = _key(pixels, call)
        found = kept.get(key)
    except Exception:
        return
    if found is None or not _same(call, found.call):
        if isinstance(call.subject, str) and step.word == "filter" and find(call.subject) is None:
            return  # a file may change
        while len(kept) >= _MOST:
            del kept[next(iter(kept))]
        kept[key] = _Kept(call, None, False)
    elif not found.tried:
        kept[key] = _Kept(call, _prepare(pixels, step, call.conversion), True)


def _prepare(pixels: Pixels, step: Operation, conversion: tuple[Any, Any, Any]) -> Prepared | None:
    from imgconv.api.apply.application import application
    from imgconv.engine.index_tables import result_of, source_of
    from imgconv.engine.memory import allocate
    from imgconv.engine.prepared import prepared

    values = pixel_values.values(np.zeros_like(pixels, order="C"))
    dtype, range_, _ = conversion
    steps = pipeline(step)
    target = pixel_values.target(values.type, steps.result_type(dtype), RANGE.read(range_))
    work = application(step).work_of(step, values, target)  # type: ignore[attr-defined]
    if work is None:
        return None
    height, width, channels = steps.result(*values.pixels.shape)
    result = allocate((height, width, channels), target.type, "the result")
    arguments = {**work.arguments, **source_of(values.pixels), **result_of(result)}
    return prepared(replace(work, arguments=arguments), (height, width, *pixels.shape[2:]))


def _key(pixels: Pixels, call: Call) -> Hashable:
    """Equal for calls that are the same, up to the types of options (see `_same`)."""
    settings = forced(), os.environ.get("IMGCONV_NO_JIT")
    subject = _subject_key(call.subject)
    return call.word, subject, pixels.shape, pixels.dtype, call.options, call.conversion, settings


def _subject_key(subject: Any) -> Hashable:
    """By value for rows of numbers, which may be changed in place; TypeError for what has no key."""
    kind = type(subject)
    if kind is str:
        return subject  # type: ignore[no-any-return]
    if kind is np.ndarray and subject.dtype.kind in "biuf":
        return subject.shape, subject.dtype, subject.tobytes()
    if kind is Kernel:
        return id(subject)  # what is kept keeps it alive
    if kind in (list, tuple):
        rows = tuple(map(tuple, subject))
        return rows, tuple(map(type, chain.from_iterable(rows)))  # 1, 1.0 and True are equal
    raise TypeError


def _same(call: Call, other: Call) -> bool:
    """Whether equal options are of the same types, too: 1.0 and True are refused where 1 is not."""
    return _same_types(call.options, other.options) and _same_types(call.conversion, other.conversion)


def _same_types(some: tuple[Any, ...], others: tuple[Any, ...]) -> bool:
    if all(map(is_, some, others)):
        return True
    return all(
        type(one) is type(other) and (type(one) is not tuple or _same_types(one, other))
        for one, other in zip(some, others, strict=True)
    )

"""Calls on small arrays, made ready: a loop bound to everything but the pixels and the result."""

from __future__ import annotations

from collections.abc import Callable
from ctypes import byref, c_char
from typing import Any

import numpy as np

from imgconv import jit
from imgconv.engine.bands import is_one_band
from imgconv.engine.memory import allocate
from imgconv.engine.run_loop import Watch, Work, working_arrays
from imgconv.loops import parameters
from imgconv.values.pixel_values import Pixels

_PIXELS, _RESULT = "source_pixels", "result_pixels"


class Prepared:
    """A loop as a function of contiguous pixels of one type and shape, which gives new arrays of a shape and a type.

    It belongs to one thread: working arrays are made once.
    """

    def __init__(self, run: Callable[..., None], unit: int, shape: tuple[int, ...], type_: Any) -> None:
        self._run, self._unit, self._shape, self._type = run, unit, shape, type_

    def __call__(self, pixels: Pixels) -> Pixels | None:
        """The result; None for pixels that are not aligned."""
        at = pixels.__array_interface__["data"][0]
        if at % self._unit:
            return None
        filled = np.empty(self._shape, self._type)
        self._run(at, byref(c_char.from_buffer(filled)))  # type: ignore[arg-type]  # sooner than its address
        return filled

    def each(self, images: Pixels) -> Pixels | None:
        """The results of several images, one behind the other; None where they are not aligned."""
        at, step = images.__array_interface__["data"][0], images[0].nbytes
        if at % self._unit:
            return None
        results = allocate((len(images), *self._shape), np.dtype(self._type).name, "the results")
        to, result_step = results.__array_interface__["data"][0], results[0].nbytes
        for _ in range(len(images)):
            self._run(at, to)
            at, to = at + step, to + result_step
        return results


def prepared(work: Work, shape: tuple[int, ...]) -> Prepared | None:
    """`work` bound to all but the pixels and the result, for pixels like those of its arguments and results of a shape;
    None where one thread and one band are not all."""
    arguments = work.arguments
    if jit.plain_python() or not is_one_band(arguments["last"], int(work.row_work)):
        return None
    arguments = arguments | working_arrays(work.loop, work.types, arguments)
    if any(one.name.startswith("outcome_") for one in parameters(work.loop)):  # what is counted is not asked for
        arguments |= Watch(work.types["acc"]).part()
    run = jit.bind_open(work.loop, work.types, arguments, (_PIXELS, _RESULT))
    return Prepared(run, arguments[_PIXELS].itemsize, shape, arguments[_RESULT].dtype)

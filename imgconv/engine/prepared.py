"""Calls on small arrays, made ready: a loop bound to everything but the pixels and the result."""

from __future__ import annotations

from collections.abc import Callable
from ctypes import byref, c_char

import numpy as np

from imgconv import jit
from imgconv.engine.bands import is_one_band
from imgconv.engine.run_loop import Watch, Work, working_arrays
from imgconv.loops import parameters
from imgconv.values.pixel_values import Pixels

_PIXELS, _RESULT = "source_pixels", "result_pixels"
Prepared = Callable[[Pixels], Pixels | None]


def prepared(work: Work, shape: tuple[int, ...]) -> Prepared | None:
    """`work` as a function of contiguous pixels like those of its arguments, which gives a new array like its result,
    of a shape; None where one thread and one band are not all.

    The function gives None for pixels that are not aligned. It belongs to one thread: working arrays are made once.
    """
    arguments = work.arguments
    if jit.plain_python() or not is_one_band(arguments["last"], int(work.row_work)):
        return None
    arguments = arguments | working_arrays(work.loop, work.types, arguments)
    if any(one.name.startswith("outcome_") for one in parameters(work.loop)):  # what is counted is not asked for
        arguments |= Watch(work.types["acc"]).part()
    run = jit.bind_open(work.loop, work.types, arguments, (_PIXELS, _RESULT))
    type_, unit, empty = arguments[_RESULT].dtype, arguments[_PIXELS].itemsize, np.empty

    def call(pixels: Pixels) -> Pixels | None:
        at = pixels.__array_interface__["data"][0]
        if at % unit:
            return None
        filled = empty(shape, type_)
        run(at, byref(c_char.from_buffer(filled)))  # type: ignore[arg-type]  # a third of the time that its address takes
        return filled

    return call

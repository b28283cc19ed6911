"""The end of every verb: its steps on the array, converted, into `out` if there is one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from imgconv.operations.pipeline import pipeline as as_pipeline
from imgconv.values.parameters import RANGE, THREADS

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, DTypeLike, NDArray

    from imgconv.kernels.kernel import Kernel
    from imgconv.operations import Operation

    Pixels = NDArray[Any]
    KernelLike = str | Kernel | ArrayLike
    Sides = int | str | tuple[int, int]
    Pads = int | str | tuple[int, int] | tuple[int, int, int, int]


def run_step(
    pixels: ArrayLike,
    word: str,
    subject: Any,
    options: tuple[Any, ...],
    make: Callable[[], Operation],
    conversion: tuple[DTypeLike | None, str, int | None],
    out: Pixels | None,
) -> Pixels:
    """The result of the one step that `make` makes of a verb's subject and options; with (dtype, range, threads)."""
    if out is not None:
        return run_steps(pixels, make(), *conversion, out)
    from imgconv.api.prepared import Call, remember, repeated

    call = Call(word, subject, options, conversion)
    result = repeated(pixels, call)
    if result is None:
        step = make()
        result = run_steps(pixels, step, *conversion, out)
        remember(pixels, call, step)
    return result


def run_steps(
    pixels: ArrayLike, steps: Any, dtype: DTypeLike | None, range_: str, threads: int | None, out: Pixels | None
) -> Pixels:
    """The result of `steps`, with the dtype, range, threads and out of `correlate`."""
    from imgconv.api.apply.pipeline import apply
    from imgconv.engine import memory
    from imgconv.values import pixel_values

    steps = as_pipeline(steps)
    array = pixel_values.array_of(pixels)
    values = pixel_values.values(array)
    goal = pixel_values.target(values.type, steps.result_type(dtype), RANGE.read(range_))
    height, width, channels = steps.result(*values.pixels.shape)
    shape = (height, width, *array.shape[2:]) if channels == values.pixels.shape[2] else (height, width, channels)
    filled = None if out is None else memory.checked_out(out, shape, goal.type, array)
    result, _ = apply(steps, values, goal, None if threads is None else THREADS.read(threads), filled)
    converted: Pixels = result.pixels.reshape(shape)
    if out is None:
        return converted
    if filled is None:
        out[...] = converted
    return out

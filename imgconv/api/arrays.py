"""The end of every verb: its steps on the array, converted, into `out` if there is one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from imgconv.operations.pipeline import pipeline as as_pipeline
from imgconv.values.parameters import RANGE, THREADS

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, DTypeLike, NDArray

    from imgconv.kernels.kernel import Kernel

    Pixels = NDArray[Any]
    KernelLike = str | Kernel | ArrayLike
    Sides = int | str | tuple[int, int]
    Pads = int | str | tuple[int, int] | tuple[int, int, int, int]


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

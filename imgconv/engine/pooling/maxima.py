"""Where the maxima of windows are, and values put back there."""

from __future__ import annotations

from imgconv import errors
from imgconv.engine.index_tables import source_of
from imgconv.engine.memory import allocate
from imgconv.engine.pooling.reductions import window_tables
from imgconv.engine.pooling.ways import run
from imgconv.engine.run_loop import Work
from imgconv.jit.delegation import loads
from imgconv.values.pixel_values import Pixels, Values
from imgconv.values.windows import Window

_MOST = 2**31 - 1


def max_indices(values: Values, window: Window, *, threads: int | None = None) -> Pixels:
    """(H', W', C) int32: row times width plus column of the first maximum under each window, of each channel. NaN is
    greater than all numbers."""
    height, width, channels = values.pixels.shape
    if height * width > _MOST:
        raise errors.PixelError(f"indices of {width}x{height} pixels do not fit int32")
    rows, columns = window.over(height, width)
    result = allocate((rows.out, columns.out, channels), "int32", "the indices")
    run(result, _places(values, window), threads)
    return result


@loads
def _places(values: Values, window: Window) -> Work:
    from imgconv.loops.maxima import PLACES

    rows, columns = window.over(*values.pixels.shape[:2])
    arguments = {
        **source_of(values.pixels),
        **window_tables(values, rows, columns),
        "width": values.pixels.shape[1],
    }
    cells = min(rows.size, rows.length) * min(columns.size, columns.length)
    return Work(PLACES, {"src": values.type}, arguments, 2 * columns.out * values.pixels.shape[2] * cells)


def unpooled(pixels: Pixels, indices: Pixels, to: tuple[int, int]) -> Pixels:
    """(H, W, C): pixels (H', W', C) at their indices (H', W', C) or (H', W', 1), 0 elsewhere; of two at one place the
    later."""
    height, width = to
    least, greatest = int(indices.min()), int(indices.max())
    if least < 0 or greatest >= height * width:
        wrong = least if least < 0 else greatest
        raise errors.PixelError(
            f"index {wrong} lies outside of {errors.extent(height, width)}; state the size that was pooled"
        )
    channels = pixels.shape[2]
    result = allocate((height, width, channels), pixels.dtype.name, "the result")
    result[...] = 0
    flat = result.reshape(-1, channels)
    for channel in range(channels):
        flat[indices[..., channel % indices.shape[2]].ravel(), channel] = pixels[..., channel].ravel()
    return result

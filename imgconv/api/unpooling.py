"""Max pooling there and back: where the maxima were, and values put back among zeros."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from imgconv import errors
from imgconv.engine.pooling import maxima
from imgconv.operations.pool import TO, Pool
from imgconv.values.pixel_values import array_of
from imgconv.values.pixel_values import values as values_of

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from imgconv.api.annotations import Pads, Pixels, Sides


def max_indices(
    pixels: ArrayLike,
    *,
    size: Sides = 2,
    stride: Sides | None = None,
    pad: Pads = 0,
    dilation: Sides = 1,
    ceil: bool = False,
) -> Pixels:
    """Find where the maxima of max pooling are: the indices that `unpool` takes.

    Parameters
    ----------
    pixels : array_like, (H, W) or (H, W, C)
    size, stride, pad, dilation, ceil
        As in `pool`.

    Returns
    -------
    numpy.ndarray, (H', W') or (H', W', C), int32
        ``row * W + column`` of the first maximum under each window, channel by channel, as PyTorch's
        ``return_indices``. NaN is greater than all numbers.

    Raises
    ------
    UsageError, WindowError, PixelError
        As in `pool`.

    Examples
    --------
    >>> import imgconv
    >>> imgconv.max_indices([[1, 2, 3, 3], [4, 0, 3, 3]]).tolist()
    [[4, 2]]
    """
    array = array_of(pixels)
    values = values_of(array)
    step = Pool("max", size=size, stride=stride, pad=pad, dilation=dilation, ceil=ceil)  # type: ignore[arg-type]
    found = maxima.max_indices(values, step.window(*values.pixels.shape[:2]))
    return found.reshape(*found.shape[:2], *array.shape[2:])


def unpool(pixels: ArrayLike, indices: ArrayLike, to: Sides) -> Pixels:
    """Put pooled values back to where their maxima were, among zeros.

    Parameters
    ----------
    pixels : array_like, (H', W') or (H', W', C)
    indices : array_like of integers, (H', W') or (H', W', C)
        Of `max_indices`; one plane serves all channels.
    to : int or (rows, cols)
        Height and width of the result: those of the pixels that were pooled.

    Returns
    -------
    numpy.ndarray, (H, W) or (H, W, C), of the type of `pixels`
        Where two values have one place, the later one.

    Raises
    ------
    PixelError
        For indices of another shape, or outside of the result.
    UsageError
        For a size that makes no sense.

    Examples
    --------
    >>> import imgconv
    >>> imgconv.unpool([[4, 3]], [[4, 2]], (2, 4)).tolist()
    [[0, 0, 3, 0], [4, 0, 0, 0]]
    """
    array, places = array_of(pixels), array_of(indices)
    values = values_of(array).pixels
    if places.dtype.kind not in "iu":
        raise errors.PixelError(f"indices are integers, not {places.dtype.name}")
    if places.shape not in (array.shape, array.shape[:2], (*array.shape[:2], 1)):
        raise errors.PixelError(
            f"indices of shape {places.shape} do not go with pixels of {array.shape}; expected one for each"
        )
    result = maxima.unpooled(values, np.atleast_3d(places), TO.read(to))
    return result.reshape(*result.shape[:2], *array.shape[2:])

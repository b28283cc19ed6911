"""Arrays with other axes than (H, W, C): batches, and channels first."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from imgconv import errors
from imgconv.engine.memory import allocate, checked_out
from imgconv.files.pictures import is_picture
from imgconv.values.frozen import record
from imgconv.values.parameters import FLAG, choice
from imgconv.values.pixel_values import array_of

if TYPE_CHECKING:
    from imgconv.values.pixel_values import Pixels

CHANNELS = choice("place of channels", ("last", "first"))


@record
class Axes:
    """Whether arrays are batches, and where their channels stand."""

    batched: bool
    first: bool


def axes_of(batched: object, channels: object) -> Axes | None:
    """What a verb's `batched` and `channels` say; None for a single image with its channels last."""
    axes = Axes(FLAG.read(batched), CHANNELS.read(channels) == "first")
    return axes if axes.batched or axes.first else None


def run_along(
    pixels: Any,
    axes: Axes,
    run: Callable[[Pixels], Pixels],
    out: Pixels | None,
    run_each: Callable[[Pixels], Pixels | None] | None = None,
) -> Pixels:
    """What `run` makes of each image (H, W) or (H, W, C), put together as the input is.

    `run_each` may make it of a batch at once, after `run` has been called twice.
    """
    if is_picture(pixels):
        raise errors.UsageError("batched= and channels= are for arrays; an Image knows its frames and channels")
    array = array_of(pixels)
    images = np.ascontiguousarray(np.moveaxis(array, -3, -1) if turned(array.shape, axes) else array)
    result = _of_each(images, run, run_each) if axes.batched else run(images)
    if axes.first and result.ndim - axes.batched == 3:
        result = np.ascontiguousarray(np.moveaxis(result, -1, -3))
    if out is None:
        return result
    checked_out(out, result.shape, result.dtype.name, array)
    out[...] = result
    return out


_FIRST = 2
"""Images after which what they take may be prepared."""


def _of_each(
    images: Pixels, run: Callable[[Pixels], Pixels], run_each: Callable[[Pixels], Pixels | None] | None
) -> Pixels:
    """The results of all images of a batch."""
    start = [run(image) for image in images[:_FIRST]]
    rest = None if run_each is None or len(images) <= _FIRST else run_each(images[_FIRST:])
    result = allocate((len(images), *start[0].shape), start[0].dtype.name, "the results")
    result[: len(start)] = start
    if rest is not None:
        result[_FIRST:] = rest
        return result
    for number in range(len(start), len(images)):
        result[number] = run(images[number])
    return result


def turned(shape: tuple[int, ...], axes: Axes) -> bool:
    """Whether an array of a shape has channels that stand first.

    Raises PixelError where it has other axes than said, or no pixels.
    """
    plain = len(shape) - axes.batched
    if plain not in (2, 3):
        raise _other_axes(shape, axes)
    if 0 in shape:
        raise errors.pixel_none(shape)
    return axes.first and plain == 3


def _other_axes(shape: tuple[int, ...], axes: Axes) -> errors.PixelError:
    batch = "number, " if axes.batched else ""
    channels = "channels, height, width" if axes.first else "height, width, channels"
    what = "a batch" if axes.batched else "an image"
    return errors.PixelError(
        f"an array of shape {errors.cut(str(shape))} is not {what}; expected ({batch}height, width) or"
        f" ({batch}{channels})"
    )

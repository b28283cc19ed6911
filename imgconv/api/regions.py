"""Regions: which pixels of an image a pipeline replaces, by a box and by masks."""

from __future__ import annotations

from typing import Any

import numpy as np

from imgconv import errors
from imgconv.files import pictures
from imgconv.values.crops import ROI, Crop
from imgconv.values.frozen import record, replace
from imgconv.values.pixel_values import Pixels


@record(eq=False)
class Region:
    """What is inside: the pixels of `roi` where the mask is not 0.

    `masks` are booleans (H, W): none, one for all frames, or one for each.
    """

    roi: Crop | None = None
    masks: tuple[Pixels, ...] = ()

    def of_frame(self, number: int, count: int) -> Region:
        """The region of one of so many frames. Raises PixelError if there are several masks, and not as many."""
        if len(self.masks) > 1 and len(self.masks) != count:
            raise errors.PixelError(
                f"the mask has {len(self.masks)} frames and the image {count}; expected one for all frames, or as many"
            )
        return replace(self, masks=self.masks[number : number + 1] if len(self.masks) > 1 else self.masks)

    def within(self, height: int, width: int) -> Inside:
        """Where it lies in a frame. Raises WindowError or PixelError where it does not fit."""
        box = self.roi or Crop(0, 0, height, width)
        box.check(height, width, "--roi", "image")
        if not self.masks:
            return Inside(box, None)
        mask = self.masks[0]
        require_mask_of(mask.shape, (height, width))
        part = box.of(mask)
        rows, columns = np.flatnonzero(part.any(axis=1)), np.flatnonzero(part.any(axis=0))
        if not len(rows):
            return Inside(None, None)
        top, left = int(rows[0]), int(columns[0])
        box = Crop(box.row + top, box.column + left, int(rows[-1]) - top + 1, int(columns[-1]) - left + 1)
        inside = box.of(mask)
        return Inside(box, None if inside.all() else inside)


@record(eq=False)
class Inside:
    """The box around a region in a frame (None: it is empty), and the pixels of the box that are in it (None: all)."""

    box: Crop | None
    mask: Pixels | None

    def put(self, whole: Pixels, part: Pixels) -> None:
        """Sets what is inside of an array of the frame's size to what it is in an array of the box's."""
        if self.box is None:
            return
        target = self.box.of(whole)
        if self.mask is None:
            target[...] = part
        else:
            target[self.mask] = part[self.mask]

    def chosen(self, part: Pixels) -> Pixels:
        """The pixels that are inside, as (N, 1, C)."""
        pixels = part.reshape(-1, 1, part.shape[2]) if self.mask is None else part[self.mask][:, None, :]
        return np.ascontiguousarray(pixels)


def require_mask_of(mask: tuple[int, ...], image: tuple[int, int]) -> None:
    """Raises PixelError for a mask of another size (rows, columns) than an image's."""
    if mask != image:
        raise errors.PixelError(
            f"the mask has {errors.extent(*mask)} and the image {errors.extent(*image)}; expected a mask of the same"
            " size"
        )


def region_of(roi: object, mask: Any) -> Region | None:
    """The region that the arguments `roi` and `mask` state; None for none.

    Raises UsageError for what is no box, and PixelError for what is no mask.
    """
    if roi is None and mask is None:
        return None
    return Region(None if roi is None else ROI.read(roi), () if mask is None else _masks(mask))


def _masks(mask: Any) -> tuple[Pixels, ...]:
    """Where each frame of a picture or an array is neither 0 in all colours nor transparent."""
    frames = pictures.image_of(mask).frames
    return tuple(_nonzero(frame.pixels, frame.alpha) for frame in frames)


def _nonzero(pixels: Pixels, alpha: Pixels | None) -> Pixels:
    if pixels.dtype.kind not in "biuf":
        raise errors.PixelError(f"a mask of type {pixels.dtype.name}; expected integers, floats or booleans")
    if pixels.dtype.kind == "f" and np.isnan(pixels).any():
        raise errors.PixelError("the mask has pixels that are not a number; expected 0 outside and others inside")
    inside = pixels != 0
    if inside.ndim == 3:
        inside = inside.any(axis=2)
    return np.asarray(inside if alpha is None else inside & (alpha != 0))

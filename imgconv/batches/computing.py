"""An image through the pipeline, as the settings say: laid over a colour, in gray, computed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from imgconv import errors
from imgconv.batches.settings import Settings
from imgconv.operations.pipeline import Pipeline
from imgconv.values.frozen import replace

if TYPE_CHECKING:
    from imgconv.api.image import Image
    from imgconv.values.image import ImageData


def converted(image: Image, settings: Settings) -> Image:
    """The image that goes through the pipeline."""
    return _in_gray(_flat(image, settings), settings)


def _flat(image: Image, settings: Settings) -> Image:
    """The image laid over a colour if that is wanted."""
    if settings.flatten is None:
        return image
    from imgconv.engine import memory

    with memory.limited(settings.reading.max_memory):
        return image.flatten(settings.flatten)


def _in_gray(image: Image, settings: Settings) -> Image:
    """The image that goes through the pipeline: gray if that is wanted."""
    if not settings.gray:
        return image
    if settings.linear:
        from imgconv.engine.colour.profile import is_srgb

        if not is_srgb(image.light()):
            raise errors.PixelError(
                "its colour profile is not sRGB, and --gray leaves profiles behind, which --linear needs; convert"
                " the image to sRGB first"
            )
    return image.gray()


def applied(image: Image, pipeline: Pipeline, settings: Settings) -> Image:
    """The result of the steps."""
    from imgconv.engine import memory

    names = ("dtype", "range", "rounding", "threads", "alpha", "channels", "linear")
    options: dict[str, Any] = {name: getattr(settings, name) for name in names}
    if settings.has_region:
        from imgconv.batches import regions

        options |= {"roi": settings.roi, "mask": regions.mask_of(settings)}
    with memory.limited(settings.reading.max_memory):
        return image.through(pipeline, **options)


def cropped(image: ImageData, settings: Settings) -> ImageData:
    """The piece of each frame that is wanted. Raises WindowError where a frame is smaller."""
    crop = settings.crop
    if crop is None:
        return image
    for frame in image.frames:
        crop.check(*frame.pixels.shape[:2])
    return replace(
        image,
        frames=tuple(
            replace(frame, pixels=crop.of(frame.pixels), alpha=None if frame.alpha is None else crop.of(frame.alpha))
            for frame in image.frames
        ),
    )

"""The end of every verb: its steps on the array, converted, into `out` if there is one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, Protocol, cast, overload

from imgconv import errors
from imgconv.operations.pipeline import pipeline as as_pipeline
from imgconv.values.parameters import HALF_UP, RANGE, THREADS

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike
    from PIL.Image import Image as PillowImage

    from imgconv.api.annotations import DtypeLike, Pixels
    from imgconv.api.axes import Axes
    from imgconv.api.image import Image
    from imgconv.operations import Operation
    from imgconv.operations.pipeline import Pipeline

_Options = ParamSpec("_Options")


class Verb(Protocol[_Options]):
    """A verb: arrays give arrays, images give images."""

    @overload
    def __call__(
        self, pixels: Image | PillowImage, /, *arguments: _Options.args, **options: _Options.kwargs
    ) -> Image: ...
    @overload
    def __call__(self, pixels: ArrayLike, /, *arguments: _Options.args, **options: _Options.kwargs) -> Pixels: ...


def verb(function: Callable[Concatenate[Any, _Options], Pixels]) -> Verb[_Options]:
    """The function as it is; for type checkers one that makes arrays of arrays and images of images."""
    return cast("Verb[_Options]", function)


PLAIN = False, "last"
"""One image, channels last."""
EVERYWHERE = None, None
"""No region: all pixels."""


def _axes_of(axes: tuple[bool, str]) -> Axes | None:
    """What (batched, channels) say, of whatever types; None for PLAIN."""
    if axes is PLAIN or (axes[0] is False and type(axes[1]) is str and axes[1] == "last"):
        return None
    from imgconv.api.axes import axes_of

    return axes_of(*axes)


def _is_dask(pixels: object) -> bool:
    """Whether pixels are a Dask array, without importing Dask."""
    return type(pixels).__module__.startswith("dask.array")


def run_step(
    pixels: ArrayLike,
    word: str,
    subject: Any,
    options: tuple[Any, ...],
    make: Callable[[], Operation],
    conversion: tuple[DtypeLike, str, int | None],
    out: Pixels | None,
    axes: tuple[bool, str] = PLAIN,
    inside: tuple[Any, Any] = EVERYWHERE,
) -> Pixels:
    """The result of the one step that `make` makes of a verb's subject and options; with (dtype, range, threads),
    (batched, channels) and (roi, mask)."""
    if inside[0] is not None or inside[1] is not None:
        return run_steps(pixels, make(), *conversion, out, axes, inside)
    if (found := _axes_of(axes)) is not None:
        if _is_dask(pixels):
            return run_steps(pixels, make(), *conversion, out, axes)

        from imgconv.api.axes import run_along

        def run(image: Pixels) -> Pixels:
            return run_step(image, word, subject, options, make, conversion, None)

        def run_each(images: Pixels) -> Pixels | None:
            from imgconv.api.prepared import Call, repeated_for_each

            return repeated_for_each(images, Call(word, subject, options, conversion))

        return run_along(pixels, found, run, out, run_each)
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
    pixels: ArrayLike,
    steps: Any,
    dtype: DtypeLike,
    range_: str,
    threads: int | None,
    out: Pixels | None,
    axes: tuple[bool, str] = PLAIN,
    inside: tuple[Any, Any] = EVERYWHERE,
) -> Pixels:
    """The result of `steps`; with the dtype, range, threads, out, (batched, channels) and (roi, mask) of a verb."""
    if inside[0] is not None or inside[1] is not None:
        return run_inside(pixels, as_pipeline(steps), (dtype, range_, threads), out, axes, inside)  # type: ignore[no-any-return]
    if _is_dask(pixels):
        from imgconv.api.by_blocks import run_by_blocks

        return run_by_blocks(pixels, as_pipeline(steps), (dtype, range_, threads), out, _axes_of(axes))  # type: ignore[no-any-return]
    if (found := _axes_of(axes)) is not None:
        from imgconv.api.axes import run_along

        parsed = as_pipeline(steps)
        return run_along(pixels, found, lambda image: run_steps(image, parsed, dtype, range_, threads, None), out)
    from imgconv.api.apply.pipeline import apply
    from imgconv.engine import memory
    from imgconv.files.pictures import is_picture
    from imgconv.values import pixel_values

    steps = as_pipeline(steps)
    if is_picture(pixels):
        return _of_picture(pixels, steps, dtype, range_, threads, out)  # type: ignore[no-any-return]
    array = pixel_values.array_of(pixels)
    values = pixel_values.values(array)
    goal = pixel_values.target(values.type, steps.result_type(dtype), RANGE.read(range_))
    height, width, channels = steps.result(*values.pixels.shape)
    shape = (height, width, *array.shape[2:])
    if channels != values.pixels.shape[2]:
        shape = (height, width, channels) if channels > 1 else (height, width)
    filled = None if out is None else memory.checked_out(out, shape, goal.type, array)
    result, _ = apply(steps, values, goal, None if threads is None else THREADS.read(threads), filled)
    converted: Pixels = result.pixels.reshape(shape)
    if out is None:
        return converted
    if filled is None:
        out[...] = converted
    return out


def run_inside(
    pixels: Any,
    steps: Pipeline,
    conversion: tuple[DtypeLike, str, int | None],
    out: Pixels | None,
    axes: tuple[bool, str],
    inside: tuple[Any, Any],
    rounding: str = HALF_UP,
) -> Any:
    """The result of steps inside a region; outside the pixels as they are."""
    from imgconv.api import region_pipeline, regions
    from imgconv.files.pictures import is_picture

    if _is_dask(pixels):
        raise errors.UsageError(
            "roi= and mask= are for arrays and images in memory; take a part of a Dask array itself"
        )
    if is_picture(pixels) and _axes_of(axes) is None:
        return _of_picture(pixels, steps, *conversion, out, inside, rounding)
    region = regions.region_of(*inside)
    assert region is not None, "`inside` is not EVERYWHERE"
    dtype, range_, threads = conversion
    made = dtype, RANGE.read(range_), rounding, None if threads is None else THREADS.read(threads)
    if (found := _axes_of(axes)) is not None:
        from imgconv.api.axes import run_along

        return run_along(pixels, found, lambda image: region_pipeline.of_array(image, steps, *made, region), out)
    return region_pipeline.of_array(pixels, steps, *made, region, out)


def _of_picture(
    picture: Any,
    steps: Pipeline,
    dtype: DtypeLike,
    range_: str,
    threads: int | None,
    out: Pixels | None,
    inside: tuple[Any, Any] = EVERYWHERE,
    rounding: str = HALF_UP,
) -> Any:
    """The steps on an Image, or on an image of Pillow, by the policy of alpha: an Image."""
    from imgconv.api.image import Image

    if out is not None:
        raise errors.UsageError("an image's result is a new Image; leave out= out, or pass an array: image.pixels")
    image = picture if isinstance(picture, Image) else Image(picture)
    options: dict[str, Any] = {"dtype": dtype, "range": range_, "threads": threads}
    options |= {"rounding": rounding} | dict(zip(("roi", "mask"), inside, strict=True))
    return image.through(steps, **options)

"""Verbs that look for edges."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imgconv.api.arrays import run_steps, verb
from imgconv.operations import Edges
from imgconv.values.parameters import THREADS, choice

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from imgconv.api.annotations import (
        BorderLike,
        Detector,
        Directions,
        DtypeLike,
        Mask,
        Norm,
        Pixels,
        Place,
        Range,
        Roi,
    )


@verb
def edges(
    pixels: ArrayLike,
    detector: Detector,
    *,
    norm: Norm | None = None,
    border: BorderLike = "edge",
    sigma: float | None = None,
    low: float | str | None = None,
    high: float | str | None = None,
    each_channel: bool = False,
    dtype: DtypeLike = None,
    range: Range = "clamp",
    threads: int | None = None,
    batched: bool = False,
    channels: Place = "last",
    roi: Roi = None,
    mask: Mask = None,
    out: Pixels | None = None,
) -> Pixels:
    """Compute the strength of the edge at each pixel, by a named detector; every channel alike.

    Parameters
    ----------
    pixels : array_like, (H, W) or (H, W, C), or Image
    detector : {"sobel", "scharr", "prewitt", "roberts", "farid", "kirsch", "robinson", "frei-chen", "canny"}
        The first five give the norm of a gradient (of the catalog's x and y kernels, undivided), kirsch and robinson
        the greatest response of eight masks, frei-chen the root of the share that its first four masks have in the
        squares of all nine (0…1), canny lines one pixel wide.
    norm : {"l2", "l1", "max"}, optional
        The root of the sum of squares, the sum of magnitudes, the greatest magnitude. None is "l2"; for kirsch and
        robinson "max", the greatest response. l2 of integer pixels is the exactly rounded root below 2**24.
    border : str
        As in `correlate`.
    sigma : float, optional
        Canny's smoothing, in pixels; None is 1, 0 does not smooth.
    low, high : float or str, optional
        Canny's thresholds on the gradient's magnitude (Sobel's kernels, undivided), in pixel units, or as a percentage
        of the map's greatest; None is "10%" and "20%". An edge is the result type's greatest value (1 for floats).
    each_channel : bool
        Canny makes one map of all channels, by the gradient of the channel with the greatest magnitude at each pixel,
        as OpenCV; with this it makes one of each channel, as all other detectors do.
    dtype, range, threads, batched, channels, roi, mask, out
        As in `correlate`.

    Returns
    -------
    numpy.ndarray of the input's shape ((H, W) of Canny's one map), or Image

    Raises
    ------
    UsageError
        For an unknown detector, or an option that it does not have.
    PixelError
        As in `correlate`.
    """
    step = Edges(detector, norm, border, sigma, low, high, each_channel)  # type: ignore[arg-type]
    return run_steps(pixels, step, dtype, range, threads, out, (batched, channels), (roi, mask))


@verb
def directions(
    pixels: ArrayLike,
    detector: Detector,
    show: Directions = "angle",
    *,
    norm: Norm | None = None,
    border: BorderLike = "edge",
    sigma: float | None = None,
    threads: int | None = None,
) -> Pixels:
    """Show the direction of edges: as angles, as numbers of the winning kernels, or as a picture.

    Parameters
    ----------
    pixels : array_like, (H, W) or (H, W, C), or Image
        Of several channels the one with the greatest strength is shown, at each pixel; the first of equals.
    detector, norm, border, sigma, threads
        As in `edges`.
    show : {"angle", "which", "hue"}
        "angle": degrees in [0, 360), clockwise from the right as rows grow downwards: where it is bright. For x and y
        kernels ``atan2(gy, gx)``, as OpenCV's ``phase``; 0 where there is no gradient, NaN where that is NaN.
        "which": 0 for x and 1 for y by magnitude; for kirsch and robinson 0 to 7 for N, NE, E, SE, S, SW, W, NW by
        response; for frei-chen 0 to 3 for its four masks of edges. The first of equals; NaN never wins. "hue": the
        angle as hue (0 is red, 120 green, 240 blue), the strength over its greatest as brightness.

    Returns
    -------
    numpy.ndarray
        (H, W) float32, (H, W) uint8, or (H, W, 3) uint8. Of an Image an Image.

    Raises
    ------
    UsageError, PixelError
        As in `edges`.
    """
    from imgconv.api.apply.edges import auxiliary
    from imgconv.files.pictures import image_of, is_picture
    from imgconv.values import pixel_values

    step = Edges(detector, norm, border, sigma)  # type: ignore[arg-type]
    name = choice("picture of directions", [output.name for output in step.auxiliary]).read(show)
    processors = None if threads is None else THREADS.read(threads)
    if is_picture(pixels):
        from imgconv.api.auxiliary import auxiliary_image

        return auxiliary_image(image_of(pixels), step, name, threads=processors)  # type: ignore[return-value]
    return auxiliary(step, name, pixel_values.values(pixels), processors)

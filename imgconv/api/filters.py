"""Verbs that slide weights: correlate, convolve, and many kernels at once."""

from __future__ import annotations

from types import NoneType
from typing import TYPE_CHECKING, Any

from imgconv.api.arrays import run_step, run_steps, verb
from imgconv.kernels import catalog
from imgconv.kernels.kernel import Kernel
from imgconv.operations import Filter
from imgconv.values.caches import cached_by_size

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from imgconv.api.annotations import (
        BorderLike,
        Combine,
        DtypeLike,
        KernelLike,
        Mask,
        Pads,
        Pixels,
        Place,
        Range,
        Roi,
        Rounding,
        Sides,
        Tool,
    )


@verb
def correlate(
    pixels: ArrayLike,
    kernel: KernelLike,
    *,
    border: BorderLike | None = None,
    pad: Pads = "same",
    stride: Sides = 1,
    dilation: Sides = 1,
    with_: KernelLike | Sequence[KernelLike] = (),
    combine: Combine | None = None,
    repeat: int | None = None,
    until_stable: bool = False,
    rotate: int = 0,
    like: Tool | None = None,
    dtype: DtypeLike = None,
    range: Range = "clamp",
    rounding: Rounding | None = None,
    threads: int | None = None,
    batched: bool = False,
    channels: Place = "last",
    roi: Roi = None,
    mask: Mask = None,
    out: Pixels | None = None,
) -> Pixels:
    """Multiply each neighbourhood by a kernel's weights and sum: convolution as CNN courses teach it, without a flip.

    ``out[i, j] = sum over r, c of w[r, c] * in[i*stride + r*dilation - top, j*stride + c*dilation - left]``,
    divided by the kernel's divisor, plus its bias; every channel alike. Integer pixels with exact weights are computed
    exactly: ``floor(sum / divisor + bias + 1/2)``.

    Parameters
    ----------
    pixels : array_like, (H, W) or (H, W, C), a Dask array, an Image, or an image of Pillow
        Three axes are always (H, W, C), unless `batched` or `channels` say otherwise. Any real type: uint8, uint16,
        int16, int32, float32 and float64 are taken as they are; others are widened: bool to uint8, int8 to int16,
        float16 to float32, uint32 and 64-bit integers to float64. Lists of whole numbers are int32 where they fit.
        Tensors have to be in CPU memory, without gradients. A Dask array gives a Dask array, computed by blocks when it
        is asked for; an Image gives an Image, by its policy of alpha.
    kernel : str, Kernel or rows of numbers
        A name (``"sobel-x"``, ``"gaussian:1.5"``), inline rows (``"1 2 1;2 4 2;1 2 1"``), a text
        file's path, a Kernel, or a 2-D array-like; in text a factor may stand before it (``"2*sobel-x"``).
    border : {"edge", "reflect", "reflect101", "reflect101-reflect", "wrap", "constant:V", "zero"}, optional
        What lies beyond the edge, V in pixel units. None is "edge", or what `like` has.
    pad : {"same", "valid"}, int, (rows, cols) or (top, bottom, left, right)
        Pixels added around the image before windows are placed.
    stride, dilation : int or (rows, cols)
        Pixels from one window, and from one tap, to the next.
    with_ : kernel or sequence of kernels
        More kernels. Each is applied as it would be alone, under the same options, and the responses at each pixel
        are combined before range and rounding. Exact kernels on integer pixels are combined exactly: over one
        common denominator, divided once; "l2" is then the exactly rounded root below 2**24.
    combine : {"l2", "l1", "linf", "max", "min", "sum", "avg"}, optional
        With `with_`: the root of the sum of squares (None is this), the sum of magnitudes, the greatest magnitude,
        the greatest, the least, the sum, the mean. NaN propagates.
    repeat : int, optional
        Times to apply it, with wide values between, as in a pipeline of so many equal steps. None is once.
    until_stable : bool
        Apply it until nothing changes: integers not at all, other values by no more than a millionth of the greatest
        magnitude; at most `repeat` times, 1000 if that is None.
    rotate : int
        Degrees by which the kernels are turned anticlockwise first: a multiple of 90, or of 45 for 3x3 kernels.
    like : tool, optional
        Whose way to take where nothing is stated: "torch", "keras", "onnx", "opencv", "scipy", "skimage",
        "imagemagick", "vips", "pillow" or "ffmpeg" (see `imgconv like`; the flip is this
        function's own).
    dtype : str or numpy dtype, optional
        The type of the result: one of the six above; ``int`` is int32, ``float`` float64. None keeps the (widened) type
        of the input. Values are never rescaled.
    range : {"clamp", "abs", "shift", "stretch"}
        How results come back into the range of the type: clamped (integers only); by magnitude; with half the range
        added (unsigned types); or stretched, so that the least value becomes the type's least and the greatest its
        greatest (0 and 1 for floats).
    rounding : {"half-up", "half-even", "zero"}, optional
        How results become whole numbers: ``floor(v + 1/2)``, to the even one of two equally near, or toward zero. None
        is "half-up", or what `like` has.
    threads : int, optional
        Processors to use; None means all. The result does not depend on it.
    batched : bool
        Take (N, H, W) or (N, H, W, C), and compute each of the N images alone.
    channels : {"last", "first"}
        "first" takes and gives (C, H, W), or (N, C, H, W) with `batched`.
    roi : str or (row, column, rows, columns), optional
        Replace only this box of pixels, ``"R,C,HxW"`` from row R and column C, counted from 0. What is outside passes
        unchanged, in the result's type; windows at the box's edges see their true neighbours. The size has to stay.
    mask : array_like (H, W), Image, or an image of Pillow, optional
        Replace only pixels where it is neither 0 in all channels nor transparent; with `roi` those within both.
    out : numpy.ndarray, optional
        Filled and returned: an array of the result's shape and dtype that does not overlap the input.

    Returns
    -------
    numpy.ndarray, (H', W') or (H', W', C), or Image
        ``H' = floor((H + top + bottom - e) / stride) + 1`` with ``e = dilation * (rows - 1) + 1``; ``ceil(H / stride)``
        under "same".

    Raises
    ------
    UsageError
        For a kernel or an option that makes no sense.
    WindowError
        Where the window, or `roi`, does not fit the image.
    PixelError
        For a mask of another size, and a result of another size under `roi` or `mask`.
        For complex, object or empty arrays, 64-bit integers beyond 2**53, other than 2 or 3 dimensions, tensors on a
        device or with gradients, or an `out` of the wrong shape or type.

    Examples
    --------
    >>> import imgconv, numpy
    >>> pixels = numpy.array([[0, 64, 128], [48, 192, 144], [142, 226, 168]], "uint8")
    >>> kernel = [[-1, 0, -2], [0.5, 4.5, -1.5], [1.5, 2, -3]]
    >>> imgconv.correlate(pixels, kernel, pad="valid", dtype="int16")
    array([[577]], dtype=int16)
    >>> imgconv.correlate(pixels, kernel, pad="valid")
    array([[255]], dtype=uint8)
    """
    options = border, pad, stride, dilation, with_, combine, repeat, until_stable, rotate, False
    if like is not None or rounding is not None:
        return _slid_like(
            like, rounding, pixels, kernel, options, (dtype, range, threads), out, (batched, channels), (roi, mask)
        )
    return _slid(pixels, kernel, options, (dtype, range, threads), out, (batched, channels), (roi, mask))


@verb
def convolve(
    pixels: ArrayLike,
    kernel: KernelLike,
    *,
    border: BorderLike | None = None,
    pad: Pads = "same",
    stride: Sides = 1,
    dilation: Sides = 1,
    with_: KernelLike | Sequence[KernelLike] = (),
    combine: Combine | None = None,
    repeat: int | None = None,
    until_stable: bool = False,
    rotate: int = 0,
    like: Tool | None = None,
    dtype: DtypeLike = None,
    range: Range = "clamp",
    rounding: Rounding | None = None,
    threads: int | None = None,
    batched: bool = False,
    channels: Place = "last",
    roi: Roi = None,
    mask: Mask = None,
    out: Pixels | None = None,
) -> Pixels:
    """Correlate with the kernel turned by 180 degrees, a stated anchor with it: convolution in the mathematical sense.

    Parameters, result and errors are those of `correlate`.

    Examples
    --------
    >>> import imgconv
    >>> imgconv.convolve([[0, 0, 1, 0, 0]], "1 2 3").tolist()
    [[0, 1, 2, 3, 0]]
    """
    options = border, pad, stride, dilation, with_, combine, repeat, until_stable, rotate, True
    if like is not None or rounding is not None:
        return _slid_like(
            like, rounding, pixels, kernel, options, (dtype, range, threads), out, (batched, channels), (roi, mask)
        )
    return _slid(pixels, kernel, options, (dtype, range, threads), out, (batched, channels), (roi, mask))


_OPTIONS = ["border", "pad", "stride", "dilation", "with_", "combine", "repeat", "until_stable", "rotate", "convolve"]


def _slid(
    pixels: ArrayLike,
    kernel: KernelLike,
    options: tuple[Any, ...],
    conversion: tuple[DtypeLike, str, int | None],
    out: Pixels | None,
    axes: tuple[bool, str],
    inside: tuple[Roi, Mask],
) -> Pixels:
    def step() -> Filter:
        return _filter(kernel, dict(zip(_OPTIONS, options, strict=True)))

    return run_step(pixels, "filter", kernel, options, step, conversion, out, axes, inside)


def _slid_like(
    like: str | None,
    rounding: str | None,
    pixels: ArrayLike,
    kernel: KernelLike,
    options: tuple[Any, ...],
    conversion: tuple[DtypeLike, str, int | None],
    out: Pixels | None,
    axes: tuple[bool, str],
    inside: tuple[Roi, Mask],
) -> Pixels:
    """The result as another tool makes it, or rounded in another way."""
    from imgconv.api.rounded import like_tool, run_rounded

    stated = dict(zip(_OPTIONS, options, strict=True))
    fields, rounding = like_tool(Filter, like, {"kernel": kernel} | stated, rounding)
    return run_rounded(pixels, Filter(**fields), conversion, rounding, out, axes, inside)


def _filter(kernel: KernelLike, options: dict[str, Any]) -> Filter:
    """The step. Recent ones are cached, because making one and its kernels takes as long as a small image."""
    options = {name: value for name, value in options.items() if value is not None}
    first = catalog.kernel(kernel)
    alone = type(options["with_"]) is tuple and not options["with_"]  # others may be files, which change
    if not alone or not all(
        type(value) in (str, int, bool, NoneType) or _are_sizes(value) for value in options.values()
    ):
        return Filter(first, **options)
    key = tuple((name, type(value), value) for name, value in options.items())  # 1 and True are equal to a cache
    return _cached_filter(first, first.exact is None, key)  # and so are 3/4 and 0.75


def _are_sizes(value: object) -> bool:
    return type(value) is tuple and all(type(one) is int for one in value)


@cached_by_size(64, lambda kernel: kernel.weights)
def _cached_filter(kernel: Kernel, inexact: bool, key: tuple[tuple[str, type, Any], ...]) -> Filter:
    return Filter(kernel, **{name: value for name, _, value in key})


@verb
def bank(
    pixels: ArrayLike,
    kernel: KernelLike,
    *,
    with_: KernelLike | Sequence[KernelLike] = (),
    theta: str | float | None = None,
    vary: str | Sequence[str] = (),
    sheet: bool = False,
    columns: int | None = None,
    convolve: bool = False,
    border: BorderLike = "edge",
    pad: Pads = "same",
    stride: Sides = 1,
    dilation: Sides = 1,
    dtype: DtypeLike = None,
    range: Range = "clamp",
    threads: int | None = None,
    batched: bool = False,
    channels: Place = "last",
    out: Pixels | None = None,
) -> Pixels:
    """Apply many kernels to the same pixels: their responses become channels, or tiles of one picture.

    Parameters
    ----------
    pixels : array_like, (H, W) or (H, W, C), or Image
    kernel : str, Kernel or rows of numbers
        As in `correlate`, or a list of a dialect, or a named kernel with ranges in its arguments:
        ``"gabor:8,0:180:22.5"`` is eight kernels. ``A:B:STEP`` leaves B out, as Python does; STEP is 1 unless given; of
        several ranges the last runs fastest.
    with_ : kernel or sequence of kernels
        More of them.
    theta : str or float, optional
        The kernels' argument THETA: a value, or a range such as ``"0:180:22.5"``.
    vary : str or sequence of str
        Any argument of the kernels by its name: ``"sigma=1:4"``.
    sheet : bool
        Make tiles of one picture, in reading order, instead of channels.
    columns : int, optional
        Tiles in a row of the sheet; None makes it about square.
    convolve : bool
        Turn the kernels by 180 degrees first, as `imgconv.convolve` does.
    border, pad, stride, dilation, dtype, range, threads, batched, channels, out
        As in `correlate`; "stretch" is over all responses.

    Returns
    -------
    numpy.ndarray
        (H', W', K * C) for K kernels, all channels of the first kernel, then all of the second; with `sheet`
        (rows * H', columns * W') or (rows * H', columns * W', C).

    Raises
    ------
    UsageError, WindowError, PixelError
        As in `correlate`; also for a range without values, and for an argument that no kernel has.
    """
    from imgconv.operations import Bank

    placed: dict[str, Any] = {"border": border, "stride": stride, "dilation": dilation, "pad": pad}
    step = Bank(kernel, with_=with_, theta=theta, vary=vary, sheet=sheet, columns=columns, convolve=convolve, **placed)  # type: ignore[arg-type]
    return run_steps(pixels, step, dtype, range, threads, out, (batched, channels))

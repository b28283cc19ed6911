"""The library's verbs on arrays. Arrays have no alpha: every channel is treated alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from imgconv import catalog
from imgconv.operations import Activate, Bank, Edges, Filter, Pool
from imgconv.params import RANGE, THREADS, choice
from imgconv.pipeline import Pipeline
from imgconv.pipeline import pipeline as as_pipeline

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, DTypeLike, NDArray

    from imgconv.borders import Border
    from imgconv.kernels import Kernel
    from imgconv.operations import Operation

    Pixels = NDArray[Any]
    KernelLike = str | Kernel | ArrayLike
    Sides = int | str | tuple[int, int]
    Pads = int | str | tuple[int, int] | tuple[int, int, int, int]


def correlate(
    pixels: ArrayLike,
    kernel: KernelLike,
    *,
    border: str | Border = "edge",
    pad: Pads = "same",
    stride: Sides = 1,
    dilation: Sides = 1,
    with_: KernelLike | Sequence[KernelLike] = (),
    combine: str | None = None,
    repeat: int | None = None,
    until_stable: bool = False,
    dtype: DTypeLike | None = None,
    range: str = "clamp",
    threads: int | None = None,
    out: Pixels | None = None,
) -> Pixels:
    """Weights times neighbours, summed: convolution as a CNN course teaches it, without a flip.

    ``out[i, j] = sum over r, c of w[r, c] * in[i*stride + r*dilation - top, j*stride + c*dilation - left]``,
    divided by the kernel's divisor, plus its bias; every channel alike. Integer pixels with integral
    weights are computed exactly: ``floor(sum / divisor + bias + 1/2)``.

    Parameters
    ----------
    pixels : array_like, (H, W) or (H, W, C)
        Any real type. uint8, uint16, int16, int32, float32 and float64 are taken as they are, others
        are widened exactly.
    kernel : str, Kernel or rows of numbers
        A name (``"sobel-x"``, ``"gaussian:1.5"``), inline rows (``"1 2 1;2 4 2;1 2 1"``), a text
        file's path, a Kernel, or a 2-D array-like; in text a factor may stand before it (``"2*sobel-x"``).
    border : {"edge", "reflect", "reflect101", "wrap", "constant:V", "zero"}
        What lies beyond the edge, V in pixel units.
    pad : {"same", "valid"}, int, (rows, cols) or (top, bottom, left, right)
        Pixels added around the image before windows are placed.
    stride, dilation : int or (rows, cols)
        Pixels from one window, and from one tap, to the next.
    with_ : kernel or sequence of kernels
        More kernels. Each is applied as it would be alone, under the same options, and the responses of
        one pixel are combined before they are settled. Exact kernels on integer pixels are combined exactly:
        over one common denominator, divided once; "l2" is then the exactly rounded root below 2**24.
    combine : {"l2", "l1", "linf", "max", "min", "sum", "avg"}, optional
        With `with_`: the root of the sum of squares (None is this), the sum of magnitudes, the greatest magnitude,
        the greatest, the least, the sum, the mean. NaN is passed on.
    repeat : int, optional
        Times to apply it, values wide between: a pipeline of as many equal steps. None is once.
    until_stable : bool
        Apply it until nothing changes: whole values not at all, others by a millionth of the greatest magnitude;
        at most `repeat` times, 1000 if that is None.
    dtype : str or numpy dtype, optional
        The result's type: one of the six above. None keeps the (widened) input's. Values are never rescaled.
    range : {"clamp", "abs", "shift", "stretch"}
        How results come back into an integer type: clamped; by magnitude; with half the type's range added
        (unsigned types); or stretched so that the least value is the type's least and the greatest its
        greatest (0 and 1 for floats).
    threads : int, optional
        Processors to use; None means all. The result does not depend on it.
    out : numpy.ndarray, optional
        Filled and returned: of the result's shape and dtype, not overlapping the input.

    Returns
    -------
    numpy.ndarray, (H', W') or (H', W', C)
        ``H' = floor((H + top + bottom - e) / stride) + 1`` with ``e = dilation * (rows - 1) + 1``; ``ceil(H / stride)`` under "same".

    Raises
    ------
    UsageError
        For a kernel or an option that cannot be meant (a ValueError too).
    WindowError
        Where the window does not fit the image.
    PixelError
        For complex, object or empty arrays, 64-bit integers beyond 2**53, other than 2 or 3 dimensions, or an unfit `out`.

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
    several = {"with_": with_, "combine": combine, "repeat": repeat, "until_stable": until_stable}
    step = Filter(catalog.kernel(kernel), border=border, stride=stride, dilation=dilation, pad=pad, **several)  # type: ignore[arg-type]
    return _applied(pixels, step, dtype, range, threads, out)


def convolve(
    pixels: ArrayLike,
    kernel: KernelLike,
    *,
    border: str | Border = "edge",
    pad: Pads = "same",
    stride: Sides = 1,
    dilation: Sides = 1,
    with_: KernelLike | Sequence[KernelLike] = (),
    combine: str | None = None,
    repeat: int | None = None,
    until_stable: bool = False,
    dtype: DTypeLike | None = None,
    range: str = "clamp",
    threads: int | None = None,
    out: Pixels | None = None,
) -> Pixels:
    """`correlate` with the kernel turned by 180 degrees, a stated anchor with it: convolution in the mathematical sense.

    Parameters, result and errors are those of `correlate`.
    """
    several = {"with_": with_, "combine": combine, "repeat": repeat, "until_stable": until_stable}
    step = Filter(catalog.kernel(kernel), border=border, stride=stride, dilation=dilation, pad=pad, convolve=True, **several)  # type: ignore[arg-type]
    return _applied(pixels, step, dtype, range, threads, out)


def edges(
    pixels: ArrayLike,
    detector: str,
    *,
    norm: str | None = None,
    border: str | Border = "edge",
    sigma: float | None = None,
    low: float | str | None = None,
    high: float | str | None = None,
    dtype: DTypeLike | None = None,
    range: str = "clamp",
    threads: int | None = None,
    out: Pixels | None = None,
) -> Pixels:
    """The strength of the edge at each pixel, by a named detector; every channel alike.

    Parameters
    ----------
    pixels : array_like, (H, W) or (H, W, C)
    detector : {"sobel", "scharr", "prewitt", "roberts", "farid", "kirsch", "robinson", "frei-chen", "canny"}
        The first five give the norm of a gradient (of the catalog's x and y kernels, undivided), kirsch and robinson the greatest
        response of eight masks, frei-chen the root of the share that its first four masks have in the squares of all
        nine (0…1), canny lines one pixel wide.
    norm : {"l2", "l1", "max"}, optional
        The root of the sum of squares, the sum of magnitudes, the greatest magnitude. None is "l2"; for kirsch and robinson
        "max", the greatest response. l2 of integer pixels is the exactly rounded root below 2**24.
    border : str
        As in `correlate`.
    sigma : float, optional
        Canny's smoothing, in pixels; None is 1, 0 does not smooth.
    low, high : float or str, optional
        Canny's thresholds on the gradient's magnitude (Sobel's kernels, undivided), in pixel units, or as a percentage of the channel's
        greatest; None is "10%" and "20%". An edge is the result type's greatest value (1 for floats).
    dtype, range, threads, out
        As in `correlate`.

    Returns
    -------
    numpy.ndarray of the input's shape

    Raises
    ------
    UsageError
        For an unknown detector, or an option that it does not have.
    PixelError
        As in `correlate`.
    """
    return _applied(pixels, Edges(detector, norm, border, sigma, low, high), dtype, range, threads, out)  # type: ignore[arg-type]


def directions(
    pixels: ArrayLike,
    detector: str,
    show: str = "angle",
    *,
    norm: str | None = None,
    border: str | Border = "edge",
    sigma: float | None = None,
    threads: int | None = None,
) -> Pixels:
    """Where edges look: as angles, as numbers of the winning kernels, or as a picture.

    Parameters
    ----------
    pixels : array_like, (H, W) or (H, W, C)
        Of several channels the one with the greatest strength is shown, at each pixel; the first of equals.
    detector, norm, border, sigma, threads
        As in `edges`.
    show : {"angle", "which", "hue"}
        "angle": degrees in [0, 360), clockwise from the right as rows grow downwards: where it is bright. For x and y
        kernels ``atan2(gy, gx)``, as OpenCV's ``phase``; 0 where there is no gradient, NaN where that is NaN.
        "which": 0 for x and 1 for y by magnitude; for kirsch and robinson 0 to 7 for N, NE, E, SE, S, SW, W, NW by response;
        for frei-chen 0 to 3 for its four masks of edges. The first of equals; NaN never wins.
        "hue": the angle as hue (0 is red, 120 green, 240 blue), the strength over its greatest as brightness.

    Returns
    -------
    numpy.ndarray
        (H, W) float32, (H, W) uint8, or (H, W, 3) uint8.

    Raises
    ------
    UsageError, PixelError
        As in `edges`.
    """
    from imgconv import numerics

    step = Edges(detector, norm, border, sigma)  # type: ignore[arg-type]
    side = choice("picture of directions", [side.name for side in step.sides]).read(show)
    return step.side(side, numerics.values(pixels), None if threads is None else THREADS.read(threads))


def bank(
    pixels: ArrayLike,
    kernel: KernelLike,
    *,
    with_: KernelLike | Sequence[KernelLike] = (),
    theta: str | float | None = None,
    vary: str | Sequence[str] = (),
    sheet: bool = False,
    columns: int | None = None,
    border: str | Border = "edge",
    pad: Pads = "same",
    stride: Sides = 1,
    dilation: Sides = 1,
    dtype: DTypeLike | None = None,
    range: str = "clamp",
    threads: int | None = None,
    out: Pixels | None = None,
) -> Pixels:
    """Each of many kernels' response to the same pixels, as `correlate` would give it: as channels, or as tiles of one picture.

    Parameters
    ----------
    pixels : array_like, (H, W) or (H, W, C)
    kernel : str, Kernel or rows of numbers
        As in `correlate`, or a list of a dialect, or a named kernel with ranges in its arguments: ``"gabor:8,0:180:22.5"`` is
        eight kernels. ``A:B:STEP`` leaves B out, as Python does; STEP is 1 unless given; of several ranges the last runs fastest.
    with_ : kernel or sequence of kernels
        More of them.
    theta, vary
        ``theta="0:180:22.5"``, ``vary="sigma=1:4"``: arguments of the kernels by name, values or ranges.
    sheet : bool
        Tiles in reading order, `columns` in a row (None: as many as give a square), instead of channels.
    border, pad, stride, dilation, dtype, range, threads, out
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
    placed: dict[str, Any] = {"border": border, "stride": stride, "dilation": dilation, "pad": pad}
    step = Bank(kernel, with_=with_, theta=theta, vary=vary, sheet=sheet, columns=columns, **placed)  # type: ignore[arg-type]
    return _applied(pixels, step, dtype, range, threads, out)


def pool(
    pixels: ArrayLike,
    kind: str = "max",
    *,
    size: Sides = 2,
    stride: Sides | None = None,
    pad: Pads = 0,
    dilation: Sides = 1,
    ceil: bool = False,
    count_padding: bool = False,
    dtype: DTypeLike | None = None,
    range: str = "clamp",
    threads: int | None = None,
    out: Pixels | None = None,
) -> Pixels:
    """Each window reduced to its maximum, average or minimum; only existing pixels are seen.

    Parameters
    ----------
    pixels : array_like, (H, W) or (H, W, C)
        As in `correlate`; every channel is pooled alone.
    kind : {"max", "avg", "min"}
        Also "maximum", "average", "mean", "minimum".
    size, stride, dilation : int or (rows, cols)
        Of the window; stride None is the size.
    pad : {"same", "valid"}, int, (rows, cols) or (top, bottom, left, right)
        Pixels by which windows may stand over the image's edge. They have no values.
    ceil : bool
        Keep a last window that only partly fits (PyTorch's ``ceil_mode``, its dropping rule included).
    count_padding : bool
        Divide an average by all of the window's cells inside the padded image (``count_include_pad``).
    dtype, range, threads, out
        As in `correlate`. Averages of integers are rounded: ``floor(sum / count + 1/2)``.

    Returns
    -------
    numpy.ndarray, (H', W') or (H', W', C)
        ``H' = floor((H + top + bottom - e) / stride) + 1`` with ``e = dilation * (size - 1) + 1``.

    Raises
    ------
    UsageError, PixelError
        As in `correlate`.
    WindowError
        Where no window fits, or one would see no pixel.
    """
    step = Pool(kind, size=size, stride=stride, dilation=dilation, pad=pad, ceil=ceil, count_padding=count_padding)  # type: ignore[arg-type]
    return _applied(pixels, step, dtype, range, threads, out)


def activate(
    pixels: ArrayLike, function: str, *, dtype: DTypeLike | None = None, range: str = "clamp", threads: int | None = None, out: Pixels | None = None
) -> Pixels:
    """A function of every value: relu, abs, sigmoid, tanh or identity.

    Parameters
    ----------
    pixels : array_like, (H, W) or (H, W, C)
    function : {"relu", "abs", "sigmoid", "tanh", "identity"}
        relu is max(v, 0); sigmoid is 1 / (1 + exp(-v)).
    dtype, range, threads, out
        As in `correlate`. sigmoid and tanh stay within 1: ask for ``dtype="float32"`` or ``range="stretch"``.

    Returns
    -------
    numpy.ndarray of the input's shape

    Raises
    ------
    UsageError, PixelError
    """
    return _applied(pixels, Activate(function), dtype, range, threads, out)


def run(
    pixels: ArrayLike,
    pipeline: str | Pipeline | Operation,
    *,
    dtype: DTypeLike | None = None,
    range: str = "clamp",
    threads: int | None = None,
    out: Pixels | None = None,
) -> Pixels:
    """All steps of a pipeline; values stay wide between them and are settled once, at the end.

    Parameters
    ----------
    pixels : array_like, (H, W) or (H, W, C)
    pipeline : str, Pipeline or operation
        Text such as ``"filter vertical | relu | maxpool 2"``.
    dtype, range, threads, out
        As in `correlate`.

    Returns
    -------
    numpy.ndarray, (H', W') or (H', W', C)
        `Pipeline.shape(H, W)` foretells H' and W'.

    Raises
    ------
    UsageError, WindowError, PixelError
        As in `correlate`; a bad step is named by its number.
    """
    return _applied(pixels, pipeline, dtype, range, threads, out)


def _applied(pixels: ArrayLike, steps: Any, dtype: DTypeLike | None, range_: str, threads: int | None, out: Pixels | None) -> Pixels:
    import numpy as np

    from imgconv import numerics
    from imgconv.engine import memory

    steps = as_pipeline(steps)
    given = np.asarray(pixels)
    values = numerics.values(given)
    goal = numerics.target(values.type, dtype, RANGE.read(range_))
    height, width = steps.shape(*given.shape[:2])
    channels = steps.channels(values.pixels.shape[2])
    shape = (height, width, *given.shape[2:]) if channels == values.pixels.shape[2] else (height, width, channels)
    filled = None if out is None else memory.checked_out(out, shape, goal.type, given)
    result, _ = steps.apply(values, goal, None if threads is None else THREADS.read(threads), filled)
    settled: Pixels = result.pixels.reshape(shape)
    if out is None:
        return settled
    if filled is None:
        out[...] = settled
    return out
